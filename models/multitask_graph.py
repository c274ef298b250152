"""The multi-task model as an ONNX graph: the encoder once, and the heads behind it; their last layers stay in fp32."""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper

from models.graph import MICROSOFT, Array, GraphBuilder, Output, token_inputs
from models.multitask_net import SPAN_HEADS, SPAN_WIDTH, TEXT_HEADS
from udfs.multitask import SENTIMENT


def multitask(weights: dict[str, Array], temperatures: Mapping[str, float], *, int8: bool) -> onnx.ModelProto:
    """Return the model with the outputs `udfs.multitask.OUTPUTS`, each divided by its temperature."""
    builder = GraphBuilder(weights, int8=int8)
    first_axis = builder.constant("first_axis", np.array([0]))
    hidden = builder.node("Squeeze", [builder.encoder(), first_axis])
    first = builder.node("Slice", [hidden, "zero", "one", "zero", "one"])
    mean = builder.node("ReduceMean", [hidden], axes=[0], keepdims=1)
    values = {SENTIMENT: Output(_span_head(builder, hidden, first), ["spans", len(weights["sentiment.head.bias"])])}
    for name, labels in TEXT_HEADS.items():
        values[name] = Output(_mixed(builder, name, {"mean": mean, "whole": first}), [1, labels])
    outputs = {name: Output(_cooled(builder, one.value, name, temperatures), one.shape) for name, one in values.items()}
    spans = ["spans", "length"]
    inputs = [
        *token_inputs(),
        helper.make_tensor_value_info("pool", TensorProto.FLOAT, spans),
        helper.make_tensor_value_info("distance", TensorProto.INT64, spans),
    ]
    return builder.finish_all(inputs, outputs)


def _mixed(builder: GraphBuilder, name: str, parts: Mapping[str, str]) -> str:
    """Return a head's logits: the sum of its parts, each through a matrix of its own, and a small layer."""
    first, *others = (builder.linear(value, f"{name}.{part}") for part, value in parts.items())
    for other in others:
        first = builder.node("Add", [first, other])
    return builder.linear(builder.node("Gelu", [first], domain=MICROSOFT), f"{name}.head", fp32=True)


def _span_head(builder: GraphBuilder, hidden: str, first: str) -> str:
    """Return the logits of the spans: their means, what these attend to, and [CLS]."""
    pooled = builder.node("MatMul", ["pool", hidden])
    parts = {"span": pooled, "context": _context(builder, hidden, pooled), "whole": first}
    return _mixed(builder, SENTIMENT, parts)


def _context(builder: GraphBuilder, hidden: str, pooled: str) -> str:
    """Return what the spans attend to, (spans, SPAN_WIDTH), by likeness and by distance."""
    size = SPAN_WIDTH // SPAN_HEADS
    split = builder.constant("split", np.array([-1, SPAN_HEADS, size]))
    joined = builder.constant("joined", np.array([-1, SPAN_WIDTH]))

    def heads(value: str, part: str, order: list[int]) -> str:
        """Return a matrix product, split into heads and with its axes in the order asked for."""
        product = builder.linear(value, f"{SENTIMENT}.{part}")
        return builder.node("Transpose", [builder.node("Reshape", [product, split])], perm=order)

    likeness = builder.node("MatMul", [heads(pooled, "query", [1, 0, 2]), heads(hidden, "key", [1, 2, 0])])
    scaled = builder.node("Mul", [likeness, builder.constant("scale", np.array(size**-0.5, dtype=np.float32))])
    near = builder.node("Gather", [builder.weight(f"{SENTIMENT}.near.weight"), "distance"])
    biased = builder.node("Add", [scaled, builder.node("Transpose", [near], perm=[2, 0, 1])])
    mixed = builder.node("MatMul", [builder.node("Softmax", [biased], axis=-1), heads(hidden, "value", [1, 0, 2])])
    return builder.node("Reshape", [builder.node("Transpose", [mixed], perm=[1, 0, 2]), joined])


def _cooled(builder: GraphBuilder, logits: str, name: str, temperatures: Mapping[str, float]) -> str:
    """Return logits over their temperature."""
    heat = builder.constant(f"{name}.temperature", np.array(temperatures[name], dtype=np.float32))
    return builder.node("Div", [logits, heat])
