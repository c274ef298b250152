"""Measure linking: `python -m models.gazetteer_build.evaluate --data DATA [--write]`.

FinEntity's spans with a Reuters code behind them ("Johnson & Johnson <JNJ.N>") give a gold company;
the code is taken out of the text before linking by name. SEntFiN's spans that its own list knows give
a share only: the list is one of the gazetteer's sources. Neither is held out: names were curated
after reading what was missed in them. Benzinga's rows name a ticker, linked
without any mention. `--sample N` prints twice N links for reading by eye.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import orjson

from udfs.gazetteer import GAZETTEER_DIR, MANIFEST_NAME, load_gazetteer
from udfs.linking import Linker
from udfs.marks import find_marks
from udfs.records import EntityType, Mention

_FIRST = {1: EntityType.PER, 3: EntityType.LOC, 5: EntityType.ORG}
_CODE = re.compile(r"\s*<[A-Z0-9a-z]+\.[A-Z]{1,3}>")


@dataclass(frozen=True, slots=True)
class Gold:
    """A text without marks, the span of a name in it, and the symbols that stood behind the name."""

    text: str
    mention: Mention
    symbols: tuple[str, ...]


def finentity_gold(data: Path) -> Iterator[Gold]:
    """Yield FinEntity's spans that a Reuters code follows."""
    for row in json.loads((data / "finentity" / "FinEntity_offsets_fixed.json").read_text(encoding="utf-8")):
        for span in row["annotations"]:
            behind = _CODE.match(row["content"], span["end"])
            marks = find_marks(behind.group(), 100) if behind else []
            if marks:
                shift = sum(len(code.group()) for code in _CODE.finditer(row["content"], 0, span["start"]))
                text = _CODE.sub("", row["content"])
                start, end = span["start"] - shift, span["end"] - shift
                yield Gold(text, Mention(start, end, text[start:end], EntityType.ORG), marks[0].symbols)


def measure_finentity(
    linker: Linker, tickers: dict[str, tuple[int, ...]], ids: list[str], data: Path
) -> dict[str, object]:
    """Return shares of the gold companies that get an `eq:` id, and of those the right one."""
    linked = judged = right = known = total = 0
    for gold in finentity_gold(data):
        total += 1
        found = [
            item.entity.entity_id for item in linker.link(gold.text, [gold.mention]) if gold.mention in item.mentions
        ]
        candidates = {ids[index] for symbol in gold.symbols for index in tickers.get(symbol, ())}
        known += bool(candidates)
        if found and found[0].startswith("eq:"):
            linked += 1
            judged += bool(candidates)
            right += found[0] in candidates
    return {
        "n": total,
        "ticker_in_table": _share(known, total),
        "linked": _share(linked, total),
        "right_of_linked": _share(right, judged),
    }


def measure_sentfin(linker: Linker, data: Path) -> dict[str, object]:
    """Return the share of SEntFiN's company spans (of companies in its list) that get an `eq:` id."""
    surfaces: set[str] = set()
    with (data / "sentfin" / "entity_list_comprehensive.csv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            names = [name.strip() for name in row["Entity"].split(",")]
            if re.search(r"\b(?:Ltd|Limited)\b", names[0]):
                surfaces.update(names)
    linked = total = 0
    for line in (data / "sentfin" / "entity_pairs.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        _, start, end, surface, _, title = line.split("\t")
        if surface in surfaces and int(start) >= 0:
            mention = Mention(int(start), int(end), surface, EntityType.ORG)
            total += 1
            linked += any(item.entity.entity_id.startswith("eq:") for item in linker.link(title, [mention]))
    return {"n": total, "linked": _share(linked, total)}


def measure_benzinga(linker: Linker, data: Path) -> dict[str, object]:
    """Return the share of headlines whose ticker's company is found without any mention from NER."""
    found = total = 0
    path = data / "benzinga_analyst_ratings_sample" / "analyst_ratings_sample.csv"
    with path.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            if row["stock"] == "AAPL" or not row["title"]:
                continue
            total += 1
            found += any(item.entity.entity_id == f"eq:{row['stock']}" for item in linker.link(row["title"], ()))
    return {"n": total, "found": _share(found, total)}


def measure_speed(linker: Linker, data: Path) -> dict[str, object]:
    """Return milliseconds a headline, linked without mentions."""
    titles = headlines(data)[:20_000]
    start = time.perf_counter()
    for title in titles:
        linker.link(title, ())
    return {"n": len(titles), "ms_per_headline": round((time.perf_counter() - start) * 1_000 / len(titles), 3)}


def headlines(data: Path) -> list[str]:
    """Return the wire's headlines of autumn 2008, press releases left out."""
    with gzip.open(data / "reuters_titles" / "stream_2008_sep_nov.tsv.gz", "rt", encoding="utf-8") as lines:
        rows = [line.split("\t") for line in lines][1:]
    return [row[2] for row in rows if row[1] != "pressRelease"]


def finer_texts(data: Path) -> list[tuple[str, list[Mention]]]:
    """Return FiNER-ORD's training sentences with their gold mentions, tokens joined by spaces."""
    sentences: dict[tuple[str, str], list[tuple[str, int]]] = {}
    with (data / "finer_ord" / "train.csv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            tokens = sentences.setdefault((row["doc_idx"], row["sent_idx"]), [])
            tokens.append((row["gold_token"], int(row["gold_label"])))
    return [_with_mentions(tokens) for tokens in sentences.values()]


def _with_mentions(tokens: list[tuple[str, int]]) -> tuple[str, list[Mention]]:
    text = " ".join(token for token, _ in tokens)
    spans: list[tuple[int, int, EntityType]] = []
    start = 0
    for token, label in tokens:
        end = start + len(token)
        if label in _FIRST:
            spans.append((start, end, _FIRST[label]))
        elif label and spans:
            spans[-1] = (spans[-1][0], end, spans[-1][2])
        start = end + 1
    return text, [Mention(first, last, text[first:last], kind) for first, last, kind in spans]


def later_headlines(data: Path) -> list[str]:
    """Return headlines of 2010 and 2011: the table was corrected by reading those of 2008 only."""
    with gzip.open(data / "reuters_titles" / "monthly_day15_2007_2016.tsv.gz", "rt", encoding="utf-8") as lines:
        rows = [line.split("\t") for line in lines][1:]
    return [row[2] for row in rows if row[0] >= "2010" and "pressRelease" not in row[1]]


def sample(linker: Linker, data: Path, count: int) -> Iterator[str]:
    """Yield `count` links of later headlines without NER and of FiNER-ORD's gold mentions, to be read.

    Each company of the headlines is shown once, so that the famous ones do not hide the others.
    """
    unmarked: list[tuple[str, list[Mention]]] = [(title, []) for title in later_headlines(data)]
    for texts, once in ((unmarked, True), (finer_texts(data), False)):
        random.Random(20080915).shuffle(texts)
        yield from islice(_shown_links(linker, texts, once=once), count)


def _shown_links(linker: Linker, texts: list[tuple[str, list[Mention]]], *, once: bool) -> Iterator[str]:
    seen: set[str] = set()
    for text, mentions in texts:
        for item in linker.link(text, mentions):
            entity = item.entity
            if entity.entity_id.startswith("eq:") and not (once and entity.entity_id in seen):
                seen.add(entity.entity_id)
                yield f"{item.mentions[0].surface!r} -> {entity.entity_id} ({entity.name}) | {text[:160]}"


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def main() -> None:
    """Print the figures as JSON; `--write` puts them into the manifest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--gazetteer", type=Path, default=GAZETTEER_DIR)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--right", type=int, help="how many of the sampled links a reader found right")
    arguments = parser.parse_args()
    gazetteer = load_gazetteer(arguments.gazetteer)
    linker = Linker(gazetteer)
    for line in sample(linker, arguments.data, arguments.sample):
        print(line)
    ids = [listing.entity.entity_id for listing in gazetteer.listings]
    measured = {
        "finentity_spans_with_ticker": measure_finentity(linker, dict(gazetteer.tickers), ids, arguments.data),
        "sentfin_spans_in_its_list": measure_sentfin(linker, arguments.data),
        "benzinga_headlines_without_ner": measure_benzinga(linker, arguments.data),
        "speed": measure_speed(linker, arguments.data),
    }
    if arguments.right is not None:
        how = f"links of 'evaluate --sample {arguments.sample}' read one by one"
        measured["links_right_by_reading"] = {"n": 2 * arguments.sample, "right": arguments.right, "how": how}
    print(json.dumps(measured, indent=2))
    if arguments.write:
        write_measured(arguments.gazetteer / MANIFEST_NAME, measured)


def write_measured(path: Path, measured: dict[str, dict[str, object]]) -> None:
    """Put the figures into the manifest, with the table that they are of."""
    manifest = orjson.loads(path.read_bytes())
    manifest["measured"] = {"sha256": manifest["sha256"], **measured}
    path.write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    main()
