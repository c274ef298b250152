from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from udfs.alerts import CASCADE
from wiregraph.comparison_view import print_alert_comparison
from wiregraph.generator import Size, generate
from wiregraph.generator_alerts import expected_alerts
from wiregraph.truth_alerts import GUESSER, RULE, AlertComparison, ServedAlert, compare_alerts

STREAM = generate(3, Size(items=50, sessions=60))
TRUE = [
    ServedAlert(f"id{number}", RULE, alert.session_id, "open", alert.evidence)
    for number, alert in enumerate(expected_alerts(STREAM.records))
]


def compared(*served: ServedAlert) -> AlertComparison:
    return compare_alerts(STREAM.records, STREAM.sessions, served)


def printed(comparison: AlertComparison) -> str:
    out = StringIO()
    print_alert_comparison(Console(file=out, width=200), comparison)
    return out.getvalue()


def test_the_true_alerts_are_exact() -> None:
    whole = compared(*TRUE)
    assert whole.is_exact
    assert whole.true == whole.served == len(TRUE) > 5
    assert "every alert is one that was generated" in printed(whole)


def test_of_a_part_of_the_stream_only_its_own_alerts_are_true() -> None:
    half = STREAM.records[: len(STREAM.records) // 2]
    comparison = compare_alerts(half, STREAM.sessions, TRUE)
    assert 0 < comparison.true < len(TRUE)
    assert not comparison.is_exact


@pytest.mark.parametrize(
    ("field", "served"),
    [
        ("missing", TRUE[1:]),
        ("missing", [replace(TRUE[0], state="withdrawn"), *TRUE[1:]]),
        ("missing", [replace(TRUE[0], rule="another"), *TRUE[1:]]),
        ("extra", [*TRUE, replace(TRUE[0], session_id="session-x")]),
        ("wrong", [replace(TRUE[0], evidence=TRUE[0].evidence[1:]), *TRUE[1:]]),
    ],
)
def test_whatever_differs_is_named(field: str, served: list[ServedAlert]) -> None:
    comparison = compared(*served)
    assert not comparison.is_exact
    assert len(getattr(comparison, field)) == 1
    session = "session-x" if field == "extra" else TRUE[0].session_id
    assert session in printed(comparison)


def test_the_cascade_is_told_apart_and_decides_nothing() -> None:
    guesser = next(one.session_id for one in STREAM.sessions if one.plan == GUESSER)
    honest = next(one.session_id for one in STREAM.sessions if one.plan == "shopper")
    suspects = [ServedAlert(session, CASCADE, session, "open", ("e",)) for session in (guesser, honest)]
    comparison = compared(*TRUE, *suspects)
    assert comparison.is_exact
    assert (comparison.guessers_found, comparison.cascade_on_others) == (1, 1)
    assert comparison.guessers >= 1
