"""The cascade's second model as one ONNX graph: trees, network, and what joins them."""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.fraud_network import HIDDEN, STEP_SCALE
from models.graph import IR_VERSION, OPSET
from udfs.session_features import FEATURES
from udfs.session_sequence import STEP_FEATURES

LEARNING = "ai.onnx.ml"
LEARNING_OPSET = 3

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Mix:
    """How the log odds of trees and network become one: factors and a constant."""

    trees: float
    network: float
    bias: float

    def log_odds(self, trees: NDArray[np.float64], network: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the joint log odds, (attempts,)."""
        return self.trees * trees + self.network * network + self.bias


@dataclass(slots=True)
class _Trees:
    """The parallel lists of a TreeEnsembleRegressor, one entry a node (or a leaf's value)."""

    tree: list[int] = field(default_factory=list)
    node: list[int] = field(default_factory=list)
    feature: list[int] = field(default_factory=list)
    threshold: list[float] = field(default_factory=list)
    mode: list[str] = field(default_factory=list)
    yes: list[int] = field(default_factory=list)
    no: list[int] = field(default_factory=list)
    leaves: list[tuple[int, int, float]] = field(default_factory=list)

    def add(self, number: int, structure: dict[str, Any]) -> None:
        """Add a tree of a LightGBM dump, nodes numbered as they are met."""
        pending = [structure]
        for place, one in enumerate(pending):
            self.tree.append(number)
            self.node.append(place)
            is_leaf = "leaf_value" in one
            self.mode.append("LEAF" if is_leaf else "BRANCH_LEQ")
            self.feature.append(0 if is_leaf else one["split_feature"])
            self.threshold.append(0.0 if is_leaf else _at_most(one["threshold"]))
            self.yes.append(0 if is_leaf else len(pending))
            self.no.append(0 if is_leaf else len(pending) + 1)
            if is_leaf:
                self.leaves.append((number, place, one["leaf_value"]))
            else:
                pending += [one["left_child"], one["right_child"]]


def _at_most(threshold: float) -> float:
    """Return the highest float32 that is not above: the same float32 values lie at or below both."""
    near = np.float32(threshold)
    return float(near if float(near) <= threshold else np.nextafter(near, np.float32(-np.inf)))


def ensemble(trees: dict[str, Any], network: dict[str, Array], mix: Mix) -> onnx.ModelProto:
    """Return the graph: features (1, features), kinds (1, length), steps (1, length, 4) to a score (1,), 0..1.

    `trees` is LightGBM's dump of a model, `network` the weights of a `ClickNetwork`.
    """
    constants = {
        **_recurrent(network),
        "scale": np.float32(STEP_SCALE),
        "axis": np.array([1]),
        "flat": np.array([1, HIDDEN]),
    }
    constants |= {f"mix.{name}": np.float32(getattr(mix, name)) for name in ("trees", "network", "bias")}
    inputs = [
        helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, len(FEATURES)]),
        helper.make_tensor_value_info("kinds", TensorProto.INT64, [1, "length"]),
        helper.make_tensor_value_info("steps", TensorProto.FLOAT, [1, "length", len(STEP_FEATURES)]),
    ]
    graph = helper.make_graph(
        [_tree_node(trees), *_network_nodes(), *_mix_nodes()],
        "cascade",
        inputs,
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, [1])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(LEARNING, LEARNING_OPSET)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="wiregraph")


def _tree_node(dump: dict[str, Any]) -> onnx.NodeProto:
    lists = _Trees()
    for number, tree in enumerate(dump["tree_info"]):
        lists.add(number, tree["tree_structure"])
    return helper.make_node(
        "TreeEnsembleRegressor",
        ["features"],
        ["tree_odds"],
        domain=LEARNING,
        n_targets=1,
        nodes_treeids=lists.tree,
        nodes_nodeids=lists.node,
        nodes_featureids=lists.feature,
        nodes_values=lists.threshold,
        nodes_modes=lists.mode,
        nodes_truenodeids=lists.yes,
        nodes_falsenodeids=lists.no,
        target_ids=[0] * len(lists.leaves),
        target_treeids=[tree for tree, _, _ in lists.leaves],
        target_nodeids=[node for _, node, _ in lists.leaves],
        target_weights=[value for _, _, value in lists.leaves],
    )


def _recurrent(weights: dict[str, Array]) -> dict[str, Array]:
    """Return the network's weights as ONNX wants them: gates in the order update, reset, hidden."""
    biases = [_gates(weights[f"gru.bias_{side}_l0"]) for side in ("ih", "hh")]
    return {
        "kind": weights["kind.weight"],
        "gru.input": _gates(weights["gru.weight_ih_l0"])[None],
        "gru.hidden": _gates(weights["gru.weight_hh_l0"])[None],
        "gru.bias": np.concatenate(biases)[None],
        "head.weight": weights["head.weight"].T,
        "head.bias": weights["head.bias"],
    }


def _gates(rows: Array) -> Array:
    reset, update, hidden = np.split(rows, 3)
    return np.concatenate([update, reset, hidden])


def _network_nodes() -> Iterator[onnx.NodeProto]:
    make = helper.make_node
    yield make("Gather", ["kind", "kinds"], ["kind_rows"])
    yield make("Div", ["steps", "scale"], ["scaled"])
    yield make("Concat", ["kind_rows", "scaled"], ["joined"], axis=2)
    yield make("Transpose", ["joined"], ["in_time"], perm=[1, 0, 2])
    weights = ["gru.input", "gru.hidden", "gru.bias"]
    yield make("GRU", ["in_time", *weights], ["", "last"], hidden_size=HIDDEN, linear_before_reset=1)
    yield make("Reshape", ["last", "flat"], ["state"])
    yield make("Gemm", ["state", "head.weight", "head.bias"], ["network_odds"])


def _mix_nodes() -> Iterator[onnx.NodeProto]:
    make = helper.make_node
    yield make("Mul", ["tree_odds", "mix.trees"], ["tree_part"])
    yield make("Mul", ["network_odds", "mix.network"], ["network_part"])
    yield make("Sum", ["tree_part", "network_part", "mix.bias"], ["log_odds"])
    yield make("Squeeze", ["log_odds", "axis"], ["odds"])
    yield make("Sigmoid", ["odds"], ["score"])
