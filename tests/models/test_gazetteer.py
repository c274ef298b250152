from pathlib import Path

from models.gazetteer import packed, write
from models.gazetteer_build.policy import Ambiguity
from models.gazetteer_build.table import build_table
from tests.models.gazetteer_build.rows import USE, row
from udfs.gazetteer import load_linker


def test_the_same_rows_are_the_same_bytes_and_load_again(tmp_path: Path) -> None:
    curated = tmp_path / "curated.tsv"
    curated.write_text("id\tname\tsector\ttickers\taliases\n", encoding="utf-8")
    made = list(build_table([row("A", "Zyxon Systems Inc", 4)], (), Ambiguity(USE), curated))
    assert packed(made) == packed(made)
    manifest = write(made, tmp_path / "out")
    assert manifest["entities"] == 1
    assert load_linker(tmp_path / "out").entity("eq:A").name == "Zyxon Systems"
