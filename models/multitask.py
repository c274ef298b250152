"""Train the multi-task model: one encoding of a text for sentiment of entities, tone and topics.

python -m models.multitask --data DATA --out FOLDER [--seed 1] [--epochs 3]

First a teacher of 12 layers learns targeted sentiment. The model begins with every second layer of it and then reads
all sets, small ones `--epochs` times; what it is told about targets comes from the labels and from the teacher, which
also labels headlines of the wire, whose targets the shipped mention finder found, and variants of the headlines. The
second and the third stage read parts of that again at a lower rate; what is shipped lies between the weights of the
two.
"""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

from tokenizers import Tokenizer

from models import multitask_quality as quality
from models import sentiment_corpora, text_corpora
from models.clauses import clauses
from models.command import Arguments, Stage, command
from models.contrasts import varied
from models.encoder import base_tokenizer
from models.multitask_fit import derived, fit
from models.multitask_graph import multitask
from models.multitask_items import Item, targeted
from models.multitask_net import Multitask
from models.multitask_sets import HEADLINES, TITLES, Sets, Weak, load, shortened, weak_sets
from models.shipping import Release, Source, arrays, runner, ship
from models.teacher import TRUST, new_teacher, student, taught, train_teacher
from models.training import Plan, copied, mixed, seed_everything
from udfs.inference.models import TEXT_LABELS
from udfs.multitask import INPUTS, NEWS, OUTPUTS, WIRE, TextModel
from udfs.news_topics import NEWS_TOPICS, WIRE_TOPICS

VERSION = "3"
SUMMARY = """One encoding of a text (a BERT of 6 layers and width 384, 22 M parameters, int8) answers four questions:
how it speaks about each entity in it (negative, neutral, positive), its tone as a whole, which of 20 topics of news and
posts it is about, and which of Reuters' 90 topics. Each head has a temperature of its own, so its probabilities are
calibrated. The model begins with six layers of a teacher of twelve, which learnt targeted sentiment from
BGE-small-en-v1.5 (Beijing Academy of Artificial Intelligence, MIT) and is not shipped."""
LIMITS = """English only. Made for headlines, wire stories and posts about companies and markets; markets' words (falls,
cuts) count as they do for an investor in the entity. Irony and slang are read no better than tweets of 2013-2016 teach.
Headlines that speak well of one entity and badly of another are the weakest part. The tone of a post about markets is
bearish, neutral or bullish, that of any other post is the writer's mood: the text alone decides which. The 20 topics
are those of tweets of 2022: "Markets", "General News | Opinion" and "Stock Commentary" are hard to tell from their
neighbours. A long article is read up to 2,048 tokens. The temperatures are fitted on the development parts; the
calibration errors are of one half of each with the temperature of the other half. Contracts
won and approvals are often called neutral. Topics, Reuters' topics, politics (NewsMTSC) and posts about markets are
read less well than by version 2."""
SLICE = "slice_"
"""What the names of parts of development sets begin with."""
CONTRASTS, CLAUSES = 1_500, 2_000
THIRD_WEIGHT = 0.7
"""What is shipped is so much the third stage's weights, the rest the second one's."""


@dataclass(frozen=True, slots=True)
class Round:
    """How often each set is read, of which sets a share alone, and how fast the model learns."""

    passes: Mapping[str, int]
    shares: Mapping[str, float]
    plan: Plan


def rounds(seed: int, epochs: int) -> dict[str, Round]:
    """Return the stages in their order by name."""
    first = {
        "sentfin": epochs, "finentity": epochs, "phrasebank": epochs, "twitter_financial_sentiment": epochs,
        "twitter_financial_topic": 2, "newsmtsc": 1, "semeval2017": 1, "reuters21578": 1, "mixed": 1, "contrasts": 1,
        "phrasebank_targets": 1, "twitter_targets": 1, HEADLINES: 1, "varied": 1, "clauses": 1,
    }  # fmt: skip
    second = {
        "sentfin": 1, "finentity": 1, "phrasebank": 1, "twitter_financial_sentiment": 1, "twitter_financial_topic": 1,
        "newsmtsc": 1, "semeval2017": 1, "reuters21578": 1, "mixed": 3, "contrasts": 1,
    }  # fmt: skip
    large = {"newsmtsc": 0.5, "semeval2017": 0.5, "reuters21578": 0.5}
    less = {
        "newsmtsc": 0.1, "semeval2017": 0.25, "reuters21578": 0.4, "twitter_financial_topic": 0.4,
        "twitter_financial_sentiment": 0.8,
    }  # fmt: skip
    third = {
        "sentfin": 4, "finentity": 2, "phrasebank": 3, "twitter_financial_sentiment": 3, "twitter_financial_topic": 2,
        "newsmtsc": 1, "semeval2017": 1, "reuters21578": 1, "mixed": 3, "contrasts": 1, "phrasebank_targets": 1,
    }  # fmt: skip
    return {
        "first": Round(first, large, Plan(seed, average=0.998)),
        "second": Round(second, less, Plan(seed + 1, encoder_rate=1.2e-4, average=0.995)),
        "third": Round(third, {}, Plan(seed + 2, encoder_rate=1e-4, average=0.998)),
    }


def made_up(tokenizer: Tokenizer, sets: Sets, seed: int) -> list[Item]:
    """Return headlines made of clauses, about the names of SEntFiN's training part."""
    made = clauses(sets.names, CLAUSES, random.Random(seed))
    return [item for item in (targeted(tokenizer, one) for one in made) if item]


def text_model(model: Multitask, tokenizer: Tokenizer, temperatures: Mapping[str, float], *, int8: bool) -> TextModel:
    """Return a trained model as serving has it."""
    graph = multitask(arrays(model), temperatures, int8=int8)
    return TextModel(tokenizer, runner(graph), (len(NEWS_TOPICS), len(WIRE_TOPICS)))


def sentences(tokenizer: Tokenizer, weak: Weak) -> dict[str, Sequence[Item]]:
    """Return the sentences whose targets were found."""
    return {
        name: [item for item in (targeted(tokenizer, one) for one in examples) if item]
        for name, examples in weak.sentences.items()
    }


def lessons(teacher: Multitask, tokenizer: Tokenizer, sets: Sets, weak: Weak, seed: int) -> dict[str, Sequence[Item]]:
    """Return what the model learns from; of targets it is told what the teacher says of them as well."""
    titles = [item for item in (targeted(tokenizer, one) for one in weak.headlines) if item]
    variants = varied(tokenizer, sets.training["sentfin"], random.Random(seed))
    told = {name: taught(teacher, sets.training[name], TRUST) for name in ("sentfin", "finentity")}
    read = derived(tokenizer, {**sets.training, **told}, seed, CONTRASTS)
    read |= {HEADLINES: taught(teacher, titles, 1.0), "varied": taught(teacher, variants, 1.0)}
    return read | sentences(tokenizer, weak) | {"clauses": made_up(tokenizer, sets, seed)}


def train_stages(arguments: Arguments, tokenizer: Tokenizer, sets: Sets) -> tuple[Multitask, list[float]]:
    """Train the teacher, then the model in stages, or go on behind what an earlier run has finished."""
    teacher, seed = new_teacher(), arguments.seed
    weak = cache(partial(weak_sets, arguments.data, sets))

    def prepare() -> list[float]:
        known = derived(tokenizer, sets.training, seed, 0) | sentences(tokenizer, weak())
        return train_teacher(teacher, known, seed)

    Stage(arguments, "teacher").run(teacher, prepare)
    model = student(teacher)

    def learn(stage: Round) -> list[float]:
        chosen = stage.plan.seed
        read = lessons(teacher, tokenizer, sets, weak(), chosen)
        return fit(model, shortened(read, stage.shares, chosen), stage.passes, stage.plan)

    curve: list[float] = []
    for name, stage in rounds(seed, arguments.epochs).items():
        before = copied(model)
        curve += Stage(arguments, name).run(model, partial(learn, stage))
    mixed(model, before, THIRD_WEIGHT)
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
    titles = Source(HEADLINES, "none stated; unlabelled, taught by the teacher", TITLES)
    variants = Source("varied", "MIT; variants of SEntFiN's, taught by the teacher", 2 * len(sets.training["sentfin"]))
    return (*labelled, titles, variants, Source("clauses", "our own, with names of SEntFiN", CLAUSES))


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
