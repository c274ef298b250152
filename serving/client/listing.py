"""A list that the server gave, which pandas takes as a frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_type_hints, overload

from serving.client.records import Details

if TYPE_CHECKING:
    from pandas import DataFrame

RecordT = TypeVar("RecordT")

_TIME = "datetime64[ms, UTC]"
_LENGTH = "timedelta64[ms]"
_DTYPES: dict[Any, str] = {
    str: "string",
    int: "int64",
    bool: "bool",
    float: "float64",
    float | None: "float64",
    datetime | None: _TIME,
    timedelta | None: _LENGTH,
}
"""By a record's type of field; whatever else there is stays an object."""
_LEFT_OUT = (Details | None,)
"""What no record of a list has."""


@dataclass(frozen=True)
class Listing(Sequence[RecordT], Generic[RecordT]):
    """Records of one kind in the order of the answer, of a graph at `version` complete up to `watermark`.

    `indexed_by` names the field that a frame is indexed by, empty for none. Not `complete`: bounds left something out.
    """

    kind: type[RecordT]
    items: tuple[RecordT, ...]
    watermark: datetime | None = None
    applied_at: datetime | None = None
    version: str = ""
    indexed_by: str = ""
    next_page_token: str = ""
    complete: bool = True

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[RecordT]:
        return iter(self.items)

    @overload
    def __getitem__(self, index: int) -> RecordT: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[RecordT]: ...

    def __getitem__(self, index: int | slice) -> RecordT | Sequence[RecordT]:
        return self.items[index]

    def to_pandas(self) -> DataFrame:
        """A row a record, a typed column a field, also of a record in it, times in UTC. Needs pandas."""
        import pandas as pd  # noqa: PLC0415 - who asks for no frame needs no pandas

        columns = _columns(self.kind, self.items)
        frame = pd.DataFrame({name: pd.Series(values, dtype=dtype) for name, dtype, values in columns})
        return frame.set_index(self.indexed_by) if self.indexed_by else frame


def _columns(kind: Any, items: Sequence[Any]) -> Iterator[tuple[str, str, list[Any]]]:  # noqa: ANN401 - a dataclass
    """Each column's name, type and values."""
    hints = get_type_hints(kind)
    for field in fields(kind):
        hint, values = hints[field.name], [getattr(item, field.name) for item in items]
        if is_dataclass(hint):
            yield from _columns(hint, values)
        elif hint not in _LEFT_OUT:
            yield field.name, _DTYPES.get(hint, "object"), values
