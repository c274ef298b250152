"""The encoders as ONNX graphs, written node by node from their weights.

Written out rather than traced, for two reasons: the graph then consists of onnxruntime's fused
operators (one per matrix, one per attention), which is what makes short texts fast, and each matrix
is quantised the way we want it: int8, symmetric, one scale per output channel; the embeddings one
scale per row, where they are not of few kinds. Activations are quantised at run time (dynamic, 8 bits).
"""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.encoder import HEADS, NORM_EPSILON
from models.word_kinds import Kinds, kinds_of
from udfs.tokens import WINDOW_TOKENS

Array = NDArray[np.float32]
OPSET = 17
IR_VERSION = 8
MICROSOFT = "com.microsoft"


@dataclass(frozen=True, slots=True)
class Output:
    """A value of a graph that it gives back, and its shape."""

    value: str
    shape: Sequence[str | int]


class GraphBuilder:
    """Collects nodes and weights; every method adds nodes and returns the name of their output."""

    def __init__(self, weights: dict[str, Array], *, int8: bool) -> None:
        """Build from `weights` by name; `int8` quantises matrices and embeddings."""
        self._weights = weights
        self._int8 = int8
        self._nodes: list[onnx.NodeProto] = []
        self._tensors: dict[str, onnx.TensorProto] = {}

    def node(self, kind: str, inputs: Sequence[str], *, domain: str = "", **attributes: object) -> str:
        """Add a node with one output."""
        output = f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [output], domain=domain, **attributes))
        return output

    def split(self, value: str, sizes: Sequence[int]) -> list[str]:
        """Return a value's columns in parts of these sizes."""
        outputs = [f"split_{len(self._nodes)}_{part}" for part in range(len(sizes))]
        places = self.constant(f"split_{len(self._nodes)}", np.array(sizes))
        self._nodes.append(helper.make_node("Split", [value, places], outputs, axis=-1))
        return outputs

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        """Add a weight under a name, once."""
        if name not in self._tensors:
            self._tensors[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def weight(self, name: str) -> str:
        """Add a weight of the model in fp32."""
        return self.constant(name, self._weights[name])

    def linear(self, hidden: str, name: str, *, fp32: bool = False) -> str:
        """Return `hidden` times the named layer's matrix plus its bias; `fp32` never quantises it."""
        matrix = self._weights[f"{name}.weight"].T
        bias = self.weight(f"{name}.bias")
        if fp32 or not self._int8:
            product = self.node("MatMul", [hidden, self.constant(f"{name}.matrix", matrix)])
            return self.node("Add", [product, bias])
        levels, scales = quantised(matrix, axis=0)
        inputs = [
            hidden,
            self.constant(f"{name}.int8", levels),
            self.constant(f"{name}.scale", scales),
            self.constant(f"{name}.zero", np.zeros(len(scales), dtype=np.int8)),
            bias,
        ]
        return self.node("DynamicQuantizeMatMul", inputs, domain=MICROSOFT)

    def embedding(self, ids: str, name: str) -> str:
        """Return the named embedding's rows for `ids`."""
        table = self._weights[f"{name}.weight"]
        if not self._int8:
            return self.node("Gather", [self.constant(f"{name}.table", table), ids])
        if kinds := kinds_of(table):
            return self._by_kinds(ids, name, kinds)
        levels, scales = quantised(table, axis=1)
        rows = self.node("Gather", [self.constant(f"{name}.int8", levels), ids])
        factors = self.node("Gather", [self.constant(f"{name}.scale", scales[:, None]), ids])
        return self.node("Mul", [self.node("Cast", [rows], to=TensorProto.FLOAT), factors])

    def _by_kinds(self, ids: str, name: str, found: Kinds) -> str:
        """Return the rows of an embedding whose parts are of few kinds."""
        parts, kinds, width = found.kinds.shape
        rows = self.node("Gather", [self.constant(f"{name}.codes", found.codes), ids])
        firsts = self.constant(f"{name}.firsts", np.arange(0, parts * kinds, kinds, dtype=np.int32))
        places = self.node("Add", [self.node("Cast", [rows], to=TensorProto.INT32), firsts])
        listed = self.constant(f"{name}.kinds", found.kinds.reshape(-1, width))
        whole = self.constant(f"{name}.shape", np.array([1, -1, parts * width]))
        return self.node("Reshape", [self.node("Gather", [listed, places]), whole])

    def norm(self, hidden: str, name: str, skip: str | None = None) -> str:
        """Return the layer norm of `hidden`, or of `hidden + skip`."""
        parameters = [self.weight(f"{name}.weight"), self.weight(f"{name}.bias")]
        if skip is None:
            return self.node("LayerNormalization", [hidden, *parameters], epsilon=NORM_EPSILON, axis=-1)
        inputs = [hidden, skip, *parameters]
        return self.node("SkipLayerNormalization", inputs, domain=MICROSOFT, epsilon=NORM_EPSILON)

    def attention(self, hidden: str, name: str) -> str:
        """Return the heads' mix of values, before the output matrix."""
        matrix = self._weights[f"{name}.qkv.weight"].T
        bias = self.weight(f"{name}.qkv.bias")
        if not self._int8:
            inputs = [hidden, self.constant(f"{name}.qkv.matrix", matrix), bias]
            return self.node("Attention", inputs, domain=MICROSOFT, num_heads=HEADS)
        levels, scales = quantised(matrix, axis=0)
        output = f"quantised_{len(self._nodes)}"
        outputs = [output, f"{output}_scale", f"{output}_zero"]
        self._nodes.append(helper.make_node("DynamicQuantizeLinear", [hidden], outputs))
        inputs = [
            output,
            self.constant(f"{name}.qkv.int8", levels),
            bias,
            outputs[1],
            self.constant(f"{name}.qkv.scale", scales),
            "",
            outputs[2],
            self.constant(f"{name}.qkv.zero", np.zeros(len(scales), dtype=np.int8)),
        ]
        return self.node("QAttention", inputs, domain=MICROSOFT, num_heads=HEADS)

    def encoder(self) -> str:
        """Return the last hidden states, (1, length, width), of the inputs `ids` and `types`."""
        length = self.node("Shape", ["ids"], start=1, end=2)
        zero, one = (self.constant(name, np.array([value])) for name, value in (("zero", 0), ("one", 1)))
        places = self.constant("encoder.position", self._weights["encoder.position.weight"][:WINDOW_TOKENS])
        positions = self.node("Slice", [places, zero, length, zero, one])
        words = self.embedding("ids", "encoder.word")
        kinds = self.node("Gather", [self.weight("encoder.kind.weight"), "types"])
        hidden = self.norm(self.node("Add", [self.node("Add", [words, kinds]), positions]), "encoder.norm")
        layers = sum(name.endswith(".qkv.weight") for name in self._weights)
        for index in range(layers):
            name = f"encoder.layers.{index}"
            mixed = self.linear(self.attention(hidden, name), f"{name}.out")
            hidden = self.norm(mixed, f"{name}.norm1", skip=hidden)
            inner = self.node("Gelu", [self.linear(hidden, f"{name}.up")], domain=MICROSOFT)
            hidden = self.norm(self.linear(inner, f"{name}.down"), f"{name}.norm2", skip=hidden)
        return hidden

    def finish(self, inputs: Sequence[onnx.ValueInfoProto], output: str, shape: Sequence[str | int]) -> onnx.ModelProto:
        """Return the model whose one output, `logits`, is the named value."""
        return self.finish_all(inputs, {"logits": Output(output, shape)})

    def finish_all(self, inputs: Sequence[onnx.ValueInfoProto], outputs: Mapping[str, Output]) -> onnx.ModelProto:
        """Return the model with the outputs by their names."""
        self._nodes.extend(helper.make_node("Identity", [one.value], [name]) for name, one in outputs.items())
        declared = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, list(one.shape)) for name, one in outputs.items()
        ]
        graph = helper.make_graph(self._nodes, "wiregraph", list(inputs), declared, list(self._tensors.values()))
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="wiregraph")


def quantised(matrix: Array, axis: int) -> tuple[NDArray[np.int8], Array]:
    """Return int8 levels and the fp32 scales along the other axis: matrix ≈ levels · scales."""
    scales = np.maximum(np.abs(matrix).max(axis=axis), 1e-8).astype(np.float32) / np.float32(127)
    levels = np.rint(matrix / np.expand_dims(scales, axis)).astype(np.int8)
    return levels, scales


def token_inputs() -> list[onnx.ValueInfoProto]:
    """Return the inputs that every encoder has: `ids` and `types`, int64 (1, length)."""
    return [helper.make_tensor_value_info(name, TensorProto.INT64, [1, "length"]) for name in ("ids", "types")]


def tagger(weights: dict[str, Array], *, int8: bool) -> onnx.ModelProto:
    """Return the mention finder: logits (1, length, labels); its small head stays in fp32."""
    builder = GraphBuilder(weights, int8=int8)
    logits = _small(builder, builder.encoder(), "head")
    return builder.finish(token_inputs(), logits, [1, "length", len(weights["head.bias"])])


def ranker(weights: dict[str, Array]) -> onnx.ModelProto:
    """Return the relevance model, fp32: relevance (entities,) of `features` (entities, features)."""
    builder = GraphBuilder(weights, int8=False)
    centred = builder.node("Sub", ["features", builder.weight("mean")])
    hidden = builder.node("Div", [centred, builder.weight("deviation")])
    for name in ("layer1", "layer2"):
        hidden = builder.node("Relu", [_small(builder, hidden, name)])
    logits = builder.node("Squeeze", [_small(builder, hidden, "head"), builder.constant("one", np.array([1]))])
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["entities", len(weights["mean"])])
    return builder.finish([features], builder.node("Sigmoid", [logits]), ["entities"])


def _small(builder: GraphBuilder, hidden: str, name: str) -> str:
    """Return a linear layer that is too small to be worth quantising."""
    return builder.linear(hidden, name, fp32=True)
