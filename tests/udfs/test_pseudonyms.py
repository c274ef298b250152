"""Pseudonyms are HMAC-SHA256 under the key, and nothing of the key shows."""

import hashlib
import hmac
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udfs import pseudonyms
from udfs.pseudonyms import PseudonymKeyError, Pseudonyms, load_pseudonyms


@given(st.binary(min_size=16, max_size=100), st.text(max_size=100))
def test_they_are_hmac_sha256(key: bytes, user_id: str) -> None:
    user_id = user_id.encode("utf-8", "ignore").decode()
    made = Pseudonyms(key)
    assert made(user_id) == made(user_id) == "u:" + hmac.digest(key, user_id.encode(), hashlib.sha256).hex()[:32]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pseudonyms, "CACHED_MAX", 10)
    made = Pseudonyms(b"0123456789abcdef")
    names = [made(f"u{number}") for number in range(100)]
    assert names == [made(f"u{number}") for number in range(100)]
    assert len(made) <= 10


def test_keys_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"0123456789abcdef\n")
    assert load_pseudonyms(path)("ann") == Pseudonyms(b"0123456789abcdef")("ann")
    with pytest.raises(PseudonymKeyError, match="cannot be read"):
        load_pseudonyms(tmp_path / "none")
    path.write_bytes(b"short")
    with pytest.raises(PseudonymKeyError, match="5 bytes") as caught:
        load_pseudonyms(path)
    assert "short" not in str(caught.value)
