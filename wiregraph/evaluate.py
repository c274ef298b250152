"""`wiregraph eval`: measure the shipped models on a file of labelled texts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import orjson
import typer

from udfs.inference import ModelError, Models, load_models
from udfs.measures import (
    accuracy,
    calibration_error,
    macro_f1,
    macro_recall,
    ndcg,
    span_score,
    spearman,
    weighted_f1,
)
from udfs.mentions import TYPES, MentionFinder
from udfs.news_topics import NEWS_TOPICS, TopicScorer
from udfs.records import Mention
from udfs.relevance import PositionRule, RelevanceScorer
from udfs.sentiment import LABELS, SentimentScorer
from udfs.social import SocialScorer
from wiregraph.errors import Failure, UsageError

MODELS_VARIABLE = "WIREGRAPH_MODELS"

Row = dict[str, Any]
Metrics = dict[str, float]
Span = tuple[int, int, str]


class Kind(StrEnum):
    """What can be measured."""

    NER = "ner"
    SENTIMENT = "sentiment"
    RELEVANCE = "relevance"
    TOPIC = "topic"
    SOCIAL = "social"


def evaluate(
    kind: Annotated[Kind, typer.Argument(help="What the file labels.")],
    file: Annotated[Path, typer.Argument(help="One JSON object a line.", metavar="FILE.jsonl")],
) -> None:
    """Measure a model on FILE and print JSON: n and each metric."""
    try:
        metrics = _MEASURES[kind](models_of_environment(), rows(file))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise Failure(f"{file} does not have the form of a {kind} file: {error!r}") from error
    typer.echo(orjson.dumps(metrics, option=orjson.OPT_INDENT_2))


def models_of_environment() -> Models:
    """Load the models from $WIREGRAPH_MODELS, by default the shipped ones; raise `Failure` if they are unfit."""
    root = os.environ.get(MODELS_VARIABLE)
    try:
        return load_models(Path(root) if root else None)
    except ModelError as error:
        raise Failure(str(error)) from error


def rows(file: Path) -> list[Row]:
    """Read a file of JSON objects; raise `UsageError` if it cannot be read, `Failure` if it is of another form."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    found: list[Row] = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            found.append(_row(file, number, line))
    if not found:
        raise Failure(f"{file} is empty: it needs one JSON object a line")
    return found


def _row(file: Path, number: int, line: bytes) -> Row:
    """Return one line's object."""
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Failure(f"{file} line {number} is not JSON: {error}") from error
    if not isinstance(row, dict):
        raise Failure(f"{file} line {number} is not a JSON object")
    return row


def ner(finder: MentionFinder, items: Sequence[Row]) -> Metrics:
    """Return entity-level F1 of exact spans, 0..1: `micro_f1`, `precision`, `recall` and by type; n counts texts.

    Rows with `tokens` and `tags` are scored on the given tokens, others on code points.
    """
    pairs = [_token_spans(finder, row) if "tokens" in row else _text_spans(finder, row) for row in items]
    score = span_score([found for found, _ in pairs], [wanted for _, wanted in pairs])
    metrics: Metrics = {
        "n": len(items),
        "entities": score.wanted,
        "micro_f1": score.f1,
        "precision": score.hits / max(1, score.found),
        "recall": score.hits / max(1, score.wanted),
    }
    for kind in TYPES:
        found, wanted = ([{span for span in pair[side] if span[2] == kind} for pair in pairs] for side in (0, 1))
        metrics[f"f1_{kind}"] = span_score(found, wanted).f1
    return metrics


def _text_spans(finder: MentionFinder, row: Row) -> tuple[set[Span], set[Span]]:
    """Return found and wanted spans of a text in code points."""
    found = {(mention.start, mention.end, str(mention.type)) for mention in finder.find(row["text"])}
    return found, {(int(span["start"]), int(span["end"]), str(span["type"])) for span in row["spans"]}


def _token_spans(finder: MentionFinder, row: Row) -> tuple[set[Span], set[Span]]:
    """Return found and wanted spans of given tokens; a mention covers the tokens that it touches."""
    tokens = [str(token) for token in row["tokens"]]
    lengths = [len(token) + 1 for token in tokens]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return (
        {_on_tokens(mention, starts) for mention in finder.find(" ".join(tokens))},
        set(bio_spans([str(tag) for tag in row["tags"]])),
    )


def _on_tokens(mention: Mention, starts: np.ndarray[Any, np.dtype[np.int64]]) -> Span:
    """Return a mention's span in tokens that start at the given code points."""
    first = int(np.searchsorted(starts, mention.start, side="right")) - 1
    return first, int(np.searchsorted(starts, mention.end, side="left")), str(mention.type)


def bio_spans(tags: Sequence[str]) -> Iterator[Span]:
    """Yield the spans of BIO tags; an I that follows no span of its type begins one."""
    start, kind = 0, ""
    for index, tag in enumerate([*tags, "O"]):
        prefix, _, here = tag.partition("-")
        if kind and (prefix != "I" or here != kind):
            yield start, index, kind
            kind = ""
        if prefix != "O" and not kind:
            start, kind = index, here


def sentiment(scorer: SentimentScorer, items: Sequence[Row]) -> Metrics:
    """Return `accuracy`, `macro_f1` and `ece`, 0..1; n counts targets.

    The rows of one text are scored together, as the job scores the entities of an article.
    """
    groups: dict[str, list[Row]] = {}
    for row in items:
        groups.setdefault(row["text"], []).append(row)
    probabilities: list[list[float]] = []
    wanted: list[int] = []
    for text, group in groups.items():
        scores = scorer.score(text, [(int(row["start"]), int(row["end"])) for row in group])
        probabilities.extend([score.negative, score.neutral, score.positive] for score in scores)
        wanted.extend(LABELS.index(row["label"]) for row in group)
    best = [LABELS[index] for index in np.array(probabilities).argmax(axis=1).tolist()]
    labels = [LABELS[index] for index in wanted]
    return {
        "n": len(items),
        "accuracy": accuracy(best, labels),
        "macro_f1": macro_f1(best, labels),
        "ece": calibration_error(np.array(probabilities), wanted),
    }


def social(scorer: SocialScorer, items: Sequence[Row]) -> Metrics:
    """Return `accuracy`, `weighted_f1`, `macro_recall`, `macro_f1` and `ece` of whole texts, 0..1; n counts texts."""
    scores = [scorer.score(row["text"]) for row in items]
    probabilities = np.array([[score.negative, score.neutral, score.positive] for score in scores])
    wanted = [LABELS.index(row["label"]) for row in items]
    best = [LABELS[index] for index in probabilities.argmax(axis=1).tolist()]
    labels = [LABELS[index] for index in wanted]
    return {
        "n": len(items),
        "accuracy": accuracy(best, labels),
        "weighted_f1": weighted_f1(best, labels),
        "macro_recall": macro_recall(best, labels),
        "macro_f1": macro_f1(best, labels),
        "ece": calibration_error(probabilities, wanted),
    }


def topic(scorer: TopicScorer, items: Sequence[Row]) -> Metrics:
    """Return `accuracy` (all topics of a text right, and no other) and `micro_f1`, 0..1; n counts texts.

    A row with a `label` asks for one of the 20 topics of news, by its number or its name; one with `labels` for
    the topics of the wire, of which those count that are likely enough to be named.
    """
    pairs = [_wire_topics(scorer, row) if "labels" in row else _news_topic(scorer, row) for row in items]
    found, wanted = [ours for ours, _ in pairs], [theirs for _, theirs in pairs]
    right = sum(ours == theirs for ours, theirs in pairs)
    return {"n": len(items), "accuracy": right / len(items), "micro_f1": span_score(found, wanted).f1}


def _news_topic(scorer: TopicScorer, row: Row) -> tuple[set[str], set[str]]:
    """Return the likeliest and the wanted topic of news."""
    label = str(row["label"])
    wanted = NEWS_TOPICS[int(label)] if label.isdecimal() else NEWS_TOPICS[NEWS_TOPICS.index(label)]
    return {scorer.score(row["text"]).news.topic}, {wanted}


def _wire_topics(scorer: TopicScorer, row: Row) -> tuple[set[str], set[str]]:
    """Return the named and the wanted topics of the wire."""
    return {one.topic for one in scorer.score(row["text"]).wire}, {str(label) for label in row["labels"]}


def relevance(scorer: RelevanceScorer | PositionRule, items: Sequence[Row]) -> Metrics:
    """Return `spearman` and `ndcg`, means over the documents for which they are defined; n counts documents.

    A document whose entities are all equally relevant has no order, and so no Spearman.
    """
    orders: list[float | None] = []
    gains: list[float | None] = []
    for row in items:
        spans = [[(int(start), int(end)) for start, end in entity["mentions"]] for entity in row["entities"]]
        found = scorer.score(row.get("headline") or "", row["text"], spans)
        wanted = [float(entity["relevance"]) for entity in row["entities"]]
        orders.append(spearman(found, wanted))
        gains.append(ndcg(found, wanted))
    return {"n": len(items), "spearman": _mean(orders), "ndcg": _mean(gains)}


def _mean(values: Sequence[float | None]) -> float:
    """Return the mean of the values that are defined; 0 if none is."""
    defined = [value for value in values if value is not None]
    return float(np.mean(defined)) if defined else 0.0


_MEASURES: Mapping[Kind, Callable[[Models, Sequence[Row]], Metrics]] = {
    Kind.NER: lambda models, items: ner(models.mentions, items),
    Kind.SENTIMENT: lambda models, items: sentiment(models.sentiment, items),
    Kind.RELEVANCE: lambda models, items: relevance(models.relevance, items),
    Kind.TOPIC: lambda models, items: topic(models.topics, items),
    Kind.SOCIAL: lambda models, items: social(models.social, items),
}
