"""A list that the server gave, which pandas takes as a frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
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

    `indexed_by` names the field that a frame is indexed by, empty for none.
    """

    kind: type[RecordT]
    items: tuple[RecordT, ...]
    watermark: datetime | None = None
    applied_at: datetime | None = None
    version: str = ""
    indexed_by: str = ""
    next_page_token: str = ""

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
        """A row a record, a typed column a field, times in UTC; also of an empty list. Needs pandas."""
        import pandas as pd  # noqa: PLC0415 - who asks for no frame needs no pandas

        hints = get_type_hints(self.kind)
        columns = {
            field.name: pd.Series(
                [getattr(item, field.name) for item in self.items], dtype=_DTYPES.get(hints[field.name], "object")
            )
            for field in fields(self.kind)  # type: ignore[arg-type] # all kinds are dataclasses
            if hints[field.name] not in _LEFT_OUT
        }
        frame = pd.DataFrame(columns)
        return frame.set_index(self.indexed_by) if self.indexed_by else frame
