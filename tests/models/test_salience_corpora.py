from __future__ import annotations

from models import salience_corpora as corpora

TEXT = "Acme of Oslo grew. Oslo Acme Works fell. acme again."


def test_the_longest_phrase_wins_and_case_does_not_matter() -> None:
    found = corpora.located(TEXT, {"acme": 1, "oslo": 2, "oslo acme works": 3})
    assert [TEXT[start:end] for start, end in found[1]] == ["Acme", "acme"]
    assert [TEXT[start:end] for start, end in found[3]] == ["Oslo Acme Works"]
    assert len(found[2]) == 1


def test_a_headline_moves_the_spans() -> None:
    article = corpora.Article(TEXT, "", (corpora.Entity(((0, 4),), 1.0), corpora.Entity(((8, 12),), 0.5)), "test")
    moved = corpora.with_headline(article, "Acme grows")
    assert moved.text.startswith("Acme grows\n\n")
    assert [[moved.text[start:end] for start, end in one.spans] for one in moved.entities] == [
        ["Acme", "Acme"],
        ["Oslo"],
    ]


def test_a_title_stands_beside_the_text_or_before_it() -> None:
    article = corpora.Article(TEXT, "", (corpora.Entity(((0, 4),), 1.0),), "test", "Acme grows")
    beside, before = corpora.titled(article)
    assert (beside.headline, beside.text) == ("Acme grows", TEXT)
    assert before.text.startswith("Acme grows\n\n")
    assert len(before.entities[0].spans) == 2
