"""How words are used in running text: the evidence for which names are ambiguous.

Only flags that follow from the counts are shipped, no text.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_WORD = re.compile(r"[^\W_]+")
_LOWER_MIN = 2
_LOWER_SHARE_MIN = 0.02


@dataclass(frozen=True, slots=True)
class WordUse:
    """Counts by casefolded word: in lower case, with a capital inside a sentence, in names by type."""

    lower: Counter[str]
    capital: Counter[str]
    person: Counter[str]
    place: Counter[str]
    organisation: Counter[str]

    def common(self, word: str) -> bool:
        """Whether a word is one of everyday language."""
        lower, capital = self.lower[word], self.capital[word]
        return word.isdigit() or (lower >= _LOWER_MIN and lower >= _LOWER_SHARE_MIN * (lower + capital))

    def personal(self, word: str) -> bool:
        """Whether a word names persons or places as often as organisations."""
        others = self.person[word] + self.place[word]
        return others >= 1 and others >= self.organisation[word]

    def given(self, word: str) -> bool:
        """Whether a word names persons."""
        return self.person[word] >= 1


def read_word_use(data: Path) -> WordUse:
    """Count words in the headlines of a wire and in texts whose names are marked."""
    use = WordUse(Counter(), Counter(), Counter(), Counter(), Counter())
    for text in _texts(data):
        words = _WORD.findall(text)
        use.lower.update(word for word in words if word.islower())
        use.capital.update(word.casefold() for word in words[1:] if word[0].isupper())
    for word, tag in _tagged(data):
        counter = {"PER": use.person, "LOC": use.place, "ORG": use.organisation}.get(tag)
        if counter is not None:
            counter[word.casefold()] += 1
    return use


def _texts(data: Path) -> Iterator[str]:
    for name in ("stream_2008_sep_nov", "channel_labelled_2007_2010", "monthly_day15_2007_2016"):
        with gzip.open(data / "reuters_titles" / f"{name}.tsv.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                fields = line.split("\t")
                # Press releases write Every Word Like This, which says nothing.
                if not fields[1].startswith("pressRelease"):
                    yield fields[2]
    with gzip.open(data / "reuters21578" / "train.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield " ".join(str(value) for value in row.values() if isinstance(value, str))


def _tagged(data: Path) -> Iterator[tuple[str, str]]:
    numbers = {"1": "PER", "2": "PER", "3": "LOC", "4": "LOC", "5": "ORG", "6": "ORG"}
    for line in (data / "finer_ord" / "train.csv").read_text(encoding="utf-8").splitlines()[1:]:
        tag, _, rest = line.partition(",")
        yield rest.rsplit(",", 2)[0], numbers.get(tag, "O")
    for name in ("btc_tweet_ner/btc.train", "wikineural_en/val.conllu"):
        for line in (data / name).read_text(encoding="utf-8").splitlines():
            fields = line.split("\t")
            if len(fields) > 1:
                yield fields[-2], fields[-1].rpartition("-")[2]
