"""The multi-task network: an encoder and four small heads over one encoding of a text."""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from models.encoder import WIDTH, Dropout, Encoder
from udfs.multitask import DISTANCES
from udfs.news_topics import NEWS_TOPICS, WIRE_TOPICS
from udfs.sentiment import LABELS

SPAN_HEADS = 4
SPAN_WIDTH = 128
RARE = -4.0
"""The first bias of topics that few texts have, as a logit."""
TEXT_HEADS = {"social": len(LABELS), "news_topics": len(NEWS_TOPICS), "wire_topics": len(WIRE_TOPICS)}
"""The heads that read a text as a whole, with their number of labels."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Hidden states (texts, length, width) and the mask (texts, length) that is true where a token stands."""

    hidden: Tensor
    mask: Tensor


@dataclass(frozen=True, slots=True)
class Spans:
    """For each span its text (spans,), its pooling row and its distances (spans, length)."""

    rows: Tensor
    pool: Tensor
    distance: Tensor


class SpanHead(nn.Module):
    """Logits of spans: a span's mean, what it attends to, and [CLS].

    The attention knows how far each token is from the span, which is what tells two entities of one text apart.
    """

    def __init__(self) -> None:
        """Make the head."""
        super().__init__()
        self.query = nn.Linear(WIDTH, SPAN_WIDTH)
        self.key = nn.Linear(WIDTH, SPAN_WIDTH)
        self.value = nn.Linear(WIDTH, SPAN_WIDTH)
        self.near = nn.Embedding(DISTANCES, SPAN_HEADS)
        self.span = nn.Linear(WIDTH, WIDTH)
        self.context = nn.Linear(SPAN_WIDTH, WIDTH)
        self.whole = nn.Linear(WIDTH, WIDTH)
        self.head = nn.Linear(WIDTH, len(LABELS))
        self.dropout = nn.Dropout(0.1)
        nn.init.zeros_(self.near.weight)

    def forward(self, encoded: Encoded, spans: Spans) -> Tensor:
        """Return logits (spans, labels)."""
        hidden = encoded.hidden[spans.rows]
        pooled = (spans.pool[:, None, :].to(hidden.dtype) @ hidden)[:, 0]
        query, key, value = (
            part.view(part.shape[0], -1, SPAN_HEADS, SPAN_WIDTH // SPAN_HEADS).transpose(1, 2)
            for part in (
                self.query(pooled),
                self.key(encoded.hidden)[spans.rows],
                self.value(encoded.hidden)[spans.rows],
            )
        )
        likeness = (query * (SPAN_WIDTH // SPAN_HEADS) ** -0.5) @ key.transpose(-1, -2)
        likeness = likeness.float() + self.near(spans.distance).permute(0, 2, 1)[:, :, None, :]
        weights = likeness.masked_fill(~encoded.mask[spans.rows][:, None, None, :], -1e4).softmax(-1)
        context = (weights.to(value.dtype) @ value).transpose(1, 2).reshape(len(pooled), SPAN_WIDTH)
        mixed = functional.gelu(self.span(pooled) + self.context(context) + self.whole(hidden[:, 0]))
        return self.head(self.dropout(mixed))


def pooled(encoded: Encoded) -> tuple[Tensor, Tensor]:
    """Return the mean of each text's tokens and its [CLS], each (texts, width)."""
    share = (encoded.mask / encoded.mask.sum(dim=1, keepdim=True)).to(encoded.hidden.dtype)
    return (share[:, None, :] @ encoded.hidden)[:, 0], encoded.hidden[:, 0]


class TextHead(nn.Module):
    """Logits of a text: the mean of its tokens and [CLS], each through a matrix, added, then a small layer."""

    def __init__(self, labels: int) -> None:
        """Make the head."""
        super().__init__()
        self.mean = nn.Linear(WIDTH, WIDTH)
        self.whole = nn.Linear(WIDTH, WIDTH)
        self.head = nn.Linear(WIDTH, labels)
        self.dropout = nn.Dropout(0.1)

    def forward(self, encoded: Encoded) -> Tensor:
        """Return logits (texts, labels)."""
        return self.mixed(*pooled(encoded))

    def mixed(self, mean: Tensor, first: Tensor) -> Tensor:
        """Return logits (texts, labels) of the means of texts' tokens and their [CLS], each (texts, width)."""
        return self.head(self.dropout(functional.gelu(self.mean(mean) + self.whole(first))))


class Multitask(nn.Module):
    """The encoder with all heads."""

    def __init__(self, encoder: Encoder | None = None) -> None:
        """Start from an encoder of two token types, by default with the base weights."""
        super().__init__()
        self.encoder = encoder or Encoder(types=2)
        self.dropout = Dropout()
        self.sentiment = SpanHead()
        self.social = TextHead(TEXT_HEADS["social"])
        self.news_topics = TextHead(TEXT_HEADS["news_topics"])
        self.wire_topics = TextHead(TEXT_HEADS["wire_topics"])
        nn.init.constant_(self.wire_topics.head.bias, RARE)

    def encode(self, ids: Tensor, types: Tensor) -> Encoded:
        """Return the hidden states of padded texts (texts, length)."""
        mask = ids > 0
        return Encoded(self.dropout(self.encoder(ids, types, mask)), mask)
