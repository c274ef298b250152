"""The reference rule in Quix Streams with its state in RocksDB; runs in the benchmark's own environment.

python -m benchmarks.fraud_quix BOOTSTRAP STATE_DIR    until it is ended
"""

from __future__ import annotations

import sys
from typing import Any

from quixstreams import Application, State  # type: ignore[import-not-found,unused-ignore] # not in the run-time environment

from benchmarks.fraud_stream import CLICKS

WINDOW_MS = 120_000
HIGH_VALUE = 200
VIEWS_MAX = 5


def decide(click: dict[str, Any], state: State) -> dict[str, Any] | None:
    """The alert of an attempt, if any; views are remembered for two minutes."""
    time_ms = click["event_time"]
    seen = [one for one in state.get("views", []) if one[0] >= time_ms - WINDOW_MS]
    if click["kind"] == "view":
        seen.append([time_ms, click["event_id"]])
        state.set("views", seen)
        return None
    if len(seen) <= VIEWS_MAX:
        return None
    return {"event_id": click["event_id"], "views": [event_id for _time_ms, event_id in seen]}


def can_matter(click: dict[str, Any]) -> bool:
    """Whether the rule looks at a click at all."""
    kind, price = click["kind"], click.get("price", 0)
    return bool(kind == "coupon_attempt" or (kind == "view" and price >= HIGH_VALUE))


def main() -> None:
    """Read from the first click on."""
    app = Application(
        broker_address=sys.argv[1],
        consumer_group="quix",
        auto_offset_reset="earliest",
        state_dir=sys.argv[2],
        loglevel="WARNING",
    )
    stream = app.dataframe(app.topic(CLICKS, value_deserializer="json"))
    alerts = stream.filter(can_matter).apply(decide, stateful=True)
    alerts.filter(lambda alert: alert is not None).to_topic(app.topic("quix", value_serializer="json"))
    app.run()


if __name__ == "__main__":
    main()
