"""Answers as bytes: what an entity's rows say, and behind it what the moment says. Pure but for the reads.

Protobuf reads fields in any order, and of two messages one behind the other as of one. So the part that
changes with every batch (as_of, watermark, applied_at, version) is appended to the part that seldom does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from serving import answers
from serving.arguments import latest_end_ms
from serving.progress import Progress
from serving.queries import Before, entity_score
from serving.since import Since
from serving.subjects import Subject, find_node
from serving.versions import Version, version_of
from serving.views import View
from serving.windows import MINUTE_MS, Window, floor_minute
from wiregraph.v1 import graph_pb2

LENGTHS_STORED = 4_096
FOREVER_MS = 2**62
NEVER_MS = 0
STALE_MAX = 32
"""So many buckets may have changed since a score was asked for; with more it is let go."""
_ITEM = b"\x0a"
"""Field 1, with a length: an element of a list."""
_SEVEN_BITS, _MORE = 0x7F, 0x80


def _item_head(length: int) -> bytes:
    head = bytearray(_ITEM)
    while length > _SEVEN_BITS:
        head.append(length & _SEVEN_BITS | _MORE)
        length >>= 7
    head.append(length)
    return bytes(head)


_HEADS = tuple(_item_head(length) for length in range(LENGTHS_STORED))


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of an answer that holds for moments from number `born` on whose window ends before `until_ms`.

    Empty `content` is that of an entity which the graph does not know. `basis` is what a score was computed from, and
    the next one will be. `ahead` is right from `until_ms` on.
    """

    content: bytes
    born: int
    until_ms: int
    basis: Before | None = None
    ahead: Fragment | None = None

    @property
    def weight(self) -> int:
        """Its share of what may be kept."""
        return 1 + (len(self.basis.computed.tally.rows) if self.basis else 0)

    def stale(self, since: Since) -> Fragment | None:
        """What is left of it after changes; None where that is nothing."""
        if self.basis is None:
            return None
        since = self.basis.since.then(since)
        if len(since.buckets) > STALE_MAX:
            return None
        return Fragment(b"", self.born, NEVER_MS, Before(self.basis.computed, since))


@dataclass(frozen=True, slots=True)
class Present:
    """A moment of a graph as readers without a view see it; numbers rise.

    `entity_tail` follows a score in a list, `single_tail` one alone, `list_tail` a list.
    """

    number: int
    progress: Progress
    version: Version
    version_text: str
    end_ms: int
    entity_tail: bytes
    single_tail: bytes
    list_tail: bytes

    def fits(self, fragment: Fragment) -> bool:
        """Whether a fragment that was not dropped is right now."""
        return fragment.born <= self.number and self.end_ms < fragment.until_ms


def present(number: int, progress: Progress) -> Present:
    """The moment that a store's progress stands for."""
    end_ms = latest_end_ms(progress)
    of_entity = answers.stamped(graph_pb2.EntityScore(as_of=answers.timestamp(end_ms)), progress)
    of_list = answers.versioned(graph_pb2.GetNeighborsResponse(), progress)
    entity_tail = of_entity.SerializeToString()
    return Present(
        number=number,
        progress=progress,
        version=version_of(progress),
        version_text=of_list.version,
        end_ms=end_ms,
        entity_tail=entity_tail,
        single_tail=answers.versioned(of_entity, progress).SerializeToString(),
        list_tail=of_list.SerializeToString(),
    )


def score_fragment(view: View, entity: str, window_ms: int, now: Present, before: Fragment | None = None) -> Fragment:
    """The score of an entity, which is no sector, over the window that ends now, and for how long it stays.

    `before` is the one of an earlier moment, if the entity's node has not changed since.
    """
    basis = before.basis if before else None
    node = basis.computed.score.node if basis else find_node(view, entity)
    if node is None:
        return Fragment(b"", now.number, FOREVER_MS)
    window = Window(now.end_ms, window_ms)
    found = entity_score(view, Subject(node, (entity,)), window, now.progress.first_event_ms, basis)
    lasts = min(found.tally.lasts, _history_lasts(window, now.progress.first_event_ms))
    if found.latest:
        lasts = min(lasts, (floor_minute(found.latest.event_time) - window.start_ms) // MINUTE_MS + 1)
    if found.repeats.first_ms is not None:
        lasts = min(lasts, (found.repeats.first_ms - window.start_ms) // MINUTE_MS + 1)
    content = answers.bare_score(found.score).SerializeToString()
    return Fragment(content, now.number, now.end_ms + lasts * MINUTE_MS, Before(found))


def _history_lasts(window: Window, first_ms: int | None) -> int:
    """Minutes until there is one more window before this one; 1 in an empty graph."""
    if first_ms is None:
        return 1
    length = window.length_ms
    return (length - (window.start_ms - floor_minute(first_ms)) % length) // MINUTE_MS


def batch_bytes(fragments: Sequence[Fragment], now: Present) -> bytes:
    """A BatchGetEntitiesResponse of the entities that are known."""
    tail = now.entity_tail
    known = [one.content for one in fragments if one.content]
    more = len(tail)
    parts = [tail] * (3 * len(known)) + [now.list_tail]
    parts[0:-1:3] = [
        _HEADS[size + more] if size + more < LENGTHS_STORED else _item_head(size + more) for size in map(len, known)
    ]
    parts[1:-1:3] = known
    return b"".join(parts)
