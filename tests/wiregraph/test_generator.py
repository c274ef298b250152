from collections import Counter, defaultdict
from functools import cache
from itertools import pairwise

import orjson
import pytest

from udfs.decode import Reason, Refused, decode
from udfs.records import Article
from udfs.topics import CLICKS, NEWS, POSTS
from wiregraph.generator import OUT_OF_ORDER_MS_MAX, Size, generate
from wiregraph.generator_clicks import HIGH_VALUE, RULE_WINDOW_MS, VIEWS_MAX
from wiregraph.generator_records import Fate, Kind, Sign, Stream, StreamRecord, TrueAlert

SIZE = Size(items=3_000, sessions=150)


@cache
def stream() -> Stream:
    return generate(3, SIZE)


def items() -> list[StreamRecord]:
    return [record for record in stream().records if record.is_read_by_news_job]


def test_same_seed_gives_the_same_stream_and_another_seed_another() -> None:
    assert generate(3, SIZE) == stream()
    assert generate(4, SIZE).records != stream().records


@pytest.mark.parametrize("seed", [3, 11, 2_026])
def test_every_record_meets_the_fate_that_is_claimed(seed: int) -> None:
    seen = set()
    for record in generate(seed, Size(items=1_500, sessions=0)).records:
        decoded = decode(record.topic, record.value, record.record_time_ms)
        if isinstance(decoded, Refused):
            assert (Fate.DEAD_LETTER, decoded.reason) == (record.fate, record.reason)
            continue
        identity = (decoded.topic, decoded.article_id)
        assert identity == (record.topic, record.article_id)
        assert record.key == record.article_id.encode()
        assert record.fate is (Fate.DUPLICATE if identity in seen else Fate.ARTICLE)
        seen.add(identity)


def test_mentions_lie_where_the_decoded_text_has_them() -> None:
    mentions = 0
    for record in items():
        decoded = decode(record.topic, record.value, record.record_time_ms)
        if isinstance(decoded, Article):
            assert decoded.text == record.text
            for mention in record.mentions:
                assert decoded.text[mention.start : mention.end] == mention.surface
                mentions += 1
    assert mentions > len(items())


def test_a_text_speaks_of_an_entity_in_one_way() -> None:
    for record in items():
        signs = defaultdict(set)
        for mention in record.mentions:
            signs[mention.entity].add(mention.sign)
        assert all(len(found) == 1 for found in signs.values()), record.text


def test_no_part_of_a_template_is_left_unfilled() -> None:
    for record in items():
        assert not set(record.text) & set("{}[]|") or "cafe" in record.text


def test_there_is_some_of_everything() -> None:
    articles = [record for record in items() if record.fate is Fate.ARTICLE]
    entities = {mention.entity for record in articles for mention in record.mentions}
    assert {record.reason for record in items()} == {None, *Reason}
    assert {entity.kind for entity in entities} == set(Kind)
    assert {mention.sign for record in articles for mention in record.mentions} == set(Sign)
    assert {record.topic for record in stream().records} == {NEWS, POSTS, CLICKS}
    assert sum(not record.mentions for record in articles) > len(articles) / 20
    opposite = [record for record in articles if {Sign.POSITIVE, Sign.NEGATIVE} <= {m.sign for m in record.mentions}]
    assert len(opposite) > len(articles) / 50


def test_everyday_words_are_companies_in_some_texts_and_not_in_others() -> None:
    for word in ("Apple", "Target", "Orange", "Caterpillar", "Amazon"):
        named = {
            mention.entity.kind
            for record in items()
            for mention in record.mentions
            if mention.surface == word and word in record.text
        }
        unnamed = [r for r in items() if word in r.text and all(word not in m.surface for m in r.mentions)]
        assert Kind.LISTED in named
        assert unnamed or Kind.PLACE in named


def test_a_duplicate_may_have_other_content() -> None:
    first = {(record.topic, record.article_id): record.value for record in items() if record.fate is Fate.ARTICLE}
    repeats = Counter(
        first[record.topic, record.article_id] == record.value for record in items() if record.fate is Fate.DUPLICATE
    )
    assert repeats[True] > 20
    assert repeats[False] > 20


def test_an_id_of_a_dead_letter_is_free_for_a_sound_record() -> None:
    fates = defaultdict(list)
    for record in items():
        if record.key and record.key.startswith(b"again-"):
            fates[record.key].append(record.fate)
    assert fates
    assert all(found[:3] == [Fate.DEAD_LETTER, Fate.ARTICLE, Fate.DEAD_LETTER] for found in fates.values())


def test_records_are_out_of_order_and_a_few_are_late() -> None:
    times_ms = [record.record_time_ms for record in stream().records]
    behind_ms, latest = [], 0
    for time_ms in times_ms:
        latest = max(latest, time_ms)
        behind_ms.append(latest - time_ms)
    late = sum(each > OUT_OF_ORDER_MS_MAX for each in behind_ms)
    assert sum(later < earlier for earlier, later in pairwise(times_ms)) > len(times_ms) / 5
    assert 0 < late < len(times_ms) / 20


def brute_force_alerts() -> set[TrueAlert]:
    sessions: dict[str, dict[str, dict[str, object]]] = defaultdict(dict)
    for record in stream().records:
        if record.topic == CLICKS and record.value:
            click = orjson.loads(record.value) | {"at": record.record_time_ms}
            sessions[click["session_id"]].setdefault(click["event_id"], click)
    return {alert for session, clicks in sessions.items() for alert in session_alerts(session, list(clicks.values()))}


def session_alerts(session: str, clicks: list[dict[str, object]]) -> list[TrueAlert]:
    alerts = []
    for attempt in (click for click in clicks if click["kind"] == "coupon_attempt"):
        views = sorted(
            (int(str(click["at"])), str(click["event_id"]))
            for click in clicks
            if click["kind"] == "view"
            and float(str(click["price"])) >= HIGH_VALUE
            and 0 <= int(str(attempt["at"])) - int(str(click["at"])) <= RULE_WINDOW_MS
        )
        if len(views) > VIEWS_MAX:
            trigger = str(attempt["event_id"])
            alerts.append(TrueAlert(session, trigger, (*(event_id for _, event_id in views), trigger)))
    return alerts


def test_alerts_are_those_of_the_rule() -> None:
    assert set(stream().alerts) == brute_force_alerts()
    assert len(stream().alerts) > 5


def test_clicks_come_twice_now_and_then() -> None:
    clicks = Counter(record.value for record in stream().records if record.topic == CLICKS)
    assert 2 in clicks.values()
