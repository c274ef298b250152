"""Style that no linter holds: the sizes of files and functions, and nothing of a machine in what is committed."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 50
EXEMPT: dict[str, str] = {}
"""At most five files, each with its reason."""


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file()]


SOURCES = [path for path in tracked("*.py") if str(path.relative_to(ROOT)) not in EXEMPT]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_sizes(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= FILE_LINES_MAX
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < FUNCTION_LINES_MAX, node.name


def test_there_are_few_exemptions() -> None:
    assert SOURCES
    assert len(EXEMPT) <= 5


def test_nothing_of_a_machine_is_committed() -> None:
    suspicious = re.compile(
        r"/root/|/home/\w|/work/|https?://(?:pypi|files\.pythonhosted|repo\d?\.maven|registry\.npm)"
    )
    files = tracked("*.py", "*.md", "*.toml", "*.lock", "*.xml", "*.txt", "*.json", "Makefile", ".ci/*")
    found = [
        str(path) for path in files if path != Path(__file__).resolve() and suspicious.search(path.read_text("utf-8"))
    ]
    assert found == []
