"""The data sets of relevance, as articles whose entities have spans and a wanted relevance."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from models import sentiment_corpora

LICENCES = {
    "wikiphrase": "SEL Apache-2.0, Wikinews CC BY 2.5; none stated for the phrases",
    "gum": "annotations CC BY 4.0; texts CC BY 2.5, CC BY-SA and CC BY-NC-SA by genre",
    "headline": "SEntFiN's headlines and spans, MIT; relevance by rule",
}
HEADLINE_SHARE = 0.5
_NAMED = frozenset({"person", "organization", "place"})


@dataclass(frozen=True, slots=True)
class Entity:
    """The spans of an entity's mentions in code points, sorted, and its relevance, 0..1."""

    spans: tuple[tuple[int, int], ...]
    relevance: float


@dataclass(frozen=True, slots=True)
class Article:
    """A text, its headline (empty, the beginning of the text, or beside it) and its entities.

    `title` is what `titled` makes a headline of.
    """

    text: str
    headline: str
    entities: tuple[Entity, ...]
    source: str
    title: str = ""


def wikiphrase(folder: Path) -> list[Article]:
    """Read WikiPhrase, one article a document; mentions are the longest listed phrases, ignoring case."""
    documents = {int(item["doc_id"]): item for item in _json(folder / "wikinews-docs.json")}
    phrases: dict[int, dict[str, int]] = {}
    wanted: dict[tuple[int, int], float] = {}
    for item in _json(folder / "wikinews-entities.json"):
        document, entity = int(item["doc_id"]), int(item["entity_id"])
        wanted[document, entity] = float(item["salience"])
        for phrase in (item["entity"], *item["meta_mentions"]):
            phrases.setdefault(document, {}).setdefault(phrase.casefold(), entity)
    articles: list[Article] = []
    for document, known in sorted(phrases.items()):
        text, title = documents[document]["text"], documents[document]["title"]
        spans = located(text, known)
        entities = tuple(Entity(tuple(where), wanted[document, entity]) for entity, where in sorted(spans.items()))
        articles.append(Article(text, "", entities, "wikiphrase", title))
    return [article for article in articles if len(article.entities) > 1]


def located(text: str, phrases: dict[str, int]) -> dict[int, list[tuple[int, int]]]:
    """Return where each entity's phrases stand as whole words, the longest phrase first."""
    lowered = text.lower()
    if len(lowered) != len(text):
        return {}
    ordered = sorted(filter(None, phrases), key=len, reverse=True)
    pattern = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, ordered)) + r")(?!\w)")
    found: dict[int, list[tuple[int, int]]] = {}
    for match in pattern.finditer(lowered):
        found.setdefault(phrases[match.group()], []).append(match.span())
    return found


def gum(path: Path, chance: Random) -> list[Article]:
    """Read GUM's named entities; in half of the articles one summary stands as the headline.

    That summary's own vote is then taken out of the relevance, which is the share of the other four.
    """
    return [_gum_article(json.loads(line), chance) for line in path.read_text(encoding="utf-8").splitlines()]


def _gum_article(item: dict[str, Any], chance: Random) -> Article:
    """Turn token spans into code points of the tokens joined by spaces."""
    tokens, summaries, raw = item["tokens"], item["summaries"], item["entities"]
    starts, position = [], 0
    for token in tokens:
        starts.append(position)
        position += len(token) + 1
    text = " ".join(tokens)
    summary = chance.randrange(len(summaries)) if chance.random() < HEADLINE_SHARE else None
    entities: list[Entity] = []
    for entity in raw:
        spans = sorted((starts[start], starts[end - 1] + len(tokens[end - 1])) for start, end in entity["mentions"])
        surface = text[slice(*spans[0])]
        if entity["wikipedia"] or (entity["type"] in _NAMED and surface[:1].isupper()):
            votes = [vote == "s" for index, vote in enumerate(entity["salience_votes"]) if index != summary]
            entities.append(Entity(tuple(spans), sum(votes) / len(votes)))
    article = Article(text, "", tuple(entities), "gum")
    if summary is None:
        return article
    return with_headline(article, re.sub(r"^\([^)]*\)\s*", "", summaries[summary])[:200])


def with_headline(article: Article, headline: str) -> Article:
    """Put a headline before an article that has none; what it names is looked for by surface."""
    shift = len(headline) + 2
    entities: list[Entity] = []
    for entity in article.entities:
        surfaces = {article.text[start:end] for start, end in entity.spans if article.text[start].isupper()}
        places = {surface: headline.find(surface) for surface in surfaces if len(surface) > 1}
        named = [(place, place + len(surface)) for surface, place in places.items() if place >= 0]
        spans = (*sorted(named)[:1], *((start + shift, end + shift) for start, end in entity.spans))
        entities.append(Entity(spans, entity.relevance))
    return Article(f"{headline}\n\n{article.text}", headline, tuple(entities), article.source)


def titled(article: Article) -> tuple[Article, Article]:
    """Return an article with its title as a headline beside the text, and as the beginning of the text."""
    return replace(article, headline=article.title), with_headline(article, article.title)


def headlines(path: Path, limit: int, chance: Random) -> list[Article]:
    """Make headline-only articles of SEntFiN's, relevance by rule since no data set has it.

    One entity alone is what a headline is about (0.95). Of several, the first is (0.9), each later one
    less by 0.15, and one behind a preposition less by 0.2.
    """
    examples = sentiment_corpora.sentfin(path)
    made: list[Article] = []
    for example in chance.sample(examples, min(limit, len(examples))):
        spans = [(target.start, target.end) for target in example.targets]
        entities = (Entity((span,), _by_rule(example.text, spans, rank)) for rank, span in enumerate(spans))
        made.append(Article(example.text, example.text, tuple(entities), "headline"))
    return made


def _by_rule(text: str, spans: list[tuple[int, int]], rank: int) -> float:
    """Return the relevance of the rank-th entity of a headline."""
    if len(spans) == 1:
        return 0.95
    word = re.search(r"(\w+)\s+(?:the\s+)?$", text[: spans[rank][0]])
    behind = word is not None and word.group(1).lower() in {"in", "at", "of", "from", "by", "with", "for", "to", "on"}
    return max(0.2, 0.9 - 0.15 * rank - 0.2 * behind)


def _json(path: Path) -> list[dict[str, Any]]:
    """Read a file of one JSON list."""
    items: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return items
