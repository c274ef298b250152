from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from wiregraph.errors import UsageError
from wiregraph.score import score

APP = typer.Typer()
APP.command()(score)
TEXT = "UPDATE 2-Lehman Brothers shares plunge as talks end"


def test_json_tells_entities_with_scores() -> None:
    result = CliRunner().invoke(APP, ["--json", TEXT], catch_exceptions=False)
    answer = json.loads(result.stdout)
    (entity,) = answer["entities"]
    (mention,) = entity["mentions"]
    assert mention["surface"] == TEXT[mention["start"] : mention["end"]] == "Lehman Brothers"
    assert entity["sentiment"] < 0
    assert entity["polarity"] == -1
    assert 0.5 < entity["relevance"] <= 1
    assert answer["models"].startswith("ner=")
    assert answer["tone"] < 0
    assert answer["tone_polarity"] == -1
    assert 0 < answer["topics"]["news"]["probability"] <= 1


def test_stdin_is_read_and_a_table_printed() -> None:
    result = CliRunner().invoke(APP, ["-"], input=TEXT, catch_exceptions=False)
    assert "Lehman" in result.stdout
    assert "negative" in result.stdout
    assert result.stdout.startswith("topic: ")
    assert "tone: -" in result.stdout


def test_a_text_without_names_says_so() -> None:
    result = CliRunner().invoke(APP, ["nothing happened at all"], catch_exceptions=False)
    assert "No person, organisation or place" in result.stdout


def test_no_text_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="no text to score"):
        CliRunner().invoke(APP, ["  "], catch_exceptions=False)
