"""The compiled gazetteer in memory: entities, and the automaton that finds their aliases.

Each token of an alias stands between two spaces of its own (" lehman  brothers "), so that a match
begins and ends with whole tokens and neighbouring matches share no character. Of all matches, the
leftmost longest ones are kept here: the automaton's own `iter_long` misses a match inside what
began as a longer one ("b" in "a b" where "a b a" is an alias too).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import ahocorasick  # type: ignore[import-not-found]  # an extension module without stubs

from udfs.names import Token
from udfs.records import Entity


class Policy(StrEnum):
    """When an alias may be linked; see `udfs.linking`."""

    CLEAR = "c"
    """Always, also where no mention was found."""
    NAME = "n"
    """Where a mention of the entity's type was found."""
    CONTEXT = "x"
    """Like NAME, and the text supports it: market words, a ticker mark or another alias."""
    STRICT = "s"
    """Like NAME, and a ticker mark, a legal form or another alias of the entity stands by."""


@dataclass(frozen=True, slots=True)
class Alias:
    """A name of the entity at index `entity`; `capitals`: it counts only if written in capitals."""

    entity: int
    policy: Policy
    capitals: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """An entity with what linking weighs: `size` 0 (unknown, tiny) .. 5 (mega cap)."""

    entity: Entity
    size: int
    country: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """An alias found at tokens [first, last), characters [start, end)."""

    first: int
    last: int
    start: int
    end: int
    alias: Alias


class Gazetteer:
    """Entities by index and id, aliases by an Aho-Corasick automaton, tickers by symbol."""

    def __init__(
        self, listings: Sequence[Listing], aliases: Mapping[str, Alias], tickers: Mapping[str, tuple[int, ...]]
    ) -> None:
        self.listings = tuple(listings)
        self.by_id = {listing.entity.entity_id: index for index, listing in enumerate(self.listings)}
        self.aliases = aliases
        self.tickers = tickers
        self._automaton = _automaton(aliases)

    def matches(self, tokens: Sequence[Token]) -> list[Match]:
        """Return the leftmost longest aliases among consecutive tokens, in order."""
        if not tokens or not self.aliases:
            return []
        text, firsts, lasts = _spaced(tokens)
        found = (
            (firsts.get(end + 1 - len(key)), lasts.get(end + 1), alias)
            for end, (key, alias) in self._automaton.iter(text)
        )
        matches = [
            Match(first, last, tokens[first].start, tokens[last - 1].end, alias)
            for first, last, alias in found
            if first is not None and last is not None
        ]
        return _leftmost_longest(matches)


def _leftmost_longest(matches: Iterable[Match]) -> list[Match]:
    kept: list[Match] = []
    for match in sorted(matches, key=lambda match: (match.first, -match.last)):
        if not kept or match.first >= kept[-1].last:
            kept.append(match)
    return kept


def _spaced(tokens: Sequence[Token]) -> tuple[str, dict[int, int], dict[int, int]]:
    """Return the automaton's text, and which token begins and which ends at a position of it."""
    firsts: dict[int, int] = {}
    lasts: dict[int, int] = {}
    position = 0
    for index, token in enumerate(tokens):
        firsts[position] = index
        position += len(token.key) + 2
        lasts[position] = index + 1
    return "".join(f" {token.key} " for token in tokens), firsts, lasts


def pattern(key: str) -> str:
    """Return an alias's key as the automaton reads it."""
    return "".join(f" {word} " for word in key.split())


def _automaton(aliases: Mapping[str, Alias]) -> ahocorasick.Automaton:
    automaton = ahocorasick.Automaton()
    for key, alias in aliases.items():
        spaced = pattern(key)
        automaton.add_word(spaced, (spaced, alias))
    automaton.make_automaton()
    return automaton


def group_tickers(pairs: Iterable[tuple[str, int]]) -> dict[str, tuple[int, ...]]:
    """Return the entities' indices by symbol: first who has it now, then ("-" before it) who had it."""
    grouped: dict[str, tuple[int, ...]] = {}
    for item, index in sorted(pairs, key=lambda pair: pair[0].startswith("-")):
        symbol = item.removeprefix("-")
        grouped[symbol] = (*grouped.get(symbol, ()), index)
    return grouped
