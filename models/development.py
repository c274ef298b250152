"""Write the development parts as files that `wiregraph eval` reads.

python -m models.development --data DATA --out DIR

DIR/sentiment-*.jsonl, social-*.jsonl and topic-*.jsonl hold what the multi-task model was chosen by and not trained on.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

from models import sentiment_corpora, text_corpora
from udfs.news_topics import WIRE_TOPICS
from udfs.sentiment import LABELS

Row = dict[str, object]


def target_rows(examples: Iterable[sentiment_corpora.Example]) -> list[Row]:
    """Return one row a target."""
    return [
        {"text": one.text, "start": target.start, "end": target.end, "label": LABELS[target.label]}
        for one in examples
        for target in one.targets
    ]


def social_rows(items: Iterable[text_corpora.Labelled]) -> list[Row]:
    """Return one row a text that has a tone."""
    return [{"text": item.text, "label": LABELS[item.labels[0]]} for item in items]


def news_rows(items: Iterable[text_corpora.Labelled]) -> list[Row]:
    """Return one row a text that has one of the topics of news."""
    return [{"text": item.text, "label": item.labels[0]} for item in items]


def wire_rows(items: Iterable[text_corpora.Labelled]) -> list[Row]:
    """Return one row a text that has topics of the wire."""
    return [{"text": item.text, "labels": [WIRE_TOPICS[place] for place in item.labels]} for item in items]


TEXTS = {
    "phrasebank": ("social", social_rows),
    "twitter_financial_sentiment": ("social", social_rows),
    "semeval2017": ("social", social_rows),
    "twitter_financial_topic": ("topic", news_rows),
    "reuters21578": ("topic", wire_rows),
}
"""The data sets whose texts are labelled as a whole: what of them is measured, and how their rows are made."""


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write one JSON object a line."""
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=True)}\n" for row in rows), encoding="utf-8")


def main() -> None:
    """Write all files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    parsed = parser.parse_args()
    parsed.out.mkdir(parents=True, exist_ok=True)
    _, held = sentiment_corpora.training_and_held(parsed.data)
    for name, examples in held.items():
        write(parsed.out / f"sentiment-{name}.jsonl", target_rows(examples))
    write(parsed.out / "sentiment-sentfin_mixed.jsonl", target_rows(one for one in held["sentfin"] if one.mixed))
    for name, part in text_corpora.parts(parsed.data).items():
        kind, rows_of = TEXTS[name]
        write(parsed.out / f"{kind}-{name}.jsonl", rows_of(part.held))


if __name__ == "__main__":
    main()
