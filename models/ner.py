"""Train the mention finder: a BIO tagger for PER, ORG and LOC.

python -m models.ner --data DATA --out FOLDER [--seed 1] [--epochs 3]
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from models import corpora
from models.command import Arguments, command
from models.encoder import SPECIAL, WIDTH, Encoder, base_tokenizer
from models.graph import tagger
from models.shipping import Release, Source, arrays, runner, ship
from models.training import Plan, batches, seed_everything, train
from udfs import tokens as tk
from udfs.measures import span_score
from udfs.mentions import LABELS, TYPES, MentionFinder

VERSION = "1"
SUMMARY = """Finds persons, organisations and places in headlines, posts, filings and articles: a BIO tagger on
MiniLM-L6 (22 M parameters), int8. The casing of each word is fed in as its token type."""
LIMITS = """English only. Nicknames of companies, and names that are also common words, are often missed in Title
Case and ALL CAPS, where casing says nothing. Products, works and events are not found. A nationality is not a place."""

IGNORED = -100
LENGTH_MAX = 126
ALL_CAPS, ALL_LOWER, TITLE_CASE = 0.10, 0.18, 0.26
"""Cumulated shares of the texts that are read in another casing than their own."""


@dataclass(frozen=True, slots=True)
class Item:
    """One training text as arrays of one length, without special tokens; `labels` has IGNORED inside words."""

    ids: tk.IntArray
    cases: tk.IntArray
    labels: tk.IntArray


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


def encode(tokenizer: Tokenizer, example: corpora.Example) -> Item:
    """Label the first sub-word of each word: B or I of the span that the word begins in, else O."""
    tokens = tk.tokenise(tokenizer, example.text)
    labels = np.full(len(tokens), IGNORED, dtype=np.int64)
    firsts = tk.word_firsts(tokens)
    labels[firsts] = LABELS.index("O")
    for span in example.spans:
        inside = firsts[(tokens.starts[firsts] >= span.start) & (tokens.starts[firsts] < span.end)]
        labels[inside] = LABELS.index(f"I-{span.type}")
        labels[inside[:1]] = LABELS.index(f"B-{span.type}")
    cases = tk.case_classes(example.text, tokens)
    return Item(tokens.ids[:LENGTH_MAX], cases[:LENGTH_MAX], labels[:LENGTH_MAX])


def recased(cases: tk.IntArray, chance: random.Random) -> tk.IntArray:
    """Sometimes return the casing of an ALL-CAPS, a lower-case or a Title-Case text instead.

    The vocabulary knows no case, so changing the classes changes the text as the encoder sees it.
    """
    draw = chance.random()
    if draw < ALL_CAPS:
        return np.full_like(cases, tk.UPPER)
    if draw < ALL_LOWER:
        return np.zeros_like(cases)
    if draw < TITLE_CASE:
        return np.where((cases == tk.LOWER) & (np.arange(len(cases)) % 5 != 0), tk.CAPITAL, cases)
    return cases


def collate(items: Sequence[Item], chance: random.Random | None = None) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Pad items to ids, types, mask and labels, each (batch, longest + 2); recase them if given a chance."""
    longest = max(len(item.ids) for item in items) + 2
    ids = np.zeros((len(items), longest), dtype=np.int64)
    types, labels = np.zeros_like(ids), np.full_like(ids, IGNORED)
    for row, item in enumerate(items):
        end = len(item.ids) + 1
        ids[row, 0], ids[row, end] = SPECIAL
        ids[row, 1:end] = item.ids
        types[row, 1:end] = recased(item.cases, chance) if chance else item.cases
        labels[row, 1:end] = item.labels
    return torch.from_numpy(ids), torch.from_numpy(types), torch.from_numpy(ids) > 0, torch.from_numpy(labels)


def joined(items: Sequence[Item], chance: random.Random, share: float = 0.25) -> list[Item]:
    """Join some neighbouring items into one, since a window of an article holds several sentences."""
    merged: list[Item] = []
    for item in items:
        before = merged[-1] if merged else None
        if before is not None and chance.random() < share and len(before.ids) + len(item.ids) <= LENGTH_MAX:
            pairs = ((before.ids, item.ids), (before.cases, item.cases), (before.labels, item.labels))
            merged[-1] = Item(*(np.concatenate(pair) for pair in pairs))
        else:
            merged.append(item)
    return merged


def shares(epoch: int, epochs: int) -> dict[str, float]:
    """Return how often each set is read in an epoch: noisy ones first, news most in the last."""
    first = {"finer_ord": 1, "wnut17": 1, "btc": 1, "sec_filings": 1, "wikineural": 1, "wikiann": 0.5, "finentity": 1}
    last = {"finer_ord": 3, "wnut17": 0.5, "btc": 0.5, "sec_filings": 0.5, "wikineural": 0.5, "finentity": 1}
    middle = first | {"finer_ord": 2, "wikiann": 0.2}
    return last if epoch == epochs - 1 else first if epoch == 0 else middle


def sample(sets: dict[str, list[Item]], share: dict[str, float], chance: random.Random) -> list[Item]:
    """Draw one epoch's items."""
    drawn: list[Item] = []
    for name, items in sorted(sets.items()):
        whole, part = divmod(share.get(name, 0.0), 1)
        for _ in range(int(whole)):
            drawn.extend(joined(items, chance))
        drawn.extend(chance.sample(items, int(part * len(items))))
    return drawn


def fit(sets: dict[str, list[Item]], epochs: int, plan: Plan) -> tuple[Tagger, list[float]]:
    """Train a tagger and return it with its loss curve."""
    chance = random.Random(plan.seed)
    drawn = [sample(sets, shares(epoch, epochs), chance) for epoch in range(epochs)]
    model = Tagger()

    def loss_of(epoch: int, batch: Sequence[int]) -> Tensor:
        ids, types, mask, labels = collate([drawn[epoch][index] for index in batch], chance)
        logits = model(ids, types, mask).float()
        return functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED)

    grouped = [batches([len(item.ids) + 2 for item in items], chance) for items in drawn]
    return model, train(model, grouped, loss_of, plan)


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
    held = corpora.ner_held(arguments.data)
    weights = arrays(model)
    finders = {
        name: MentionFinder(tokenizer, runner(tagger(weights, int8=name == "int8"))) for name in ("int8", "fp32")
    }
    metrics: dict[str, object] = {name: measure(finders["int8"], examples) for name, examples in held.items()}
    return metrics | {"finer_ord_val_fp32": measure(finders["fp32"], held["finer_ord_val"])}


def main() -> None:
    """Train, export and measure."""
    arguments = command(__doc__, epochs=3)
    seed_everything(arguments.seed)
    tokenizer = base_tokenizer()
    training = corpora.ner_training(arguments.data)
    model, curve = Tagger(), []
    if arguments.state is None:
        sets = {
            name: [item for item in (encode(tokenizer, example) for example in examples) if len(item.ids)]
            for name, examples in training.items()
        }
        model, curve = fit(sets, arguments.epochs, Plan(arguments.seed))
        torch.save(model.state_dict(), arguments.out / "state.pt")
    else:
        model.load_state_dict(torch.load(arguments.state, weights_only=True))
    sources = tuple(Source(name, corpora.LICENCES[name], len(examples)) for name, examples in training.items())
    metrics = quality(arguments, model, tokenizer) | {"loss_curve": curve}
    release = Release("ner", VERSION, LABELS, ("ids", "types"), arguments.seed, sources, metrics, SUMMARY, LIMITS)
    ship(arguments.out, release, tagger(arrays(model), int8=True), tokenizer)


if __name__ == "__main__":
    main()
