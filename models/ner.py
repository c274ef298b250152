"""Train the mention finder: a BIO tagger for PER, ORG and LOC.

    python -m models.ner --data DATA --out FOLDER [--seed 1] [--epochs 2]

The first stage reads all sets for `--epochs` epochs. The second one reads news and headlines once; their
labels come from the first stage's model and the gazetteer, since no set has labelled headlines of wires. The
third one reads all sets once more beside lines of templates (results, tables, datelines); what is shipped lies
between the weights of the second and of the third.
"""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from models import corpora, weak
from models.command import Arguments, Stage, command
from models.encoder import WIDTH, Encoder, base_tokenizer
from models.graph import tagger
from models.ner_items import IGNORED, Item, collate, encoded, sample
from models.ner_wires import wires
from models.shipping import Release, Source, arrays, runner, ship
from models.training import Plan, batches, copied, mixed, seed_everything, train
from udfs import tokens as tk
from udfs.measures import span_score
from udfs.mentions import LABELS, TYPES, MentionFinder

VERSION = "3"
SUMMARY = """Finds persons, organisations and places in headlines, posts, filings and articles: a BIO tagger on
MiniLM-L6 (22 M parameters), int8. The casing of each word is fed in as its token type."""
LIMITS = """English only. Nicknames of companies, and names that are also common words, are often missed in Title
Case and ALL CAPS, where casing says nothing. Products, works and events are not found. A nationality is not a place.
A city's or a country's team is an organisation or a place by what stands around it; a bare list of cities is ambiguous.
The slice `wires_held` is made of templates and names that the training did not use, but by the same hand.
The shipped weights are the mean of version 2, read back from its int8 form, and a third stage that began there."""

HEADLINES = 3_000
SECOND_RATE = 1e-4
SECOND_SHARES = {
    "finer_ord": 0.5,
    "finentity": 0.5,
    "reuters_titles": 1.0,
    "wnut17": 0.1,
    "btc": 0.1,
    "sec_filings": 0.1,
    "wikineural": 0.07,
}

WIRES, WIRES_HELD = 6_000, 500
THIRD_SHARES = {
    "finer_ord": 2.0, "finentity": 0.5, "reuters_titles": 1.0, "wnut17": 1.0, "btc": 0.5, "sec_filings": 0.3,
    "wikineural": 0.5, "wikiann": 0.1, "wires": 1.0,
}  # fmt: skip
THIRD_WEIGHT = 0.7
"""What is shipped is so much the third stage's weights, the rest the second one's."""

Sets = Mapping[str, list[Item]]


class Tagger(nn.Module):
    """The encoder and one linear layer: logits (batch, length, labels)."""

    def __init__(self) -> None:
        """Start from the base weights."""
        super().__init__()
        self.encoder = Encoder(types=tk.CASE_CLASSES)
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(WIDTH, len(LABELS))

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        """Return logits for ids, types and mask, each (batch, length)."""
        return self.head(self.dropout(self.encoder(ids, types, mask)))


def shares(epoch: int, epochs: int) -> dict[str, float]:
    """Return how often each set is read in an epoch: noisy ones first, news most in the last."""
    first = {"finer_ord": 1, "wnut17": 1, "btc": 1, "sec_filings": 1, "wikineural": 1, "wikiann": 0.5}
    last = {"finer_ord": 3, "wnut17": 0.5, "btc": 0.5, "sec_filings": 0.5, "wikineural": 0.5}
    middle = first | {"finer_ord": 2, "wikiann": 0.2}
    return last if epoch == epochs - 1 else first if epoch == 0 else middle


def fit(model: Tagger, sets: Sets, epochs: Sequence[Mapping[str, float]], plan: Plan) -> list[float]:
    """Train a tagger on what each epoch's shares draw from the sets, and return its loss curve."""
    chance = random.Random(plan.seed)
    drawn = [sample(sets, share, chance) for share in epochs]

    def loss_of(epoch: int, batch: Sequence[int]) -> Tensor:
        ids, types, mask, labels = collate([drawn[epoch][index] for index in batch], chance)
        logits = model(ids, types, mask).float()
        return functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED)

    grouped = [batches([len(item.ids) + 2 for item in items], chance) for items in drawn]
    return train(model, grouped, loss_of, plan)


def weakly_labelled(arguments: Arguments, model: Tagger, tokenizer: Tokenizer) -> dict[str, list[Item]]:
    """Return headlines and news with what the model and the gazetteer find in them."""
    finder = MentionFinder(tokenizer, runner(tagger(arrays(model), int8=True)))
    found = weak.examples(arguments.data, finder, HEADLINES)
    return {name: encoded(tokenizer, examples) for name, examples in found.items()}


def train_stages(arguments: Arguments, tokenizer: Tokenizer) -> tuple[Tagger, list[float], tuple[Source, ...]]:
    """Run the stages, or go on behind what an earlier run has finished."""
    model = Tagger()
    training = corpora.ner_training(arguments.data)
    lines = wires(training, WIRES, random.Random(0), held=False)
    sets = {name: encoded(tokenizer, examples) for name, examples in training.items()}
    first = [shares(epoch, arguments.epochs) for epoch in range(arguments.epochs)]

    def second() -> list[float]:
        plan = Plan(arguments.seed + 1, encoder_rate=SECOND_RATE)
        return fit(model, sets | weakly_labelled(arguments, model, tokenizer), [SECOND_SHARES], plan)

    def third() -> list[float]:
        plan = Plan(arguments.seed + 10, encoder_rate=SECOND_RATE)
        more = weakly_labelled(arguments, model, tokenizer) | {"wires": encoded(tokenizer, lines)}
        return fit(model, sets | more, [THIRD_SHARES], plan)

    curve = Stage(arguments, "first").run(model, lambda: fit(model, sets, first, Plan(arguments.seed)))
    curve += Stage(arguments, "second").run(model, second)
    before = copied(model)
    curve += Stage(arguments, "third").run(model, third)
    mixed(model, before, THIRD_WEIGHT)
    paragraphs = len(corpora.finentity(arguments.data / "finentity/FinEntity_offsets_fixed.json"))
    counts = {name: len(examples) for name, examples in training.items()}
    counts |= {"reuters_titles": HEADLINES, "finentity": paragraphs, "wires": WIRES}
    return model, curve, tuple(Source(name, corpora.LICENCES[name], count) for name, count in counts.items())


def slices(arguments: Arguments) -> dict[str, list[corpora.Example]]:
    """Return the development sets, FiNER-ORD's in capitals and in lower case too, and lines of templates."""
    held = corpora.ner_held(arguments.data)
    for name, change in (("upper", str.upper), ("lower", str.lower)):
        changed = [replace(one, text=change(one.text)) for one in held["finer_ord_val"]]
        held[f"finer_ord_val_{name}"] = [
            one for one, old in zip(changed, held["finer_ord_val"], strict=True) if len(one.text) == len(old.text)
        ]
    training = corpora.ner_training(arguments.data)
    return held | {"wires_held": wires(training, WIRES_HELD, random.Random(5), held=True)}


def measure(finder: MentionFinder, examples: Sequence[corpora.Example]) -> dict[str, float]:
    """Return entity-level F1 of exact spans, over all types (micro) and by type, and the number of spans."""
    wanted = [{(span.start, span.end, span.type) for span in item.spans} for item in examples]
    found = [{(span.start, span.end, str(span.type)) for span in finder.find(item.text)} for item in examples]
    score = span_score(found, wanted)
    scores = {"micro_f1": score.f1, "precision": score.hits / max(1, score.found), "recall": score.hits / score.wanted}
    for kind in TYPES:
        ours, theirs = ([{span for span in spans if span[2] == kind} for spans in sets] for sets in (found, wanted))
        scores[f"f1_{kind}"] = span_score(ours, theirs).f1
    return scores | {"n": score.wanted, "texts": len(examples)}


def quality(arguments: Arguments, model: Tagger, tokenizer: Tokenizer) -> dict[str, object]:
    """Measure the shipped int8 form and the fp32 form on the parts that were not trained on."""
    held = slices(arguments)
    weights = arrays(model)
    finders = {
        name: MentionFinder(tokenizer, runner(tagger(weights, int8=name == "int8"))) for name in ("int8", "fp32")
    }
    metrics: dict[str, object] = {name: measure(finders["int8"], examples) for name, examples in held.items()}
    return metrics | {"finer_ord_val_fp32": measure(finders["fp32"], held["finer_ord_val"])}


def main() -> None:
    """Train, export and measure."""
    arguments = command("ner", __doc__, epochs=2)
    seed_everything(arguments.seed)
    tokenizer = base_tokenizer()
    model, curve, sources = train_stages(arguments, tokenizer)
    metrics = quality(arguments, model, tokenizer) | {"loss_curve": curve}
    release = Release("ner", VERSION, LABELS, ("ids", "types"), arguments.seed, sources, metrics, SUMMARY, LIMITS)
    ship(arguments.out, release, tagger(arrays(model), int8=True), tokenizer)


if __name__ == "__main__":
    main()
