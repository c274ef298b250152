"""Mentions of a text linked to entities: gazetteer, ticker marks, else a name of their own (NIL).

Pure: the same text and mentions give the same entities, whatever articles came before.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

from udfs.aliases import Gazetteer, Match, Policy
from udfs.context import Reading, plain
from udfs.marks import Mark, find_marks
from udfs.names import LEGAL_FORMS, Token, entity_of_id, nil_entity, normalised, tokenise
from udfs.records import Entity, EntityType, LinkedEntity, Mention
from udfs.resolving import Resolution, Resolver
from udfs.spans import Span, Spans, disjoint

TEXT_LIMIT = 32_768
"""A text is searched up to here; NER reads no further either."""
NAME_TOKENS_BEFORE = 6
"""How far before a mark in brackets the name may begin that it belongs to, in tokens."""
BRACKET_GAP = 3
"""At most so many characters, " (" and the like, stand between a name and its mark."""
LARGE = 4
"""From this size on a mark stands for its company even behind another name ("the iPhone maker")."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A mention and the entity that it is linked to."""

    mention: Mention
    entity: Entity


@dataclass(frozen=True, slots=True)
class ResolvedMark:
    """A ticker mark and the index of the entity that it stands for."""

    mark: Mark
    entity: int


class Linker:
    """Links mentions to entities of one gazetteer; holds no state of articles."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer

    def link(self, text: str, mentions: Sequence[Mention]) -> tuple[LinkedEntity, ...]:
        """Return the entities of a text with their mentions, in order of first mention.

        `mentions` are NER's. Spans of the result lie in the text and never overlap; some may be the
        linker's own: ticker marks, and unmistakable names that NER missed.
        """
        tokens = tokenise(text, TEXT_LIMIT)
        aliases = Spans(self._gazetteer.matches(tokens))
        marks = find_marks(text, TEXT_LIMIT)
        resolved = [item for item in (self._resolve_mark(mark, tokens, aliases) for mark in marks) if item]
        regions = _regions(marks, resolved)
        spans = _cut(disjoint(item for item in mentions if 0 <= item.start < item.end <= len(text)), regions)
        matches = [match for match in aliases.items if not regions.touching(match.start, match.end)]
        reading = Reading.of(text, tokens, frozenset(item.entity for item in resolved))
        claims = self._claims(text, reading, matches, spans)
        taken = Spans(claim.mention for claim in claims)
        left = [mention for mention in spans.items if not taken.touching(mention.start, mention.end)]
        claims += [*self._mark_claims(text, resolved), *self._nil_claims(left, resolved)]
        return _grouped(_with_short_forms(claims, self._gazetteer.by_id))

    def resolve(self, text: str, limit: int) -> tuple[Resolution, ...]:
        """Return at most `limit` entities that a name, ticker, id or sentence may mean, best first."""
        return self._resolver.resolve(text, limit)

    def entity(self, entity_id: str) -> Entity:
        """Return name, type and sector of an id; raises `ValueError` for an id of no known form."""
        index = self._gazetteer.by_id.get(entity_id)
        return entity_of_id(entity_id) if index is None else self._gazetteer.listings[index].entity

    @cached_property
    def _resolver(self) -> Resolver:
        return Resolver(self._gazetteer, lambda text: [item.entity for item in self.link(text, ())])

    def _entity(self, index: int) -> Entity:
        return self._gazetteer.listings[index].entity

    def _claims(self, text: str, reading: Reading, matches: Sequence[Match], mentions: Spans[Mention]) -> list[Claim]:
        """Return the claims of aliases: first those beyond doubt, then those that they support."""
        touching = {match: mentions.touching(match.start, match.end) for match in matches}

        def linkable(match: Match, reading: Reading) -> bool:
            lead = max(touching[match], key=lambda mention: _overlap(match, mention), default=None)
            entity_type = self._entity(match.alias.entity).type
            return reading.linkable(match, lead.type if lead else None, entity_type)

        sure = [match for match in matches if linkable(match, reading)]
        reading = replace(reading, named=frozenset(match.alias.entity for match in sure))
        found = Spans(match for match in matches if linkable(match, reading))
        tokens = Spans(reading.tokens)
        broken = {mention for mention in mentions.items if not self._whole(mention, found, tokens)}
        kept = [match for match in found.items if broken.isdisjoint(touching[match])]
        uses = Counter(mention for match in kept for mention in touching[match])
        return [self._claim(text, match, [item for item in touching[match] if uses[item] == 1]) for match in kept]

    def _claim(self, text: str, match: Match, own: Iterable[Mention]) -> Claim:
        """Return a match as a claim, with the span of its mention where that holds no other match."""
        start, end = match.start, match.end
        for mention in own:
            if mention.start <= start and end <= mention.end:
                start, end = mention.start, mention.end
        entity = self._entity(match.alias.entity)
        return Claim(Mention(start, end, text[start:end], entity.type), entity)

    def _whole(self, mention: Mention, found: Spans[Match], tokens: Spans[Token]) -> bool:
        """Whether what a mention says beside the aliases found in it leaves them what they are."""
        inside = found.touching(mention.start, mention.end)
        if not inside:
            return True
        words = tokens.touching(mention.start, mention.end)
        rest = [token for token in words if not found.touching(token.start, token.end)]
        if all(self._entity(match.alias.entity).type is EntityType.ORG for match in inside):
            return plain(rest, (match.alias.policy for match in inside))
        return all(token.key in {"the", "'s"} for token in rest)

    def _resolve_mark(self, mark: Mark, tokens: Sequence[Token], aliases: Spans[Match]) -> ResolvedMark | None:
        """Return the entity of a mark, or None where no listing, or only an unlikely one, has it."""
        tickers = self._gazetteer.tickers
        candidates = next((tickers[symbol] for symbol in mark.symbols if symbol in tickers), ())
        if mark.attached:
            entity = self._attached(mark, candidates, tokens, aliases)
        elif len(candidates) > 1:
            named = {match.alias.entity for match in aliases.items}
            entity = next((index for index in candidates if index in named), candidates[0])
        else:
            entity = next(iter(candidates), None)
        return None if entity is None else ResolvedMark(mark, entity)

    def _attached(
        self, mark: Mark, candidates: Sequence[int], tokens: Sequence[Token], aliases: Spans[Match]
    ) -> int | None:
        for before in aliases.touching(mark.opening - BRACKET_GAP, mark.opening):
            if self._is_clear_company(before):
                # A ticker is given to another company in time; the name beside it is not.
                return before.alias.entity
        last = bisect_right(tokens, mark.opening, key=lambda token: token.end)
        words = {token.key for token in tokens[max(0, last - NAME_TOKENS_BEFORE) : last]}
        named = (index for index in candidates if words & self._name_words(index))
        large = (index for index in candidates if self._gazetteer.listings[index].size >= LARGE)
        return next(chain(named, large), None)

    def _is_clear_company(self, match: Match) -> bool:
        is_company = self._entity(match.alias.entity).entity_id.startswith("eq:")
        return is_company and match.alias.policy is Policy.CLEAR

    def _name_words(self, index: int) -> set[str]:
        words = {token.key for token in tokenise(self._entity(index).name)}
        return words - LEGAL_FORMS - {"the", "of", "&", "'s", "group"}

    def _mark_claims(self, text: str, resolved: Iterable[ResolvedMark]) -> list[Claim]:
        return [
            Claim(
                Mention(item.mark.start, item.mark.end, text[item.mark.start : item.mark.end], EntityType.ORG),
                self._entity(item.entity),
            )
            for item in resolved
        ]

    def _nil_claims(self, mentions: Iterable[Mention], resolved: Sequence[ResolvedMark]) -> list[Claim]:
        """Return the claims of mentions without an alias; one before its ticker mark has its entity."""
        claims = []
        for mention in mentions:
            entity = self._entity_of_next_mark(mention, resolved) or nil_entity(mention.surface, mention.type)
            if entity is not None:
                claims.append(Claim(mention, entity))
        return claims

    def _entity_of_next_mark(self, mention: Mention, resolved: Sequence[ResolvedMark]) -> Entity | None:
        for item in resolved:
            near = item.mark.attached and 0 <= item.mark.opening - mention.end <= BRACKET_GAP
            if near and {token.key for token in tokenise(mention.surface)} & self._name_words(item.entity):
                return self._entity(item.entity)
        return None


def _overlap(match: Match, mention: Mention) -> int:
    return min(match.end, mention.end) - max(match.start, mention.start)


def _regions(marks: Iterable[Mark], resolved: Iterable[ResolvedMark]) -> Spans[Span]:
    """Return the stretches of marks, where no name is looked for: those with an entity or a market."""
    known = [item.mark for item in resolved]
    return disjoint(Span(mark.opening, mark.end) for mark in [*known, *(m for m in marks if m.opening < m.start)])


def _cut(mentions: Spans[Mention], regions: Spans[Span]) -> Spans[Mention]:
    """Return the mentions without the ticker marks in them: the part before the first mark."""
    return Spans(kept for mention in mentions.items if (kept := _before(mention, regions)) is not None)


def _before(mention: Mention, regions: Spans[Span]) -> Mention | None:
    marks = regions.touching(mention.start, mention.end)
    if not marks:
        return mention
    surface = mention.surface[: max(0, marks[0].start - mention.start)].rstrip(" (<[$")
    return Mention(mention.start, mention.start + len(surface), surface, mention.type) if surface else None


def _with_short_forms(claims: Sequence[Claim], known: Container[str]) -> list[Claim]:
    """Give a short name the entity of the one longer name in the text that it shortens."""
    longer: dict[tuple[str, ...], set[Entity]] = {}
    for claim in claims:
        words = normalised(claim.mention.surface, claim.entity.type).split("-")
        for count in range(1, len(words)):
            part = words[-count:] if claim.entity.type is EntityType.PER else words[:count]
            longer.setdefault((claim.entity.type, *part), set()).add(claim.entity)
    return [claim if claim.entity.entity_id in known else _lengthened(claim, longer) for claim in claims]


def _lengthened(claim: Claim, longer: dict[tuple[str, ...], set[Entity]]) -> Claim:
    prefix, _, name = claim.entity.entity_id.partition(":")
    candidates = longer.get((claim.entity.type, *name.split("-")), set())
    if prefix not in {"org", "per"} or len(candidates) != 1:
        return claim
    return replace(claim, entity=next(iter(candidates)))


def _grouped(claims: Iterable[Claim]) -> tuple[LinkedEntity, ...]:
    mentions: dict[Entity, list[Mention]] = {}
    for claim in sorted(claims, key=lambda claim: claim.mention.start):
        mentions.setdefault(claim.entity, []).append(claim.mention)
    return tuple(LinkedEntity(entity, tuple(found)) for entity, found in mentions.items())
