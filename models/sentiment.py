"""Train the targeted sentiment model: one encoding of a text, pooled over each entity's span.

python -m models.sentiment --data DATA --out FOLDER [--seed 1] [--epochs 2]

The first stage reads the financial sets for `--epochs` epochs, the second one at a lower rate
these again, headlines with different labels once more, pairs of headlines, and a part of the political news.
"""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from models import sentiment_corpora as corpora
from models.command import Arguments, Stage, command
from models.encoder import SPECIAL, WIDTH, Encoder, base_tokenizer
from models.graph import span_scorer
from models.shipping import Release, Source, arrays, runner, ship
from models.training import Plan, batches, seed_everything, train
from udfs import tokens as tk
from udfs.measures import accuracy, calibration_error, macro_f1
from udfs.sentiment import LABELS, SentimentScorer, span_inputs

VERSION = "2"
SUMMARY = """Says how a text speaks about each entity in it (negative, neutral, positive, calibrated): MiniLM-L6
(22 M parameters), int8, the tokens of all entities marked, each entity's tokens pooled, one encoding for all."""
LIMITS = """English only. Learnt from financial headlines, paragraphs and political news: irony, slang and emoji are
outside of what it knows. Markets' words (falls, cuts) count as they do for an investor in the entity.
Headlines that speak well of one entity and badly of another are the weakest part. The temperature is fitted on
SEntFiN's development part, so the calibration error there is measured on what it was fitted to."""

LENGTH_MAX = 126
ALL_TARGETS = 0.6
"""In this share of the texts all targets are marked together, in the others one alone."""
FIRST_SETS = ("sentfin", "finentity")
SECOND_RATE = 1e-4
SECOND_EPOCHS = 1
CONTRASTS = 1_500
LINKS = (",", ";", ":", "-", "while", "as", "but", "and", "after", ", while", "despite")
Held = Mapping[str, Sequence[corpora.Example]]


@dataclass(frozen=True, slots=True)
class Item:
    """One text: ids with the special tokens, its targets' token ranges in them (targets, 2), and their labels."""

    ids: tk.IntArray
    ranges: tk.IntArray
    labels: tk.IntArray


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded texts (texts, length), and for each span its text, its pooling row and its label."""

    ids: Tensor
    types: Tensor
    rows: Tensor
    pool: Tensor
    labels: Tensor


class Scorer(nn.Module):
    """Span mean and [CLS], each through a matrix, added, then a small head: logits (spans, labels)."""

    def __init__(self) -> None:
        """Start from the base weights."""
        super().__init__()
        self.encoder = Encoder(types=2)
        self.dropout = nn.Dropout(0.1)
        self.span = nn.Linear(WIDTH, WIDTH)
        self.whole = nn.Linear(WIDTH, WIDTH)
        self.head = nn.Linear(WIDTH, len(LABELS))

    def forward(self, batch: Batch) -> Tensor:
        """Return the logits of a batch's spans."""
        hidden = self.dropout(self.encoder(batch.ids, batch.types, batch.ids > 0))[batch.rows]
        pooled = (batch.pool[:, None, :].to(hidden.dtype) @ hidden)[:, 0]
        mixed = functional.gelu(self.span(pooled) + self.whole(hidden[:, 0]))
        return self.head(self.dropout(mixed))


def encode(tokenizer: Tokenizer, example: corpora.Example) -> Item | None:
    """Return an example's item, or None if no target lies in the first `LENGTH_MAX` tokens."""
    tokens = tk.tokenise(tokenizer, example.text)
    ranges = tk.token_ranges(tokens, [(target.start, target.end) for target in example.targets])
    kept = (ranges[:, 0] < ranges[:, 1]) & (ranges[:, 1] <= LENGTH_MAX)
    labels = np.array([target.label for target in example.targets], dtype=np.int64)
    ids = np.concatenate([[SPECIAL[0]], tokens.ids[:LENGTH_MAX], [SPECIAL[1]]])
    return Item(ids, ranges[kept] + 1, labels[kept]) if kept.any() else None


def thinned(item: Item, chance: random.Random) -> Item:
    """Sometimes keep one target alone: a text is also asked about with one entity of several."""
    if len(item.labels) <= 1 or chance.random() < ALL_TARGETS:
        return item
    index = chance.randrange(len(item.labels))
    return Item(item.ids, item.ranges[index : index + 1], item.labels[index : index + 1])


def several_labels(item: Item) -> bool:
    """Whether an item's targets differ in their labels, which is what a model of the whole text gets wrong."""
    return len(set(item.labels.tolist())) > 1


def contrasts(tokenizer: Tokenizer, items: Sequence[Item], count: int, chance: random.Random) -> list[Item]:
    """Return `count` headlines made of two, one that speaks well of its targets and one badly of its.

    Few real headlines do both, and a model that has seen few speaks of all targets alike.
    """
    good = [item for item in items if set(item.labels.tolist()) == {2}]
    bad = [item for item in items if set(item.labels.tolist()) == {0}]
    made: list[Item] = []
    for _ in range(count):
        left, right = chance.sample([chance.choice(good), chance.choice(bad)], 2)
        link = tokenizer.encode(chance.choice(LINKS), add_special_tokens=False).ids
        shift = len(left.ids) - 1 + len(link) - 1
        ids = np.concatenate([left.ids[:-1], link, right.ids[1:]])
        ranges = np.concatenate([left.ranges, right.ranges + shift])
        made.append(Item(ids, ranges, np.concatenate([left.labels, right.labels])))
    return [item for item in made if len(item.ids) <= LENGTH_MAX]


def collate(items: Sequence[Item]) -> Batch:
    """Pad texts and stack the inputs of their spans."""
    longest = max(len(item.ids) for item in items)
    ids = np.zeros((len(items), longest), dtype=np.int64)
    types = np.zeros_like(ids)
    pools: list[tk.FloatArray] = []
    for row, item in enumerate(items):
        size = len(item.ids)
        inputs = span_inputs(item.ranges, size)
        ids[row, :size] = item.ids
        types[row, :size] = inputs["types"]
        pools.append(np.pad(inputs["pool"], ((0, 0), (0, longest - size))))
    rows = np.repeat(np.arange(len(items)), [len(item.labels) for item in items])
    labels = np.concatenate([item.labels for item in items])
    arrays = (ids, types, rows, np.concatenate(pools), labels)
    return Batch(*(torch.from_numpy(array) for array in arrays))


def logits(model: Scorer, items: Sequence[Item]) -> tk.FloatArray:
    """Return the fp32 model's logits of all spans of all items, text by text."""
    model.eval()
    with torch.no_grad():
        return np.concatenate([model(collate([item])).numpy() for item in items])


def fit(model: Scorer, items: Sequence[Item], epochs: int, plan: Plan) -> list[float]:
    """Train a scorer and return its loss curve."""
    chance = random.Random(plan.seed)

    def loss_of(_: int, batch: Sequence[int]) -> Tensor:
        inputs = collate([thinned(items[index], chance) for index in batch])
        return functional.cross_entropy(model(inputs).float(), inputs.labels, label_smoothing=0.05)

    grouped = [batches([len(item.ids) for item in items], chance) for _ in range(epochs)]
    return train(model, grouped, loss_of, plan)


def train_stages(arguments: Arguments, tokenizer: Tokenizer, training: Held) -> tuple[Scorer, list[float]]:
    """Run both stages, or go on behind what an earlier run has finished."""
    model = Scorer()
    sets = {
        name: [item for item in (encode(tokenizer, example) for example in examples) if item]
        for name, examples in training.items()
    }
    first = [item for name in FIRST_SETS for item in sets[name]]
    pairs = contrasts(tokenizer, sets["sentfin"], CONTRASTS, random.Random(arguments.seed))
    second = [*first, *filter(several_labels, sets["sentfin"]), *pairs, *sets["newsmtsc"][::4]]
    curve = Stage(arguments, "first").run(model, lambda: fit(model, first, arguments.epochs, Plan(arguments.seed)))
    plan = Plan(arguments.seed + 1, encoder_rate=SECOND_RATE)
    curve += Stage(arguments, "second").run(model, lambda: fit(model, second, SECOND_EPOCHS, plan))
    return model, curve


def temperature(found: tk.FloatArray, labels: tk.IntArray) -> float:
    """Return the temperature that the logits are divided by for the least log loss (Guo et al. 2017)."""
    candidates = np.exp(np.linspace(np.log(0.3), np.log(4), 200))
    losses = [
        float(functional.cross_entropy(torch.from_numpy(found / value), torch.from_numpy(labels)))
        for value in candidates
    ]
    return float(candidates[int(np.argmin(losses))])


def measure(scorer: SentimentScorer, examples: Sequence[corpora.Example]) -> dict[str, float]:
    """Return accuracy, macro F1 and calibration error over all targets, each text scored once for all of them."""
    wanted: list[int] = []
    rows: list[list[float]] = []
    for example in examples:
        spans = [(target.start, target.end) for target in example.targets]
        found = scorer.score(example.text, spans)
        rows.extend([score.negative, score.neutral, score.positive] for score in found)
        wanted.extend(target.label for target in example.targets)
    probabilities = np.array(rows)
    best = [LABELS[index] for index in probabilities.argmax(axis=1).tolist()]
    names = [LABELS[index] for index in wanted]
    return {
        "accuracy": accuracy(best, names),
        "macro_f1": macro_f1(best, names),
        "ece": calibration_error(probabilities, wanted),
        "n": len(wanted),
    }


def quality(model: Scorer, tokenizer: Tokenizer, heat: float, held: Held) -> dict[str, object]:
    """Measure the shipped int8 form on the development sets, and the fp32 form on SEntFiN's."""
    weights = arrays(model)
    scorers = {
        name: SentimentScorer(tokenizer, runner(span_scorer(weights, heat, int8=name == "int8")))
        for name in ("int8", "fp32")
    }
    headlines = held["sentfin"]
    metrics: dict[str, object] = {f"{name}_dev": measure(scorers["int8"], examples) for name, examples in held.items()}
    mixed = [example for example in headlines if example.mixed]
    metrics["sentfin_dev_mixed_labels"] = measure(scorers["int8"], mixed)
    metrics["sentfin_dev_opposite_labels"] = measure(scorers["int8"], [one for one in headlines if one.opposite])
    metrics["sentfin_dev_fp32"] = measure(scorers["fp32"], headlines)
    return metrics | {"temperature": heat}


def main() -> None:
    """Train, calibrate, export and measure."""
    arguments = command("sentiment", __doc__, epochs=2)
    seed_everything(arguments.seed)
    tokenizer = base_tokenizer()
    training, held = corpora.training_and_held(arguments.data)
    model, curve = train_stages(arguments, tokenizer, training)
    calibration = [item for item in (encode(tokenizer, example) for example in held["sentfin"]) if item]
    heat = temperature(logits(model, calibration), np.concatenate([item.labels for item in calibration]))
    sources = tuple(Source(name, corpora.LICENCES[name], len(examples)) for name, examples in training.items())
    metrics = quality(model, tokenizer, heat, held) | {"loss_curve": curve}
    inputs = ("ids", "types", "pool")
    release = Release("sentiment", VERSION, LABELS, inputs, arguments.seed, sources, metrics, SUMMARY, LIMITS)
    ship(arguments.out, release, span_scorer(arrays(model), heat, int8=True), tokenizer)


if __name__ == "__main__":
    main()
