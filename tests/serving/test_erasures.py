import pytest

from serving.erasures import (
    SUBJECT_CHARS_MAX,
    Erasure,
    erasure_record_key,
    erasure_value,
    is_entity,
    is_subject,
    is_user,
    parse_erasure,
    session_subject,
)

USER = "u:" + "a" * 32
KEY = b"erase/per:jane-doe"


@pytest.mark.parametrize(
    ("subject", "entity", "user"),
    [
        ("per:jane-doe", True, False),
        ("sector:energy", True, False),
        ("org:" + "x" * (SUBJECT_CHARS_MAX - 4), True, False),
        (USER, False, True),
        (session_subject("visit\n1/2"), False, False),
    ],
)
def test_an_erasure_travels_as_a_record(subject: str, entity: bool, user: bool) -> None:
    assert (is_entity(subject), is_user(subject)) == (entity, user)
    erasure = Erasure(subject, 7)
    assert parse_erasure(erasure_record_key(erasure), erasure_value(erasure)) == erasure


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "u:123",
        "user:jane",
        "jane",
        "u:" + "A" * 32,
        "per:a/b",
        "per:",
        "session:",
        "alert:x",
        "per:\0",
        "eq:" + "x" * 2_000,
    ],
)
def test_what_is_no_subject(subject: str) -> None:
    assert not is_subject(subject)
    erasure = Erasure(subject, 1)
    assert parse_erasure(erasure_record_key(erasure), erasure_value(erasure)) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (None, None),
        (KEY, None),
        (KEY, b"{"),
        (KEY, b"[]"),
        (KEY, b"7"),
        (KEY, b'"erasure"'),
        (KEY, b'{"kind": "erasure", "subject": "per:jane-doe"}'),
        (KEY, b'{"kind": "erasure", "subject": "per:jane-doe", "at": true}'),
        (KEY, b'{"kind": "erasure", "subject": ["per:jane-doe"], "at": 1}'),
        (KEY, b'{"kind": "rule", "subject": "per:jane-doe", "at": 1}'),
        (b"jane-doe", erasure_value(Erasure("per:jane-doe", 1))),
    ],
)
def test_what_is_no_erasure_is_none(key: bytes | None, value: bytes | None) -> None:
    assert parse_erasure(key, value) is None
