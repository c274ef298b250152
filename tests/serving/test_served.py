from pathlib import Path

import pytest

from serving.served import serve, served_graph, topic_graph


def test_the_live_graph_is_served_until_another_is(tmp_path: Path) -> None:
    assert served_graph(tmp_path / "gone") == served_graph(tmp_path) == "live"
    serve(tmp_path, "again")
    assert served_graph(tmp_path) == "again"
    serve(tmp_path, "")
    assert served_graph(tmp_path) == "live"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("content", ["", "\n", "../live", "a b", "a/b", "\xff"])
def test_what_is_no_name_in_the_file_serves_the_live_graph(tmp_path: Path, content: str) -> None:
    serve(tmp_path, "again")
    (file,) = tmp_path.iterdir()
    file.write_bytes(content.encode("latin-1"))
    assert served_graph(tmp_path) == "live"


@pytest.mark.parametrize("name", ["../live", "a/b", ".served", "a b"])
def test_what_is_no_name_is_not_served(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name of a graph"):
        serve(tmp_path, name)
    assert served_graph(tmp_path) == "live"


def test_topics_know_the_live_graph_by_no_name() -> None:
    assert (topic_graph("live"), topic_graph("again")) == ("", "again")
