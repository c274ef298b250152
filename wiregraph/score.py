"""`wiregraph score`: what the models say of a text, without a stack."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from udfs.gazetteer import GazetteerError, load_linker
from udfs.inference import Models
from udfs.linking import Linker
from udfs.news_topics import Topics
from udfs.reading import mean_sentiment, polarity
from udfs.records import LinkedEntity, Sentiment
from udfs.sentiment import sentiments
from udfs.social import tone
from wiregraph.errors import Failure, UsageError
from wiregraph.evaluate import models_of_environment
from wiregraph.options import JsonOption

_COLOURS = {-1: "red", 0: "yellow", 1: "green"}
_WORDS = {-1: "negative", 0: "neutral", 1: "positive"}


@dataclass(frozen=True, slots=True)
class ScoredMention:
    """A span [start, end) in code points and how the text speaks of it, -1..1."""

    start: int
    end: int
    surface: str
    sentiment: float


@dataclass(frozen=True, slots=True)
class ScoredEntity:
    """An entity of a text; sentiment -1..1 is the mean of its mentions, polarity -1, 0 or 1, relevance 0..1."""

    entity_id: str
    name: str
    type: str
    sector: str
    sentiment: float
    polarity: int
    relevance: float
    mentions: tuple[ScoredMention, ...]


@dataclass(frozen=True, slots=True)
class ScoredText:
    """What the models that are named say of a text; entities in order of first mention.

    `tone` is the sentiment of the text as a whole, -1..1, and `tone_polarity` -1, 0 or 1.
    """

    text: str
    models: str
    tone: float
    tone_polarity: int
    topics: Topics
    entities: tuple[ScoredEntity, ...]


def score(
    text: Annotated[str, typer.Argument(help="A text, its headline before a blank line; - reads it from stdin.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Show what TEXT is about, its tone, its entities, how it speaks of each one and how central each one is."""
    content = (sys.stdin.read() if text == "-" else text).strip()
    if not content:
        raise UsageError("there is no text to score: pass one, or - and pipe one in")
    try:
        linker = load_linker()
    except GazetteerError as error:
        raise Failure(str(error)) from error
    scored = score_text(models_of_environment(), linker, content)
    if as_json:
        typer.echo(orjson.dumps(asdict(scored), option=orjson.OPT_INDENT_2))
    else:
        _show(scored)


def score_text(models: Models, linker: Linker, text: str) -> ScoredText:
    """Run every stage on a text whose headline stands before the first blank line."""
    linked = linker.link(text, models.mentions.find(text))
    spans = [[(mention.start, mention.end) for mention in one.mentions] for one in linked]
    answers = models.text.read(text, [span for group in spans for span in group])
    whole, tones = tone(answers), iter(sentiments(answers.sentiment))
    relevances = models.relevance.score(text.split("\n\n", 1)[0], text, spans)
    entities = tuple(
        _scored(one, [next(tones) for _ in one.mentions], relevance)
        for one, relevance in zip(linked, relevances, strict=True)
    )
    topics = models.topics.topics(answers)
    return ScoredText(text, models.versions, round(whole.score, 4), polarity(whole), topics, entities)


def _scored(linked: LinkedEntity, tones: list[Sentiment], relevance: float) -> ScoredEntity:
    """Put an entity and its scores together."""
    mean = mean_sentiment(tones)
    mentions = tuple(
        ScoredMention(mention.start, mention.end, mention.surface, round(tone.score, 4))
        for mention, tone in zip(linked.mentions, tones, strict=True)
    )
    entity = linked.entity
    return ScoredEntity(
        entity.entity_id,
        entity.name,
        str(entity.type),
        entity.sector,
        round(mean.score, 4),
        polarity(mean),
        round(relevance, 4),
        mentions,
    )


def _show(scored: ScoredText) -> None:
    """Print what the text is about in two lines, and its entities as a table for people."""
    console = Console()
    console.print(f"topic: {escape(_topics_line(scored.topics))}")
    console.print(f"tone: {_coloured(scored.tone, scored.tone_polarity)}")
    if not scored.entities:
        console.print("No person, organisation or place is named.")
        return
    table = Table("entity", "id", "mentions", "sentiment", "relevance")
    for one in scored.entities:
        surfaces = ", ".join(dict.fromkeys(mention.surface for mention in one.mentions))
        table.add_row(one.name, one.entity_id, surfaces, _coloured(one.sentiment, one.polarity), f"{one.relevance:.2f}")
    console.print(table)


def _coloured(value: float, sign: int) -> str:
    """Return a sentiment for people."""
    return f"[{_COLOURS[sign]}]{value:+.2f} {_WORDS[sign]}[/{_COLOURS[sign]}]"


def _topics_line(topics: Topics) -> str:
    """Return the topics of a text for people."""
    unsure = f", likeliest {topics.news.topic}" if topics.named != topics.news.topic else ""
    wire = ", ".join(f"{one.topic} ({one.probability:.2f})" for one in topics.wire)
    return f"{topics.named} ({topics.news.probability:.2f}{unsure})" + (f"; of the wire: {wire}" if wire else "")
