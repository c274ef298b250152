"""How alike two texts are: a signature of 32 bytes for each, and what two signatures say.

Alike is the Jaccard similarity J of the texts' shingles: the words of each, and the pairs of neighbouring words.
A signature holds one bit of each of 256 minima of hashed shingles (Li and König, b-bit minwise hashing, 2010, b = 1).
A bit of two texts is equal with probability (1 + J) / 2, so J is estimated as 1 - 2 d / 256 with d the bits that
differ; the estimate's standard deviation is sqrt((1 - J²) / 256), at most 0.0625. The hash is written down here, so
that a text has the same bits in every release.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from base64 import b64decode, b64encode
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

BITS = 256
BYTES = BITS // 8
SIMILAR_LEAST = 0.5
"""From this estimate on two stories are similar."""
DIFFERENT_MAX = int(BITS * (1 - SIMILAR_LEAST) / 2)
"""The most bits in which the signatures of similar stories differ."""
WORDS_MAX = 500
"""Of a longer text so many words count, so that a signature costs less than a millisecond."""

Signatures = NDArray[np.uint64]
"""One a row, (n, 4)."""

_WORD = re.compile(r"\w+")
_ONE, _HALF = np.uint64(1), np.uint64(32)
_FACTORS, _TERMS = np.frombuffer(hashlib.shake_128(b"wiregraph").digest(16 * BITS), dtype="<u8").reshape(2, BITS)
_FACTORS = _FACTORS | _ONE
"""Of 256 hashes `factor * x + term` of 32-bit numbers, of which the upper half is universal (Dietzfelbinger, 1996)."""


def shingles(text: str) -> set[str]:
    """The words of a text, whatever their case, and the pairs of neighbouring ones."""
    words = _WORD.findall(text.casefold())[:WORDS_MAX]
    return {*words, *(f"{one} {other}" for one, other in pairwise(words))}


def signature(text: str) -> str:
    """In base64, 44 characters; empty for a text without words, which is like nothing."""
    hashes = [zlib.crc32(shingle.encode()) for shingle in shingles(text)]
    if not hashes:
        return ""
    hashed = np.array(hashes, dtype=np.uint64)[:, np.newaxis] * _FACTORS
    hashed += _TERMS
    bits = hashed.min(axis=0) >> _HALF & _ONE
    return b64encode(np.packbits(bits.astype(np.uint8)).tobytes()).decode()


def signature_bytes(text: str) -> bytes:
    """Of a signature in base64: 32 bytes or none; raises `ValueError` for anything else."""
    decoded = b64decode(text, validate=True)
    if len(decoded) not in {0, BYTES}:
        raise ValueError(f"a signature has {BYTES} bytes, not {len(decoded)}")
    return decoded


def different_bits(one: Signatures, others: Signatures) -> NDArray[np.int64]:
    """In how many bits one signature (4,) differs from each of others (n, 4)."""
    bits: NDArray[np.int64] = np.bitwise_count(one ^ others).sum(axis=-1, dtype=np.int64)
    return bits


def similarity(different: int) -> float:
    """The estimated Jaccard similarity of texts whose signatures differ in so many bits, 0..1."""
    return max(0.0, 1 - 2 * different / BITS)
