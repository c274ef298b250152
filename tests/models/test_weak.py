import gzip
import random
from pathlib import Path

from models.corpora import Span
from models.weak import headlines, label
from udfs.gazetteer import load_linker
from udfs.inference import load_models

FINDER, LINKER = load_models().mentions, load_linker()


def test_different_titles_without_press_releases(tmp_path: Path) -> None:
    rows = ["2008-09-15\tnews\tA", "2008-09-15\tnews\tA", '2008-09-15\tnews\t"B', "2008-09-15\tpressRelease\tC"]
    with gzip.open(tmp_path / "wire.tsv.gz", "wt", encoding="utf-8") as stream:
        stream.write("\n".join(["timestamp_utc\tchannel\ttitle", *rows]))
    assert sorted(headlines(tmp_path / "wire.tsv.gz", 9, random.Random(0))) == ['"B', "A"]
    assert len(headlines(tmp_path / "wire.tsv.gz", 1, random.Random(0))) == 1


def test_names_are_added_beside_the_known_ones() -> None:
    text = "Lehman Brothers sues Barclays"
    known = (Span(0, 15, "ORG"),)
    assert label(FINDER, LINKER, text, known) == (*known, Span(21, 29, "ORG"))
    assert label(FINDER, LINKER, text, [Span(7, 29, "ORG")]) == (Span(7, 29, "ORG"),)


def test_marks_and_slugs_are_no_names() -> None:
    text = "UPDATE 1-Lehman Brothers <LEH.N> falls"
    surfaces = [text[span.start : span.end] for span in label(FINDER, LINKER, text)]
    assert surfaces == ["Lehman Brothers"]
