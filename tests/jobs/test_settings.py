"""Settings of a job: from its command line and from Kafka's properties file."""

from pathlib import Path

import pytest

from jobs.settings import JobSettings, parse_settings
from udfs.topics import CLICK_FRAUD

REQUIRED = ["--bootstrap=h:1", "--state-dir=s", "--jars=j", "--log-dir=l"]


def test_defaults() -> None:
    assert parse_settings(REQUIRED) == JobSettings("h:1", Path("s"), Path("j"), Path("l"))


def test_everything_can_be_said() -> None:
    settings = parse_settings([*REQUIRED, "--graph=g", "--parallelism=2", "--rest-port=8081", "--bounded"])
    assert (settings.graph, settings.parallelism, settings.rest_port, settings.bounded) == ("g", 2, 8081, True)
    assert settings.job_name == "news-graph.g"


def test_wrong_usage_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_settings(["--bootstrap=h:1"])
    assert ended.value.code == 2
    assert "--state-dir" in capsys.readouterr().err


def test_the_click_job_needs_the_key_of_the_pseudonyms(capsys: pytest.CaptureFixture[str]) -> None:
    found = parse_settings([*REQUIRED, "--pseudonym-key=k", "--no-cascade"], CLICK_FRAUD)
    assert (found.job_name, found.pseudonym_key, found.cascade) == ("click-fraud", Path("k"), False)
    with pytest.raises(SystemExit):
        parse_settings(REQUIRED, CLICK_FRAUD)
    assert "--pseudonym-key" in capsys.readouterr().err
