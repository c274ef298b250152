"""Whether the click job has read what was fed, by what its checkpoints have committed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from kafka.errors import KafkaError

from serving.prober import Prober
from udfs.topics import CLICK_FRAUD, CLICKS, consumer_group
from wiregraph.errors import Failure


class ClicksRead:
    """Asks Kafka; a committed click's alerts are in Kafka too."""

    def __init__(self, prober: Prober) -> None:
        self._prober = prober

    def all(self) -> bool:
        """Whether every click that is in Kafka now is read; raises Failure where Kafka does not answer."""
        try:
            return all(part.consumed or part.begin == part.end for part in self._prober.probe({}))
        except KafkaError as error:
            raise Failure(f"Kafka does not say how far the click job is: {error or type(error).__name__}") from error


@contextmanager
def clicks_read(bootstrap: str) -> Iterator[ClicksRead]:
    """For as long as the demo runs."""
    prober = Prober(consumer_group(CLICK_FRAUD), (CLICKS,), {"bootstrap_servers": bootstrap})
    with closing(prober):
        yield ClicksRead(prober)
