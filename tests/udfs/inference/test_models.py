from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from udfs.inference import ModelError, load_models
from udfs.inference.manifest import read_model
from udfs.inference.models import WEIGHTS
from udfs.inference.sessions import start

NAMES = ("ner", "multitask", "relevance")
SIZE_MAX = 25_000_000


@pytest.mark.parametrize("name", NAMES)
def test_each_shipped_model_matches_its_manifest(name: str) -> None:
    files = read_model(WEIGHTS / name)
    assert files.manifest.name == name
    assert len(files.contents["model.onnx"]) <= SIZE_MAX
    start(files)


@pytest.mark.parametrize("name", NAMES)
def test_each_manifest_tells_data_licences_and_quality(name: str) -> None:
    manifest = json.loads((WEIGHTS / name / "manifest.json").read_text(encoding="utf-8"))
    assert all(source["licence"] and source["texts"] for source in manifest["training_data"])
    assert manifest["metrics"]
    assert isinstance(manifest["seed"], int)
    assert (WEIGHTS / name / "CARD.md").exists()


def test_versions_name_every_model() -> None:
    assert [part.split("=")[0] for part in load_models().versions.split(",")] == list(NAMES)


def test_a_folder_without_models_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="missing"):
        load_models(tmp_path)


def test_floors() -> None:
    ner, text = (json.loads((WEIGHTS / name / "manifest.json").read_text()) for name in NAMES[:2])
    assert ner["metrics"]["finer_ord_val"]["micro_f1"] >= 0.72
    assert text["metrics"]["sentfin_dev"]["accuracy"] >= 0.86
    assert text["metrics"]["phrasebank_dev"]["weighted_f1"] >= 0.84
    assert text["metrics"]["twitter_financial_topic_dev"]["accuracy"] >= 0.85


def test_a_model_without_thresholds_is_one_clear_error(tmp_path: Path) -> None:
    shutil.copytree(WEIGHTS, tmp_path / "weights")
    path = tmp_path / "weights/multitask/manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"thresholds": {}}))
    with pytest.raises(ModelError, match="no threshold"):
        load_models(tmp_path / "weights")
