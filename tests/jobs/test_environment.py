"""Flink's settings: what must differ from its defaults, and that nothing listens beyond loopback."""

from pathlib import Path

import pytest

from jobs.environment import connector_jars, flink_options
from jobs.settings import parse_settings
from udfs.topics import CLICK_FRAUD

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = ["--bootstrap=h:1", "--state-dir=s", "--log-dir=l"]


@pytest.fixture
def jars(tmp_path: Path) -> Path:
    jar = tmp_path / "org" / "flink-sql-connector-kafka-5.0.0-2.2.jar"
    jar.parent.mkdir()
    jar.touch()
    return tmp_path


def options(jars: Path, *more: str) -> dict[str, str]:
    return flink_options(parse_settings([*REQUIRED, f"--jars={jars}", *more]))


def test_state_is_rocksdb_and_checkpoints_are_kept(jars: Path) -> None:
    found = options(jars)
    assert found["state.backend.type"] == "rocksdb"
    assert found["execution.checkpointing.externalized-checkpoint-retention"] == "RETAIN_ON_CANCELLATION"
    assert "execution.state-recovery.path" not in found


def test_everything_listens_on_loopback(jars: Path) -> None:
    found = options(jars)
    assert {value for name, value in found.items() if "bind-" in name and "port" not in name} == {"127.0.0.1"}


def test_restores_from_what_it_is_told(jars: Path) -> None:
    assert options(jars, "--restore-from=file:/a")["execution.state-recovery.path"] == "file:/a"


def test_only_a_job_with_a_changelog_takes_over_what_it_starts_from(jars: Path) -> None:
    claim = "execution.state-recovery.claim-mode"
    restored = [*REQUIRED, f"--jars={jars}", "--restore-from=file:/a"]
    assert claim not in flink_options(parse_settings(restored))
    found = flink_options(parse_settings([*restored, "--pseudonym-key=k"], CLICK_FRAUD))
    assert (found[claim], found["state.changelog.enabled"]) == ("CLAIM", "true")


def test_one_slot_a_worker(jars: Path) -> None:
    found = options(jars, "--parallelism=3")
    assert found["parallelism.default"] == found["taskmanager.numberOfTaskSlots"] == "3"


def test_the_connector_travels_alone(jars: Path) -> None:
    (jars / "flink-other-1.jar").touch()
    found = connector_jars(parse_settings([*REQUIRED, f"--jars={jars}"]))
    assert [jar.name for jar in found] == ["flink-sql-connector-kafka-5.0.0-2.2.jar"]


def test_missing_jars_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="make setup"):
        options(tmp_path)


def test_python_in_threads_has_a_task_manager_of_its_own(jars: Path) -> None:
    settings = parse_settings([*REQUIRED, f"--jars={jars}", "--parallelism=3", "--pseudonym-key=k"], CLICK_FRAUD)
    found = flink_options(settings)
    assert found["python.execution-mode"] == "thread"
    assert (found["taskmanager.numberOfTaskSlots"], found["minicluster.number-of-taskmanagers"]) == ("1", "3")
    assert str(ROOT) in found["python.pythonpath"].split(":")


def test_only_the_click_job_keeps_a_changelog_beside_its_checkpoints(jars: Path) -> None:
    arguments = [*REQUIRED, f"--jars={jars}", "--state-dir=/state"]
    found = flink_options(parse_settings([*arguments, "--pseudonym-key=k"], CLICK_FRAUD))
    assert found["state.changelog.dstl.dfs.base-path"] == "file:///state/changelog"
    assert "state.changelog.enabled" not in flink_options(parse_settings(arguments))
