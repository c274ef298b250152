from __future__ import annotations

from collections.abc import Sequence

from models.sentiment_corpora import Target
from models.text_corpora import Labelled
from models.weak_targets import of_headlines, of_sentences
from udfs.linking import Linker
from udfs.mentions import MentionFinder
from udfs.records import Entity, EntityType, LinkedEntity, Mention

NAMES = {"Acme": EntityType.ORG, "Zeta": EntityType.ORG, "Oslo": EntityType.LOC}


class Names(MentionFinder):
    """Finds the known names."""

    def __init__(self) -> None:
        """Need no model."""

    def find(self, text: str) -> tuple[Mention, ...]:
        starts = [(text.find(name, at), name) for name in NAMES for at in range(len(text)) if text.startswith(name, at)]
        return tuple(Mention(start, start + 4, name, NAMES[name]) for start, name in sorted(set(starts)))


class Links(Linker):
    """Takes each name for an entity."""

    def __init__(self) -> None:
        """Need no gazetteer."""

    def link(self, text: str, mentions: Sequence[Mention]) -> tuple[LinkedEntity, ...]:
        assert all(text[one.start : one.end] == one.surface for one in mentions)
        names = dict.fromkeys(one.surface for one in mentions)
        return tuple(
            LinkedEntity(Entity(name, name, NAMES[name]), tuple(one for one in mentions if one.surface == name))
            for name in names
        )


def test_a_sentence_about_one_company_speaks_of_it() -> None:
    items = [
        Labelled("In Oslo Acme wins, says Acme", (2,), "phrasebank"),
        Labelled("Acme sues Zeta", (0,), "phrasebank"),
        Labelled("Oslo is cold", (1,), "phrasebank"),
    ]
    (found,) = of_sentences(Names(), Links(), items)
    assert found.text == items[0].text
    assert found.targets == (Target(8, 12, 2), Target(24, 28, 2))


def test_headlines_of_two_entities_are_kept() -> None:
    (found,) = of_headlines(Names(), Links(), ["Zeta sues Acme in Oslo", "Acme falls, Acme rises", "Nothing"])
    assert [found.text[one.start : one.end] for one in found.targets] == ["Zeta", "Acme", "Oslo"]
