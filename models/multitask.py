"""Train the multi-task model: one encoding of a text for sentiment of entities, tone and topics.

python -m models.multitask --data DATA --out FOLDER [--seed 1] [--epochs 3]

The first stage reads all sets, small ones `--epochs` times. The second one reads them again at a lower rate, beside
texts in which the shipped mention finder found the targets: sentences about one company, with the sentence's label,
and headlines of the wire, with what the first stage's model says when one target alone is marked. The weights of both
stages are averaged.
"""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from models import multitask_quality as quality
from models import sentiment_corpora, text_corpora
from models.clauses import clauses
from models.command import Arguments, Stage, command
from models.contrasts import contrasts
from models.encoder import base_tokenizer
from models.multitask_graph import multitask
from models.multitask_items import Batch, Item, collate, targeted, thinned
from models.multitask_net import Multitask, Spans
from models.multitask_sets import HEADLINES, TITLES, Sets, Weak, load, shortened, weak_sets
from models.shipping import Release, Source, arrays, runner, ship
from models.training import Plan, batches, seed_everything, train
from udfs.inference.models import TEXT_LABELS
from udfs.multitask import INPUTS, NEWS, OUTPUTS, SENTIMENT, SOCIAL, WIRE, TextModel
from udfs.news_topics import NEWS_TOPICS, WIRE_TOPICS

VERSION = "2"
SUMMARY = """One encoding of a text (MiniLM-L6, 22 M parameters, int8) answers four questions: how it speaks about each
entity in it (negative, neutral, positive), its tone as a whole, which of 20 topics of news and posts it is about, and
which of Reuters' 90 topics. Each head has a temperature of its own, so its probabilities are calibrated."""
LIMITS = """English only. Made for headlines, wire stories and posts about companies and markets; markets' words (falls,
cuts) count as they do for an investor in the entity. Irony and slang are read no better than tweets of 2013-2016 teach.
Headlines that speak well of one entity and badly of another are the weakest part. The tone of a post about markets is
bearish, neutral or bullish, that of any other post is the writer's mood: the text alone decides which. The 20 topics
are those of tweets of 2022: "Markets", "General News | Opinion" and "Stock Commentary" are hard to tell from their
neighbours. A long article is read up to 2,048 tokens. The temperatures are fitted on the development parts; the
calibration errors are of one half of each with the temperature of the other half. The averaged weights were chosen
among three candidates by these parts. Contracts won and approvals are often called neutral."""
FIRST = {"mixed": 2, "contrasts": 1, "newsmtsc": 1, "semeval2017": 1, "reuters21578": 2}
"""How often the first stage reads a set; those that are not named it reads `--epochs` times."""
SECOND = {
    "sentfin": 3, "mixed": 3, "contrasts": 1, "finentity": 3, "newsmtsc": 1, "phrasebank": 3,
    "twitter_financial_sentiment": 3, "semeval2017": 1, "twitter_financial_topic": 3, "reuters21578": 1,
    "phrasebank_targets": 2, "twitter_targets": 1, HEADLINES: 1, "clauses": 2,
}  # fmt: skip
SECOND_RATE = 1e-4
AVERAGE = 0.998
KEPT = 0.35
"""The first stage's share in the weights that are shipped: the mean is better than either stage's (Wortsman 2022)."""
SMOOTHING = 0.05
WEIGHTS = {SENTIMENT: 1.0, SOCIAL: 1.0, NEWS: 1.0, WIRE: 0.5}
SLICE = "slice_"
"""What the names of parts of development sets begin with."""
CONTRASTS, MORE_CONTRASTS, CLAUSES = 1_500, 5_000, 2_000


def several_labels(item: Item) -> bool:
    """Whether an item's targets differ in their labels, which is what a model of the whole text gets wrong."""
    return len(set(item.labels.argmax(axis=1).tolist())) > 1


def loss(model: Multitask, batch: Batch) -> Tensor:
    """Return a batch's mean loss."""
    encoded = model.encode(batch.ids, batch.types)
    if batch.task == SENTIMENT:
        logits = model.sentiment(encoded, Spans(batch.rows, batch.pool, batch.distance))
    else:
        logits = getattr(model, batch.task)(encoded)
    if batch.task == WIRE:
        found = functional.binary_cross_entropy_with_logits(logits.float(), batch.labels, reduction="sum")
        return WEIGHTS[WIRE] * found / len(batch.labels)
    return WEIGHTS[batch.task] * functional.cross_entropy(logits.float(), batch.labels, label_smoothing=SMOOTHING)


def fit(model: Multitask, sets: Mapping[str, Sequence[Item]], passes: Mapping[str, int], plan: Plan) -> list[float]:
    """Train over each set as often as `passes` says, each batch of one task, all in one random order.

    Returns the mean loss of each tenth of the way.
    """
    chance = random.Random(plan.seed)
    groups = [
        [sets[name][index] for index in group]
        for name, times in passes.items()
        for _ in range(times)
        for group in batches([len(item.ids) for item in sets[name]], chance)
    ]
    chance.shuffle(groups)

    def loss_of(_: int, batch: Sequence[int]) -> Tensor:
        return loss(model, collate([thinned(item, chance) for item in groups[batch[0]]]))

    tenths = [[[int(at)] for at in part] for part in np.array_split(np.arange(len(groups)), 10)]
    return train(model, tenths, loss_of, plan)


def derived(
    tokenizer: Tokenizer, sets: Mapping[str, Sequence[Item]], seed: int, count: int = CONTRASTS
) -> dict[str, Sequence[Item]]:
    """Return the sets with the headlines that have several labels, and with `count` headlines made of two."""
    mixed = [item for item in sets["sentfin"] if several_labels(item)]
    return {**sets, "mixed": mixed, "contrasts": contrasts(tokenizer, sets["sentfin"], count, random.Random(seed))}


def made_up(tokenizer: Tokenizer, sets: Sets, seed: int) -> list[Item]:
    """Return headlines made of clauses, about the names of SEntFiN's training part."""
    made = clauses(sets.names, CLAUSES, random.Random(seed))
    return [item for item in (targeted(tokenizer, one) for one in made) if item]


def text_model(model: Multitask, tokenizer: Tokenizer, temperatures: Mapping[str, float], *, int8: bool) -> TextModel:
    """Return a trained model as serving has it."""
    graph = multitask(arrays(model), temperatures, int8=int8)
    return TextModel(tokenizer, runner(graph), (len(NEWS_TOPICS), len(WIRE_TOPICS)))


def taught(teacher: TextModel, tokenizer: Tokenizer, examples: Sequence[sentiment_corpora.Example]) -> list[Item]:
    """Return headlines with what the teacher says of each target when that alone is marked.

    That is the easier question; who is asked about all targets at once learns to answer as well.
    """
    found: list[Item] = []
    for one in examples:
        item = targeted(tokenizer, one)
        if item and len(item.ranges) == len(one.targets):
            rows = [teacher.sentiment(one.text, [(target.start, target.end)]) for target in one.targets]
            found.append(replace(item, labels=np.concatenate(rows)))
    return found


def found_targets(teacher: TextModel, tokenizer: Tokenizer, weak: Weak) -> dict[str, Sequence[Item]]:
    """Return the items of texts whose targets were found."""
    sentences = {
        name: [item for item in (targeted(tokenizer, one) for one in examples) if item]
        for name, examples in weak.sentences.items()
    }
    return {**sentences, HEADLINES: taught(teacher, tokenizer, weak.headlines)}


def train_stages(arguments: Arguments, tokenizer: Tokenizer, sets: Sets) -> tuple[Multitask, list[float]]:
    """Run both stages, or go on behind what an earlier run has finished."""
    model, seed = Multitask(), arguments.seed
    passes = {name: FIRST.get(name, arguments.epochs) for name in (*sets.training, "mixed", "contrasts")}
    first = derived(tokenizer, sets.training, seed)
    curve = Stage(arguments, "first").run(model, lambda: fit(model, first, passes, Plan(seed, average=AVERAGE)))

    def second() -> list[float]:
        teacher = text_model(model, tokenizer, dict.fromkeys(OUTPUTS, 1.0), int8=True)
        weak = weak_sets(arguments.data, sets)
        again = derived(tokenizer, shortened(sets.training, seed), seed + 1, MORE_CONTRASTS)
        again |= found_targets(teacher, tokenizer, weak) | {"clauses": made_up(tokenizer, sets, seed + 1)}
        return fit(model, again, SECOND, Plan(seed + 1, encoder_rate=SECOND_RATE, average=AVERAGE))

    before = {name: value.clone() for name, value in model.state_dict().items()}
    curve += Stage(arguments, "second").run(model, second)
    model.load_state_dict(
        {name: KEPT * before[name] + (1 - KEPT) * value for name, value in model.state_dict().items()}
    )
    return model, curve


def judge(model: TextModel, sets: Sets) -> dict[str, quality.Judged]:
    """Ask a model about all development parts."""
    targets = {name: quality.judge_targets(model, examples) for name, examples in sets.held_targets.items()}
    texts = {name: quality.judge_texts(model, items) for name, items in sets.held_texts.items()}
    found = targets | texts
    hard = {name: quality.slices(targets[name], examples) for name, examples in sets.held_targets.items()}
    opposite = quality.joined([parts["opposite_labels"] for parts in hard.values()])
    slices = {f"sentfin_{name}": part for name, part in hard["sentfin"].items()} | {"all_opposite_labels": opposite}
    return found | {f"{SLICE}{name}": part for name, part in slices.items()}


def temperatures_of(judged: Mapping[str, quality.Judged]) -> dict[str, float]:
    """Return each head's temperature; targets are calibrated on headlines and paragraphs of finance."""
    parts = [one for name, one in judged.items() if name != "newsmtsc" and not name.startswith(SLICE)]
    return {name: quality.temperature([one for one in parts if one.head == name]) for name in OUTPUTS}


@dataclass(frozen=True, slots=True)
class Measured:
    """Each head's temperature, from which probability on topics are named, and the metrics of the manifest."""

    heats: dict[str, float]
    thresholds: dict[str, float]
    metrics: dict[str, object]


def measured(model: Multitask, tokenizer: Tokenizer, sets: Sets) -> Measured:
    """Calibrate and measure the shipped form, beside the fp32 form."""
    ones = dict.fromkeys(OUTPUTS, 1.0)
    rounded, exact = (judge(text_model(model, tokenizer, ones, int8=int8), sets) for int8 in (True, False))
    heats = temperatures_of(rounded)
    cooled = {name: quality.cooled(one, heats[one.head]) for name, one in rounded.items()}
    wire_at = quality.wire_threshold(cooled["reuters21578"])
    tables = {name: quality.table(one, wire_at) for name, one in cooled.items()}
    exact_tables = {name: quality.table(quality.cooled(one, heats[one.head]), wire_at) for name, one in exact.items()}
    metrics: dict[str, object] = {f"{name}_dev": found for name, found in tables.items()}
    metrics["int8_minus_fp32_points"] = {
        name: quality.differences(found, exact_tables[name]) for name, found in tables.items()
    }
    metrics["temperatures"] = {name: round(heat, 4) for name, heat in heats.items()}
    news_at = quality.news_threshold(cooled["twitter_financial_topic"])
    return Measured(heats, {NEWS: news_at, WIRE: wire_at}, metrics)


def sources_of(sets: Sets) -> tuple[Source, ...]:
    """Return what was trained on."""
    licences = sentiment_corpora.LICENCES | text_corpora.LICENCES
    labelled = (Source(name, licences[name], len(items)) for name, items in sets.training.items())
    titles = Source(HEADLINES, "none stated; unlabelled, taught by the first stage's model", TITLES)
    return (*labelled, titles, Source("clauses", "our own, with names of SEntFiN", CLAUSES))


def main() -> None:
    """Train, calibrate, export and measure."""
    arguments = command("multitask", __doc__, epochs=3)
    seed_everything(arguments.seed, threads=1)
    tokenizer = base_tokenizer()
    sets = load(arguments.data, tokenizer)
    model, curve = train_stages(arguments, tokenizer, sets)
    found = measured(model, tokenizer, sets)
    metrics, seed = found.metrics | {"loss_curve": curve}, arguments.seed
    about = (seed, sources_of(sets), metrics, SUMMARY, LIMITS, found.thresholds)
    release = Release("multitask", VERSION, TEXT_LABELS, INPUTS, *about)
    ship(arguments.out, release, multitask(arrays(model), found.heats, int8=True), tokenizer)


if __name__ == "__main__":
    main()
