from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from udfs.decode import Reason
from wiregraph.generator import Size, generate
from wiregraph.generator_records import Fate, Kind, Sign, StreamRecord
from wiregraph.truth import Comparison, ServedCounts, ServedFact, Slip, compare, true_entities

RECORDS = generate(5, Size(items=400, sessions=5)).records


def perfect_facts(records: tuple[StreamRecord, ...] = RECORDS) -> set[ServedFact]:
    return {
        ServedFact(record.topic, record.article_id, min(entity.accepts), sign)
        for record in records
        if record.fate is Fate.ARTICLE
        for entity, sign in true_entities(record).items()
    }


def perfect_counts(records: tuple[StreamRecord, ...] = RECORDS) -> ServedCounts:
    items = [record for record in records if record.topic != "clicks"]
    reasons = [str(record.reason) for record in items if record.reason]
    return ServedCounts(
        articles=sum(record.fate is Fate.ARTICLE and bool(record.mentions) for record in items),
        empty=sum(record.fate is Fate.ARTICLE and not record.mentions for record in items),
        duplicates=sum(record.fate is Fate.DUPLICATE for record in items),
        dead_letters=len(reasons),
        by_reason={reason: reasons.count(reason) for reason in reasons},
    )


def compared(counts: ServedCounts | None = None, facts: set[ServedFact] | None = None) -> Comparison:
    return compare(RECORDS, counts or perfect_counts(), perfect_facts() if facts is None else facts)


@given(st.integers(1, len(RECORDS)))
def test_a_perfect_system_is_perfect_after_any_part_of_the_feed(fed: int) -> None:
    part = RECORDS[:fed]
    comparison = compare(part, perfect_counts(part), perfect_facts(part))
    assert comparison.is_exact
    assert comparison.with_entities.is_equal
    assert all(quality.precision in {1.0, None} for quality in (*comparison.entities, *comparison.signs))
    assert all(quality.recall in {1.0, None} for quality in (*comparison.entities, *comparison.signs))


def test_counts_off_by_one_are_not_exact() -> None:
    right = perfect_counts()
    for wrong in (
        replace(right, articles=right.articles + 1),
        replace(right, duplicates=right.duplicates - 1),
        replace(right, dead_letters=right.dead_letters + 1),
        replace(right, duplicates=right.duplicates - 1, dead_letters=right.dead_letters + 1),
        replace(right, articles=right.articles - 1, duplicates=right.duplicates + 1),
    ):
        assert not compared(wrong).is_exact


def test_reasons_must_agree_even_where_their_sum_does() -> None:
    right = perfect_counts()
    by_reason = dict(right.by_reason)
    by_reason[Reason.NOT_JSON] -= 1
    by_reason[Reason.NOT_UTF8] += 1
    assert not compared(replace(right, by_reason=by_reason)).is_exact
    assert not compared(replace(right, by_reason={**right.by_reason, "made_up": 1})).is_exact


def test_how_articles_and_empty_divide_is_up_to_the_models() -> None:
    right = perfect_counts()
    comparison = compared(replace(right, articles=right.articles - 3, empty=right.empty + 3))
    assert comparison.is_exact
    assert comparison.with_entities.fed - comparison.with_entities.served == 3


def test_a_missed_entity_costs_recall_and_an_invented_one_precision() -> None:
    facts = perfect_facts()
    listed = next(fact for fact in sorted(facts, key=str) if fact.entity_id.startswith("eq:"))
    missed = {quality.name: quality for quality in compared(facts=facts - {listed}).entities}
    assert [slip.articles for slip in compared(facts=facts - {listed}).missed] == [1]
    assert missed[Kind.LISTED].right == missed[Kind.LISTED].true - 1
    assert missed[Kind.LISTED].precision == 1.0
    assert missed[Kind.PERSON].recall == 1.0
    assert compared(facts=facts).missed == compared(facts=facts).invented == ()
    assert compared(facts=facts | {replace(listed, entity_id="eq:NOSUCH")}).invented == (Slip("eq:NOSUCH", 1),)
    invented = {q.name: q for q in compared(facts=facts | {replace(listed, entity_id="eq:NOSUCH")}).entities}
    assert invented[Kind.LISTED].recall == 1.0
    assert invented[Kind.LISTED].served == invented[Kind.LISTED].right + 1


def test_two_accepted_ids_of_one_entity_are_one_hit() -> None:
    facts = perfect_facts()
    fed = next(fact for fact in facts if fact.entity_id in {"org:federal-reserve", "org:fed"})
    twice = facts | {replace(fed, entity_id=each) for each in ("org:fed", "org:federal-reserve")}
    overall = compared(facts=twice).entities[0]
    assert overall.right == overall.true
    assert overall.served == overall.true + 1


def test_a_wrong_sign_counts_against_both_classes() -> None:
    facts = perfect_facts()
    bad = next(fact for fact in sorted(facts, key=str) if fact.sign is Sign.NEGATIVE)
    comparison = compared(facts=facts - {bad} | {replace(bad, sign=Sign.POSITIVE)})
    signs = {quality.name: quality for quality in comparison.signs}
    assert signs["negative"].right == signs["negative"].true - 1
    assert signs["positive"].served == signs["positive"].right + 1
    assert signs["neutral"].precision == signs["neutral"].recall == 1.0
    assert comparison.sign_accuracy is not None
    assert comparison.sign_accuracy < 1.0


def test_facts_of_articles_that_were_not_fed_are_errors() -> None:
    stray = ServedFact("news", "no such id", "eq:AAPL", Sign.NEUTRAL)
    overall = compared(facts=perfect_facts() | {stray}).entities[0]
    assert overall.recall == 1.0
    assert overall.precision is not None
    assert overall.precision < 1.0


def test_nothing_served_has_no_precision() -> None:
    overall = compared(facts=set()).entities[0]
    assert overall.precision is None
    assert overall.recall == 0.0
