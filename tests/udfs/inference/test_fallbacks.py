from __future__ import annotations

import hashlib
import json
import pickle
import shutil
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest

from models.recorded import record
from udfs import tokens as tk
from udfs.inference import ModelError, Models, load_fallbacks, load_models
from udfs.inference.manifest import read_model
from udfs.inference.models import WEIGHTS
from udfs.inference.sessions import start

NAMES = ("ner-light", "multitask-light")
SIZE_MAX = 2_500_000
RECORDED = json.loads((Path(__file__).parent / "recorded_light.json").read_text(encoding="utf-8"))
LIGHT = load_fallbacks()
TOLERANCE = 1e-3
"""The light models calculate in fp32; kinds of CPU differ in the last digits alone."""
ODD = (
    "",
    " ",
    "\x00",
    "\u200d",
    "\ud800 Acme",
    "\u202b\u05d9\u05e9\u202c",
    "e\u0301" * 50,
    "\U0001f680" * 40,
    "a" * 5_000,
)


def weights(tmp_path: Path) -> Path:
    """A copy of the light models and of what they list beside them."""
    for name in NAMES:
        shutil.copytree(WEIGHTS / name, tmp_path / name)
    shutil.copy(WEIGHTS / "tokenizer.json", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_each_light_model_matches_its_manifest_and_is_small(name: str) -> None:
    files = read_model(WEIGHTS / name)
    assert files.manifest.name == name
    assert len(files.contents["model.onnx"]) <= SIZE_MAX
    start(files)


@pytest.mark.parametrize("name", NAMES)
def test_each_light_manifest_tells_data_licences_and_quality(name: str) -> None:
    manifest = json.loads((WEIGHTS / name / "manifest.json").read_text(encoding="utf-8"))
    assert all(source["licence"] and source["texts"] for source in manifest["training_data"])
    assert manifest["metrics"]
    assert (WEIGHTS / name / "CARD.md").exists()


def test_the_record_is_of_the_light_models() -> None:
    assert RECORDED["versions"] == LIGHT.versions, "run python -m models.recorded --light"


@pytest.mark.parametrize("wanted", RECORDED["records"], ids=lambda wanted: wanted["text"][:20])
def test_recorded_outputs(wanted: dict[str, Any]) -> None:
    found: dict[str, Any] = record(LIGHT, wanted["text"])
    assert found["mentions"] == wanted["mentions"]
    assert found["topic"][0] == wanted["topic"][0]
    assert found["wire_topics"] == wanted["wire_topics"]
    for name in ("tone", "relevance"):
        assert found[name] == pytest.approx(wanted[name], abs=TOLERANCE)
    for ours, theirs in zip(found["sentiment"], wanted["sentiment"], strict=True):
        assert ours == pytest.approx(theirs, abs=TOLERANCE)


def test_the_same_bits_whatever_was_read_before() -> None:
    first, *others = RECORDED["records"]
    spans = [(start, end) for start, end, _ in first["mentions"]]
    alone = LIGHT.text.read(first["text"], spans)
    for other in others:
        LIGHT.mentions.find(other["text"])
        LIGHT.text.read(other["text"])
    again = LIGHT.text.read(first["text"], spans)
    assert [part.tolist() for part in astuple(alone)] == [part.tolist() for part in astuple(again)]


@pytest.mark.parametrize("models", [LIGHT, load_models()], ids=["light", "shipped"])
@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_odd_texts_are_read(models: Models, text: str) -> None:
    found = models.mentions.find(text)
    spans = [(mention.start, mention.end) for mention in found]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    answers = models.text.read(text, spans)
    assert len(answers.sentiment) == len(spans)
    assert answers.social.sum() == pytest.approx(1, abs=1e-4)
    assert len(models.relevance.score("", text, [[span] for span in spans])) == len(spans)


def test_a_huge_text_is_read_up_to_the_limit() -> None:
    text = "Profit at Siemens rose again in May. " * 5_000
    found = LIGHT.mentions.find(text)
    assert found
    assert found[-1].end < tk.CHARACTERS_MAX
    assert LIGHT.social.score(text)


@pytest.mark.parametrize("name", NAMES)
def test_a_tampered_light_model_is_refused(tmp_path: Path, name: str) -> None:
    path = weights(tmp_path) / name / "model.onnx"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match="not the file of its manifest"):
        load_fallbacks(tmp_path)


def test_a_pickle_in_the_place_of_a_light_model_is_refused(tmp_path: Path) -> None:
    folder = weights(tmp_path) / "ner-light"
    content = pickle.dumps([1, 2, 3])
    (folder / "model.onnx").write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["model.onnx"] = hashlib.sha256(content).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="is no ONNX model"):
        load_fallbacks(tmp_path)


def test_a_light_model_of_other_labels_is_refused(tmp_path: Path) -> None:
    path = weights(tmp_path) / "ner-light/manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"labels": ["O"]}))
    with pytest.raises(ModelError, match="other labels"):
        load_fallbacks(tmp_path)


def test_versions_name_the_light_models_and_the_rule() -> None:
    assert [part.split("=")[0] for part in LIGHT.versions.split(",")] == [*NAMES, "relevance-rule"]
