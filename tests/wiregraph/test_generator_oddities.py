from typing import Any

import pytest

from udfs.decode import decode
from udfs.records import Article
from udfs.topics import NEWS, POSTS
from wiregraph.generator_oddities import ODDITIES, Oddity

TIME_MS = 1_767_623_400_000


@pytest.mark.parametrize("oddity", ODDITIES, ids=range(len(ODDITIES)))
@pytest.mark.parametrize(("topic", "text", "time"), [(NEWS, "headline", "published_at"), (POSTS, "text", "created_at")])
def test_what_looks_odd_is_sound(oddity: Oddity, topic: str, text: str, time: str) -> None:
    written = f"{oddity.before}Stocks rise{oddity.after}"
    fields: dict[str, Any] = {"id": "a", text: written, time: "2026-01-05T14:30:00Z", **oddity.extra}
    found = decode(topic, oddity.encode(oddity.time(fields, TIME_MS)), TIME_MS)
    assert isinstance(found, Article)
    assert (found.text, found.event_time_ms) == (written, TIME_MS)
