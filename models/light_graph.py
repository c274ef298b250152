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

WHOLE = (SOCIAL, NEWS, WIRE)
Weights = dict[str, Array]


def light_tagger(weights: Weights) -> onnx.ModelProto:
    """Return the light mention finder: logits (1, length, labels)."""
    builder = _builder(weights)
    columns = builder.node("Squeeze", [_body(builder, weights), builder.constant("row", np.array([2]))])
    hidden = builder.node("Transpose", [columns], perm=[0, 2, 1])
    return builder.finish(token_inputs(), _linear(builder, hidden, "head"), [1, "length", len(weights["head.bias"])])


def light_reader(weights: Weights, temperatures: Mapping[str, float]) -> onnx.ModelProto:
    """Return the light multi-task model with the outputs `udfs.multitask.OUTPUTS`, each over its temperature."""
    builder = _builder(weights | _joined_heads(weights, temperatures))
    columns = builder.node("Squeeze", [_body(builder, weights), builder.constant("single", np.array([0, 2]))])
    largest = builder.node("ReduceMax", [columns], axes=[1], keepdims=0)
    mean = builder.node("ReduceMean", [columns], axes=[1], keepdims=0)
    joined = builder.node("Concat", [largest, mean], axis=0)
    whole = builder.node("Unsqueeze", [joined, builder.constant("first", np.array([0]))])
    values = _linear(builder, builder.node("Relu", [_linear(builder, whole, "text")]), "heads")
    sizes = [len(weights[f"{name}.bias"]) for name in WHOLE]
    parts = builder.split(values, sizes)
    spans = builder.node("Relu", [_spans(builder, weights, columns, whole)])
    found = {SENTIMENT: _linear(builder, spans, SENTIMENT), **dict(zip(WHOLE, parts, strict=True))}
    outputs = {
        name: Output(found[name], ["spans" if name == SENTIMENT else 1, len(weights[f"{name}.bias"])])
        for name in OUTPUTS
    }
    inputs = [
        *token_inputs(),
        helper.make_tensor_value_info("pool", TensorProto.FLOAT, ["spans", "length"]),
        helper.make_tensor_value_info("distance", TensorProto.INT64, ["spans", "length"]),
    ]
    return builder.finish_all(inputs, outputs)


def _joined_heads(weights: Weights, temperatures: Mapping[str, float]) -> Weights:
    """Return the heads over their temperatures, those of the whole text as one layer: fewer nodes cost less."""
    cooled = {
        f"{name}.{part}": weights[f"{name}.{part}"] / np.float32(temperatures[name])
        for name in OUTPUTS
        for part in ("weight", "bias")
    }
    heads = {
        f"heads.{part}": np.concatenate([cooled[f"{name}.{part}"] for name in WHOLE]) for part in ("weight", "bias")
    }
    return cooled | heads


def _builder(weights: Weights) -> GraphBuilder:
    """Return a builder of fp32 graphs."""
    return GraphBuilder(weights, int8=False)


def _linear(builder: GraphBuilder, hidden: str, name: str) -> str:
    """Return a linear layer."""
    return builder.linear(hidden, name, fp32=True)


def _body(builder: GraphBuilder, weights: Weights) -> str:
    """Return hidden states (1, width, 1, length) of the inputs `ids` and `types`: rows of an image convolve quicker."""
    levels, scales = quantised(weights["body.word.weight"], axis=1)
    rows = builder.node("Gather", [builder.constant("body.word.int8", levels), "ids"])
    factors = builder.node("Gather", [builder.constant("body.word.scale", scales[:, None]), "ids"])
    words = builder.node("Mul", [builder.node("Cast", [rows], to=TensorProto.FLOAT), factors])
    kinds = builder.node("Gather", [builder.weight("body.kind.weight"), "types"])
    columns = builder.node("Transpose", [builder.node("Concat", [words, kinds], axis=2)], perm=[0, 2, 1])
    hidden = builder.node("Unsqueeze", [columns, builder.constant("height", np.array([2]))])
    for number, dilation in enumerate(DILATIONS):
        name = f"body.layers.{number}"
        matrix = builder.constant(f"{name}.image", weights[f"{name}.weight"][:, :, None])
        inputs, pads = [hidden, matrix, builder.weight(f"{name}.bias")], [0, dilation, 0, dilation]
        mixed = builder.node("Conv", inputs, kernel_shape=[1, 3], pads=pads, dilations=[1, dilation])
        fresh = builder.node("Relu", [mixed])
        hidden = fresh if number == 0 else builder.node("Add", [hidden, fresh])
    return hidden


def _spans(builder: GraphBuilder, weights: Weights, columns: str, whole: str) -> str:
    """Return the span layer's output of a span's mean, what is near to it, and the whole text.

    The scores' bias would count nothing in the softmax, and the whole text is the same for all spans.
    """
    states = builder.node("Transpose", [columns], perm=[1, 0])
    own = builder.node("MatMul", ["pool", states])
    flat = builder.constant("near", weights["near.weight"].reshape(-1))
    scores = builder.node("MatMul", [builder.weight("score.weight"), columns])
    near = builder.node("Add", [builder.node("Gather", [flat, "distance"]), scores])
    around = builder.node("MatMul", [builder.node("Softmax", [near], axis=-1), states])
    seen = builder.node("Concat", [own, around], axis=1)
    width = len(weights["text.bias"])
    first, last = (weights["span.weight"].T[place] for place in (slice(2 * width), slice(2 * width, None)))
    text = builder.node("MatMul", [whole, builder.constant("span.whole", last)])
    shared = builder.node("Add", [text, builder.weight("span.bias")])
    return builder.node("Add", [builder.node("MatMul", [seen, builder.constant("span.seen", first)]), shared])
