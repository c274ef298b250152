"""Packed rows of an entity in a dict, and windows of a list of minutes to compare with."""

from hypothesis import strategies as st

from serving.bucket_rows import pack_row, row_suffix, slot_of, unpack_row
from serving.keyspace import Packed, bucket_prefix
from serving.views import View
from serving.windows import MINUTE_MS, ZERO, Window, add
from udfs.changelog import Grain

BASE_MS = 19_000 * Grain.DAY.length_ms
MINUTES = st.lists(st.integers(0, 4 * 1440), max_size=40).map(
    lambda offsets: [BASE_MS + MINUTE_MS * one for one in offsets]
)
ENDS = st.integers(0, 5 * 1440).map(lambda offset: BASE_MS + MINUTE_MS * offset)
LENGTHS = st.one_of(st.sampled_from([5, 60, 1440, 10_080]), st.integers(1, 3_000)).map(lambda one: one * MINUTE_MS)
COUNTS = st.integers(1, 31)


class Stored(View):
    """Rows in a dict; they are read by whatever way."""

    def __init__(self, minutes: list[int]) -> None:
        self.rows: dict[bytes, bytes] = {}
        buckets: dict[bytes, dict[int, tuple[int, ...]]] = {}
        for minute in minutes:
            for grain in Grain:
                start = minute - minute % grain.length_ms
                row = buckets.setdefault(bucket_prefix("org:a") + row_suffix(grain, start), {})
                row[slot_of(grain, start)] = add(row.get(slot_of(grain, start), ZERO), (1,) * 8)
        self.rows = {key: pack_row(row) for key, row in buckets.items()}

    def get(self, key: bytes) -> bytes | None:
        return self.rows.get(key)

    def scan(self, lower: bytes, upper: bytes):  # type: ignore[no-untyped-def]  # noqa: ANN201 - as in View
        return iter(sorted((key, row) for key, row in self.rows.items() if lower <= key < upper))

    def bucket(self, grain: Grain, minute: int) -> Packed | None:
        """The one that a minute lies in."""
        row = self.rows.get(bucket_prefix("org:a") + row_suffix(grain, minute))
        return unpack_row(row).get(slot_of(grain, minute)) if row else None


def counted(minutes: list[int], last: Window, count: int) -> list[int]:
    windows = [last.before(back) for back in reversed(range(count))]
    return [sum(one.start_ms <= minute < one.end_ms for minute in minutes) for one in windows]
