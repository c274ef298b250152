from __future__ import annotations

import gzip
import json
from pathlib import Path

from models.text_corpora import phrasebank, tweets, twitter, wire
from udfs.news_topics import NEWS_TOPICS, WIRE_TOPICS


def test_label_sets() -> None:
    assert (len(NEWS_TOPICS), len(set(WIRE_TOPICS))) == (20, 90)
    assert list(WIRE_TOPICS) == sorted(WIRE_TOPICS)


def test_phrasebank_counts_a_sentence_once(tmp_path: Path) -> None:
    path = tmp_path / "sentences.txt"
    path.write_bytes("Profit rose @positive\nProfit rose @neutral\nMail a@b.fi fell@negative\n".encode("latin-1"))
    assert [(one.text, one.labels) for one in phrasebank(path)] == [("Mail a@b.fi fell", (0,)), ("Profit rose", (2,))]


def test_twitters_labels_are_bearish_bullish_neutral(tmp_path: Path) -> None:
    path = tmp_path / "tweets.csv"
    path.write_text('text,label\n"$A, down",0\n$B up,1\n$C,2\n', encoding="utf-8")
    assert [one.labels for one in twitter(path, "x", (0, 2, 1))] == [(0,), (2,), (1,)]


def test_tweets_are_read_without_their_escapes(tmp_path: Path) -> None:
    path = tmp_path / "tweets.tsv"
    path.write_text('1\tpositive\t"So ""good""\\u002c all"\n2\tnegative\tBad\t\n\n', encoding="utf-8")
    assert [(one.text, one.labels) for one in tweets(path)] == [('So "good", all', (2,)), ("Bad", (0,))]


def test_the_wires_articles_keep_the_ninety_topics(tmp_path: Path) -> None:
    path = tmp_path / "wire.jsonl.gz"
    rows = [
        {"title": "COCOA", "body": "Up.", "topics": ["cocoa", "trade", "obscure"]},
        {"title": "NOTHING", "body": None, "topics": []},
    ]
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    (one,) = wire(path)
    assert one.text == "COCOA\n\nUp."
    assert [WIRE_TOPICS[at] for at in one.labels] == ["cocoa", "trade"]
