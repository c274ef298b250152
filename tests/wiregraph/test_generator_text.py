from collections import defaultdict

from tests.wiregraph.streams import items
from udfs.decode import decode
from udfs.records import Article


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
