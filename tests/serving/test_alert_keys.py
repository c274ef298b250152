from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from serving import alert_keys
from serving.alert_keys import Brief, Stamp
from serving.labels import TIME_MS_MAX

TIMES = st.integers(0, TIME_MS_MAX)
IDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=4)


@given(st.lists(st.tuples(TIMES, IDS), min_size=1), TIMES, TIMES)
def test_alerts_sort_newest_first_and_a_range_holds_its_beginning(
    alerts: list[tuple[int, str]], from_ms: int, to_ms: int
) -> None:
    keys = {alert_keys.by_time_key(*one): one for one in alerts}
    times = [keys[key][0] for key in sorted(keys)]
    assert all(earlier >= later for earlier, later in pairwise(times))
    lower, upper = alert_keys.by_time_bounds(from_ms, to_ms)
    for key, (time_ms, alert_id) in keys.items():
        assert (lower <= key < upper) == (from_ms <= time_ms < to_ms)
        assert alert_keys.by_time_id(key) == alert_id


@given(st.lists(st.tuples(st.integers(1, 1 << 62), IDS), min_size=1), st.integers(0, 1 << 62))
def test_changes_sort_by_their_numbers(changes: list[tuple[int, str]], after: int) -> None:
    keys = {alert_keys.change_key(*one): one for one in changes}
    assert [keys[key][0] for key in sorted(keys)] == sorted(number for number, _ in keys.values())
    lower, upper = alert_keys.changes_after(after)
    for key, (number, alert_id) in keys.items():
        assert (lower <= key < upper) == (number > after)
        assert (alert_keys.change_number(key), alert_keys.change_id(key)) == (number, alert_id)


@given(TIMES, st.integers(0, 1 << 62), IDS, IDS)
def test_values_are_read_as_they_were_packed(time_ms: int, change: int, rule: str, session: str) -> None:
    stamp, brief = Stamp(time_ms, change), Brief("open", rule, session, "")
    assert alert_keys.unpack_stamp(alert_keys.pack_stamp(stamp)) == stamp
    assert alert_keys.unpack_brief(alert_keys.pack_brief(brief)) == brief


@given(IDS, IDS, IDS)
def test_no_subject_has_the_keys_of_another(one: str, other: str, rest: str) -> None:
    if one != other:
        assert not (alert_keys.subject_prefix(one) + rest.encode()).startswith(alert_keys.subject_prefix(other))
        key = alert_keys.label_key("alert", one, rest)
        assert not key.startswith(alert_keys.label_prefix("alert", other))
        assert not key.startswith(alert_keys.label_prefix("mention", one))
