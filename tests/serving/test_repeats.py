from collections import Counter
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from serving.repeats import Repeats
from serving.windows import MINUTE_MS, Window

WINDOW = Window(20 * MINUTE_MS, 10 * MINUTE_MS)
MINUTES = st.integers(0, 30).map(lambda minute: minute * MINUTE_MS)


def of(minutes: Iterable[int]) -> Repeats:
    inside = [minute for minute in minutes if WINDOW.start_ms <= minute < WINDOW.end_ms]
    return Repeats(len(inside), min(inside, default=None))


@given(st.lists(MINUTES, max_size=6), st.dictionaries(MINUTES, st.integers(-1, 2), max_size=6))
def test_a_change_gives_what_counting_anew_would(minutes: list[int], added: dict[int, int]) -> None:
    changed = of(minutes).changed(WINDOW, added)
    if any(more < 0 and WINDOW.start_ms <= minute < WINDOW.end_ms for minute, more in added.items()):
        assert changed is None  # The first one may be gone.
        return
    after = Counter(minutes)
    after.update({minute: more for minute, more in added.items() if more > 0})
    assert changed == of(after.elements())
