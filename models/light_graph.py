"""The light models as ONNX graphs: the embedding int8 with a scale a row, everything else fp32."""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper

from models.graph import Array, GraphBuilder, Output, quantised, token_inputs
from models.light_net import DILATIONS
from udfs.multitask import NEWS, OUTPUTS, SENTIMENT, SOCIAL, WIRE

Weights = dict[str, Array]


def light_tagger(weights: Weights) -> onnx.ModelProto:
    """Return the light mention finder: logits (1, length, labels)."""
    builder = _builder(weights)
    hidden = builder.node("Transpose", [_body(builder, weights)], perm=[0, 2, 1])
    return builder.finish(token_inputs(), _linear(builder, hidden, "head"), [1, "length", len(weights["head.bias"])])


def light_reader(weights: Weights, temperatures: Mapping[str, float]) -> onnx.ModelProto:
    """Return the light multi-task model with the outputs `udfs.multitask.OUTPUTS`, each over its temperature."""
    builder = _builder(weights)
    columns = builder.node("Squeeze", [_body(builder, weights), builder.constant("first", np.array([0]))])
    states = builder.node("Transpose", [columns], perm=[1, 0])
    largest = builder.node("ReduceMax", [states], axes=[0], keepdims=1)
    mean = builder.node("ReduceMean", [states], axes=[0], keepdims=1)
    whole = builder.node("Concat", [largest, mean], axis=1)
    text = builder.node("Relu", [_linear(builder, whole, "text")])
    values = {name: _linear(builder, text, name) for name in (SOCIAL, NEWS, WIRE)}
    spans = builder.node("Relu", [_linear(builder, _spans(builder, states, whole), "span")])
    values[SENTIMENT] = _linear(builder, spans, SENTIMENT)
    outputs = {}
    for name in OUTPUTS:
        heat = builder.constant(f"{name}.temperature", np.array(temperatures[name], dtype=np.float32))
        first = "spans" if name == SENTIMENT else 1
        outputs[name] = Output(builder.node("Div", [values[name], heat]), [first, len(weights[f"{name}.bias"])])
    inputs = [
        *token_inputs(),
        helper.make_tensor_value_info("pool", TensorProto.FLOAT, ["spans", "length"]),
        helper.make_tensor_value_info("distance", TensorProto.INT64, ["spans", "length"]),
    ]
    return builder.finish_all(inputs, outputs)


def _builder(weights: Weights) -> GraphBuilder:
    """Return a builder of fp32 graphs."""
    return GraphBuilder(weights, int8=False)


def _linear(builder: GraphBuilder, hidden: str, name: str) -> str:
    """Return a linear layer."""
    return builder.linear(hidden, name, fp32=True)


def _body(builder: GraphBuilder, weights: Weights) -> str:
    """Return hidden states (1, width, length) of the inputs `ids` and `types`."""
    levels, scales = quantised(weights["body.word.weight"], axis=1)
    rows = builder.node("Gather", [builder.constant("body.word.int8", levels), "ids"])
    factors = builder.node("Gather", [builder.constant("body.word.scale", scales[:, None]), "ids"])
    words = builder.node("Mul", [builder.node("Cast", [rows], to=TensorProto.FLOAT), factors])
    kinds = builder.node("Gather", [builder.weight("body.kind.weight"), "types"])
    hidden = builder.node("Transpose", [builder.node("Concat", [words, kinds], axis=2)], perm=[0, 2, 1])
    for number, dilation in enumerate(DILATIONS):
        name = f"body.layers.{number}"
        inputs = [hidden, builder.weight(f"{name}.weight"), builder.weight(f"{name}.bias")]
        mixed = builder.node("Conv", inputs, kernel_shape=[3], pads=[dilation, dilation], dilations=[dilation])
        fresh = builder.node("Relu", [mixed])
        hidden = fresh if number == 0 else builder.node("Add", [hidden, fresh])
    return hidden


def _spans(builder: GraphBuilder, states: str, whole: str) -> str:
    """Return what the span layer reads, (spans, 4 widths): a span's mean, what is near to it, the whole text."""
    own = builder.node("MatMul", ["pool", states])
    flat = builder.constant("flat", np.array([-1]))
    near = builder.node("Gather", [builder.node("Reshape", [builder.weight("near.weight"), flat]), "distance"])
    scores = builder.node("Reshape", [_linear(builder, states, "score"), builder.constant("row", np.array([1, -1]))])
    around = builder.node("MatMul", [builder.node("Softmax", [builder.node("Add", [near, scores])], axis=-1), states])
    counts = builder.node("Shape", [own], start=0, end=1)
    one = builder.constant("once", np.array([1]))
    repeated = builder.node("Expand", [whole, builder.node("Concat", [counts, one], axis=0)])
    return builder.node("Concat", [own, around, repeated], axis=1)
