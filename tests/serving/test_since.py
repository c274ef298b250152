from serving.bucket_rows import row_suffix
from serving.changes import BucketSums, Changes, FactChange, RepeatChange
from serving.since import Since, by_entity
from udfs.changelog import Grain

MINUTE = "1"
SUMS = (1, 2, 3, 4, 5, 6, 7, 8)
PLACE = row_suffix(Grain.MINUTE, 60_000), 1


def test_the_last_of_each_bucket_and_the_sum_of_repeats_count() -> None:
    first = Changes(
        buckets=(BucketSums("org:a", MINUTE, 60_000, SUMS), BucketSums("org:b", MINUTE, 60_000, SUMS)),
        repeats=(RepeatChange("org:a", 60_000, 2),),
    )
    second = Changes(
        buckets=(BucketSums("org:a", MINUTE, 60_000, None),),
        repeats=(RepeatChange("org:a", 60_000, -1), RepeatChange("org:a", 0, 1)),
    )
    found = by_entity([first, second])
    assert found["org:a"] == Since(buckets={PLACE: None}, repeats={60_000: 1, 0: 1})
    assert found["org:b"] == Since(buckets={PLACE: SUMS})
    apart = by_entity([first])["org:a"].then(by_entity([second])["org:a"])
    assert apart == found["org:a"]


def test_the_newest_fact_is_known_unless_two_are_as_new() -> None:
    older, newer = FactChange("org:a", 61_000, "ner-1"), FactChange("org:a", 62_000, "ner-2")
    assert by_entity([Changes(facts=(newer, older))])["org:a"] == Since(newest=newer)
    assert by_entity([Changes(facts=(newer, newer))])["org:a"] == Since(newest=FactChange("org:a", 62_000, None))
    assert by_entity([Changes(facts=(FactChange("org:a", 1, None), newer))])["org:a"] == Since(
        newest=newer, facts_differ=True
    )
