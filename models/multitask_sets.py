"""What the multi-task model is trained on and measured with, all sets together."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from models import sentiment_corpora, text_corpora
from models.encoder import VOCABULARY
from models.multitask_items import Item, targeted, whole
from models.multitask_net import TEXT_HEADS
from models.splits import Held

HELD_CHARACTERS = 600
"""So much of a text is compared with those that are held back."""
TASKS = {
    "phrasebank": "social",
    "twitter_financial_sentiment": "social",
    "semeval2017": "social",
    "twitter_financial_topic": "news_topics",
    "reuters21578": "wire_topics",
}


@dataclass(frozen=True, slots=True)
class Sets:
    """The items of every data set by its name, and what is held back.

    `names` are those of SEntFiN's training part, each once, sorted.
    """

    training: Mapping[str, Sequence[Item]]
    held_targets: Mapping[str, Sequence[sentiment_corpora.Example]]
    held_texts: Mapping[str, Sequence[text_corpora.Labelled]]
    names: Sequence[str] = ()

    def held(self) -> Held:
        """Return an index of all that is held back."""
        targets = [one.text for group in self.held_targets.values() for one in group]
        texts = [one.text for group in self.held_texts.values() for one in group]
        return Held(text[:HELD_CHARACTERS] for text in (*targets, *texts))


def load(data: Path, tokenizer: Tokenizer) -> Sets:
    """Read all sets; a text that is similar to one that is held back, of whatever set, is not trained on."""
    targets, held_targets = sentiment_corpora.training_and_held(data)
    parts = text_corpora.parts(data)
    held_texts = {name: part.held for name, part in parts.items()}
    held = Sets({}, held_targets, held_texts).held()
    texts = {name: [one for one in part.training if not _known(held, one.text)] for name, part in parts.items()}
    training: dict[str, list[Item]] = {}
    for name, examples in targets.items():
        kept = (targeted(tokenizer, one) for one in examples if not _known(held, one.text))
        training[name] = [item for item in kept if item]
    for name, items in texts.items():
        training[name] = [whole(tokenizer, one, TASKS[name], TEXT_HEADS[TASKS[name]]) for one in items]
    names = sorted({one.text[target.start : target.end] for one in targets["sentfin"] for target in one.targets})
    return Sets(training, held_targets, held_texts, names)


def word_counts(sets: Sets) -> NDArray[np.int64]:
    """Return how often the training parts hold each word piece."""
    ids = np.concatenate([item.ids for items in sets.training.values() for item in items])
    return np.bincount(ids, minlength=VOCABULARY)


def shortened(sets: Mapping[str, Sequence[Item]], shares: Mapping[str, float], seed: int) -> dict[str, Sequence[Item]]:
    """Return the sets, of those that have a share a part drawn at random."""
    chance = random.Random(seed)
    return {name: chance.sample(items, int(shares.get(name, 1) * len(items))) for name, items in sets.items()}


def _known(held: Held, text: str) -> bool:
    """Return whether a text is similar to one that is held back."""
    return held.knows(text[:HELD_CHARACTERS])
