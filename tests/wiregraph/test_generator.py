from collections import Counter, defaultdict
from functools import cache
from itertools import pairwise

import orjson
import pytest

from udfs.alerts import Alert, AlertState
from udfs.clicks import Click as EngineClick
from udfs.clicks import decode_click
from udfs.decode import Reason, Refused, decode
from udfs.patterns import Partition
from udfs.records import Article
from udfs.rulebook import Rulebook
from udfs.topics import CLICKS, NEWS, POSTS
from wiregraph.generator import OUT_OF_ORDER_MS_MAX, Size, generate
from wiregraph.generator_alerts import expected_alerts
from wiregraph.generator_plans import PLANS
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


def clicks() -> list[StreamRecord]:
    return [record for record in stream().records if record.topic == CLICKS]


@pytest.mark.parametrize("seed", [3, 7, 40, 41, 42])
def test_alerts_are_those_of_the_rule(seed: int) -> None:
    made = generate(seed, Size(items=10, sessions=200))
    assert sorted(made.alerts, key=str) == sorted(expected_alerts(made.records), key=str)
    assert len(made.alerts) > 20


def test_alerts_are_those_of_the_engine() -> None:
    """Without any delay that is too long for a single partition: all of one stream's clicks are in it here."""
    partition = Partition(Rulebook.built_in())
    decoded = [decode_click(record.value, record.record_time_ms, str) for record in clicks()]
    sound = [click for click in decoded if isinstance(click, EngineClick)]
    assert len(sound) == len(decoded)
    standing: dict[str, Alert] = {}
    for click in sound:
        standing |= {alert.alert_id: alert for alert in partition.add([click]).alerts}
    found = [
        TrueAlert(alert.session_id, alert.evidence[-1], alert.evidence)
        for alert in standing.values()
        if alert.state is AlertState.OPEN
    ]
    assert sorted(found, key=str) == sorted(stream().alerts, key=str)


def test_every_plan_is_there_and_raises_what_it_says() -> None:
    alerts = defaultdict(set)
    for session in stream().sessions:
        alerts[session.plan].add(len(session.alerts))
    raising = {"abuser", "exactly dear", "exactly two minutes", "same moment", "late view"}
    assert alerts == {name: {2} if name == "twice" else {int(name in raising)} for name in PLANS}


def test_a_part_of_the_stream_raises_a_part_of_the_alerts() -> None:
    records = stream().records
    half = expected_alerts(records[: len(records) // 2])
    assert 0 < len(half) < len(stream().alerts)
    assert len({alert.event_id for alert in half} - {alert.event_id for alert in stream().alerts}) == 0


def test_a_view_that_is_too_late_comes_after_what_shows_it() -> None:
    plans = {session.session_id: session.plan for session in stream().sessions}
    order = defaultdict(list)
    for click in map(orjson.loads, dict.fromkeys(record.value or b"" for record in clicks())):
        order[plans[click["session_id"]], click["session_id"]].append(click["kind"])
    too_late = [kinds for (plan, _), kinds in order.items() if plan == "too late"]
    assert too_late
    assert all(kinds[-1] == "view" for kinds in too_late)


def test_clicks_come_twice_now_and_then() -> None:
    clicks = Counter(record.value for record in stream().records if record.topic == CLICKS)
    assert 2 in clicks.values()
