"""Train the relevance model: small networks over `udfs.relevance_features.FEATURES`, shipped as one.

    python -m models.relevance --data DATA --out FOLDER [--seed 1] [--epochs 40]

WikiPhrase's articles are cut into `FOLDS` parts, and `NETWORKS` networks for each part, which do not see it, are
trained side by side. The mean of all is shipped. What is told of its quality is told by the networks of each
part alone on the part that they did not see, since articles are too few to hold some back for good.
"""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import nn

from models import salience_corpora as corpora
from models.command import Arguments, command
from models.encoder import base_tokenizer
from models.graph import ranker
from models.relevance_network import Example, fit, merged, scores
from models.shipping import Release, Source, runner, ship
from models.training import seed_everything
from udfs.measures import ndcg, spearman
from udfs.relevance_features import FEATURES, Featurizer
from udfs.tokens import FloatArray

VERSION = "3"
SUMMARY = """Says how central each entity is to its article, 0..1: small networks over where, how often and in what
place in the sentence the entity is named, whether the headline shares its words, how rare its words are in
general, and how it compares in all that with the article's other entities."""
LIMITS = """No data set has the relevance of entities in a headline that stands alone: there the values follow a rule
(first before later, behind a preposition less). Pronouns are not counted as mentions. Annotators differ: no
model of these features came above 0.72 on articles that it had not seen."""

FOLDS = 5
NETWORKS = 3
FORMS = ("text", "headline_beside", "headline_first")
"""How an article is read: without its title, with it beside the text, or as the beginning of the text."""


@dataclass(frozen=True, slots=True)
class Sets:
    """Examples by form of WikiPhrase's articles, the other training examples, and GUM's development part."""

    wikiphrase: dict[str, list[Example]]
    others: list[Example]
    gum_dev: list[Example]


def example_of(featurizer: Featurizer, article: corpora.Article, fold: int | None) -> Example:
    """Compute an article's features as serving does."""
    found = featurizer.features(article.headline, article.text, [entity.spans for entity in article.entities])
    wanted = np.array([entity.relevance for entity in article.entities], dtype=np.float32)
    return Example(found, wanted, article.source, fold)


def datasets(arguments: Arguments, featurizer: Featurizer) -> Sets:
    """Read all sets; a document's fold never changes."""
    chance = random.Random(0)
    documents = corpora.wikiphrase(arguments.data / "salience_wikiphrase")
    chance.shuffle(documents)
    forms = zip(*((article, *corpora.titled(article)) for article in documents), strict=True)
    wikiphrase = {
        name: [example_of(featurizer, one, FOLDS * at // len(documents)) for at, one in enumerate(articles)]
        for name, articles in zip(FORMS, forms, strict=True)
    }
    gum = [corpora.gum(arguments.data / f"salience_gum/{part}.jsonl", chance) for part in ("train", "dev")]
    rule = corpora.headlines(arguments.data / "sentfin/entity_pairs.tsv", 600, chance)
    others, held = (
        [example_of(featurizer, one, None) for one in articles if one.entities] for articles in (gum[0] + rule, gum[1])
    )
    return Sets(wikiphrase, others, held)


def quality(examples: Sequence[Example], found: Sequence[FloatArray]) -> dict[str, float]:
    """Return mean Spearman, half the width of its 95 % interval, and NDCG over the articles where they are defined."""
    orders = [spearman(values.tolist(), one.wanted.tolist()) for one, values in zip(examples, found, strict=True)]
    gains = [ndcg(values.tolist(), one.wanted.tolist()) for one, values in zip(examples, found, strict=True)]
    defined = np.array([value for value in orders if value is not None])
    return {
        "spearman": float(defined.mean()),
        "interval": float(1.96 * defined.std(ddof=1) / np.sqrt(len(defined))),
        "ndcg": float(np.mean([value for value in gains if value is not None])),
        "documents": len(defined),
    }


def baselines(examples: Sequence[Example]) -> dict[str, float]:
    """Return the mean Spearman of first position alone and of frequency alone."""
    early = [-one.features[:, FEATURES.index("first_share")] for one in examples]
    often = [one.features[:, FEATURES.index("mentions_log")] for one in examples]
    return {"position": quality(examples, early)["spearman"], "frequency": quality(examples, often)["spearman"]}


def cross_validated(model: nn.Module, folds: Sequence[int], examples: Sequence[Example]) -> list[FloatArray]:
    """Return what the networks that did not see an article say of it."""
    found: list[FloatArray] = []
    for one in examples:
        rows = [at for at, fold in enumerate(folds) if fold == one.fold]
        found.append(scores(model, one.features)[rows].mean(axis=0))
    return found


def main() -> None:
    """Train, export and measure."""
    arguments = command("relevance", __doc__, epochs=40)
    seed_everything(arguments.seed, threads=1)
    tokenizer = base_tokenizer()
    sets = datasets(arguments, Featurizer(tokenizer.get_vocab()))
    folds = [fold for fold in range(FOLDS) for _ in range(NETWORKS)]
    model, curve = fit(sets.wikiphrase, sets.others, folds, arguments.epochs, arguments.seed)
    exported = ranker(merged(model))
    shipped = runner(exported)
    metrics: dict[str, object] = {"loss_curve": curve}
    for name, examples in sets.wikiphrase.items():
        metrics[f"wikiphrase_cross_validated_{name}"] = quality(examples, cross_validated(model, folds, examples))
        metrics[f"wikiphrase_all_{name}_baselines"] = baselines(examples)
    metrics["gum_dev"] = quality(sets.gum_dev, [shipped({"features": one.features}) for one in sets.gum_dev])
    metrics["gum_dev_baselines"] = baselines(sets.gum_dev)
    trained = sets.wikiphrase["text"] + sets.others
    counts = {name: sum(one.source == name for one in trained) for name in corpora.LICENCES}
    sources = tuple(Source(name, corpora.LICENCES[name], count) for name, count in counts.items())
    inputs = ("features",)
    release = Release("relevance", VERSION, FEATURES, inputs, arguments.seed, sources, metrics, SUMMARY, LIMITS)
    ship(arguments.out, release, exported, tokenizer)


if __name__ == "__main__":
    main()
