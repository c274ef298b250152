"""What a person's words may mean: entities for a name, a ticker, an id or a sentence.

Scores: 1 for an exact alias, ticker or id; below that for tickers in lower case, names that the
words begin, names found inside a sentence, and shared words.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from udfs.aliases import Gazetteer
from udfs.names import alias_key, strip_legal_form, strip_possessive
from udfs.records import Entity

EXACT, TICKER_LOWER, PREFIX_MAX, LINKED, OVERLAP_MAX = 1.0, 0.95, 0.9, 0.85, 0.8
PREFIXES_MAX = 200
"""How many aliases with the same beginning are weighed."""
WORD_ENTITIES_MAX = 500
"""A word that more names share says nothing."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """An entity that a text may mean, with a score of 0..1."""

    entity: Entity
    score: float


class Resolver:
    """An index over a gazetteer's names, for questions; linking does without it."""

    def __init__(self, gazetteer: Gazetteer, link: Callable[[str], Sequence[Entity]]) -> None:
        self._gazetteer = gazetteer
        self._link = link
        self._keys = sorted(gazetteer.aliases)
        self._names = [alias_key(listing.entity.name) for listing in gazetteer.listings]
        self._by_word: dict[str, list[int]] = {}
        for index, name in enumerate(self._names):
            for word in set(name.split()):
                self._by_word.setdefault(word, []).append(index)

    def resolve(self, text: str, limit: int) -> tuple[Resolution, ...]:
        """Return at most `limit` entities, highest score first, the larger one first among equals."""
        text = text.strip()[:1_000]
        scores: dict[int, float] = {}
        for index, score in self._candidates(text):
            scores[index] = max(score, scores.get(index, 0.0))
        listings = self._gazetteer.listings
        ranked = sorted(scores, key=lambda index: (-scores[index], -listings[index].size, index))
        found = [Resolution(listings[index].entity, round(scores[index], 4)) for index in ranked]
        return tuple(found[: max(0, limit)])

    def _candidates(self, text: str) -> Iterator[tuple[int, float]]:
        gazetteer = self._gazetteer
        if text in gazetteer.by_id:
            yield gazetteer.by_id[text], EXACT
        symbol = text.removeprefix("$")
        for index in gazetteer.tickers.get(symbol.upper(), ()):
            yield index, EXACT if symbol == symbol.upper() else TICKER_LOWER
        key = alias_key(text)
        if not key:
            return
        stripped = " ".join(strip_legal_form(strip_possessive(key.split())))
        for exact in {key, stripped}:
            if exact in gazetteer.aliases:
                yield gazetteer.aliases[exact].entity, EXACT
        yield from self._by_prefix(key)
        yield from self._by_words(stripped)
        for entity in self._link(text):
            if entity.entity_id in gazetteer.by_id:
                yield gazetteer.by_id[entity.entity_id], LINKED

    def _by_prefix(self, key: str) -> Iterator[tuple[int, float]]:
        first = bisect_left(self._keys, key)
        for alias in self._keys[first : first + PREFIXES_MAX]:
            if not alias.startswith(key):
                return
            yield self._gazetteer.aliases[alias].entity, PREFIX_MAX * (0.5 + 0.5 * len(key) / len(alias))

    def _by_words(self, key: str) -> Iterator[tuple[int, float]]:
        words = set(key.split())
        for word in words:
            indices = self._by_word.get(word, ())
            for index in indices if len(indices) <= WORD_ENTITIES_MAX else ():
                name = set(strip_legal_form(self._names[index].split()))
                yield index, OVERLAP_MAX * len(words & name) / len(words | name)
