"""Figures: their lines, their percentiles, and results that keep what did not run again."""

from pathlib import Path

from benchmarks.report import Figure, percentile, write_results


def test_a_line_has_five_parts() -> None:
    assert Figure("g", "rate", 71.25, "1/s", 0.9, "loop").line().split() == ["rate", "71.25", "1/s", "0.90", "loop"]
    assert Figure("g", "size", 3.0, "MiB").line().split() == ["size", "3", "MiB", "-", "-"]


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(value) for value in range(1, 101)]
    assert [percentile(values, share) for share in (0.5, 0.95, 0.99, 1.0)] == [50, 95, 99, 100]
    assert percentile([7.0], 0.99) == 7


def test_results_of_other_groups_stay(tmp_path: Path) -> None:
    path = tmp_path / "results.md"
    write_results([Figure("a", "x", 1, "s"), Figure("b", "y", 2, "s")], path)
    write_results([Figure("a", "x", 3, "s")], path)
    rows = [line for line in path.read_text().splitlines() if line.startswith(("| a", "| b"))]
    assert rows == ["| a | x | 3 | s |  |  |", "| b | y | 2 | s |  |  |"]


def test_figures_of_a_part_replace_those_of_their_names(tmp_path: Path) -> None:
    path = tmp_path / "results.md"
    write_results([Figure("a", "x", 1, "s"), Figure("a", "y", 2, "s"), Figure("b", "x", 3, "s")], path)
    write_results([Figure("a", "x", 4, "s")], path, parts=True)
    rows = [line for line in path.read_text().splitlines() if line.startswith(("| a", "| b"))]
    assert rows == ["| a | x | 4 | s |  |  |", "| a | y | 2 | s |  |  |", "| b | x | 3 | s |  |  |"]
