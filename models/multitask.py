"""Train the multi-task model: one encoding of a text for sentiment of entities, tone and topics.

python -m models.multitask --data DATA --out FOLDER [--seed 1] [--epochs 3]

The model begins with ten layers of BGE-small-en-v1.5 and reads all sets in one random order, SEntFiN's headlines and
the posts about markets `--epochs` times. In a second stage it reads parts of them again, and learns as much from what
it said itself after the first one: also about variants of the headlines, and about the tone of posts about topics.
"""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

from tokenizers import Tokenizer

from models import multitask_quality as quality
from models import sentiment_corpora, text_corpora
from models.clauses import clauses
from models.command import Arguments, Stage, command
from models.contrasts import varied
from models.encoder import base_tokenizer
from models.multitask_base import beginning
from models.multitask_fit import derived, fit, several_labels
from models.multitask_graph import multitask
from models.multitask_heads import fit_heads
from models.multitask_items import Item, targeted, unmarked
from models.multitask_net import Multitask
from models.multitask_sets import Sets, load, shortened, word_counts
from models.multitask_taught import Lesson, taught
from models.shipping import Release, Source, arrays, runner, ship
from models.training import Plan, seed_everything
from udfs.inference.models import TEXT_LABELS
from udfs.multitask import INPUTS, NEWS, OUTPUTS, SOCIAL, WIRE, TextModel
from udfs.news_topics import NEWS_TOPICS, WIRE_TOPICS

VERSION = "4"
SUMMARY = """One encoding of a text (a BERT of 10 layers and width 384, int8) answers four questions:
how it speaks about each entity in it (negative, neutral, positive), its tone as a whole, which of 20 topics of news and
posts it is about, and which of Reuters' 90 topics. Each head has a temperature of its own, so its probabilities are
calibrated. The model begins with the first ten of the twelve layers of BGE-small-en-v1.5 (Beijing Academy of Artificial
Intelligence, MIT), whose word embeddings are kept as codes of three columns each."""
LIMITS = """English only. Made for headlines, wire stories and posts about companies and markets; markets' words (falls,
cuts) count as they do for an investor in the entity. Irony and slang are read no better than tweets of 2013-2016 teach.
Headlines that speak well of one entity and badly of another are the weakest part. The tone of a post about markets is
bearish, neutral or bullish, that of any other post is the writer's mood: the text alone decides which. The 20 topics
are those of tweets of 2022: "Markets", "General News | Opinion" and "Stock Commentary" are hard to tell from their
neighbours. A long article is read up to 2,048 tokens. The temperatures are fitted on the development parts; the
calibration errors are of one half of each with the temperature of the other half."""
SLICE = "slice_"
"""What the names of parts of development sets begin with."""
TOPICS = ("twitter_financial_topic", "reuters21578")
CONTRASTS, CLAUSES = 1_500, 2_000
TAUGHT = {
    "sentfin": Lesson(0.5),
    "finentity": Lesson(0.5),
    "twitter_financial_sentiment": Lesson(0.5, (NEWS,)),
    "twitter_financial_topic": Lesson(0.3, (SOCIAL,)),
    "varied": Lesson(1.0),
}
"""What the model says of a set after the first stage; of the others the second one reads the labels alone."""
FIRST_SHARES = {"newsmtsc": 0.25, "semeval2017": 0.25, "reuters21578": 0.25}
SECOND_SHARES = {
    "newsmtsc": 0.1, "semeval2017": 0.1, "reuters21578": 0.1, "twitter_financial_topic": 0.3, "contrasts": 0.5,
    "varied": 0.3, "clauses": 0.5,
}  # fmt: skip
"""The part of a set that is read by stage, drawn at random."""
PLAN = {"batch_tokens": 2_048, "average": 0.99}


def passes(epochs: int) -> dict[str, int]:
    """Return how often the first stage reads each set."""
    often = {"sentfin": epochs, "twitter_financial_sentiment": epochs, "mixed": 2, "finentity": 2, "phrasebank": 2}
    return often | dict.fromkeys(("twitter_financial_topic", "newsmtsc", "semeval2017", "reuters21578", "contrasts"), 1)


def passes_again() -> dict[str, int]:
    """Return how often the second stage reads each set."""
    once = (
        "finentity", "phrasebank", "twitter_financial_sentiment", "twitter_financial_topic", "newsmtsc", "semeval2017",
        "reuters21578", "contrasts", "varied", "clauses",
    )  # fmt: skip
    return {"sentfin": 2, "mixed": 2} | dict.fromkeys(once, 1)


def made_up(tokenizer: Tokenizer, sets: Sets, seed: int) -> list[Item]:
    """Return headlines made of clauses, about the names of SEntFiN's training part."""
    made = clauses(sets.names, CLAUSES, random.Random(seed))
    return [item for item in (targeted(tokenizer, one) for one in made) if item]


def text_model(model: Multitask, tokenizer: Tokenizer, temperatures: Mapping[str, float], *, int8: bool) -> TextModel:
    """Return a trained model as serving has it."""
    graph = multitask(arrays(model), temperatures, int8=int8)
    return TextModel(tokenizer, runner(graph), (len(NEWS_TOPICS), len(WIRE_TOPICS)))


def read_again(tokenizer: Tokenizer, sets: Sets, seed: int) -> dict[str, Sequence[Item]]:
    """Return what the second stage reads, by set, before the model has said anything."""
    read = derived(tokenizer, sets.training, seed, CONTRASTS)
    read |= {"varied": varied(tokenizer, sets.training["sentfin"], random.Random(seed))}
    return shortened(read | {"clauses": made_up(tokenizer, sets, seed)}, SECOND_SHARES, seed)


def lessons(model: Multitask, read: Mapping[str, Sequence[Item]]) -> dict[str, Sequence[Item]]:
    """Return the same with what the model says."""
    told = {name: taught(model, read[name], lesson) for name, lesson in TAUGHT.items()}
    hard = [several_labels(item) for item in read["sentfin"]]
    return {**read, **told, "mixed": list(compress(told["sentfin"], hard))}


def train_stages(arguments: Arguments, tokenizer: Tokenizer, sets: Sets) -> tuple[Multitask, list[float]]:
    """Train the model by the labels, then by what it says as well, or go on behind what an earlier run has finished."""
    seed = arguments.seed
    model = beginning(word_counts(sets))

    def learn() -> list[float]:
        known = shortened(derived(tokenizer, sets.training, seed, CONTRASTS), FIRST_SHARES, seed)
        return fit(model, known, passes(arguments.epochs), Plan(seed, encoder_rate=2e-4, **PLAN))

    def learn_again() -> list[float]:
        read = read_again(tokenizer, sets, seed + 1)
        return fit(model, lessons(model, read), passes_again(), Plan(seed + 1, encoder_rate=1.2e-4, **PLAN))

    def learn_topics() -> list[float]:
        return fit_heads(model, {name: [unmarked(item) for item in sets.training[name]] for name in TOPICS})

    stages = {"first": learn, "second": learn_again, "heads": learn_topics}
    curves = [Stage(arguments, name).run(model, stage) for name, stage in stages.items()]
    return model, curves[0] + curves[1]


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
    variants = Source(
        "varied", "MIT; variants of SEntFiN's, labelled by the model itself", 2 * len(sets.training["sentfin"])
    )
    return (*labelled, variants, Source("clauses", "our own, with names of SEntFiN", CLAUSES))


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
