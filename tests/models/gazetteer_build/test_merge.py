from models.gazetteer_build.merge import merge
from models.gazetteer_build.sources import Company


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


def test_what_one_list_lacks_another_gives() -> None:
    american = [Company("ZYXON INC", "ZX", ("ZX",), "", "United States", 2)]
    rows = merge(american, [], {"ZX": ("Zyxon", "")}, {american[0].full_key: ("Energy", "Canada", 1)})
    assert [(row.name, row.sector, row.country, row.names) for row in rows] == [
        ("Zyxon", "Energy", "Canada", ["ZYXON INC", "Zyxon"])
    ]


def test_a_ticker_that_is_taken_makes_no_second_row() -> None:
    american = [Company("Zyxon Inc.", "ZX", ("ZX",), "", "United States", 4)]
    world = [Company("Quite Another plc", "ZX", ("ZX",), "", "Ireland", 1), Company("None", "", (), "", "", 0)]
    assert [row.entity_id for row in merge(american, world, {}, {})] == ["eq:ZX"]
