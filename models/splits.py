"""Development parts that share no text with what is trained on, not even a similar one of another data set."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from random import Random

DEV_SHARE = 0.1
SHINGLE_WORDS = 3
SIMILARITY_MAX = 0.5
"""Texts with a greater Jaccard index of their shingles count as one text."""
_LINK = re.compile(r"https?://\S+|@\w+")
_WORD = re.compile(r"[^\W\d_]+")


def key(text: str) -> str:
    """Return what two texts share that differ in case, digits, links or marks alone."""
    return "".join(filter(str.isalpha, _LINK.sub("", text).casefold()))


def split(texts: Sequence[str], chance: Random, share: float = DEV_SHARE) -> tuple[list[int], list[int]]:
    """Return the indices of the training and of the development part; texts of one key stay together."""
    groups: dict[str, list[int]] = {}
    for index, text in enumerate(texts):
        groups.setdefault(key(text), []).append(index)
    keys = sorted(groups)
    chance.shuffle(keys)
    cut = int(share * len(keys))
    return [at for one in keys[cut:] for at in groups[one]], [at for one in keys[:cut] for at in groups[one]]


def shingles(text: str) -> frozenset[str]:
    """Return a text's runs of `SHINGLE_WORDS` words, or the whole of a shorter one."""
    words = _WORD.findall(_LINK.sub("", text).casefold())
    runs = range(max(1, len(words) - SHINGLE_WORDS + 1))
    return frozenset(" ".join(words[start : start + SHINGLE_WORDS]) for start in runs)


class Held:
    """The development texts of all data sets, to ask whether a text is too similar to one of them."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Index the texts by their shingles."""
        self._sizes: list[int] = []
        self._holders: defaultdict[str, list[int]] = defaultdict(list)
        for number, text in enumerate(texts):
            found = shingles(text)
            self._sizes.append(len(found))
            for shingle in found:
                self._holders[shingle].append(number)

    def knows(self, text: str) -> bool:
        """Return whether a development text's shingles and this one's overlap by more than `SIMILARITY_MAX`."""
        found = shingles(text)
        shared = Counter(number for shingle in found for number in self._holders.get(shingle, ()))
        return any(
            count / (len(found) + self._sizes[number] - count) > SIMILARITY_MAX for number, count in shared.items()
        )
