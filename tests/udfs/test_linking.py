"""The rules of linking on a small table of our own; the shipped one is tested in test_gazetteer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.gazetteer import COLUMNS, parse_table
from udfs.linking import Linker
from udfs.names import ID_LENGTH_MAX
from udfs.records import EntityType, LinkedEntity, Mention

ORG, PER, LOC = EntityType.ORG, EntityType.PER, EntityType.LOC
ROWS = (
    "eq:LEH\tLehman Brothers\tORG\tFinancials\tUS\t4\tLEH\tclehman|clehman brothers|clehman brothers holdings",
    "eq:GS\tGoldman Sachs\tORG\tFinancials\tUS\t4\tGS\tcgoldman sachs|cgoldman",
    "eq:GPS\tGap\tORG\tConsumer Discretionary\tUS\t4\tGPS\txgap",
    "eq:CMPS\tCompass\tORG\t\tUS\t1\tCMPS\tscompass",
    "eq:F\tFord Motor\tORG\tConsumer Discretionary\tUS\t4\tF\tnford|cford motor",
    "eq:GM\tGeneral Motors\tORG\tConsumer Discretionary\tUS\t4\tGM\tCgm|cgeneral motors",
    "eq:WB\tWeibo\tORG\t\tCN\t4\tWB\tcweibo",
    "eq:WB.OLD\tWachovia\tORG\tFinancials\tUS\t4\t-WB\tcwachovia",
    "eq:HKB\tSmall Cats\tORG\t\tUS\t0\tHKBV\tnsmall cats",
    "eq:AAPL\tApple\tORG\tInformation Technology\tUS\t5\tAAPL\tnapple|capple inc",
    "loc:united-states\tUnited States\tLOC\t\t\t4\t\tCus|cunited states",
    "org:federal-reserve\tFederal Reserve\tORG\t\t\t4\t\tcfed|cfederal reserve",
)
LINKER = Linker(parse_table(["\t".join(COLUMNS), *ROWS]))


def mention(text: str, surface: str, entity_type: EntityType = ORG) -> Mention:
    start = text.index(surface)
    return Mention(start, start + len(surface), surface, entity_type)


def ids(text: str, *mentions: Mention) -> list[str]:
    return [item.entity.entity_id for item in LINKER.link(text, mentions)]


def surfaces(linked: tuple[LinkedEntity, ...]) -> list[list[str]]:
    return [[mention.surface for mention in item.mentions] for item in linked]


def test_long_and_short_name_are_one_entity() -> None:
    linked = LINKER.link("UPDATE 2-Lehman's shares plunge; Lehman Brothers Holdings Inc files", ())
    assert [item.entity.entity_id for item in linked] == ["eq:LEH"]
    assert surfaces(linked) == [["Lehman", "Lehman Brothers Holdings"]]


@pytest.mark.parametrize("text", ["LEHMAN BROTHERS FILES FOR BANKRUPTCY", "lehman brothers files for bankruptcy"])
def test_case_does_not_matter_for_a_clear_name(text: str) -> None:
    assert ids(text) == ["eq:LEH"]


def test_a_lower_case_word_in_a_normal_headline_is_no_name() -> None:
    assert ids("The lehman way of life") == []


def test_the_mention_of_ner_keeps_its_span() -> None:
    text = "Lehman Brothers Asia Ltd sold"
    assert surfaces(LINKER.link(text, [mention(text, "Lehman Brothers Asia Ltd")])) == [["Lehman Brothers Asia Ltd"]]


def test_two_companies_in_one_mention_are_split() -> None:
    text = "Lehman Goldman talks"
    assert surfaces(LINKER.link(text, [mention(text, "Lehman Goldman")])) == [["Lehman"], ["Goldman"]]


def test_a_longer_unknown_name_is_another_entity() -> None:
    text = "Ford Foundation gives grant"
    assert ids(text, mention(text, "Ford Foundation")) == ["org:ford-foundation"]
    text = "Herbert Lehman speaks"
    assert ids(text, mention(text, "Herbert Lehman", PER)) == ["per:herbert-lehman"]
    text = "US Bankruptcy Court rules"
    assert ids(text, mention(text, "US Bankruptcy Court")) == ["org:us-bankruptcy-court"]


def test_a_plain_name_does_not_stretch_over_another_company() -> None:
    text = "Apple Capital profit"
    assert ids(text, mention(text, "Apple Capital")) == ["org:apple-capital"]


def test_a_name_needs_a_mention_of_its_type() -> None:
    text = "Ford pardons Nixon"
    assert ids(text, mention(text, "Ford", PER)) == ["per:ford"]
    assert ids(text, mention(text, "Ford", ORG)) == ["eq:F"]
    assert ids(text) == []


def test_an_ambiguous_name_needs_support() -> None:
    text = "Gap widens in Senate race"
    assert ids(text, mention(text, "Gap")) == ["org:gap"]
    for text in ("Gap shares fall", "Gap Inc opens", "Gap (NYSE: GPS) opens", "$GPS Gap opens"):
        assert ids(text, mention(text, "Gap")) == ["eq:GPS"], text
    assert ids("Gap shares fall") == []


def test_a_strict_name_is_not_supported_by_market_words() -> None:
    text = "Compass shares rise"
    assert ids(text, mention(text, "Compass")) == ["org:compass"]
    for text in ("Compass Inc says", "Compass rises, $CMPS"):
        assert ids(text, mention(text, "Compass")) == ["eq:CMPS"], text


def test_capitals_decide_where_a_word_means_something_else() -> None:
    assert ids("Tell us about GM food") == ["eq:GM"]
    assert ids("Trust us and gm") == []
    assert ids("U.S. and US agree") == ["loc:united-states"]
    assert ids("TELL US MORE") == []


@pytest.mark.parametrize(("text", "surface"), [("$AAPL up", "$AAPL"), ("up AAPL.O on news", "AAPL.O")])
def test_a_ticker_mark_is_a_mention_of_its_own(text: str, surface: str) -> None:
    linked = LINKER.link(text, ())
    assert [item.entity.entity_id for item in linked] == ["eq:AAPL"]
    assert linked[0].mentions == (mention(text, surface),)


def test_a_bare_ticker_is_not_a_mark() -> None:
    assert ids("AAPL and GPS rise") == []


def test_the_mention_that_ner_makes_of_a_mark_counts_once() -> None:
    text = "Apple Inc (NASDAQ: AAPL) rises"
    linked = LINKER.link(text, [mention(text, "Apple Inc"), mention(text, "NASDAQ: AAPL")])
    assert [item.entity.entity_id for item in linked] == ["eq:AAPL"]
    assert surfaces(linked) == [["Apple Inc", "AAPL"]]


def test_the_name_wins_over_a_ticker_that_was_given_to_another() -> None:
    assert ids("Wachovia <WB.N> falls") == ["eq:WB.OLD"]
    assert ids("Weibo <WB.N> falls") == ["eq:WB"]
    assert ids("$WB falls") == ["eq:WB"]
    assert ids("Wachovia falls $WB") == ["eq:WB.OLD"]


def test_a_small_companys_ticker_behind_another_name_is_not_believed() -> None:
    text = "Hat Trick Beverages (OTC: HKBV) signs"
    assert ids(text, mention(text, "Hat Trick Beverages")) == ["org:hat-trick-beverages"]


def test_unknown_names_are_nil_and_named_by_their_id() -> None:
    text = "The Acme Robotics Inc. of Utopia hires Jane Roe; Acme and Roe agree"
    linked = LINKER.link(
        text,
        [
            mention(text, "The Acme Robotics Inc."),
            mention(text, "Utopia", LOC),
            mention(text, "Jane Roe", PER),
            Mention(text.index("Acme and"), text.index("Acme and") + 4, "Acme", ORG),
            Mention(text.index("Roe agree"), text.index("Roe agree") + 3, "Roe", PER),
        ],
    )
    assert [item.entity.entity_id for item in linked] == ["org:acme-robotics", "loc:utopia", "per:jane-roe"]
    assert [item.entity.name for item in linked] == ["Acme Robotics", "Utopia", "Jane Roe"]
    assert [len(item.mentions) for item in linked] == [2, 1, 2]


def test_a_short_name_of_two_longer_ones_stays_its_own() -> None:
    text = "John Roe and Jane Roe: Roe"
    people = [mention(text, "John Roe", PER), mention(text, "Jane Roe", PER), Mention(23, 26, "Roe", PER)]
    assert ids(text, *people) == ["per:john-roe", "per:jane-roe", "per:roe"]


def test_a_known_entity_is_not_the_short_form_of_an_unknown_one() -> None:
    text = "Federal Reserve and the Federal Reserve Watchers Club"
    club = "Federal Reserve Watchers Club"
    found = ids(text, Mention(0, 15, "Federal Reserve", ORG), mention(text, club))
    assert found == ["org:federal-reserve", "org:federal-reserve-watchers-club"]


def test_a_mention_without_letters_is_dropped() -> None:
    assert ids("--- !", Mention(0, 3, "---", ORG)) == []


def test_what_is_known_of_an_id() -> None:
    assert LINKER.entity("eq:LEH").sector == "Financials"
    assert LINKER.entity("org:acme-robotics").name == "Acme Robotics"
    assert LINKER.entity("per:jane-roe").type is PER
    with pytest.raises(ValueError, match="prefixes"):
        LINKER.entity("topic:mergers")


def test_an_earlier_article_changes_nothing() -> None:
    text = "Compass shares rise"
    before = LINKER.link(text, [mention(text, "Compass")])
    LINKER.link("Compass Inc $CMPS", [mention("Compass Inc $CMPS", "Compass")])
    assert LINKER.link(text, [mention(text, "Compass")]) == before


pieces = st.lists(
    st.sampled_from(
        [*"$<>().,'é\u0301\u202e😀 ", " ", " Lehman", " Gap", "Inc", "$GPS", "(NYSE: GPS)", "AAPL.O", "US", "'s"]
    )
    | st.text(max_size=3),
    max_size=12,
).map("".join)


@st.composite
def articles(draw: st.DrawFn) -> tuple[str, list[Mention]]:
    text = draw(pieces)
    bounds = st.integers(0, len(text))
    spans = draw(st.lists(st.tuples(bounds, bounds, st.sampled_from(list(EntityType))), max_size=5))
    return text, [Mention(min(a, b), max(a, b), text[min(a, b) : max(a, b)], kind) for a, b, kind in spans]


@settings(max_examples=300)
@given(articles())
def test_spans_lie_in_the_text_and_never_overlap(article: tuple[str, list[Mention]]) -> None:
    text, mentions = article
    linked = LINKER.link(text, mentions)
    found = sorted((span for item in linked for span in item.mentions), key=lambda span: span.start)
    last = 0
    for span in found:
        assert last <= span.start < span.end <= len(text)
        assert text[span.start : span.end] == span.surface
        last = span.end
    firsts = [item.mentions[0].start for item in linked]
    assert firsts == sorted(firsts)
    for item in linked:
        assert "/" not in item.entity.entity_id
        assert item.entity.entity_id.isprintable()
        assert len(item.entity.entity_id) <= ID_LENGTH_MAX
        assert LINKER.entity(item.entity.entity_id) == item.entity
