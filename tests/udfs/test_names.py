import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from udfs.names import ID_LENGTH_MAX, alias_key, display_name, entity_of_id, nil_entity, normalised, tokenise
from udfs.records import EntityType

types = st.sampled_from(list(EntityType))


@given(st.text(), types)
@example("½ co", EntityType.ORG)
@example("The İstanbul 's", EntityType.LOC)
@example("U.S.A. Inc", EntityType.ORG)
@example("x" * 195 + " co co", EntityType.ORG)
def test_a_normalised_name_is_normalised(name: str, entity_type: EntityType) -> None:
    once = normalised(name, entity_type)
    assert normalised(once, entity_type) == once


@given(st.text(), types)
def test_ids_hold_letters_digits_and_single_hyphens_only(name: str, entity_type: EntityType) -> None:
    entity = nil_entity(name, entity_type)
    if entity is None:
        return
    prefix, _, rest = entity.entity_id.partition(":")
    assert prefix in {"org", "per", "loc"}
    assert len(entity.entity_id) <= ID_LENGTH_MAX
    assert all(word.isalnum() for word in rest.split("-"))
    assert entity == entity_of_id(entity.entity_id)


@given(st.text())
def test_tokens_lie_in_the_text_in_order(text: str) -> None:
    last = 0
    for token in tokenise(text):
        assert last <= token.start < token.end <= len(text)
        last = token.end


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Acme Robotics, Inc.", "acme-robotics"),
        ("The Acme Holdings Corp's", "acme"),
        ("U.S. Steel", "us-steel"),
        ("AT&T", "at-t"),
        ("Nestlé S.A.", "nestlé"),
        ("Inc.", "inc"),
        ("Ｆｕｌｌ width", "full-width"),
        ("a/b\x00c", "a-b-c"),
        ("'s !", ""),
    ],
)
def test_names_lose_what_does_not_tell_companies_apart(name: str, expected: str) -> None:
    assert normalised(name, EntityType.ORG) == expected


def test_only_organisations_lose_legal_forms() -> None:
    assert normalised("Santa Fe Co", EntityType.LOC) == "santa-fe-co"


def test_a_name_without_letters_is_no_entity() -> None:
    assert nil_entity("— …", EntityType.PER) is None


def test_the_display_name_follows_from_the_id() -> None:
    assert display_name("org:acme-robotics") == "Acme Robotics"


def test_initials_and_words_are_told_apart() -> None:
    assert alias_key("J.P. Morgan and the U.S") == "jp morgan & the us"
    assert [token.upper for token in tokenise("tell us about the U.S. and US")] == [
        False, False, False, False, True, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize("entity_id", ["sector:Energy", "acme", ""])
def test_an_id_of_another_kind_is_refused(entity_id: str) -> None:
    with pytest.raises(ValueError, match="prefixes"):
        entity_of_id(entity_id)


@pytest.mark.parametrize("surface", ["Inc", "Inc.", "Holdings Ltd", "FACTBOX", "RESEARCH ALERT", "the NV"])
def test_a_legal_form_or_a_label_alone_names_nobody(surface: str) -> None:
    assert nil_entity(surface, EntityType.ORG) is None
