from __future__ import annotations

import pytest

from udfs.inference import load_models

MODELS = load_models()


def span(text: str, surface: str) -> tuple[int, int]:
    start = text.index(surface)
    return start, start + len(surface)


@pytest.mark.parametrize(
    ("text", "surface", "sign"),
    [
        ("UPDATE 2-Lehman shares plunge as talks end", "Lehman", -1),
        ("Infosys profit jumps 20% on strong demand", "Infosys", 1),
    ],
)
def test_the_shipped_model_tells_good_from_bad(text: str, surface: str, sign: int) -> None:
    (score,) = MODELS.sentiment.score(text, [span(text, surface)])
    assert score.score * sign > 0.3


def test_the_shipped_model_tells_one_company_from_the_other() -> None:
    text = "TCS gains, Wipro slumps after results"
    good, bad = MODELS.sentiment.score(text, [span(text, "TCS"), span(text, "Wipro")])
    assert good.score > 0.3
    assert bad.score < -0.3


def test_scores_are_probabilities_and_the_same_each_time() -> None:
    text = "TCS gains, Wipro slumps after results 🚀"
    spans = [span(text, "TCS"), span(text, "Wipro")]
    first = MODELS.sentiment.score(text, spans)
    MODELS.sentiment.score("Other news of Acme", [(14, 18)])
    assert first == MODELS.sentiment.score(text, spans)
    assert all(score.negative + score.neutral + score.positive == pytest.approx(1, abs=1e-5) for score in first)


def test_sentiment_is_the_same_whether_all_is_asked_or_not() -> None:
    text = "TCS gains.\n\n" + "Nothing else was said of it on that day. " * 40 + "Wipro slumps after results."
    spans = [span(text, "TCS"), span(text, "Wipro")]
    assert MODELS.text.read(text, spans).sentiment.tolist() == MODELS.text.sentiment(text, spans).tolist()


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("$TSLA to the moon 🚀🚀 best quarter ever", 1),
        ("worst airline ever, never again 😡", -1),
        ("Operating profit rose to EUR 13.1 mn from EUR 8.7 mn in the corresponding period .", 1),
        ("$BYND - JPMorgan downgrades Beyond Meat to underweight", -1),
    ],
)
def test_tone(text: str, sign: int) -> None:
    assert MODELS.social.score(text).score * sign > 0.2


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("ECB raises rates by 50 basis points, Lagarde says more to come", "Fed | Central Banks"),
        ("Acme declares $0.35 quarterly dividend", "Dividend"),
        ("OPEC+ agrees to cut crude output, Brent jumps", "Energy | Oil"),
    ],
)
def test_topics(text: str, topic: str) -> None:
    assert MODELS.topics.score(text).named == topic


def test_topics_of_the_wire() -> None:
    text = "WHEAT EXPORTS\n\nThe U.S. Agriculture Department said wheat shipments fell 12 pct to 400,000 tonnes."
    assert "wheat" in [one.topic for one in MODELS.topics.score(text).wire]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00",
        "\ud800",
        "\u202b\u05d0\u202c",
        "a\u0301" * 3_000,
        "🚀" * 5_000,
        "word " * 60_000,
        "x" * 200_000,
        "$$$",
    ],
    ids=["empty", "nul", "surrogate", "rtl", "combining", "emoji", "words", "one_word", "marks"],
)
def test_odd_texts_are_survived(text: str) -> None:
    spans = [(0, 1)] if text else []
    answers = MODELS.text.read(text, spans)
    assert answers.social.sum() == pytest.approx(1, abs=1e-5)
    assert answers.sentiment.sum(axis=1) == pytest.approx([1] * len(spans), abs=1e-5)
    assert MODELS.topics.topics(answers).named
