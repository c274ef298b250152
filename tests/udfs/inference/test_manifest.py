from __future__ import annotations

import hashlib
import json
import pickle
import shutil
from pathlib import Path

import pytest

from tests.udfs.inference.protobuf import field
from udfs.inference.manifest import ModelError, read_model
from udfs.inference.models import WEIGHTS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the smallest shipped model, with the tokenizer that it lists beside it."""
    shutil.copy(WEIGHTS / "tokenizer.json", tmp_path)
    return Path(shutil.copytree(WEIGHTS / "relevance", tmp_path / "relevance"))


def replace_model(folder: Path, content: bytes) -> None:
    """Put other bytes in the model's place, with a manifest that vouches for them."""
    (folder / "model.onnx").write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"] = {"model.onnx": hashlib.sha256(content).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_a_shipped_model_is_read(folder: Path) -> None:
    files = read_model(folder)
    assert files.manifest.name == "relevance"
    assert set(files.contents) == {"model.onnx", "tokenizer.json"}


def test_a_tampered_file_is_refused(folder: Path) -> None:
    content = bytearray((folder / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.onnx").write_bytes(content)
    with pytest.raises(ModelError, match="not the file of its manifest"):
        read_model(folder)


def test_a_missing_file_is_refused(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        read_model(folder)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"manifest\.json is missing"):
        read_model(tmp_path / "none")


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"name": "x"}', "\ufeff"])
def test_a_broken_manifest_is_refused(folder: Path, content: str) -> None:
    (folder / "manifest.json").write_text(content)
    with pytest.raises(ModelError, match="is no manifest"):
        read_model(folder)


def test_a_file_outside_of_the_models_is_refused(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["../../secret"] = "0" * 64
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="outside the models' folder"):
        read_model(folder)


def test_a_pickle_is_refused(folder: Path) -> None:
    replace_model(folder, pickle.dumps({"weights": [1, 2, 3]}))
    with pytest.raises(ModelError, match="is no ONNX model"):
        read_model(folder)


def test_a_model_with_external_data_is_refused(folder: Path) -> None:
    replace_model(folder, field(7, field(5, field(13, b"weights.bin"))))
    with pytest.raises(ModelError, match="keeps weights in other files"):
        read_model(folder)
