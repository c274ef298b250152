"""Alerts as tables and in words for people."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from wiregraph.render import NONE, time_text
from wiregraph.v1 import fraud_pb2

STATE_STYLES = {"open": "bold red", "reviewed": "green", "withdrawn": "dim"}


def state_text(state: str) -> Text:
    """Red while open, green once reviewed."""
    return Text(state, STATE_STYLES.get(state, ""))


def alerts_table(alerts: Iterable[fraud_pb2.Alert]) -> Table:
    """One alert a row; ids are whole, so that they can be copied."""
    table = Table()
    for name in ("event time", "alert", "state", "rule", "session", "why"):
        table.add_column(name, overflow="fold")
    for one in alerts:
        table.add_row(
            time_text(one.event_time),
            Text(one.alert_id),
            state_text(one.state),
            Text(f"{one.rule} v{one.rule_version}"),
            Text(one.session_id),
            Text(one.why),
        )
    return table


def alert_line(one: fraud_pb2.Alert) -> Text:
    """One alert as one line."""
    return Text.assemble(
        (time_text(one.event_time), "dim"),
        " ",
        state_text(one.state),
        f" {one.alert_id} {one.rule} v{one.rule_version}",
        f" session {one.session_id}: {one.why}",
    )


def print_alert(console: Console, one: fraud_pb2.Alert) -> None:
    """All of an alert: what it says, on what it rests, and what was said of it."""
    table = Table(title=Text(f"alert {one.alert_id}", "bold"), title_justify="left", show_header=False)
    rows: dict[str, str | Text] = {
        "state": state_text(one.state),
        "why": Text(one.why),
        "rule": Text(f"{one.rule}, version {one.rule_version}, tier {one.tier}"),
        "score": f"{one.score:.3f}",
        "session": Text(one.session_id),
        "user": Text(one.user) if one.user else NONE,
        "event time": f"{time_text(one.event_time)}, {one.window.ToTimedelta()} looked at",
        "decided at": time_text(one.decided_at),
        "models": Text(" ".join(one.model_versions)) if one.model_versions else NONE,
        "features": Text(_features(one)) if one.features else NONE,
        "review": Text(_review(one.review)) if one.HasField("review") else NONE,
    }
    for name, value in rows.items():
        table.add_row(name, value)
    console.print(table)
    console.print(_evidence(one))


def _features(one: fraud_pb2.Alert) -> str:
    return ", ".join(f"{name} {one.features[name]:g}" for name in sorted(one.features))


def _review(review: fraud_pb2.Review) -> str:
    note = f": {review.note}" if review.note else ""
    return f"{review.verdict}, says {review.by} at {time_text(review.at)}{note}"


def _evidence(one: fraud_pb2.Alert) -> Table:
    known = {event.event_id: event for event in one.events}
    table = Table(
        "event", "time", "kind", "item", title=f"evidence: {len(one.evidence):,} events", title_justify="left"
    )
    table.add_column("price", justify="right")
    table.add_column("coupon")
    for event_id in one.evidence:
        event = known.get(event_id)
        if event is None:
            table.add_row(Text(event_id))
        else:
            price = f"{event.price:,.2f}" if event.HasField("price") else ""
            cells = (time_text(event.event_time), event.kind, Text(event.item_id), price, Text(event.coupon))
            table.add_row(Text(event_id), *cells)
    return table
