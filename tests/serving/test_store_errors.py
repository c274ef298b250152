"""What RocksDB says is told apart: what the machine refuses is waited for, only what is broken is built again."""

import pytest

from serving.store_errors import StoreBusyError, StoreCorruptError, StoreError, StoreLockedError, translated


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("IO error: While appending to file: 000004.log: File too large", StoreBusyError),
        ("IO error: While appending to file: 000004.log: Disk quota exceeded", StoreBusyError),
        ("IO error: No space left on device", StoreBusyError),
        ("IO error: While lock file: LOCK: Resource temporarily unavailable", StoreLockedError),
        ("Corruption: block checksum mismatch", StoreCorruptError),
        ("Invalid argument: no such option", StoreError),
    ],
)
def test_errors_are_of_their_kind(message: str, kind: type[StoreError]) -> None:
    with pytest.raises(StoreError) as raised, translated():
        raise RuntimeError(message)
    assert type(raised.value) is kind
