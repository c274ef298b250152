import pytest

from udfs.records import Article, Sentiment


@pytest.mark.parametrize(
    ("headline", "body", "text"), [("H", "B", "H\n\nB"), ("H", "", "H"), ("", "B", "B"), ("", "", "")]
)
def test_the_text_of_an_article_begins_with_its_headline(headline: str, body: str, text: str) -> None:
    article = Article("news", "a", 0, 0, known_assumed=True, headline=headline, body=body)
    assert article.text == text


def test_the_score_is_of_what_is_positive() -> None:
    assert Sentiment(negative=0.1, neutral=0.2, positive=0.7).score == pytest.approx(0.6)
