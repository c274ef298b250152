"""One session in memory: its clicks, and for those with triggers the indexes that rules ask.

Most sessions never see a trigger, and of those only the clicks are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain

from udfs.alerts import Score
from udfs.chunks import pack_session, unpack_session
from udfs.clicks import Click
from udfs.patterns_index import Index, Selector

NO_CLICKS: dict[str, Click] = {}
"""Those of all frozen sessions."""


class Session:
    """Clicks by event id in the order of arrival; `active` once one of them is a trigger.

    `first_ms` is the event time of the click that came first, `newest_ms` the highest: kept beside the clicks, so that
    most sessions can be looked at without touching these. One that nothing comes to for a while is frozen: its clicks
    are bytes until it is thawed.
    """

    __slots__ = ("active", "clicks", "first_ms", "frozen", "newest_ms")

    def __init__(self, first_ms: int) -> None:
        self.clicks: dict[str, Click] = {}
        self.active: ActiveSession | None = None
        self.frozen = b""
        self.first_ms = self.newest_ms = first_ms

    def freeze(self) -> None:
        """Keep the clicks as bytes, a fifth of their size."""
        self.frozen = pack_session(tuple(self.clicks.values()))
        self.clicks, self.active = NO_CLICKS, None

    def thaw(self, session_id: str) -> None:
        """Have the clicks back; who thaws it looks for triggers."""
        self.clicks = {click.event_id: click for click in unpack_session(session_id, self.frozen)}
        self.frozen = b""

    def triggers_from(self, from_ms: int) -> list[Click]:
        """The triggers at and behind a time that are remembered."""
        triggers = self.active.triggers if self.active else None
        return triggers.clicks[triggers.between(from_ms, from_ms)[0] :] if triggers else []

    def forget(self, before_ms: int) -> None:
        """Drop clicks that lie before."""
        self.clicks = {event_id: click for event_id, click in self.clicks.items() if click.event_time_ms >= before_ms}
        self.first_ms = next((click.event_time_ms for click in self.clicks.values()), self.newest_ms)
        if self.active is not None:
            self.active.forget(before_ms, self.clicks)


class ActiveSession:
    """The indexes of a session that has triggers, each built when a rule first asks for it.

    Clicks that touch no trigger wait in `_pending`: they are looked at when the next trigger comes.
    """

    __slots__ = ("_all", "_indexes", "_pending", "last_trigger_ms", "scores", "triggers")

    def __init__(
        self, clicks: Mapping[str, Click], triggers: Iterable[Click], scores: dict[str, tuple[int, Score | None]]
    ) -> None:
        self.triggers = Index(triggers)
        self.last_trigger_ms = self.triggers.times[-1] if self.triggers.times else -1
        self.scores = scores
        """What the cascade said of an attempt when so many clicks lay in its window."""
        self._all = clicks
        self._indexes: dict[Selector, Index] = {}
        self._pending: list[Click] = []

    def wait(self, click: Click) -> None:
        """Take a click of the session; the indexes see it when one is asked."""
        self._pending.append(click)

    def trigger(self, click: Click) -> None:
        """Take a click that is a trigger; it also goes to `wait`."""
        self.triggers.add(click)
        self.last_trigger_ms = max(self.last_trigger_ms, click.event_time_ms)

    def index(self, selector: Selector) -> Index:
        """All clicks so far that match."""
        if self._pending:
            self._catch_up()
        found = self._indexes.get(selector)
        if found is None:
            found = self._indexes[selector] = Index(filter(selector.matches, self._all.values()))
        return found

    def _catch_up(self) -> None:
        for selector, index in self._indexes.items():
            for click in filter(selector.matches, self._pending):
                index.add(click)
        self._pending.clear()

    def forget(self, before_ms: int, clicks: Mapping[str, Click]) -> None:
        """Drop clicks that lie before; `clicks` are all that are left."""
        if self._pending:
            self._catch_up()
        self._all = clicks
        for index in chain(self._indexes.values(), (self.triggers,)):
            index.forget(before_ms)
        self.scores = {event_id: score for event_id, score in self.scores.items() if event_id in clicks}
