# Types are checked where torch, onnx and lightgbm are not installed.
# mypy: disable-error-code="import-not-found, import-untyped, misc"

from __future__ import annotations

import numpy as np
import pytest

from models.fraud_examples import Examples, examples
from models.fraud_recorded import sessions
from udfs.cascade import LightModel
from udfs.session_features import FEATURES

lightgbm = pytest.importorskip("lightgbm", reason="training needs models/requirements.txt")
torch = pytest.importorskip("torch", reason="training needs models/requirements.txt")
pytest.importorskip("sklearn", reason="training needs models/requirements.txt")
pytest.importorskip("onnx", reason="training needs models/requirements.txt")


@pytest.fixture(scope="module")
def made() -> Examples:
    return examples([case for seed in range(20) for case in sessions(seed)])


def test_the_graph_gives_what_trees_and_network_give(made: Examples) -> None:
    from models.fraud_graph import Mix, ensemble  # noqa: PLC0415 - needs onnx
    from models.fraud_network import ClickNetwork, log_odds_of  # noqa: PLC0415 - needs torch
    from models.shipping import arrays, runner  # noqa: PLC0415 - needs onnx

    torch.manual_seed(1)
    network = ClickNetwork()
    settings = {"objective": "binary", "num_threads": 1, "min_data_in_leaf": 5, "verbose": -1}
    trees = lightgbm.train(settings, lightgbm.Dataset(made.features, made.fraud), 40)
    mix = Mix(0.75, 3.0, -0.5)
    odds = mix.log_odds(trees.predict(made.features, raw_score=True), log_odds_of(network, made.sequences))
    model = runner(ensemble(trees.dump_model(), arrays(network), mix))
    for place, latest in enumerate(made.sequences):
        found = model({"features": made.features[place : place + 1], "kinds": latest.kinds, "steps": latest.steps})
        assert found.shape == (1,)
        assert found[0] == pytest.approx(1 / (1 + np.exp(-odds[place])), abs=1e-5)


def test_the_light_model_is_served_as_it_was_fitted(made: Examples) -> None:
    from models.fraud_light import fit_light  # noqa: PLC0415 - needs scikit-learn

    light = fit_light(made)
    most = max(map(len, light.edges))
    edges = np.full((len(FEATURES), most), np.inf, dtype=np.float32)
    weights = np.zeros((len(FEATURES), most + 1))
    for row, (rising, added) in enumerate(zip(light.edges, light.weights, strict=True)):
        edges[row, : len(rising)] = rising
        weights[row, : len(added)] = added
    served = LightModel(edges, weights, light.bias, 0.5)
    wanted = light.scores(made.features)
    for place, values in enumerate(made.features):
        log_odds = served.contributions(values).sum() + served.bias
        assert 1 / (1 + np.exp(-log_odds)) == pytest.approx(wanted[place], abs=1e-9)
    contributions = np.array([served.contributions(values) for values in made.features])
    assert np.abs(contributions.mean(axis=0)).max() < 1e-4
