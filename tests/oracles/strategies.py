"""Random articles for tests: a few entities over a few days, so that buckets of all grains fill."""

from hypothesis import strategies as st

from tests.oracles.graph import Article, Said
from udfs.records import MICRO

DAY_MS = 86_400_000
BASE_MS = 14_000 * DAY_MS
ENTITIES = [f"org:{letter}" for letter in "abcdef"]

_SAID = st.builds(
    Said,
    st.sampled_from(ENTITIES),
    st.integers(0, MICRO),
    st.integers(-MICRO, MICRO),
    st.integers(-1, 1),
    st.integers(1, 5),
)
# Times cluster at the bounds of minutes, hours and days.
TIMES = st.one_of(
    st.integers(0, 4 * DAY_MS),
    st.builds(
        lambda whole, off: max(0, whole + off),
        st.sampled_from([0, DAY_MS, DAY_MS + 3_600_000, 2 * DAY_MS]),
        st.integers(-61_000, 61_000),
    ),
).map(lambda offset: BASE_MS + offset)
_TEXTS = st.lists(st.sampled_from(["alpha", "falls", "on", "its", "debt", "..."]), max_size=6).map(" ".join)
_DELAYS = st.sampled_from([0, 1_000, 3_600_000, DAY_MS])


def _articles(drawn: list[tuple[int, int, list[Said], str]]) -> list[Article]:
    return [
        Article(f"a{number}", time, time + delay, tuple(said), text=text)
        for number, (time, delay, said, text) in enumerate(drawn)
    ]


ARTICLES = st.lists(
    st.tuples(TIMES, _DELAYS, st.lists(_SAID, min_size=1, max_size=5, unique_by=lambda said: said.entity), _TEXTS),
    min_size=1,
    max_size=15,
).map(_articles)
