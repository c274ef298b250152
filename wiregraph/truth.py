"""How the answers of the running system compare with what is true of the records that were fed.

Counts must agree to the last record: duplicates, dead letters (all and by reason), and articles
that gave facts plus empty ones = sound, distinct articles. How the latter two divide is up to the
models, as are entities and signs: there precision and recall are reported, by (article, entity).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wiregraph.generator_records import Fate, Kind, Sign, StreamRecord, TrueEntity

Identity = tuple[str, str]
"""Of an article: its topic and id."""
Truths = Mapping[Identity, Mapping[TrueEntity, Sign]]
SLIPS_SHOWN = 8

_KIND_OF_PREFIX = {"eq": Kind.LISTED, "org": Kind.OTHER, "per": Kind.PERSON, "loc": Kind.PLACE}


@dataclass(frozen=True, slots=True)
class ServedCounts:
    """Outcomes as the system reports them; `by_reason` are distinct dead letters by their reason."""

    articles: int
    empty: int
    duplicates: int
    dead_letters: int
    by_reason: Mapping[str, int]

    @property
    def total(self) -> int:
        """Records of `news` and `posts` that were read."""
        return self.articles + self.empty + self.duplicates + self.dead_letters


@dataclass(frozen=True, slots=True)
class ServedFact:
    """An entity that the system found in an article, and how it says the text speaks of it."""

    topic: str
    article_id: str
    entity_id: str
    sign: Sign


@dataclass(frozen=True, slots=True)
class CountCheck:
    """One number, fed and served."""

    name: str
    fed: int
    served: int

    @property
    def is_equal(self) -> bool:
        """Whether nothing was lost or made up."""
        return self.fed == self.served


@dataclass(frozen=True, slots=True)
class Quality:
    """Of one class: how many are true, how many were served, and how many of both agree."""

    name: str
    true: int
    served: int
    right: int

    @property
    def precision(self) -> float | None:
        """Right / served, absent if nothing was served."""
        return self.right / self.served if self.served else None

    @property
    def recall(self) -> float | None:
        """Right / true, absent if there was nothing to find."""
        return self.right / self.true if self.true else None


@dataclass(frozen=True, slots=True)
class Slip:
    """An entity that was served where it is not true, or missed where it is, and in how many articles."""

    name: str
    articles: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that is printed at the end; `with_entities` compares the models' split and is not exact.

    `missed` (by name) and `invented` (by id) are the most frequent slips.
    """

    counts: tuple[CountCheck, ...]
    with_entities: CountCheck
    entities: tuple[Quality, ...]
    signs: tuple[Quality, ...]
    missed: tuple[Slip, ...]
    invented: tuple[Slip, ...]

    @property
    def is_exact(self) -> bool:
        """Whether every count that must agree does."""
        return all(check.is_equal for check in self.counts)

    @property
    def sign_accuracy(self) -> float | None:
        """The share of right signs among the entities that were found."""
        true = sum(quality.true for quality in self.signs)
        return sum(quality.right for quality in self.signs) / true if true else None


@dataclass(frozen=True, slots=True)
class _Found:
    """A fact that names an entity which its article does name."""

    article: Identity
    entity: TrueEntity
    true: Sign
    fact: ServedFact


def compare(fed: Iterable[StreamRecord], counts: ServedCounts, facts: Iterable[ServedFact]) -> Comparison:
    """The comparison over the records that were fed (all of them applied)."""
    read = [record for record in fed if record.is_read_by_news_job]
    articles = [record for record in read if record.fate is Fate.ARTICLE]
    truths = {(record.topic, record.article_id): true_entities(record) for record in articles}
    served = frozenset(facts)
    found = _found(truths, served)
    return Comparison(
        counts=_count_checks(read, counts),
        with_entities=CountCheck("articles with entities", sum(map(bool, truths.values())), counts.articles),
        entities=_entity_qualities(truths, served, found),
        signs=tuple(_sign_quality(sign, found) for sign in Sign),
        missed=_missed(truths, found),
        invented=_most(fact.entity_id for fact in served - {hit.fact for hit in found}),
    )


def _count_checks(read: list[StreamRecord], counts: ServedCounts) -> tuple[CountCheck, ...]:
    fates = Counter(record.fate for record in read)
    reasons = Counter(str(record.reason) for record in read if record.reason)
    names = sorted(reasons.keys() | counts.by_reason.keys())
    return (
        CountCheck("records read", len(read), counts.total),
        CountCheck("articles + empty", fates[Fate.ARTICLE], counts.articles + counts.empty),
        CountCheck("duplicates", fates[Fate.DUPLICATE], counts.duplicates),
        CountCheck("dead letters", fates[Fate.DEAD_LETTER], counts.dead_letters),
        *(CountCheck(f"dead letters: {name}", reasons[name], counts.by_reason.get(name, 0)) for name in names),
    )


def true_entities(record: StreamRecord) -> dict[TrueEntity, Sign]:
    """Who an article names, and how it speaks of each: a template speaks of one entity in one way."""
    return {mention.entity: mention.sign for mention in record.mentions}


def _found(truths: Truths, served: frozenset[ServedFact]) -> list[_Found]:
    """At most one hit per true entity: a second id of the same entity is one too many."""
    hits: dict[tuple[Identity, TrueEntity], _Found] = {}
    for fact in sorted(served, key=lambda fact: (fact.topic, fact.article_id, fact.entity_id)):
        article = (fact.topic, fact.article_id)
        for entity, sign in truths.get(article, {}).items():
            if fact.entity_id in entity.accepts:
                hits.setdefault((article, entity), _Found(article, entity, sign, fact))
    return list(hits.values())


def _entity_qualities(truths: Truths, served: frozenset[ServedFact], found: list[_Found]) -> tuple[Quality, ...]:
    true = Counter(entity.kind for truth in truths.values() for entity in truth)
    served_kinds = Counter(_KIND_OF_PREFIX.get(fact.entity_id.partition(":")[0], Kind.OTHER) for fact in served)
    right = Counter(hit.entity.kind for hit in found)
    by_kind = tuple(Quality(kind, true[kind], served_kinds[kind], right[kind]) for kind in Kind)
    return Quality("all entities", true.total(), len(served), len(found)), *by_kind


def _sign_quality(sign: Sign, found: list[_Found]) -> Quality:
    return Quality(
        name=sign.name.lower(),
        true=sum(hit.true is sign for hit in found),
        served=sum(hit.fact.sign is sign for hit in found),
        right=sum(hit.true is sign and hit.fact.sign is sign for hit in found),
    )


def _missed(truths: Truths, found: list[_Found]) -> tuple[Slip, ...]:
    hits = {(hit.article, hit.entity) for hit in found}
    return _most(entity.name for article, truth in truths.items() for entity in truth if (article, entity) not in hits)


def _most(names: Iterable[str]) -> tuple[Slip, ...]:
    """The most frequent names, ties by name."""
    counted = sorted(Counter(names).items(), key=lambda item: (-item[1], item[0]))
    return tuple(Slip(name, articles) for name, articles in counted[:SLIPS_SHOWN])
