"""Train the relevance model: a small network over `udfs.relevance.FEATURES`.

python -m models.relevance --data DATA --out FOLDER [--seed 1] [--epochs 60]
"""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models import salience_corpora as corpora
from models.command import Arguments, command
from models.graph import ranker
from models.shipping import Release, Source, arrays, runner, ship
from models.training import seed_everything
from udfs.measures import ndcg, spearman
from udfs.relevance import FEATURES, features
from udfs.tokens import FloatArray

VERSION = "1"
SUMMARY = """Says how central each entity is to its article, 0..1: a small network over where, how often and in what
place in the sentence the entity is named. It reads no words of the entity itself."""
LIMITS = """No data set has the relevance of entities in a headline that stands alone: there the values follow a rule
(first before later, behind a preposition less). Pronouns are not counted as mentions."""

DEV_SHARE = 0.2
ARTICLES_A_BATCH = 16


@dataclass(frozen=True, slots=True)
class Item:
    """One article's features (entities, features) and wanted relevance (entities,)."""

    features: FloatArray
    wanted: FloatArray
    source: str


class Ranker(nn.Module):
    """Standardised features, two hidden layers, relevance 0..1: (entities, features) to (entities,)."""

    def __init__(self, mean: Tensor, deviation: Tensor) -> None:
        """Standardise by the training set's mean and deviation."""
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation)
        self.layer1 = nn.Linear(len(FEATURES), 48)
        self.layer2 = nn.Linear(48, 24)
        self.head = nn.Linear(24, 1)
        self.dropout = nn.Dropout(0.1)

    def forward(self, values: Tensor) -> Tensor:
        """Return the logit of each entity's relevance."""
        hidden = functional.relu(self.layer1((values - self.mean) / self.deviation))
        hidden = functional.relu(self.layer2(self.dropout(hidden)))
        return self.head(hidden)[:, 0]


def item_of(article: corpora.Article) -> Item:
    """Compute an article's features as serving does."""
    found = features(article.headline, article.text, [entity.spans for entity in article.entities])
    wanted = np.array([entity.relevance for entity in article.entities], dtype=np.float32)
    return Item(found, wanted, article.source)


def loss_of(logits: Tensor, wanted: Tensor, articles: Tensor) -> Tensor:
    """Return how wrong the values are (log loss) plus how wrong their order in each article is (pairwise logistic)."""
    value = functional.binary_cross_entropy_with_logits(logits, wanted)
    gaps = (wanted[:, None] - wanted[None, :]).clamp(min=0) * (articles[:, None] == articles[None, :])
    order = functional.softplus(logits[None, :] - logits[:, None]) * gaps
    return value + order.sum() / gaps.sum().clamp(min=1e-3)


def fit(items: Sequence[Item], epochs: int, seed: int) -> tuple[Ranker, list[float]]:
    """Train a ranker and return it with its loss curve."""
    chance = random.Random(seed)
    everything = torch.from_numpy(np.concatenate([item.features for item in items]))
    model = Ranker(everything.mean(0), everything.std(0).clamp(min=1e-3))
    weights = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(weights, epochs)
    curve: list[float] = []
    for _ in range(epochs):
        order = chance.sample(range(len(items)), len(items))
        losses = [
            _step(model, weights, [items[index] for index in order[start : start + ARTICLES_A_BATCH]])
            for start in range(0, len(order), ARTICLES_A_BATCH)
        ]
        schedule.step()
        curve.append(round(float(np.mean(losses)), 4))
    return model.eval(), curve


def _step(model: Ranker, weights: torch.optim.AdamW, batch: Sequence[Item]) -> float:
    """Take one step over a few articles."""
    values = torch.from_numpy(np.concatenate([item.features for item in batch]))
    wanted = torch.from_numpy(np.concatenate([item.wanted for item in batch]))
    articles = torch.from_numpy(np.repeat(np.arange(len(batch)), [len(item.wanted) for item in batch]))
    loss = loss_of(model(values), wanted, articles)
    weights.zero_grad()
    loss.backward()
    weights.step()
    return loss.item()


def quality(items: Sequence[Item], scores: Sequence[FloatArray]) -> dict[str, float]:
    """Return mean Spearman and NDCG over the articles where they are defined."""
    orders = [spearman(found, item.wanted) for item, found in zip(items, scores, strict=True)]
    gains = [ndcg(found, item.wanted) for item, found in zip(items, scores, strict=True)]
    defined = [value for value in orders if value is not None]
    return {
        "spearman": float(np.mean(defined)),
        "ndcg": float(np.mean([value for value in gains if value is not None])),
        "documents": len(defined),
    }


def datasets(arguments: Arguments) -> tuple[list[Item], dict[str, list[Item]]]:
    """Return the training items and the development items by set; documents are never on both sides."""
    chance = random.Random(0)
    documents = corpora.wikiphrase(arguments.data / "salience_wikiphrase")
    chance.shuffle(documents)
    cut = int(DEV_SHARE * len(documents))
    training = documents[cut:] + corpora.sentence_headlines(documents[cut:])
    training += corpora.gum(arguments.data / "salience_gum/train.jsonl", chance)
    training += corpora.headlines(arguments.data / "sentfin/entity_pairs.tsv", 600, chance)
    dev = {
        "wikiphrase": documents[:cut],
        "gum": corpora.gum(arguments.data / "salience_gum/dev.jsonl", chance),
    }
    usable = [item_of(article) for article in training if article.entities]
    return usable, {
        name: [item_of(article) for article in articles if article.entities] for name, articles in dev.items()
    }


def baselines(items: Sequence[Item]) -> dict[str, float]:
    """Return the mean Spearman of first position alone and of frequency alone."""
    early = [-item.features[:, FEATURES.index("first_share")] for item in items]
    often = [item.features[:, FEATURES.index("mentions_log")] for item in items]
    return {"position": quality(items, early)["spearman"], "frequency": quality(items, often)["spearman"]}


def main() -> None:
    """Train, export and measure."""
    arguments = command("relevance", __doc__, epochs=60)
    seed_everything(arguments.seed, threads=1)
    training, dev = datasets(arguments)
    model, curve = fit(training, arguments.epochs, arguments.seed)
    exported = ranker(arrays(model))
    shipped = runner(exported)
    metrics: dict[str, object] = {"loss_curve": curve}
    for name, items in dev.items():
        metrics[f"{name}_dev"] = quality(items, [shipped({"features": item.features}) for item in items])
        metrics[f"{name}_dev_baselines"] = baselines(items)
    counts = {name: sum(item.source == name for item in training) for name in corpora.LICENCES}
    sources = tuple(Source(name, corpora.LICENCES[name], count) for name, count in counts.items())
    inputs = ("features",)
    release = Release("relevance", VERSION, FEATURES, inputs, arguments.seed, sources, metrics, SUMMARY, LIMITS)
    ship(arguments.out, release, exported)


if __name__ == "__main__":
    main()
