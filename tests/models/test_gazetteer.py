from collections import Counter
from pathlib import Path

import pytest

from models.gazetteer import packed, write
from models.gazetteer_build.merge import Row, merge
from models.gazetteer_build.policy import Ambiguity
from models.gazetteer_build.sources import Company, IndianCompany, clean_name
from models.gazetteer_build.table import TableRow, build_table, shown_name
from models.gazetteer_build.words import WordUse
from udfs.gazetteer import load_linker

USE = WordUse(
    lower=Counter(target=50, gap=20, best=90, buy=90),
    capital=Counter(target=5, gap=3, microsoft=40),
    person=Counter(ford=3, kate=5),
    place=Counter(),
    organisation=Counter(),
)
HEADER = "id\tname\tsector\ttickers\taliases\n"


def row(symbol: str, name: str, size: int, country: str = "United States") -> Row:
    return Row(symbol, name, "", country, size, [name], [symbol])


def table(
    tmp_path: Path, rows: list[Row], curated: str = "", indian: tuple[IndianCompany, ...] = ()
) -> dict[str, TableRow]:
    path = tmp_path / "curated.tsv"
    path.write_text(HEADER + curated, encoding="utf-8")
    return {made.entity_id: made for made in build_table(rows, indian, Ambiguity(USE), path)}


def policies(made: TableRow) -> dict[str, str]:
    return {key: candidate.policy.value for key, candidate in made.aliases.items()}


@pytest.mark.parametrize(
    ("name", "size", "expected"),
    [
        ("Microsoft Corporation", 5, {"microsoft": "c"}),
        ("Microsoft Corporation", 2, {"microsoft": "n"}),
        ("Target Corporation", 4, {"target": "x"}),
        ("Target Inc.", 1, {"target": "s"}),
        ("Ford Co", 4, {"ford": "x"}),
        ("Best Buy Co., Inc.", 4, {"best buy": "n"}),
        ("Kate Spade & Company", 2, {"kate spade": "n"}),
        ("Zyx Systems Inc", 2, {"zyx systems": "c"}),
        ("Zyxon Pharmaceuticals", 1, {"zyxon pharmaceuticals": "c", "zyxon": "n"}),
    ],
)
def test_policies_follow_the_use_of_words(tmp_path: Path, name: str, size: int, expected: dict[str, str]) -> None:
    assert policies(table(tmp_path, [row("A", name, size)])["eq:A"]) == expected


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


def test_companies_of_two_lists_are_merged_by_name() -> None:
    american = [Company("Zyxon Inc.", "ZX", ("ZX",), "", "United States", 4)]
    world = [
        Company("Zyxon Incorporated", "ZX.MX", ("ZX.MX",), "Energy", "United States", 3),
        Company("Zyxon KGaA", "ZYX.DE", ("ZYX.DE",), "Materials", "Germany", 4),
    ]
    first, second = merge(american, world, {}, {})
    assert (first.entity_id, first.sector, first.size) == ("eq:ZX", "Energy", 4)
    assert second.entity_id == "eq:ZYX.DE"


def test_shares_over_the_counter_are_named_by_the_home_listing() -> None:
    american = [Company("Zyxon Telecom SA", "ZXYAY", ("ZXYAY",), "", "", 3)]
    world = [Company("Zyxon Telecom S.A.", "ZX.PA", ("ZX.PA",), "Energy", "France", 4)]
    (made,) = merge(american, world, {}, {})
    assert (made.entity_id, made.tickers) == ("eq:ZX.PA", ["ZXYAY", "ZX.PA"])


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


def test_the_same_rows_are_the_same_bytes_and_load_again(tmp_path: Path) -> None:
    made = list(table(tmp_path, [row("A", "Zyxon Systems Inc", 4)]).values())
    assert packed(made) == packed(made)
    manifest = write(made, tmp_path / "out")
    assert manifest["entities"] == 1
    assert load_linker(tmp_path / "out").entity("eq:A").name == "Zyxon Systems"
