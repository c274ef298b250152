from pathlib import Path

import pytest

from udfs.inference import ModelError
from udfs.reader import load_reader
from udfs.records import Article


def test_the_shipped_reader_reads_and_names_all_that_its_facts_depend_on() -> None:
    reader = load_reader()
    assert [part.split("=")[0] for part in reader.versions.split(",")] == ["ner", "multitask", "relevance", "gazetteer"]
    headline = "Lehman Brothers shares plunge as talks with Barclays end"
    facts = reader.read(Article("news", "a", 0, 0, known_assumed=True, headline=headline)).facts
    assert {fact.entity.entity_id for fact in facts} == {"eq:LEH", "eq:BCS"}
    assert {fact.model_versions for fact in facts} == {reader.versions}
    (lehman,) = [fact for fact in facts if fact.entity.entity_id == "eq:LEH"]
    assert lehman.sentiment_micro < 0


def test_models_that_are_missing_are_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="missing"):
        load_reader(tmp_path)
