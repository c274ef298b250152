"""The light twins of the encoders: a small embedding and a few convolutions over the same word pieces.

They answer the same inputs with the same outputs at a tenth of the cost. The embedding starts as the main
components of the base encoder's, so that words that the training never saw still mean something.
"""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from models.encoder import VOCABULARY, base_folder
from udfs import tokens as tk
from udfs.mentions import LABELS
from udfs.multitask import DISTANCES
from udfs.news_topics import NEWS_TOPICS, WIRE_TOPICS
from udfs.tokens import FloatArray

EMBEDDED = 48
KINDS = 16
WIDTH = 96
DILATIONS = (1, 2, 4)
TONES = 3


def components(width: int = EMBEDDED) -> FloatArray:
    """Return the base's word embeddings (vocabulary, width), projected on their main directions, of variance 1."""
    base = load_file(base_folder() / "model.safetensors")
    name = next(name for name in base if name.endswith("embeddings.word_embeddings.weight"))
    words = base[name].double().numpy()
    words -= words.mean(axis=0)
    _, directions = np.linalg.eigh(words.T @ words)
    projected = words @ directions[:, ::-1][:, :width]
    found: FloatArray = (projected / projected.std()).astype(np.float32)
    return found


class Convolutions(nn.Module):
    """Hidden states (batch, `WIDTH`, length) of ids and types (batch, length); padding is kept at 0."""

    def __init__(self, types: int) -> None:
        """Make the body with `types` token types."""
        super().__init__()
        self.word = nn.Embedding(VOCABULARY, EMBEDDED)
        self.kind = nn.Embedding(types, KINDS)
        widths = (EMBEDDED + KINDS, *(WIDTH for _ in DILATIONS))
        self.layers = nn.ModuleList(
            nn.Conv1d(before, WIDTH, 3, padding=dilation, dilation=dilation)
            for before, dilation in zip(widths, DILATIONS, strict=False)
        )
        self.dropout = nn.Dropout(0.15)
        with torch.no_grad():
            self.word.weight.copy_(torch.from_numpy(components()))

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        """Return hidden states; `mask` (batch, length) is true where a token stands."""
        inside = mask[:, None, :]
        hidden = torch.cat([self.word(ids), self.kind(types)], dim=2).transpose(1, 2) * inside
        for number, layer in enumerate(self.layers):
            fresh = functional.relu(layer(self.dropout(hidden))) * inside
            hidden = fresh if number == 0 else hidden + fresh
        return hidden


class LightTagger(nn.Module):
    """The light mention finder: logits (batch, length, labels)."""

    def __init__(self) -> None:
        """Make the tagger."""
        super().__init__()
        self.body = Convolutions(tk.CASE_CLASSES)
        self.head = nn.Linear(WIDTH, len(LABELS))

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        """Return logits for ids, types and mask, each (batch, length)."""
        return self.head(self.body(ids, types, mask).transpose(1, 2))


class LightReader(nn.Module):
    """The light twin of the multi-task encoder; see `udfs.multitask.TextModel` for inputs and outputs."""

    def __init__(self) -> None:
        """Make the model."""
        super().__init__()
        self.body = Convolutions(2)
        self.score = nn.Linear(WIDTH, 1)
        self.near = nn.Embedding(DISTANCES, 1)
        self.span = nn.Linear(4 * WIDTH, WIDTH)
        self.text = nn.Linear(2 * WIDTH, WIDTH)
        self.sentiment = nn.Linear(WIDTH, TONES)
        self.social = nn.Linear(WIDTH, TONES)
        self.news_topics = nn.Linear(WIDTH, len(NEWS_TOPICS))
        self.wire_topics = nn.Linear(WIDTH, len(WIRE_TOPICS))
        self.dropout = nn.Dropout(0.2)

    def forward(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return sentiment (spans, 3), social, news and wire topics (batch, labels) as logits.

        `inputs` are ids, types and mask (batch, length), each span's row in the batch (spans,), and pool and
        distance (spans, length).
        """
        ids, types, mask, rows, pool, distance = inputs
        hidden = self.body(ids, types, mask).transpose(1, 2)
        whole = torch.cat([hidden.amax(1), hidden.sum(1) / mask.sum(1, keepdim=True)], dim=1)
        text = functional.relu(self.text(self.dropout(whole)))
        states = hidden[rows]
        weights = (self.score(states)[:, :, 0] + self.near(distance)[:, :, 0]).masked_fill(~mask[rows], -30.0)
        around = torch.bmm(weights.softmax(1)[:, None], states)[:, 0]
        own = torch.bmm(pool[:, None], states)[:, 0]
        spans = functional.relu(self.span(self.dropout(torch.cat([own, around, whole[rows]], dim=1))))
        text = self.dropout(text)
        return self.sentiment(self.dropout(spans)), self.social(text), self.news_topics(text), self.wire_topics(text)
