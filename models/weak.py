"""Weak labels: what a model and the gazetteer together find in texts that nobody labelled."""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Sequence
from pathlib import Path

from models import corpora
from udfs.gazetteer import load_linker
from udfs.linking import Linker
from udfs.mentions import MentionFinder

_LEFT_OUT = frozenset({"pressRelease", "pressReleasesMolt", "video", "newsMaps"})
_MARKS = frozenset("<($:@#")
_NO_NAMES = frozenset((
    "ADVISORY", "ANALYSIS", "BRIEF", "CEO", "CFO", "CHRONOLOGY", "COLUMN", "CONSORTIUM", "CORRECTED", "DEALTALK",
    "DIARY", "ETF", "ETFS", "EXCLUSIVE", "FACTBOX", "FEATURE", "GSE", "GSES", "HIGHLIGHTS", "INTERVIEW", "IPO", "JV",
    "NEWSMAKER", "POLL", "PREVIEW", "REFILE", "RPT", "SCENARIOS", "SNAPSHOT", "SOURCE", "SOURCES", "TABLE", "TEXT",
    "TIMELINE", "TV", "UPDATE", "WRAPUP",
))  # fmt: skip
"""The wire's own slugs and words in capitals that taggers take for names."""


def headlines(path: Path, limit: int, chance: random.Random) -> list[str]:
    """Return different titles of a wire, drawn at random; press releases and pictures are left out."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        titles = sorted({row["title"] for row in rows if row["channel"] not in _LEFT_OUT})
    return chance.sample(titles, min(limit, len(titles)))


def label(
    finder: MentionFinder, linker: Linker, text: str, known: Sequence[corpora.Span] = ()
) -> tuple[corpora.Span, ...]:
    """Return the known spans and those that the model and the gazetteer add beside them, in order.

    Ticker marks are the linker's business, not names; neither are the wire's slugs.
    """
    found = [mention for one in linker.link(text, finder.find(text)) for mention in one.mentions]
    named = [
        mention
        for mention in found
        if text[max(0, mention.start - 1) : mention.start] not in _MARKS and mention.surface.upper() not in _NO_NAMES
    ]
    added = [
        corpora.Span(mention.start, mention.end, str(mention.type))
        for mention in named
        if all(mention.end <= span.start or span.end <= mention.start for span in known)
    ]
    return tuple(sorted((*known, *added), key=lambda span: span.start))


def examples(data: Path, finder: MentionFinder, limit: int) -> dict[str, list[corpora.Example]]:
    """Return `limit` headlines, and FinEntity with the persons and places that it does not label."""
    linker = load_linker()
    titles = headlines(data / "reuters_titles/stream_2008_sep_nov.tsv.gz", limit, random.Random(0))
    paragraphs = corpora.finentity(data / "finentity/FinEntity_offsets_fixed.json")
    return {
        "reuters_titles": [corpora.Example(text, label(finder, linker, text), "reuters_titles") for text in titles],
        "finentity": [
            corpora.Example(item.text, label(finder, linker, item.text, item.spans), item.source) for item in paragraphs
        ],
    }
