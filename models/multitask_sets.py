"""What the multi-task model is trained on and measured with, all sets together."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from models import sentiment_corpora, text_corpora, weak_targets
from models.multitask_items import Item, targeted, whole
from models.multitask_net import TEXT_HEADS
from models.splits import Held
from models.weak import headlines
from udfs.gazetteer import load_linker
from udfs.inference.models import load_mentions

HELD_CHARACTERS = 600
"""So much of a text is compared with those that are held back."""
TASKS = {
    "phrasebank": "social",
    "twitter_financial_sentiment": "social",
    "semeval2017": "social",
    "twitter_financial_topic": "news_topics",
    "reuters21578": "wire_topics",
}
SENTENCES = {"phrasebank": "phrasebank_targets", "twitter_financial_sentiment": "twitter_targets"}
"""The sets whose labels speak of the company that a text is about, and what they are called with it as the target."""
HEADLINES = "reuters_titles"
TITLES = 16_000


@dataclass(frozen=True, slots=True)
class Sets:
    """The items of every data set by its name, the labelled texts they came from, and what is held back.

    `names` are those of SEntFiN's training part, each once, sorted.
    """

    training: Mapping[str, Sequence[Item]]
    training_texts: Mapping[str, Sequence[text_corpora.Labelled]]
    held_targets: Mapping[str, Sequence[sentiment_corpora.Example]]
    held_texts: Mapping[str, Sequence[text_corpora.Labelled]]
    names: Sequence[str] = ()

    def held(self) -> Held:
        """Return an index of all that is held back."""
        targets = [one.text for group in self.held_targets.values() for one in group]
        texts = [one.text for group in self.held_texts.values() for one in group]
        return Held(text[:HELD_CHARACTERS] for text in (*targets, *texts))


@dataclass(frozen=True, slots=True)
class Weak:
    """Texts whose targets were found: sentences with labels, by data set, and headlines without."""

    sentences: Mapping[str, Sequence[sentiment_corpora.Example]]
    headlines: Sequence[sentiment_corpora.Example]


def load(data: Path, tokenizer: Tokenizer) -> Sets:
    """Read all sets; a text that is similar to one that is held back, of whatever set, is not trained on."""
    targets, held_targets = sentiment_corpora.training_and_held(data)
    parts = text_corpora.parts(data)
    held_texts = {name: part.held for name, part in parts.items()}
    held = Sets({}, {}, held_targets, held_texts).held()
    texts = {name: [one for one in part.training if not _known(held, one.text)] for name, part in parts.items()}
    training: dict[str, list[Item]] = {}
    for name, examples in targets.items():
        kept = (targeted(tokenizer, one) for one in examples if not _known(held, one.text))
        training[name] = [item for item in kept if item]
    for name, items in texts.items():
        training[name] = [whole(tokenizer, one, TASKS[name], TEXT_HEADS[TASKS[name]]) for one in items]
    names = sorted({one.text[target.start : target.end] for one in targets["sentfin"] for target in one.targets})
    return Sets(training, texts, held_targets, held_texts, names)


def shortened(sets: Mapping[str, Sequence[Item]], shares: Mapping[str, float], seed: int) -> dict[str, Sequence[Item]]:
    """Return the sets, of those that have a share a part drawn at random."""
    chance = random.Random(seed)
    return {name: chance.sample(items, int(shares.get(name, 1) * len(items))) for name, items in sets.items()}


def weak_sets(data: Path, sets: Sets) -> Weak:
    """Find the targets of sentences and headlines with the shipped mention finder and linker."""
    finder, linker, held = load_mentions(), load_linker(), sets.held()
    titles = headlines(data / "reuters_titles/stream_2008_sep_nov.tsv.gz", TITLES, random.Random(0))
    unknown = (title for title in titles if not _known(held, title))
    return Weak(
        {to: weak_targets.of_sentences(finder, linker, sets.training_texts[name]) for name, to in SENTENCES.items()},
        weak_targets.of_headlines(finder, linker, unknown),
    )


def _known(held: Held, text: str) -> bool:
    """Return whether a text is similar to one that is held back."""
    return held.knows(text[:HELD_CHARACTERS])
