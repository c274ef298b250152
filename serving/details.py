"""What a score or a fact is made of: volumes, sources, topics, related entities. Pure but for the reads."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial

from serving.mentions import fact_of
from serving.neighbors import edges_of_fact
from serving.novelty import VOLUME_WITHIN_MS
from serving.queries import Question, binned, facts_in
from serving.rows import key_of
from serving.subjects import Subject, find_node
from serving.views import View
from serving.windows import Window
from udfs.changelog import FactRow, NodeRow

RELATED_MAX = 20


@dataclass(frozen=True, slots=True)
class Related:
    """An entity that stands in `articles` articles with another, most of the weight in those about `kind`.

    `weight` is in micro-units.
    """

    node: NodeRow
    kind: str
    articles: int
    weight: int


@dataclass(frozen=True, slots=True)
class Details:
    """`volume` by `serving.novelty.VOLUME_WITHIN_MS`; articles by source and by event topic."""

    volume: tuple[int, ...]
    sources: Counter[str]
    event_topics: Counter[str]
    related: tuple[Related, ...]


@dataclass(slots=True)
class _Shared:
    """What articles say of two entities: how many they are, and the weight by event topic."""

    articles: int = 0
    weights: Counter[str] = field(default_factory=Counter)

    @property
    def kind(self) -> str:
        """The topic with most of the weight, ties by name."""
        return min(self.weights, key=lambda topic: (-self.weights[topic], topic))


def details(view: View, subject: Subject, question: Question) -> Details:
    """Of an entity or a sector over a window."""
    end_ms = question.window.end_ms
    volumes = (Question(Window(end_ms, within), question.known_at_ms) for within in VOLUME_WITHIN_MS)
    facts = [fact for entity in subject.members for fact in _facts(view, entity, question)]
    single = subject.members == (subject.node.entity,)
    return Details(
        tuple(binned(view, subject.members, volume, 1)[0][0] for volume in volumes),
        Counter(fact.source for fact in facts),
        Counter(fact.event_topic for fact in facts),
        tuple(_related(view, facts, question.known_at_ms, partial(find_node, view))[:RELATED_MAX]) if single else (),
    )


def _facts(view: View, entity: str, question: Question) -> Iterator[FactRow]:
    for key in [one.key for one in facts_in(view, entity, question)]:
        fact = fact_of(view, key)
        if fact is not None:
            yield fact


def related_to_each(view: View, facts: Sequence[FactRow], known_at_ms: int | None) -> list[list[Related]]:
    """Who stands in the article of each of some facts."""
    node = cache(partial(find_node, view))
    return [_related(view, [fact], known_at_ms, node) for fact in facts]


def _related(
    view: View, facts: Sequence[FactRow], known_at_ms: int | None, node_of: Callable[[str], NodeRow | None]
) -> list[Related]:
    """Who stands in the articles of one entity's facts, by falling weight, ties by id."""
    shared: defaultdict[str, _Shared] = defaultdict(_Shared)
    for fact in facts:
        for other, edge in edges_of_fact(view, key_of(fact), known_at_ms):
            shared[other].articles += 1
            shared[other].weights[fact.event_topic] += edge.weight
    found = ((node_of(other), one) for other, one in shared.items())
    named = [Related(node, one.kind, one.articles, one.weights.total()) for node, one in found if node is not None]
    return sorted(named, key=lambda one: (-one.weight, one.node.entity))
