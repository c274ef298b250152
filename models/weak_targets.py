"""Targets for texts that are labelled as a whole or not at all: found by the mention finder and the linker."""

from __future__ import annotations

from collections.abc import Iterable

from models.sentiment_corpora import Example, Target
from models.text_corpora import Labelled
from udfs.linking import Linker
from udfs.mentions import MentionFinder
from udfs.records import EntityType, LinkedEntity

NEUTRAL = 1


def linked(finder: MentionFinder, linker: Linker, text: str) -> tuple[LinkedEntity, ...]:
    """Return what serving finds in a text."""
    return linker.link(text, finder.find(text))


def of_sentences(finder: MentionFinder, linker: Linker, items: Iterable[Labelled]) -> list[Example]:
    """Return the texts that name one company alone, which is then the one that their label speaks of."""
    found: list[Example] = []
    for item in items:
        entities = linked(finder, linker, item.text)
        companies = [one for one in entities if one.entity.type == EntityType.ORG]
        if len(companies) == 1:
            targets = tuple(Target(one.start, one.end, item.labels[0]) for one in companies[0].mentions)
            found.append(Example(item.text, targets, item.source))
    return found


def of_headlines(finder: MentionFinder, linker: Linker, titles: Iterable[str]) -> list[Example]:
    """Return the headlines that name two entities or more, with labels that say nothing yet."""
    found: list[Example] = []
    for title in titles:
        entities = linked(finder, linker, title)
        if len(entities) > 1:
            mentions = sorted((one.start, one.end) for entity in entities for one in entity.mentions)
            found.append(Example(title, tuple(Target(*span, NEUTRAL) for span in mentions), "reuters_titles"))
    return found
