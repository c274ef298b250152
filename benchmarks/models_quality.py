"""What the shipped models and their fallbacks are worth on the development parts, measured anew in each run."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Figure
from models import corpora, salience_corpora, sentiment_corpora, text_corpora
from models import multitask_quality as quality
from models.ner_wires import wires
from udfs.inference import Models
from udfs.inference.manifest import MANIFEST
from udfs.inference.models import WEIGHTS
from udfs.measures import spearman
from udfs.mentions import MentionFinder
from udfs.relevance import PositionRule

RESAMPLES = 1_000
WIRE_TEXTS_MAX = 250
WIRES_HELD = 300
WIRE_THRESHOLD = 0.45
"""From this probability on a topic of the wire counts as named, for both models."""
ROUNDING = "floor_-0.7,target_-0.3"
"""What issue 4 allows int8 to lose."""
ANCHORS: Mapping[str, tuple[float, str]] = {
    # FiNER-ORD's authors, RoBERTa-large (355 M parameters), mean of three seeds on its test part.
    "finer_ord_val": (0.755, "RoBERTa-large_on_test"),
    # SEntFiN's paper, its own split.
    "sentfin": (0.943, "its_paper,_another_split"),
    # FinBERT-CRF on FinEntity, F1.
    "finentity": (0.84, "FinBERT-CRF,_F1"),
    # FinGPT v3.3 (13 B) on PhraseBank (50 % agree) and on Twitter financial sentiment, weighted F1.
    "phrasebank": (0.882, "FinGPT_v3.3"),
    "twitter_financial_sentiment": (0.903, "FinGPT_v3.3"),
    # FinBERT-tone on 20 topics, accuracy.
    "twitter_financial_topic": (0.911, "FinBERT-tone"),
    # TimeLMs on SemEval-2017's test tweets, macro recall.
    "semeval2017": (0.737, "TimeLMs_on_tweets_of_2017"),
}
"""By development part: what others reached, on test data that is not the same, and who."""
_NAMED = {
    "sentfin": "accuracy", "finentity": "accuracy", "newsmtsc": "accuracy", "phrasebank": "weighted_f1",
    "twitter_financial_sentiment": "weighted_f1", "semeval2017": "macro_recall", "twitter_financial_topic": "accuracy",
    "reuters21578": "micro_f1",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """A measure, 0..1, with its 95 % interval and the number of cases; `part` and `name` say of what."""

    part: str
    name: str
    value: float
    low: float
    high: float
    cases: int


def measure(data: Path, shipped: Models, light: Models) -> Iterator[Figure]:
    """One line a development part and measure: the shipped models beside what others reached, then the fallbacks."""
    if not data.is_dir():
        sys.stderr.write(f"quality is left out: there is no data in {data}; pass DATA=dir\n")
        return
    for ours, theirs in zip(_all(data, shipped), _all(data, light), strict=True):
        anchor, whose = ANCHORS.get(ours.part, (None, ""))
        yield _figure(ours, "", anchor, whose)
        yield _figure(theirs, "_light", ours.value, "shipped_model")
    yield from _relevance(data)
    yield from _rounding()


def _rounding() -> Iterator[Figure]:
    """How many points int8 lies above fp32, measured when the models were made, since only int8 is shipped."""
    ner, tasks = (json.loads((WEIGHTS / name / MANIFEST).read_bytes())["metrics"] for name in ("ner", "multitask"))
    points = 100 * (ner["finer_ord_val"]["micro_f1"] - ner["finer_ord_val_fp32"]["micro_f1"])
    yield Figure("models", "finer_ord_val_micro_f1_int8_minus_fp32", points, "points", None, ROUNDING)
    for part, name in _NAMED.items():
        points = tasks.get("int8_minus_fp32_points", {}).get(part, {}).get(name)
        if points is not None:
            yield Figure("models", f"{part}_{name}_int8_minus_fp32", points, "points", None, ROUNDING)


def _figure(one: Measured, suffix: str, reference: float | None, whose: str) -> Figure:
    """Write a measure with its number of cases and its interval."""
    ratio = one.value / reference if reference else None
    beside = f"{whose}_{reference:.3f};" if reference else ""
    told = f"{beside}n={one.cases};95%={one.low:.3f}-{one.high:.3f}"
    return Figure("models", f"{one.part}_{one.name}{suffix}", one.value, "share", ratio, told)


def _all(data: Path, models: Models) -> Iterator[Measured]:
    """Yield every measure of a set of models, always the same ones in the same order."""
    yield from _mentions(data, models.mentions)
    yield from _texts(data, models)


def _mentions(data: Path, finder: MentionFinder) -> Iterator[Measured]:
    """Entity-level micro F1 of exact spans, also of recased news and of lines of templates."""
    parts = corpora.ner_held(data)
    news = parts["finer_ord_val"]
    for name, change in (("upper", str.upper), ("lower", str.lower)):
        parts[f"finer_ord_val_{name}"] = [
            replace(one, text=change(one.text)) for one in news if len(change(one.text)) == len(one.text)
        ]
    parts["wires_held"] = wires(corpora.ner_training(data), WIRES_HELD, random.Random(5), held=True)
    for name, examples in parts.items():
        counts = np.array([_span_counts(finder, one) for one in examples], dtype=float)
        yield _resampled(name, "micro_f1", counts, lambda sums: 2 * sums[..., 0] / np.maximum(sums[..., 1:].sum(-1), 1))


def _span_counts(finder: MentionFinder, example: corpora.Example) -> tuple[int, int, int]:
    """Return how many spans were found rightly, found, and wanted."""
    wanted = {(span.start, span.end, span.type) for span in example.spans}
    found = {(span.start, span.end, str(span.type)) for span in finder.find(example.text)}
    return len(wanted & found), len(found), len(wanted)


def _resampled(
    part: str, name: str, counts: NDArray[np.float64], score: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> Measured:
    """Return a measure of sums over texts and its interval by bootstrap over texts."""
    weights = np.random.default_rng(0).multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=RESAMPLES)
    low, high = np.quantile(score(weights @ counts), [0.025, 0.975])
    cases = int(counts[:, -1].sum())
    return Measured(part, name, float(score(counts.sum(axis=0))), float(low), float(high), cases)


def _texts(data: Path, models: Models) -> Iterator[Measured]:
    """The heads of the multi-task model, each on its sets' development parts."""
    _, targets = sentiment_corpora.training_and_held(data)
    for name, examples in targets.items():
        judged = quality.judge_targets(models.text, examples)
        yield _tabled(name, quality.table(judged, WIRE_THRESHOLD))
        for kind, part in quality.slices(judged, examples).items():
            if name == "sentfin":
                yield _tabled(f"sentfin_{kind}", quality.table(part, WIRE_THRESHOLD), "accuracy")
    for name, sides in text_corpora.parts(data).items():
        judged = quality.judge_texts(models.text, sides.held[: _texts_max(name)])
        yield _tabled(name, quality.table(judged, WIRE_THRESHOLD))


def _texts_max(name: str) -> int | None:
    """Return how many texts of a part are read; whole articles take long."""
    return WIRE_TEXTS_MAX if name == "reuters21578" else None


def _tabled(part: str, table: Mapping[str, Any], name: str = "") -> Measured:
    """Return a table's chosen measure."""
    chosen = name or _NAMED[part]
    low, high = table[f"{chosen}_95"]
    return Measured(part, chosen, table[chosen], low, high, table["n"])


def _relevance(data: Path) -> Iterator[Figure]:
    """Mean Spearman of all articles, with and without their titles, beside first position alone and the rule.

    The shipped model has seen the articles, so its figure is that of its manifest: networks on articles that they had
    not seen. The rule and the baselines learn nothing and are measured here.
    """
    told = json.loads((WEIGHTS / "relevance" / MANIFEST).read_bytes())["metrics"]
    documents = salience_corpora.wikiphrase(data / "salience_wikiphrase")
    titled = [salience_corpora.titled(article) for article in documents]
    forms: Mapping[str, Sequence[salience_corpora.Article]] = {
        "text": documents,
        "headline_beside": [beside for beside, _ in titled],
        "headline_first": [first for _, first in titled],
    }
    for form, articles in forms.items():
        ours, first = told[f"wikiphrase_cross_validated_{form}"], told[f"wikiphrase_all_{form}_baselines"]["position"]
        value, half = ours["spearman"], ours["interval"]
        seen = Measured(f"wikiphrase_{form}", "spearman", value, value - half, value + half, ours["documents"])
        yield _figure(seen, "", first, "first_position,_cross_validated")
        orders = [_order(PositionRule(), article) for article in articles]
        counts = np.array([(order, 1.0) for order in orders if order is not None])
        rule = _resampled(seen.part, "spearman", counts, lambda sums: sums[..., 0] / sums[..., 1])
        yield _figure(rule, "_light", value, "shipped_model")


def _order(scorer: PositionRule, article: salience_corpora.Article) -> float | None:
    """Return an article's Spearman."""
    found = scorer.score(article.headline, article.text, [entity.spans for entity in article.entities])
    return spearman(found, [entity.relevance for entity in article.entities])
