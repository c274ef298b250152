from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from udfs.mentions import MentionFinder
from udfs.records import EntityType, Mention
from wiregraph import evaluate as ev
from wiregraph.errors import Failure, UsageError

APP = typer.Typer()
APP.command()(ev.evaluate)


class Fixed(MentionFinder):
    """Finds the surface Acme, as a company."""

    def __init__(self) -> None:
        """Need no model."""

    def find(self, text: str) -> tuple[Mention, ...]:
        start = text.find("Acme")
        return (Mention(start, start + 4, "Acme", EntityType.ORG),) if start >= 0 else ()


def write(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def run(*arguments: str) -> dict[str, float]:
    result = CliRunner().invoke(APP, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0
    metrics: dict[str, float] = json.loads(result.stdout)
    return metrics


def test_bio_spans() -> None:
    tags = ["B-ORG", "I-ORG", "B-ORG", "O", "I-PER", "I-LOC"]
    assert list(ev.bio_spans(tags)) == [(0, 2, "ORG"), (2, 3, "ORG"), (4, 5, "PER"), (5, 6, "LOC")]


def test_ner_is_scored_on_code_points_and_on_given_tokens() -> None:
    by_text = {"text": "🚀 Acme up", "spans": [{"start": 2, "end": 6, "type": "ORG"}]}
    by_tokens = {"tokens": ["Buy", "Acme's", "Zeta"], "tags": ["O", "B-ORG", "B-ORG"]}
    metrics = ev.ner(Fixed(), [by_text, by_tokens])
    assert metrics["n"] == 2
    assert metrics["recall"] == pytest.approx(2 / 3)
    assert metrics["precision"] == 1


def test_eval_ner(tmp_path: Path) -> None:
    row = {"text": "Angela Merkel met Tim Cook", "spans": [{"start": 0, "end": 13, "type": "PER"}]}
    assert 0 < run("ner", str(write(tmp_path / "ner.jsonl", row)))["micro_f1"] <= 1


def test_eval_sentiment(tmp_path: Path) -> None:
    text = "TCS gains, Wipro slumps after results"
    rows = [
        {"text": text, "start": 0, "end": 3, "label": "positive"},
        {"text": text, "start": 11, "end": 16, "label": "negative"},
    ]
    metrics = run("sentiment", str(write(tmp_path / "sentiment.jsonl", *rows)))
    assert metrics["n"] == 2
    assert metrics["accuracy"] == 1


def test_eval_relevance(tmp_path: Path) -> None:
    row = {
        "text": "Acme said on Monday it will cut jobs. Acme makes brakes. It is traded in Oslo.",
        "entities": [{"mentions": [[0, 4], [38, 42]], "relevance": 1.0}, {"mentions": [[73, 77]], "relevance": 0.1}],
    }
    metrics = run("relevance", str(write(tmp_path / "relevance.jsonl", row)))
    assert metrics == {"n": 1, "spearman": pytest.approx(1), "ndcg": pytest.approx(1)}


def test_eval_topic_by_number_by_name_and_of_the_wire(tmp_path: Path) -> None:
    rows = [
        {"text": "Acme declares $0.35 quarterly dividend", "label": 4},
        {"text": "Acme declares $0.35 quarterly dividend", "label": "4"},
        {"text": "Acme declares $0.35 quarterly dividend", "label": "Earnings"},
        {"text": "WHEAT\n\nWheat shipments fell 12 pct to 400,000 tonnes.", "labels": ["wheat", "obscure"]},
    ]
    metrics = run("topic", str(write(tmp_path / "topic.jsonl", *rows)))
    assert metrics["n"] == 4
    assert metrics["accuracy"] == 0.5
    assert 0.5 < metrics["micro_f1"] < 1


def test_eval_social(tmp_path: Path) -> None:
    rows = [
        {"text": "best quarter ever 🚀, I love this", "label": "positive"},
        {"text": "worst airline ever, never again", "label": "negative"},
        {"text": "worst airline ever, never again", "label": "positive"},
    ]
    metrics = run("social", str(write(tmp_path / "social.jsonl", *rows)))
    assert metrics["n"] == 3
    assert metrics["accuracy"] == pytest.approx(2 / 3)
    assert metrics["macro_recall"] == pytest.approx(3 / 4)
    assert metrics["weighted_f1"] == pytest.approx(2 / 3)


@pytest.mark.parametrize("row", [{"text": "a", "label": "20"}, {"text": "a", "label": "b"}, {"text": "a"}])
def test_an_unknown_topic_is_one_clear_error(tmp_path: Path, row: dict[str, str]) -> None:
    with pytest.raises(Failure, match="form of a topic file"):
        run("topic", str(write(tmp_path / "x.jsonl", row)))


def test_a_missing_file_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        run("ner", str(tmp_path / "none.jsonl"))


@pytest.mark.parametrize(
    ("content", "message"),
    [("", "is empty"), ("{", "line 1 is not JSON"), ("[]", "line 1 is not a JSON object"), ("{}", "does not have")],
)
def test_a_broken_file_is_one_clear_error(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text(content)
    with pytest.raises(Failure, match=message):
        run("sentiment", str(path))


def test_unfit_models_are_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIREGRAPH_MODELS", str(tmp_path))
    with pytest.raises(Failure, match="missing"):
        ev.models_of_environment()
