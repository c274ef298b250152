"""A reader beside a writer that closes its store and opens it again, as an applier does that is started anew."""

import tempfile
from pathlib import Path

import pytest

from serving.live import Live
from serving.settings import Sizes
from serving.store import GraphReader
from tests.oracles.graph import Article, Said
from tests.serving.filling import fill_store
from tests.serving.running import ARTICLES, T0, until
from wiregraph.v1 import graph_pb2

DAY_MS = 86_400_000


def test_what_is_kept_is_dropped_though_the_writes_came_in_tables(tmp_path: Path) -> None:
    articles = list(ARTICLES)
    fill_store(tmp_path / "live", articles)
    with GraphReader(tmp_path / "live") as reader:
        live = Live(reader, lambda _: True, Sizes())
        live.catch_up()

        def counted() -> int:
            live.catch_up()
            found = live.score("org:b", DAY_MS)
            assert found is not None
            return graph_pb2.EntityScore.FromString(found[1].content).articles

        assert counted() == 1
        for number in range(2, 40):
            articles.append(Article(f"more{number}", T0, T0, (Said("org:b", 500_000, 0),)))
            fill_store(tmp_path / "live", articles)
            until(lambda wanted=number: counted() == wanted)  # type: ignore[misc] # mypy does not infer defaults


def test_what_a_store_was_opened_with_before_is_not_left_lying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    fill_store(tmp_path / "live", ARTICLES)
    with GraphReader(tmp_path / "live") as reader:
        for number in range(3):
            fill_store(tmp_path / "live", [*ARTICLES, Article(f"more{number}", T0, T0, (Said("org:b", 500_000, 0),))])
            reader.catch_up()
            view = reader.view()
            assert view.progress().changes
            assert len(list((tmp_path / "scratch").glob("wiregraph-reader-*/*"))) == 1
    assert not list((tmp_path / "scratch").iterdir())
