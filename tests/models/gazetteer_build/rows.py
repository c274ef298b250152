"""Companies as the lists have them, and how their words are used."""

from collections import Counter

from models.gazetteer_build.merge import Row
from models.gazetteer_build.words import WordUse

USE = WordUse(
    lower=Counter(target=50, gap=20, best=90, buy=90),
    capital=Counter(target=5, gap=3, microsoft=40),
    person=Counter(ford=3, kate=5),
    place=Counter(),
    organisation=Counter(),
)


def row(symbol: str, name: str, size: int, country: str = "United States") -> Row:
    """A company with one name and one ticker."""
    return Row(symbol, name, "", country, size, [name], [symbol])
