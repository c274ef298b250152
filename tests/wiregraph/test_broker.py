from pathlib import Path

import pytest

from wiregraph.broker import BrokerPlan, class_path, java, server_properties
from wiregraph.errors import Failure


@pytest.fixture
def jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WIREGRAPH_JARS", str(tmp_path))
    return tmp_path


def add(root: Path, path: str) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    return file


def test_the_class_path_leaves_flink_out(jars: Path) -> None:
    kafka = add(jars, "org/apache/kafka/kafka_2.13/4.3.0/kafka_2.13-4.3.0.jar")
    add(jars, "org/apache/flink/flink-sql-connector-kafka/5/flink-sql-connector-kafka-5.jar")
    assert class_path() == str(kafka)


def test_missing_jars_say_what_to_run(jars: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Failure, match="make setup"):
        class_path()
    monkeypatch.setenv("WIREGRAPH_JARS", str(jars / "nowhere"))
    with pytest.raises(Failure, match="make setup"):
        class_path()


def fake_java(home: Path, version: str) -> None:
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    program.chmod(0o755)


@pytest.mark.parametrize("version", ["17", "17.0.15", "21.0.1"])
def test_a_java_that_is_new_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    fake_java(tmp_path, version)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert java() == str(tmp_path / "bin" / "java")


@pytest.mark.parametrize("version", ["11.0.2", "1.8.0_402", "nonsense"])
def test_a_java_that_is_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    fake_java(tmp_path, version)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(Failure, match="install a JDK 17"):
        java()


def test_no_java_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Failure, match="java is missing on the PATH: install a JDK 17"):
        java()


def test_the_broker_listens_on_loopback_only() -> None:
    plan = BrokerPlan(Path("/x"), 9092, 9093)
    lines = dict(line.split("=", 1) for line in server_properties(plan, plan.data).splitlines())
    listeners = lines["listeners"].split(",") + lines["advertised.listeners"].split(",")
    assert all("//127.0.0.1:" in listener for listener in listeners)
    assert lines["auto.create.topics.enable"] == "false"
    assert int(lines["message.max.bytes"]) >= 8 * 1024 * 1024
