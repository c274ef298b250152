"""The data sets of sentiment towards an entity, as texts with labelled spans."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

DEV_SHARE = 0.1
LICENCES = {"sentfin": "MIT", "finentity": "ODC-BY 1.0", "newsmtsc": "MIT", "phrasebank": "CC BY-NC-SA 3.0"}
_LABELS = ("negative", "neutral", "positive")


@dataclass(frozen=True, slots=True)
class Target:
    """A span [start, end) in code points and how the text speaks of it: 0 negative, 1 neutral, 2 positive."""

    start: int
    end: int
    label: int


@dataclass(frozen=True, slots=True)
class Example:
    """A text with its targets in order of position."""

    text: str
    targets: tuple[Target, ...]
    source: str

    @property
    def mixed(self) -> bool:
        """Whether the text speaks of its targets in different ways."""
        return len({target.label for target in self.targets}) > 1

    @property
    def opposite(self) -> bool:
        """Whether the text speaks well of one target and badly of another."""
        return {0, 2} <= {target.label for target in self.targets}


def sentfin(path: Path) -> list[Example]:
    """Read SEntFiN's pairs, one example a headline; pairs that are not verbatim are left out."""
    texts: dict[str, set[Target]] = {}
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
            if int(row["start"]) >= 0:
                target = Target(int(row["start"]), int(row["end"]), _LABELS.index(row["label"]))
                texts.setdefault(row["title"], set()).add(target)
    return [_example(text, targets, "sentfin") for text, targets in texts.items()]


def finentity(path: Path) -> list[Example]:
    """Read FinEntity, one example a paragraph."""
    texts: dict[str, set[Target]] = {}
    for item in json.loads(path.read_text(encoding="utf-8")):
        for note in item["annotations"]:
            target = Target(note["start"], note["end"], _LABELS.index(note["label"].lower()))
            texts.setdefault(item["content"], set()).add(target)
    return [_example(text, targets, "finentity") for text, targets in texts.items()]


def newsmtsc(path: Path) -> list[Example]:
    """Read NewsMTSC (polarity 2, 4, 6), one example a sentence."""
    texts: dict[str, set[Target]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        for note in item["targets"]:
            target = Target(note["from"], note["to"], int(note["polarity"]) // 2 - 1)
            texts.setdefault(item["sentence_normalized"], set()).add(target)
    return [_example(text, targets, "newsmtsc") for text, targets in texts.items()]


def training_and_held(data: Path) -> tuple[dict[str, list[Example]], dict[str, list[Example]]]:
    """Return the training and the development parts of every set by name; the split never changes."""
    sets = {
        "sentfin": sentfin(data / "sentfin/entity_pairs.tsv"),
        "finentity": finentity(data / "finentity/FinEntity_offsets_fixed.json"),
        "newsmtsc": newsmtsc(data / "newsmtsc/train.jsonl"),
    }
    parts = {name: split(examples, Random(0)) for name, examples in sets.items()}
    return {name: part[0] for name, part in parts.items()}, {name: part[1] for name, part in parts.items()}


def split(examples: list[Example], chance: Random) -> tuple[list[Example], list[Example]]:
    """Return training and development parts; texts that differ in case, digits or marks alone stay together."""
    groups: dict[str, list[Example]] = {}
    for example in examples:
        groups.setdefault("".join(filter(str.isalpha, example.text.casefold())), []).append(example)
    keys = sorted(groups)
    chance.shuffle(keys)
    cut = int(DEV_SHARE * len(keys))
    return [item for key in keys[cut:] for item in groups[key]], [item for key in keys[:cut] for item in groups[key]]


def _example(text: str, targets: set[Target], source: str) -> Example:
    """Order the targets; where a span has two labels, or two spans overlap, the first one stays."""
    return Example(text, tuple(_apart(sorted(targets, key=lambda target: (target.start, -target.end)))), source)


def _apart(targets: list[Target]) -> Iterator[Target]:
    """Yield the targets that do not overlap one before."""
    end = 0
    for target in targets:
        if target.start >= end and target.end > target.start:
            end = target.end
            yield target
