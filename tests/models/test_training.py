# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="training needs models/requirements.txt")

import torch

from models.training import copied, mixed


def test_a_mean_of_weights_lies_between_those_of_two_stages() -> None:
    model = torch.nn.Linear(2, 1)
    torch.nn.init.constant_(model.weight, 1.0)
    before = copied(model)
    torch.nn.init.constant_(model.weight, 2.0)
    assert before["weight"].tolist() == [[1.0, 1.0]]
    mixed(model, before, 0.75)
    assert model.weight.tolist() == [[1.75, 1.75]]
