"""The generated stream of the demo: news, posts and clicks with everything true about them.

Pure: the same seed and size give the same bytes. A stream has records out of order within a minute,
a few late ones, duplicates (also with other content), rows of every kind that must be refused, and
sound rows that look odd. Its event times run over hours, however fast it is fed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from random import Random
from typing import Any

import orjson

from udfs.topics import CLICKS, NEWS, POSTS
from wiregraph.generator_cast import load_names
from wiregraph.generator_clicks import Click, Session
from wiregraph.generator_faults import FAULTS, fault_value, topics_of
from wiregraph.generator_oddities import ODDITIES, Oddity
from wiregraph.generator_plans import PLANS, make_session
from wiregraph.generator_records import Fate, Stream, StreamRecord, TrueSession
from wiregraph.generator_text import Template, fill, load_templates
from wiregraph.times import rfc3339

OUT_OF_ORDER_MS_MAX = 60_000
LATE_SHARE = 0.006
LATE_MS = (5 * 60_000, 40 * 60_000)
RECEIVED_SHARE = 0.3
CLICK_TWICE_SHARE = 0.02
TWICE_WITHIN_MS = 45_000
ODD_SHARE = 0.08
REPEAT_WITHIN = 300
"""A duplicate repeats one of so many articles before it."""

_KINDS = {"news": 0.57, "post": 0.29, "fault": 0.05, "duplicate": 0.08, "revived": 0.004}


@dataclass(frozen=True, slots=True)
class Size:
    """How much is generated: `items` of news and posts (with bad and repeated ones), `sessions` of clicks."""

    items: int = 6_000
    sessions: int = 120
    start_ms: int = 1_767_623_400_000  # 2026-01-05T14:30:00Z
    length_ms: int = 6 * 3_600_000


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A record, and the moment of event time at which it is fed."""

    at_ms: int
    record: StreamRecord


def generate(seed: int = 7, size: Size | None = None) -> Stream:
    """The stream of a seed."""
    size = size or Size()
    sessions = list(_sessions(Random(f"clicks {seed}"), size))
    arrivals = [*_Items(Random(f"items {seed}"), size).arrivals(), *_clicks(Random(f"delays {seed}"), sessions)]
    arrivals.sort(key=lambda arrival: arrival.at_ms)
    true_sessions = tuple(_true_session(session) for session in sessions)
    return Stream(seed, tuple(_settled(arrival.record for arrival in arrivals)), true_sessions)


def _settled(records: Iterator[StreamRecord]) -> Iterator[StreamRecord]:
    """Marks every article whose (topic, id) arrived before as a duplicate, whatever it says."""
    seen: set[tuple[str, str]] = set()
    for record in records:
        identity = (record.topic, record.article_id)
        if record.fate is Fate.ARTICLE and identity in seen:
            yield replace(record, fate=Fate.DUPLICATE)
            continue
        if record.fate is Fate.ARTICLE:
            seen.add(identity)
        yield record


def _clicks(rng: Random, sessions: list[Session]) -> Iterator[_Arrival]:
    """The clicks as they arrive; now and then one twice."""
    for click in (click for session in sessions for click in session.clicks):
        value = _click_value(click)
        record = StreamRecord(CLICKS, click.session_id.encode(), value, click.event_time_ms, Fate.CLICK)
        yield _Arrival(click.event_time_ms + click.delay_ms, record)
        if rng.random() < CLICK_TWICE_SHARE:
            yield _Arrival(click.event_time_ms + click.delay_ms + rng.randrange(TWICE_WITHIN_MS), record)


def _click_value(click: Click) -> bytes:
    fields = {name: value for name, value in asdict(click).items() if value not in {None, ""}}
    del fields["delay_ms"]
    fields["event_time"] = rfc3339(fields.pop("event_time_ms"))
    return orjson.dumps(fields)


def _sessions(rng: Random, size: Size) -> Iterator[Session]:
    """Every plan once, then as they are drawn."""
    plans = iter(PLANS)
    for index in range(size.sessions):
        start_ms = size.start_ms + rng.randrange(size.length_ms)
        yield make_session(rng, f"session-{index:05d}", start_ms, next(plans, None))


def _true_session(session: Session) -> TrueSession:
    return TrueSession(session.clicks[0].session_id, session.plan, session.alerts)


def _delay_ms(rng: Random) -> int:
    """How long after its event time a record arrives: mostly within a minute, now and then late."""
    return rng.randint(*LATE_MS) if rng.random() < LATE_SHARE else rng.randrange(OUT_OF_ORDER_MS_MAX)


class _Items:
    """News and posts, faulty and repeated ones among them, in the order of their event times."""

    def __init__(self, rng: Random, size: Size) -> None:
        self._rng = rng
        self._size = size
        self._made: list[_Arrival] = []
        self._articles: list[StreamRecord] = []
        self._faults_drawn = 0

    def arrivals(self) -> list[_Arrival]:
        makers = {
            "news": self._news,
            "post": self._post,
            "fault": self._fault,
            "duplicate": self._duplicate,
            "revived": self._revived,
        }
        step_ms = self._size.length_ms // self._size.items
        kinds = self._rng.choices(list(_KINDS), list(_KINDS.values()), k=self._size.items)
        for index, kind in enumerate(kinds):
            event_time_ms = self._size.start_ms + index * step_ms + self._rng.randrange(step_ms)
            makers[kind](f"{index:06d}", event_time_ms)
        return self._made

    def _news(self, number: str, event_time_ms: int) -> None:
        self._article(NEWS, f"news-{number}", event_time_ms)

    def _post(self, number: str, event_time_ms: int) -> None:
        self._article(POSTS, f"post-{number}", event_time_ms)

    def _article(self, topic: str, article_id: str, event_time_ms: int) -> None:
        at_ms = event_time_ms + _delay_ms(self._rng)
        record = _article(self._rng, topic, article_id, (event_time_ms, at_ms))
        self._made.append(_Arrival(at_ms, record))
        self._articles.append(record)

    def _fault(self, number: str, event_time_ms: int) -> None:
        """The next of all faults in turn, so that a short feed has every one of them too."""
        fault = FAULTS[self._faults_drawn % len(FAULTS)]
        self._faults_drawn += 1
        topic = self._rng.choice(topics_of(fault))
        value = fault_value(fault, topic, f"bad-{number}", event_time_ms)
        key = f"bad-{number}".encode()
        record = StreamRecord(topic, key, value, event_time_ms, Fate.DEAD_LETTER, reason=fault.reason)
        self._made.append(_Arrival(event_time_ms + _delay_ms(self._rng), record))

    def _duplicate(self, number: str, event_time_ms: int) -> None:
        """The same record again, or other content under an id that was used before."""
        if not self._articles:
            return self._news(number, event_time_ms)
        first = self._rng.choice(self._articles[-REPEAT_WITHIN:])
        at_ms = event_time_ms + _delay_ms(self._rng)
        if self._rng.random() < 0.5:  # noqa: PLR2004 - one kind as often as the other
            self._made.append(_Arrival(at_ms, first))
            return None
        again = _article(self._rng, first.topic, first.article_id, (event_time_ms, at_ms))
        self._made.append(_Arrival(at_ms, again))
        return None

    def _revived(self, number: str, event_time_ms: int) -> None:
        """A dead letter, a sound article under the same id (no duplicate), the dead letter again."""
        article_id = f"again-{number}"
        fault = next(fault for fault in FAULTS if fault.name == "headline empty")
        value = fault_value(fault, NEWS, article_id, event_time_ms)
        dead = StreamRecord(NEWS, article_id.encode(), value, event_time_ms, Fate.DEAD_LETTER, reason=fault.reason)
        self._article(NEWS, article_id, event_time_ms)
        sound_at_ms = self._made[-1].at_ms
        self._made += [_Arrival(sound_at_ms - 1, dead), _Arrival(sound_at_ms + 1, dead)]


def _article(rng: Random, topic: str, article_id: str, times_ms: tuple[int, int]) -> StreamRecord:
    """A sound article with its truth; `times_ms` are those of the event and of its arrival."""
    event_time_ms, at_ms = times_ms
    template = rng.choice(load_templates(topic))
    odd = rng.choice(ODDITIES) if rng.random() < ODD_SHARE else Oddity()
    text = fill(replace(template, headline=odd.before + template.headline + odd.after), rng)
    fields: dict[str, Any] = {"id": article_id, "lang": "en", "channel": template.group, **odd.extra}
    if topic == NEWS:
        fields |= {"published_at": rfc3339(event_time_ms), "headline": text.headline, "source": "generated"}
        fields |= {"body": text.body} if text.body else {}
    else:
        fields |= {"created_at": rfc3339(event_time_ms), "text": text.headline, "author": "generated"}
        fields |= {"symbols": list(_symbols(template, text.headline))}
    if rng.random() < RECEIVED_SHARE:
        fields["received_at"] = rfc3339(at_ms)
    return StreamRecord(
        topic=topic,
        key=article_id.encode(),
        value=odd.encode(odd.time(fields, event_time_ms)),
        record_time_ms=event_time_ms,
        fate=Fate.ARTICLE,
        article_id=article_id,
        text=text.whole,
        mentions=text.mentions,
    )


def _symbols(template: Template, text: str) -> Iterator[str]:
    """The tickers that a post's site would find: those after a `$`."""
    if template.listed_roles:
        known = {subject.ticker for subject in load_names().listed}
        yield from (word[1:] for word in text.split() if word.startswith("$") and word[1:] in known)
