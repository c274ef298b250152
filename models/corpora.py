"""The NER data sets as texts with typed spans; each keeps its own file format behind one function."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_FINER = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG")
_TYPES = {
    "person": "PER", "location": "LOC", "corporation": "ORG", "group": "ORG",
    "PER": "PER", "LOC": "LOC", "ORG": "ORG",
}  # fmt: skip

LICENCES = {
    "finer_ord": "CC BY-NC 4.0",
    "wnut17": "CC BY 4.0",
    "btc": "CC BY 4.0",
    "sec_filings": "CC BY 3.0",
    "wikineural": "CC BY-NC-SA 4.0",
    "wikiann": "as packaged with WikiNEuRal",
    "finentity": "ODC-BY 1.0",
    "reuters_titles": "none stated; used unlabelled, with weak labels of our own",
    "wires": "our own templates; the names are those of the sets above",
}


@dataclass(frozen=True, slots=True)
class Span:
    """A typed span, [start, end) in code points; `type` is PER, ORG or LOC."""

    start: int
    end: int
    type: str


@dataclass(frozen=True, slots=True)
class Example:
    """A text with its spans in order; `source` names the data set."""

    text: str
    spans: tuple[Span, ...]
    source: str


def finer(path: Path) -> list[Example]:
    """Read FiNER-ORD (gold_label, gold_token, doc_idx, sent_idx)."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    sentences: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in rows:
        sentence = sentences.setdefault((row["doc_idx"], row["sent_idx"]), [])
        sentence.append((row["gold_token"] or "null", _FINER[int(row["gold_label"])]))
    return [example(sentence, "finer_ord") for sentence in sentences.values()]


def columns(path: Path, source: str, token: int, separator: str | None) -> list[Example]:
    """Read a file of one token a line, its label last; blank lines stand between the sentences."""
    sentences: list[list[tuple[str, str]]] = [[]]
    for line in path.read_text(encoding="utf-8").split("\n"):
        cells = line.rstrip("\r").split(separator)
        if len(cells) <= 1 or not cells[token]:
            sentences.append([])
        elif cells[0] != "-DOCSTART-":
            sentences[-1].append((cells[token], cells[-1]))
    return [example(sentence, source) for sentence in sentences if sentence]


def example(sentence: Sequence[tuple[str, str]], source: str) -> Example:
    """Join tokens by spaces and turn their BIO labels into spans; other types are left out."""
    text = ""
    spans: list[Span] = []
    before = "O"
    for token, label in sentence:
        text += " " if text and token != "n't" else ""  # noqa: S105 - a word, not a secret
        start, text = len(text), text + token
        kind = _TYPES.get(label[2:], "")
        if kind and label[0] == "I" and before == label[2:] and spans:
            spans[-1] = Span(spans[-1].start, len(text), kind)
        elif kind:
            spans.append(Span(start, len(text), kind))
        before = label[2:]
    return Example(text, tuple(spans), source)


def finentity(path: Path) -> list[Example]:
    """Read FinEntity's companies as ORG spans; other types are not labelled there."""
    found: list[Example] = []
    for item in json.loads(path.read_text(encoding="utf-8")):
        spans = sorted((note["start"], note["end"]) for note in item["annotations"])
        found.append(Example(item["content"], tuple(Span(start, end, "ORG") for start, end in spans), "finentity"))
    return found


def ner_training(data: Path) -> dict[str, list[Example]]:
    """Return every training set by name; what `ner_held` returns is not among them."""
    return {
        "finer_ord": finer(data / "finer_ord/train.csv"),
        "wnut17": columns(data / "wnut17/train.conll", "wnut17", 0, "\t"),
        "btc": [
            *columns(data / "btc_tweet_ner/btc.train", "btc", 0, "\t"),
            *columns(data / "btc_tweet_ner/btc.dev", "btc", 0, "\t"),
        ],
        "sec_filings": columns(data / "sec_filings_ner/train_FIN5.txt", "sec_filings", 0, None),
        "wikineural": columns(data / "wikineural_en/val.conllu", "wikineural", 1, "\t"),
        "wikiann": columns(data / "wikineural_en/wikiann_en_train.conllu", "wikiann", 1, "\t"),
    }


def ner_held(data: Path) -> dict[str, list[Example]]:
    """Return the development sets by name."""
    return {
        "finer_ord_val": finer(data / "finer_ord/val.csv"),
        "wnut17_dev": columns(data / "wnut17/dev.conll", "wnut17", 0, "\t"),
    }
