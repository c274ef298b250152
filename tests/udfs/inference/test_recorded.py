from __future__ import annotations

import json
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest

from models.recorded import record
from udfs.inference import load_models

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text(encoding="utf-8"))
MODELS = load_models()

SENTIMENT_TOLERANCE = 0.1
"""Int8 kernels differ between kinds of CPU; on one kind the results are equal to the bit."""
RELEVANCE_TOLERANCE = 1e-4


def test_the_record_is_of_the_shipped_models() -> None:
    assert RECORDED["versions"] == MODELS.versions, "run python -m models.recorded"


@pytest.mark.parametrize("wanted", RECORDED["records"], ids=lambda wanted: wanted["text"][:20])
def test_recorded_outputs(wanted: dict[str, Any]) -> None:
    found: dict[str, Any] = record(MODELS, wanted["text"])
    assert found["mentions"] == wanted["mentions"]
    assert found["tone"] == pytest.approx(wanted["tone"], abs=SENTIMENT_TOLERANCE)
    assert found["topic"][0] == wanted["topic"][0]
    assert found["wire_topics"] == wanted["wire_topics"]
    for ours, theirs in zip(found["sentiment"], wanted["sentiment"], strict=True):
        assert ours == pytest.approx(theirs, abs=SENTIMENT_TOLERANCE)
    assert found["relevance"] == pytest.approx(wanted["relevance"], abs=RELEVANCE_TOLERANCE)


@pytest.mark.parametrize("wanted", RECORDED["records"], ids=lambda wanted: wanted["text"][:20])
def test_the_same_bits_whatever_was_read_before(wanted: dict[str, Any]) -> None:
    text = wanted["text"]
    alone = MODELS.text.read(text, [tuple(span[:2]) for span in wanted["mentions"]])
    for other in RECORDED["records"]:
        MODELS.mentions.find(other["text"])
        MODELS.text.read(other["text"], [tuple(span[:2]) for span in other["mentions"]])
    again = MODELS.text.read(text, [tuple(span[:2]) for span in wanted["mentions"]])
    assert [part.tolist() for part in astuple(alone)] == [part.tolist() for part in astuple(again)]
