"""The data sets that label whole texts: sentiment without a target, and topics."""

from __future__ import annotations

import csv
import gzip
import json
import re
from dataclasses import dataclass
from pathlib import Path
from random import Random

from models.splits import split
from udfs.news_topics import WIRE_TOPICS

LICENCES = {
    "phrasebank": "CC BY-NC-SA 3.0",
    "twitter_financial_sentiment": "MIT by its card; tweets",
    "semeval2017": "research use; tweets",
    "twitter_financial_topic": "MIT by its card; tweets",
    "reuters21578": "research use (Reuters, Carnegie Group)",
}
_TONES = ("negative", "neutral", "positive")
_TWITTER_TONES = (0, 2, 1)
"""Bearish, bullish and neutral as places in `_TONES`."""
_ESCAPE = re.compile(r"\\u([0-9a-f]{4})")
_TWEETS_HELD = "twitter-2016test-A.tsv"
TWEETS_HELD = 2_000


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text with the places of its labels; of topics of the wire there may be several."""

    text: str
    labels: tuple[int, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Parts:
    """A data set's training and development part."""

    training: list[Labelled]
    held: list[Labelled]


def phrasebank(path: Path) -> list[Labelled]:
    """Read the Financial PhraseBank's `sentence@label`; of a sentence that stands there twice the first counts."""
    lines = [line.rsplit("@", 1) for line in path.read_text(encoding="latin-1").splitlines() if line.strip()]
    found = {text.strip(): _TONES.index(label.strip()) for text, label in reversed(lines)}
    return [Labelled(text, (label,), "phrasebank") for text, label in sorted(found.items())]


def twitter(path: Path, source: str, places: tuple[int, ...]) -> list[Labelled]:
    """Read one of the two sets of financial tweets (text, label); `places` are the labels' places."""
    with path.open(encoding="utf-8", newline="") as stream:
        return [Labelled(row["text"], (places[int(row["label"])],), source) for row in csv.DictReader(stream)]


def tweets(path: Path) -> list[Labelled]:
    """Read a file of SemEval-2017 task 4 A: id, label, text, in which some characters stand as escapes."""
    rows = [line.rstrip("\r\n").split("\t") for line in path.read_text(encoding="utf-8").split("\n")]
    return [
        Labelled(_unescaped(row[2]), (_TONES.index(row[1]),), "semeval2017")
        for row in rows
        if len(row) > 2  # noqa: PLR2004 - the columns
    ]


def _unescaped(text: str) -> str:
    """Return a tweet as it was written."""
    text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text.strip())
    return text[1:-1].replace('""', '"') if len(text) > 1 and text[0] == text[-1] == '"' else text


def wire(path: Path) -> list[Labelled]:
    """Read Reuters-21578's articles that have one of the 90 topics: title, blank line, body."""
    found: list[Labelled] = []
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            row = json.loads(line)
            labels = tuple(WIRE_TOPICS.index(topic) for topic in row["topics"] if topic in WIRE_TOPICS)
            text = "\n\n".join(part for part in (row["title"], row["body"]) if part)
            if labels and text:
                found.append(Labelled(text, labels, "reuters21578"))
    return found


def parts(data: Path) -> dict[str, Parts]:
    """Return every set's parts by its name; the split never changes."""
    financial = data / "twitter_financial_sentiment/sent_train.csv"
    topics = data / "twitter_financial_topic/topic_train.csv"
    sets = {
        "phrasebank": phrasebank(data / "phrasebank/Sentences_50Agree.txt"),
        "twitter_financial_sentiment": twitter(financial, "twitter_financial_sentiment", _TWITTER_TONES),
        "twitter_financial_topic": twitter(topics, "twitter_financial_topic", tuple(range(20))),
        "reuters21578": wire(data / "reuters21578/train.jsonl.gz"),
    }
    return {name: _parted(items) for name, items in sets.items()} | {"semeval2017": _tweets(data)}


def _parted(items: list[Labelled]) -> Parts:
    """Split a set at random."""
    training, held = split([item.text for item in items], Random(0))
    return Parts([items[at] for at in training], [items[at] for at in held])


def _tweets(data: Path) -> Parts:
    """Hold tweets of the last year back; train on as many negative ones as there are, and not many more of others.

    The measure of tweets is the mean recall of the three labels, so they are trained on in like numbers.
    """
    folder = data / "semeval2017_task4a"
    last = tweets(folder / _TWEETS_HELD)
    later, held = split([item.text for item in last], Random(0), TWEETS_HELD / len(last))
    others = [path for path in sorted(folder.glob("twitter-*.tsv")) if path.name != _TWEETS_HELD]
    pool = [*(last[at] for at in later), *(item for path in others for item in tweets(path))]
    unique = sorted({item.text: item for item in pool}.values(), key=lambda item: item.text)
    by_label = [[item for item in unique if item.labels == (label,)] for label in range(len(_TONES))]
    count = len(by_label[0])
    chance = Random(0)
    drawn = [item for group in by_label for item in chance.sample(group, min(len(group), count * 6 // 5))]
    return Parts(drawn, [last[at] for at in held])
