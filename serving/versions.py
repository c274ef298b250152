"""How far a store is, as clients carry it from one answer to the next request. Pure.

A version names the changelog (Kafka's id of the topic) and the next offset of each of its partitions:
`TOPIC_ID:12.0.7.31`. It is a vector, since two replicas may have read the partitions in different
orders: a store is at least as far as another only if it is so in every partition.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from serving.progress import Progress

_TEXT = re.compile(r"([A-Za-z0-9_-]*):((?:[0-9]{1,19}(?:\.[0-9]{1,19})*)?)", re.ASCII)


class VersionError(ValueError):
    """A text that is no version."""


@dataclass(frozen=True, slots=True)
class Version:
    """`offsets` by partition, from 0 on."""

    topic_id: str
    offsets: tuple[int, ...]

    def reached_by(self, other: Version) -> bool:
        """Whether a store of the same changelog at `other` has all that one at this version has."""
        padded = (*other.offsets, *[0] * len(self.offsets))
        return all(there >= here for here, there in zip(self.offsets, padded, strict=False))


def version_of(progress: Progress) -> Version:
    """That of a store."""
    partitions = range(max(progress.offsets, default=-1) + 1)
    return Version(progress.topic_id, tuple(progress.offsets.get(partition, 0) for partition in partitions))


def version_text(progress: Progress) -> str:
    """As answers carry it."""
    version = version_of(progress)
    return f"{version.topic_id}:{'.'.join(map(str, version.offsets))}"


def parse_version(text: str) -> Version:
    """The inverse of `version_text`; raises `VersionError`."""
    found = _TEXT.fullmatch(text)
    if found is None:
        raise VersionError("is none that an answer carried")
    topic_id, offsets = found.groups()
    numbers = tuple(map(int, offsets.split("."))) if offsets else ()
    return Version(topic_id, numbers)
