"""Train the light twin of the multi-task model, its fallback: sentiment of entities, tone and topics.

    python -m models.light_text --data DATA --out FOLDER [--seed 1] [--epochs 2]

It reads the labelled sets that the big one's recipe reads, then the small ones several times more, and is
measured on the same development parts.
"""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence

from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from models import multitask_quality as quality
from models import sentiment_corpora, text_corpora
from models.command import Stage, command
from models.encoder import base_tokenizer
from models.light_graph import light_reader
from models.light_net import LightReader
from models.multitask import judge, temperatures_of
from models.multitask_fit import WEIGHTS, derived
from models.multitask_items import Item, collate, thinned
from models.multitask_sets import load
from models.shipping import Release, Source, arrays, runner, ship
from models.training import Plan, batches, seed_everything, train
from udfs.inference.models import TEXT_LABELS
from udfs.multitask import INPUTS, NEWS, OUTPUTS, WIRE, TextModel
from udfs.news_topics import NEWS_TOPICS, WIRE_TOPICS

VERSION = "1"
SUMMARY = """The fallback of multitask: the same questions asked of a small embedding and three convolutions over the
same word pieces, at a tenth of the cost. An entity is seen through its own words, what is near it, and the whole
text."""
LIMITS = """As those of multitask, and more: what a long context or the order of clauses tells is missed, above all
where one text speaks well of one entity and badly of another. Political news is not read again by its
second stage, and shows it."""

RATE = 4e-4
SMOOTHING = 0.1
CONTRASTS = 1_500
JOINED = 3
FIRST = {"reuters21578": 2}
"""How often the first stage reads a set for each epoch, if not once."""
SECOND = {
    "sentfin": 3, "mixed": 1, "contrasts": 1, "finentity": 3, "newsmtsc": 0, "phrasebank": 3,
    "twitter_financial_sentiment": 3, "twitter_financial_topic": 4, "semeval2017": 1, "reuters21578": 1,
}  # fmt: skip
"""How often the second one reads it, in one epoch."""


Epochs = Sequence[Mapping[str, int]]


def loss(model: LightReader, items: Sequence[Item]) -> Tensor:
    """Return the mean loss of texts of one task."""
    batch = collate(items)
    outputs = model((batch.ids, batch.types, batch.ids > 0, batch.rows, batch.pool, batch.distance))
    logits = dict(zip(OUTPUTS, outputs, strict=True))[batch.task].float()
    if batch.task == WIRE:
        found = functional.binary_cross_entropy_with_logits(logits, batch.labels, reduction="sum")
        return WEIGHTS[WIRE] * found / len(batch.labels)
    return functional.cross_entropy(logits, batch.labels, label_smoothing=SMOOTHING)


def joined(groups: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield batches of `JOINED` batches each, since a small model's step costs little."""
    ordered = sorted(groups, key=len)
    for start in range(0, len(ordered), JOINED):
        yield [at for group in ordered[start : start + JOINED] for at in group]


def fit(model: LightReader, sets: Mapping[str, Sequence[Item]], epochs: Epochs, plan: Plan) -> list[float]:
    """Train over all sets, each as often as each epoch says, and return the mean loss of each epoch."""
    chance = random.Random(plan.seed)
    groups: list[list[Item]] = []
    numbered: list[list[list[int]]] = []
    for passes in epochs:
        fresh = [
            [items[at] for at in group]
            for name, items in sets.items()
            for _ in range(passes.get(name, 1))
            for group in joined(batches([len(item.ids) for item in items], chance))
        ]
        chance.shuffle(fresh)
        numbered.append([[len(groups) + at] for at in range(len(fresh))])
        groups += fresh

    def loss_of(_: int, batch: Sequence[int]) -> Tensor:
        return loss(model, [thinned(item, chance) for item in groups[batch[0]]])

    return train(model, numbered, loss_of, plan)


def text_model(model: LightReader, tokenizer: Tokenizer, heats: Mapping[str, float]) -> TextModel:
    """Return a trained model as serving has it."""
    return TextModel(tokenizer, runner(light_reader(arrays(model), heats)), (len(NEWS_TOPICS), len(WIRE_TOPICS)))


def main() -> None:
    """Train, calibrate, export and measure."""
    arguments = command("light_text", __doc__, epochs=2)
    seed_everything(arguments.seed, threads=1)
    tokenizer = base_tokenizer()
    sets = load(arguments.data, tokenizer)
    model = LightReader()
    items = derived(tokenizer, sets.training, arguments.seed, CONTRASTS)
    plan = Plan(arguments.seed, encoder_rate=RATE, average=0.998)
    curve = Stage(arguments, "first").run(model, lambda: fit(model, items, [FIRST] * arguments.epochs, plan))
    again = Plan(arguments.seed + 1, encoder_rate=RATE, average=0.998)
    curve += Stage(arguments, "second").run(model, lambda: fit(model, items, [SECOND], again))
    judged = judge(text_model(model.eval(), tokenizer, dict.fromkeys(OUTPUTS, 1.0)), sets)
    heats = temperatures_of(judged)
    cooled = {name: quality.cooled(one, heats[one.head]) for name, one in judged.items()}
    wire_at = quality.wire_threshold(cooled["reuters21578"])
    metrics: dict[str, object] = {f"{name}_dev": quality.table(one, wire_at) for name, one in cooled.items()}
    metrics |= {"temperatures": {name: round(heat, 4) for name, heat in heats.items()}, "loss_curve": curve}
    thresholds = {NEWS: quality.news_threshold(cooled["twitter_financial_topic"]), WIRE: wire_at}
    licences = sentiment_corpora.LICENCES | text_corpora.LICENCES
    sources = tuple(Source(name, licences[name], len(found)) for name, found in sets.training.items())
    about = (metrics, SUMMARY, LIMITS, thresholds)
    release = Release("multitask-light", VERSION, TEXT_LABELS, INPUTS, arguments.seed, sources, *about)
    ship(arguments.out, release, light_reader(arrays(model), heats), tokenizer)


if __name__ == "__main__":
    main()
