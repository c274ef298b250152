from collections.abc import Callable
from io import StringIO

from rich.console import Console

from wiregraph.comparison_view import print_alert_comparison, print_comparison, print_top
from wiregraph.demo_records import TopEntity
from wiregraph.truth import Comparison, CountCheck, Quality, Slip
from wiregraph.truth_alerts import AlertComparison


def printed(show: Callable[[Console], None]) -> list[str]:
    """Lines, their cells apart by single spaces."""
    out = StringIO()
    show(Console(file=out, width=120))
    return [" ".join(line.replace("│", " ").replace("┃", " ").split()) for line in out.getvalue().splitlines()]


def comparison(served: int) -> Comparison:
    return Comparison(
        counts=(CountCheck("duplicates", 1_200, served), CountCheck("read", 5, 5)),
        with_entities=CountCheck("with entities", 9, 8),
        entities=(Quality("people", 4, 2, 1), Quality("places", 0, 0, 0)),
        signs=(Quality("positive", 4, 4, 3),),
        missed=(Slip("Jane [Roe]", 3),),
        invented=(),
    )


def test_counts_are_equal_or_differ_by_so_much() -> None:
    lines = printed(lambda console: print_comparison(console, comparison(1_200)))
    assert "duplicates 1,200 1,200 equal" in lines
    assert lines[-1] == "every count is the one that was generated"
    lines = printed(lambda console: print_comparison(console, comparison(1_201)))
    assert "duplicates 1,200 1,201 differs by +1" in lines
    assert lines[-1] == "counts differ: duplicates"


def test_quality_has_no_share_of_nothing() -> None:
    lines = printed(lambda console: print_comparison(console, comparison(1_200)))
    assert "people 4 2 1 0.500 0.250" in lines
    assert "places 0 0 0 - -" in lines
    assert "missed most often: Jane [Roe] (3)" in lines
    assert "served most often where not true: none" in lines


def test_alerts_that_differ_are_named() -> None:
    exact = AlertComparison(7, 7, (), (), (), 1, 3, 2, 4)
    lines = printed(lambda console: print_alert_comparison(console, exact))
    assert "coupon-abuse, with evidence 7 7 equal" in lines
    assert lines[-1].startswith("every alert is one that was generated")
    differs = AlertComparison(7, 6, ("s1/e1", "s2/e2"), (), ("s3/e3",), 1, 3, 2, 4)
    lines = printed(lambda console: print_alert_comparison(console, differs))
    assert "coupon-abuse, with evidence 7 6 differ" in lines
    assert lines[-2:] == ["missing: s1/e1, s2/e2", "wrong: s3/e3"]


def test_an_entity_without_relevant_news_has_no_score() -> None:
    top = (
        TopEntity("eq:A", "[bold]A", "ORG", 1_234, 0.256, 1, 0, 0),
        TopEntity("org:b", "B", "ORG", 1, None, 0, 0, 0),
    )
    lines = printed(lambda console: print_top(console, top, "top"))
    assert any(line.startswith("[bold]A eq:A 1,234 +0.26") for line in lines)
    assert any(line.startswith("B org:b 1") and "0.00" not in line for line in lines)
