"""What the table shows; the commands on a real topic are tested in test_dead_letters."""

from io import StringIO

from rich.console import Console

from wiregraph.dead_letters import Letter
from wiregraph.dead_letters_commands import PREVIEW_CHARS, _print


def printed(payload: bytes, detail: str = "why", total: int = 1) -> str:
    letter = Letter(
        dead_letter_offset=7,
        topic="news",
        partition=0,
        offset=9,
        reason="not_json",
        detail=detail,
        payload_sha256="",
        payload=payload,
    )
    out = StringIO()
    _print([letter], total, Console(file=out, width=200))
    return out.getvalue()


def test_a_letter_is_shown_with_its_offset_reason_and_record() -> None:
    shown = printed(b"{cut off", total=5)
    for part in ("7", "not_json", "news/0/9", "why", "{cut off", "1 of 5 dead letters"):
        assert part in shown


def test_nothing_in_a_letter_is_obeyed() -> None:
    shown = printed(b"\x1b[31m[bold]\xff\x00", detail="[red]detail")
    assert "\x1b" not in shown
    assert "\x00" not in shown
    assert "[bold]" in shown
    assert "[red]detail" in shown


def test_only_the_beginning_of_a_payload_is_shown() -> None:
    shown = printed("é".encode() * 5_000)
    assert shown.count("é") == PREVIEW_CHARS
