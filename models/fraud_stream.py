"""A clickstream with known fraud: the real visits, each once, with coupon attempts and fraud injected.

python -m models.fraud_stream --data ../shared/data --out DIR    writes DIR/clicks.jsonl and DIR/truth.json

Clicks stand in the order of arrival: out of order by up to a minute, a few later by up to four (they still count),
a few twice. The truth of the rule `coupon-abuse` is found by looking at every attempt anew.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import orjson

from models.fraud_cases import attempting, attempts, is_reference, reference_views
from models.fraud_kinds import REFERENCE, reference_rule
from models.fraud_shoppers import browse, buy, fill_cart
from models.fraud_visits import CLICKS_FILE, WEEK_MS, Case, Script, Visit, dear_items, read_visits
from udfs.clicks import Click

REFERENCE_SHARE = 0.015
"""So many sessions are of the kind that the reference rule is for."""
ATTEMPT_SHARE = 0.15
"""Of the others so many try a coupon, in the mixture that the cascade is trained for."""
BUYS_SHARE = 0.05
"""And of those that do not, so many buy."""
DISORDER_MS = 60_000
LATE_SHARE, LATE_MS = 0.005, (60_001, 240_000)
TWICE_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class ClickRecord:
    """A record of the topic `clicks`; `time_ms` is the event time, which is the record's timestamp."""

    key: bytes
    value: bytes
    time_ms: int


@dataclass(frozen=True, slots=True)
class ExpectedAlert:
    """An alert of `coupon-abuse`: `evidence` are event ids, those of the views and, last, the attempt's own."""

    session_id: str
    event_id: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InjectedStream:
    """Records in the order of arrival, the alerts of the reference rule, and what each session was made to be."""

    records: tuple[ClickRecord, ...]
    alerts: tuple[ExpectedAlert, ...]
    kinds: dict[str, str]


def has_data(data: Path) -> bool:
    """Whether the real visits are there."""
    return (data / CLICKS_FILE).is_file()


def injected(data: Path, seed: int = 1, visits_max: int | None = None) -> InjectedStream:
    """Make the stream of a seed, on all visits or on the first ones alone; raise `OSError` without the visits."""
    cases = injected_cases(data, seed, visits_max)
    return InjectedStream(
        records=tuple(_records(Random(f"{seed} arrivals"), [click for case in cases for click in case.clicks])),
        alerts=tuple(alert for case in cases for alert in expected(case.clicks)),
        kinds={case.session_id: case.kind for case in cases},
    )


def injected_cases(data: Path, seed: int = 1, visits_max: int | None = None) -> list[Case]:
    """Make the sessions of the stream."""
    visits = [_as_sampled(visit) for visit in read_visits(data)[:visits_max]]
    dear = dear_items(visits)
    return [_case(Script(Random(f"{seed} {visit.visit_id}"), visit, dear, f"y{visit.visit_id}")) for visit in visits]


def expected(clicks: Sequence[Click]) -> list[ExpectedAlert]:
    """Return the alerts of the reference rule on a session's clicks in order of (event time, event id)."""
    return [
        ExpectedAlert(window[-1].session_id, window[-1].event_id, (*reference_views(window), window[-1].event_id))
        for _, window in attempts(clicks)
        if is_reference(window)
    ]


def _as_sampled(visit: Visit) -> Visit:
    """Undo the move to another week, so that visits are as dense as they were."""
    return replace(visit, week=0, times_ms=tuple(time_ms - visit.week * WEEK_MS for time_ms in visit.times_ms))


def _case(script: Script) -> Case:
    rng = script.rng
    if rng.random() < REFERENCE_SHARE:
        reference_rule(script)
        return script.case(REFERENCE)
    if rng.random() < ATTEMPT_SHARE:
        return attempting(script)
    items = browse(script)
    if rng.random() < BUYS_SHARE:
        fill_cart(script, items)
        buy(script, pace_s=15.0)
    return script.case("honest")


def _records(rng: Random, clicks: list[Click]) -> list[ClickRecord]:
    arrivals = []
    for click in clicks:
        record = ClickRecord(click.session_id.encode(), value_of(click), click.event_time_ms)
        for _ in range(2 if rng.random() < TWICE_SHARE else 1):
            is_late = rng.random() < LATE_SHARE
            delay_ms = rng.randint(*LATE_MS) if is_late else rng.randrange(DISORDER_MS)
            arrivals.append((click.event_time_ms + delay_ms, record))
    return [record for _, record in sorted(arrivals, key=lambda arrival: arrival[0])]


def value_of(click: Click) -> bytes:
    """Return a click as a producer sends it; `user` goes as the user's id."""
    fields = {
        "session_id": click.session_id,
        "event_id": click.event_id,
        "event_time": click.event_time_ms,
        "kind": click.kind,
        "user_id": click.user or None,
        "item_id": click.item_id or None,
        "price": None if click.price_micro is None else click.price_micro / 1_000_000,
        "coupon": click.coupon or None,
    }
    return orjson.dumps({name: value for name, value in fields.items() if value is not None})


def main() -> None:
    """Write the stream and its truth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, required=True, help="folder for clicks.jsonl and truth.json")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if not has_data(arguments.data):
        raise SystemExit(f"{arguments.data / CLICKS_FILE} is missing: pass --data")
    stream = injected(arguments.data, arguments.seed)
    arguments.out.mkdir(parents=True, exist_ok=True)
    with (arguments.out / "clicks.jsonl").open("wb") as file:
        file.writelines(record.value + b"\n" for record in stream.records)
    truth = {"alerts": stream.alerts, "kinds": stream.kinds}
    (arguments.out / "truth.json").write_bytes(orjson.dumps(truth, option=orjson.OPT_INDENT_2))
    print(f"{len(stream.records):,} clicks, {len(stream.alerts):,} alerts of the reference rule")


if __name__ == "__main__":
    main()
