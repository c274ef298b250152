import json
from pathlib import Path
from random import Random

from models.sentiment_corpora import DEV_SHARE, Example, Target, finentity, newsmtsc, sentfin, split


def test_pairs_of_a_headline_are_one_example(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text(
        "title\tstart\tend\tlabel\n"
        '"Acme up, Zeta down\t10\t14\tnegative\n'
        '"Acme up, Zeta down\t1\t5\tpositive\n'
        "Acme\t-1\t-1\tneutral\n",
        "utf-8",
    )
    (example,) = sentfin(path)
    assert example == Example('"Acme up, Zeta down', (Target(1, 5, 2), Target(10, 14, 0)), "sentfin")
    assert example.mixed
    assert example.opposite


def test_labels_of_each_set_are_the_same_three(tmp_path: Path) -> None:
    path = tmp_path / "set"
    notes = [
        {"start": at, "end": at + 1, "label": label} for at, label in enumerate(["Negative", "Neutral", "Positive"])
    ]
    path.write_text(json.dumps([{"content": "abc", "annotations": notes}]), "utf-8")
    assert [target.label for target in finentity(path)[0].targets] == [0, 1, 2]
    marks = [{"from": at, "to": at + 1, "polarity": polarity} for at, polarity in enumerate([2.0, 4.0, 6.0])]
    path.write_text(json.dumps({"sentence_normalized": "abc", "targets": marks}) + "\n", "utf-8")
    assert [target.label for target in newsmtsc(path)[0].targets] == [0, 1, 2]


def test_of_spans_that_overlap_the_first_and_longest_stays(tmp_path: Path) -> None:
    path = tmp_path / "set"
    notes = [
        {"start": start, "end": end, "label": "neutral"} for start, end in ((3, 6), (0, 4), (0, 2), (4, 4), (6, 7))
    ]
    path.write_text(json.dumps([{"content": "abcdefg", "annotations": notes}]), "utf-8")
    assert [(target.start, target.end) for target in finentity(path)[0].targets] == [(0, 4), (6, 7)]


def test_texts_that_hardly_differ_are_in_one_part() -> None:
    texts = [f"{word} rose {number} %" for word in map(chr, range(97, 117)) for number in range(5)]
    examples = [Example(text.upper() if number % 2 else text, (), "x") for number, text in enumerate(texts)]
    training, held = split(examples, Random(0))
    assert len(held) == DEV_SHARE * len(examples)
    assert sorted(one.text for one in (*training, *held)) == sorted(one.text for one in examples)
    assert not {one.text[0].lower() for one in training} & {one.text[0].lower() for one in held}
    assert split(examples, Random(0)) == (training, held)
