from pathlib import Path

import pytest

from models.gazetteer_build.merge import Row
from models.gazetteer_build.policy import Ambiguity
from models.gazetteer_build.sources import IndianCompany, clean_name
from models.gazetteer_build.table import TableRow, build_table, shown_name
from tests.models.gazetteer_build.rows import USE, row

HEADER = "id\tname\tsector\ttickers\taliases\n"


def table(
    tmp_path: Path, rows: list[Row], curated: str = "", indian: tuple[IndianCompany, ...] = ()
) -> dict[str, TableRow]:
    path = tmp_path / "curated.tsv"
    path.write_text(HEADER + curated, encoding="utf-8")
    return {made.entity_id: made for made in build_table(rows, indian, Ambiguity(USE), path)}


def policies(made: TableRow) -> dict[str, str]:
    return {key: candidate.policy.value for key, candidate in made.aliases.items()}


def test_only_a_clearly_larger_company_keeps_a_shared_name(tmp_path: Path) -> None:
    made = table(tmp_path, [row("A", "Zyxon Inc", 4), row("B", "Zyxon Ltd", 2)])
    assert (policies(made["eq:A"]), policies(made["eq:B"])) == ({"zyxon": "n"} | {"zyxon": "c"}, {})
    made = table(tmp_path, [row("A", "Zyxon Inc", 4), row("B", "Zyxon Ltd", 3)])
    assert (policies(made["eq:A"]), policies(made["eq:B"])) == ({}, {})


def test_a_curated_alias_stands_over_automatic_ones(tmp_path: Path) -> None:
    made = table(tmp_path, [row("A", "Target Inc", 4), row("B", "Zyxon Ltd", 3)], "eq:B\t\t\t\tn:Target, ZX\n")
    assert policies(made["eq:A"]) == {}
    assert made["eq:B"].line().endswith("ntarget|Czx|nzyxon")


def test_a_curated_company_takes_over_a_row_and_keeps_its_former_ticker(tmp_path: Path) -> None:
    made = table(tmp_path, [row("ZXY", "Zyxon Ltd", 3)], "eq:Z.L\tZyxon Group\tEnergy\t+ZXY -OLD\t\n")
    assert list(made) == ["eq:Z.L"]
    assert made["eq:Z.L"].tickers == ["Z.L", "ZXY", "-OLD"]


@pytest.mark.parametrize(
    ("curated", "complaint"),
    [
        ("eq:NONE\t\t\t\tx\n", "needs a name"),
        ("eq:A\tOther\t\t\t\n", "is Zyxon in the lists"),
        ("eq:C\tOther\t\t+NONE\t\n", "in no list"),
        ("eq:C\tSame\t\t\t\neq:D\tSame\t\t\t\n", "gives 'same' to"),
    ],
)
def test_slips_in_the_curated_table_are_found(tmp_path: Path, curated: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        table(tmp_path, [row("A", "Zyxon Ltd", 3)], curated)


def test_indian_surfaces_join_the_company_at_home(tmp_path: Path) -> None:
    zyxon = Row("ZYXON.NS", "Zyxon Limited", "", "India", 3, ["Zyxon Limited"], ["ZYXON.NS"])
    made = table(tmp_path, [zyxon], "", (IndianCompany("ZYXON", ("Zyxon Ltd.", "Zyxon Steel Works", "ZSW")),))
    assert list(made) == ["eq:ZYXON.NS"]
    assert "Nzsw" in made["eq:ZYXON.NS"].line()
    assert "czyxon steel works" in made["eq:ZYXON.NS"].line()


@pytest.mark.parametrize(
    ("listed", "clean", "shown"),
    [
        ("AMERICAN EXPRESS CO /DE/", "American Express Co", "American Express"),
        ("Alcoa Corporation Common Stock ", "Alcoa Corporation", "Alcoa"),
        ("Agilent Technologies, Inc. Common Stock", "Agilent Technologies, Inc.", "Agilent Technologies"),
        ("BANK OF NEW YORK MELLON CORP", "Bank of New York Mellon Corp", "Bank of New York Mellon"),
        ("Zyxon Corp - Class A Ordinary Shares", "Zyxon Corp", "Zyxon"),
        ("IBM", "IBM", "IBM"),
    ],
)
def test_names_lose_what_lists_add(listed: str, clean: str, shown: str) -> None:
    assert clean_name(listed) == clean
    assert shown_name(clean) == shown
