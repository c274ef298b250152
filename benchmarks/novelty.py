"""Similar headlines by signature against a brute-force twin with exact Jaccard similarities, on a real wire.

    python -m benchmarks.novelty WIRE.tsv.gz --from 2008-09-01 --to 2008-10-01

All pairs of headlines at most 7 days apart are compared, as if they were about one entity, which is more than any
graph compares. A shorter signature is the beginning of the shipped one, and is there to show what its length is worth.
"""

from __future__ import annotations

import argparse
import gzip
import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Figure
from serving.keyspace import FactKey, FactValue, KnownFact
from serving.novelty import REACH_MS, Told
from udfs.similarity import BITS, SIMILAR_LEAST, shingles, signature, signature_bytes
from wiregraph.readers import Row, read_tsv
from wiregraph.times import parse_time

Codes = NDArray[np.int64]
"""Pairs of places, the earlier one first, each as one number."""

GROUP = "novelty"
WIDTHS = (BITS // 2, BITS)
COST_MS_MAX = 1.0
CROWD = 2_000
"""What is compared in one go for the cost: headlines of a week about one entity, as there are of few."""


@dataclass(frozen=True, slots=True)
class Headline:
    """When it was published, epoch ms, and what it says."""

    time_ms: int
    title: str


@dataclass(frozen=True, slots=True)
class Compared:
    """Pairs that are similar by the exact measure and by the signatures."""

    exact: Codes
    estimated: Codes

    @property
    def found(self) -> int:
        """In both."""
        return len(np.intersect1d(self.exact, self.estimated, assume_unique=True))

    @property
    def missed(self) -> Codes:
        """By the exact measure alone."""
        return np.setdiff1d(self.exact, self.estimated, assume_unique=True)

    @property
    def false(self) -> Codes:
        """By the signatures alone."""
        return np.setdiff1d(self.estimated, self.exact, assume_unique=True)

    def novel_alike(self, headlines: int) -> float:
        """The share of headlines of which both say alike whether anything similar came before."""
        repeats = [np.isin(np.arange(headlines), one % headlines) for one in (self.exact, self.estimated)]
        return float(np.mean(repeats[0] == repeats[1]))


def read_wire(path: Path, from_ms: int, to_ms: int) -> list[Headline]:
    """The headlines of a tab-separated wire with the columns timestamp_utc and title, in [from, to), by time."""
    with gzip.open(path, "rb") as stream:
        rows = (row.cells for row in read_tsv(BufferedReader(stream)).rows if isinstance(row, Row))
        found = [Headline(parse_time(row["timestamp_utc"]), row["title"]) for row in rows]
    return sorted((one for one in found if from_ms <= one.time_ms < to_ms), key=lambda one: one.time_ms)


def exact_pairs(headlines: Sequence[Headline], within_ms: int = REACH_MS) -> Codes:
    """The twin: pairs whose shingles have a Jaccard similarity of at least `SIMILAR_LEAST`, each compared exactly.

    Two sets that are so alike share one of the rarest shingles of each, of which each has so many that the others alone
    would not do (prefix filtering, Chaudhuri et al., 2006); only such pairs are compared.
    """
    sets = [shingles(one.title) for one in headlines]
    seen = Counter(shingle for one in sets for shingle in one)
    earlier: dict[str, list[int]] = {}
    codes = []
    for place, own in enumerate(sets):
        ranked = sorted(own, key=lambda shingle: (seen[shingle], shingle))
        rarest = ranked[: len(ranked) - math.ceil(len(ranked) * SIMILAR_LEAST) + 1]
        least_ms = headlines[place].time_ms - within_ms
        near = {other for shingle in rarest for other in earlier.get(shingle, ())}
        others = (other for other in near if headlines[other].time_ms >= least_ms)
        codes += [other * len(sets) + place for other in others if jaccard(own, sets[other]) >= SIMILAR_LEAST]
        for shingle in rarest:
            earlier.setdefault(shingle, []).append(place)
    return np.sort(np.array(codes, dtype=np.int64))


def jaccard(one: set[str], other: set[str]) -> float:
    """The share of the shingles of either that both have."""
    return len(one & other) / len(one | other)


def estimated_pairs(headlines: Sequence[Headline], bits: int = BITS, within_ms: int = REACH_MS) -> Codes:
    """Pairs that the first bits of their signatures call similar; all pairs are compared."""
    width = bits // 64
    words = [np.frombuffer(signature_bytes(signature(one.title)) or bytes(BITS // 8), np.uint64) for one in headlines]
    signatures = np.array(words).reshape(-1, BITS // 64).T[:width].copy()
    told = signatures.any(axis=0)
    times = np.array([one.time_ms for one in headlines])
    lows = np.searchsorted(times, times - within_ms)
    codes = []
    for place in np.flatnonzero(told):
        low = int(lows[place])
        apart = np.bitwise_count(signatures[:, low:place] ^ signatures[:, place, np.newaxis]).sum(
            axis=0, dtype=np.uint16
        )
        similar = low + np.flatnonzero((apart <= bits * (1 - SIMILAR_LEAST) / 2) & told[low:place])
        codes.append(similar * len(times) + place)
    return np.sort(np.concatenate(codes)) if codes else np.array([], dtype=np.int64)


def quality(headlines: Sequence[Headline]) -> Iterator[Figure]:
    """What signatures find of what the twin finds, by their length."""
    exact = exact_pairs(headlines)
    yield Figure(GROUP, "similar_pairs", len(exact), "pairs")
    for bits in WIDTHS:
        compared = Compared(exact, estimated_pairs(headlines, bits))
        name = f"signature_of_{bits}_bits"
        yield Figure(GROUP, f"{name}_found", compared.found, "pairs", compared.found / max(1, len(exact)), "twin")
        for what, codes in (("missed", compared.missed), ("false", compared.false)):
            yield Figure(GROUP, f"{name}_{what}", len(codes), "pairs", len(codes) / max(1, len(exact)), "twin")
            if len(codes):
                yield Figure(GROUP, f"{name}_{what}_jaccard", _mean_jaccard(headlines, codes), "mean")
        yield Figure(GROUP, f"{name}_novel_7d_alike", compared.novel_alike(len(headlines)), "of_headlines")


def _mean_jaccard(headlines: Sequence[Headline], codes: Codes) -> float:
    pairs = [(headlines[code // len(headlines)], headlines[code % len(headlines)]) for code in codes.tolist()]
    return float(np.mean([jaccard(shingles(one.title), shingles(other.title)) for one, other in pairs]))


def cost(headlines: Sequence[Headline]) -> Iterator[Figure]:
    """CPU milliseconds an article: its signature, and comparing it with a week of an entity that is often named."""
    begin_s = time.process_time()
    signatures = [signature_bytes(signature(one.title)) for one in headlines]
    yield _cost("signature", time.process_time() - begin_s, len(headlines))
    crowd = list(zip(headlines, signatures, strict=True))[:CROWD]
    facts = [
        KnownFact(FactKey("eq:A", one.time_ms, "news", str(at)), FactValue(one.time_ms, 1, 0, 0, 0, "", told_bits))
        for at, (one, told_bits) in enumerate(crowd)
    ]
    begin_s = time.process_time()
    told = Told(facts)
    for fact in facts:
        told.before(fact.key)
    yield _cost(f"compared_with_up_to_{len(facts)}", time.process_time() - begin_s, len(facts))


def _cost(name: str, seconds: float, articles: int) -> Figure:
    each_ms = 1_000 * seconds / max(1, articles)
    return Figure(GROUP, name, each_ms, "ms_an_article", each_ms / COST_MS_MAX, "target_1_ms")


def main() -> None:
    """Print a line a figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wire", type=Path)
    parser.add_argument("--from", dest="start", default="1970-01-01T00:00:00Z")
    parser.add_argument("--to", dest="end", default="9999-01-01T00:00:00Z")
    asked = parser.parse_args()
    headlines = read_wire(asked.wire, parse_time(asked.start), parse_time(asked.end))
    print(f"headlines {len(headlines):,}")
    for figure in chain(quality(headlines), cost(headlines)):
        print(figure.line(), flush=True)


if __name__ == "__main__":
    main()
