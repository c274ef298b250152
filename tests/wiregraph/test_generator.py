from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from tests.wiregraph.streams import SIZE, items, stream
from udfs.decode import Reason, Refused, decode
from udfs.topics import CLICKS, NEWS, POSTS
from wiregraph.generator import OUT_OF_ORDER_MS_MAX, Size, generate
from wiregraph.generator_records import Fate, Kind, Sign


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


def test_clicks_come_twice_now_and_then() -> None:
    clicks = Counter(record.value for record in stream().records if record.topic == CLICKS)
    assert 2 in clicks.values()
