"""A stream of alerts: the open ones at once, then each one whenever it changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from serving import fraud_answers
from serving.fraud_queries import changes_after, find_alert
from serving.graphs import Graphs, GraphUnavailableError, Moment
from serving.watch import LOOK_AGAIN_S
from udfs.alerts import AlertState
from wiregraph.v1 import fraud_pb2

CHANGES_AT_ONCE = 100


class _Position:
    """How far a stream is in the changes of a store, which are numbered anew where a store is built again.

    Changes up to `begun` were there before the stream began, or before the store was replaced.
    """

    def __init__(self) -> None:
        self._store_id = ""
        self.number = 0
        self.begun = 0

    @property
    def is_known(self) -> bool:
        """Whether the stream has seen a store."""
        return bool(self._store_id)

    def move_to(self, moment: Moment) -> None:
        """Begins again where the store is another one."""
        if moment.store_id != self._store_id:
            self._store_id, self.number, self.begun = moment.store_id, 0, moment.progress.alert_changes


@dataclass(frozen=True, slots=True)
class _Changed:
    """A change and the alert as it is now, None if it is gone or of another rule."""

    number: int
    alert_id: str
    answer: fraud_pb2.Alert | None


def watch_alerts(
    graphs: Graphs, request: fraud_pb2.WatchAlertsRequest, ended: Callable[[], bool], interval_s: float
) -> Iterator[fraud_pb2.Alert]:
    """Alerts until `ended`, each when it differs from what was sent of it before.

    Nothing is queued: the store knows the latest change of each alert, and while a client reads slowly what
    changes in the meantime is read once, later.
    """
    sent: dict[str, int] = {}
    position = _Position()

    while not ended():
        seen = graphs.generation
        try:
            changes = graphs.ask(request.graph, lambda moment: _changed(moment, position, request.rule))
        except GraphUnavailableError:
            if not position.is_known:
                raise
            time.sleep(LOOK_AGAIN_S)  # It is being built again, or was replaced; nobody tells when it is there.
            continue
        for change in changes:
            position.number = change.number
            if change.answer is not None and _is_news(change, change.answer, position, sent):
                sent[change.alert_id] = _content(change.answer)
                yield change.answer
        if len(changes) < CHANGES_AT_ONCE:
            time.sleep(interval_s)
            while not ended() and graphs.wait(seen, LOOK_AGAIN_S) == seen:
                pass


def _changed(moment: Moment, position: _Position, rule: str) -> list[_Changed]:
    position.move_to(moment)
    changes = changes_after(moment.view, position.number, CHANGES_AT_ONCE)
    return [_Changed(one.number, one.alert_id, _wanted(moment, one.alert_id, rule)) for one in changes]


def _wanted(moment: Moment, alert_id: str, rule: str) -> fraud_pb2.Alert | None:
    served = find_alert(moment.view, alert_id)
    if served is None or rule not in {"", served.alert.rule}:
        return None
    return fraud_answers.alert(served)


def _is_news(change: _Changed, answer: fraud_pb2.Alert, position: _Position, sent: dict[str, int]) -> bool:
    """Of what was there before the stream began only what is open is, unless it was sent already and is another now."""
    is_new = change.number > position.begun or answer.state == AlertState.OPEN or change.alert_id in sent
    return is_new and sent.get(change.alert_id) != _content(answer)


def _content(answer: fraud_pb2.Alert) -> int:
    return hash(answer.SerializeToString(deterministic=True))
