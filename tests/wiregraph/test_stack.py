import os
from pathlib import Path

import pytest

from wiregraph import processes
from wiregraph.errors import Failure
from wiregraph.processes import ProcessRecord
from wiregraph.stack import BROKER, Stack, load_stack, locked, read_jobs, read_stack, save_stack, stack_file


def me(name: str, port: int = 0) -> ProcessRecord:
    return ProcessRecord(name=name, pid=os.getpid(), started=processes.started_at(os.getpid()), port=port)


def test_a_stack_reads_back_as_it_was_written(tmp_path: Path) -> None:
    stack = Stack(kafka_port=9092, controller_port=9093, grpc_port=50051).with_process(me(BROKER, 9092))
    save_stack(tmp_path, stack)
    assert read_stack(tmp_path) == stack == load_stack(tmp_path)
    assert (stack.bootstrap, stack.grpc) == ("127.0.0.1:9092", "127.0.0.1:50051")
    assert [file.name for file in tmp_path.iterdir()] == ["stack.json"]


def test_a_stack_whose_broker_is_gone_does_not_run(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"no stack runs .*wiregraph stack up"):
        load_stack(tmp_path)
    gone = me(BROKER).model_copy(update={"started": 1.0})
    save_stack(tmp_path, Stack(kafka_port=9092).with_process(gone))
    with pytest.raises(Failure, match="has ended: `wiregraph stack up`"):
        load_stack(tmp_path)
    assert read_stack(tmp_path).kafka_port == 9092


def test_a_damaged_file_is_one_clear_line(tmp_path: Path) -> None:
    stack_file(tmp_path).write_text('{"kafka_port": ')
    with pytest.raises(Failure, match="remove it"):
        read_stack(tmp_path)


def test_a_process_can_be_taken_out() -> None:
    stack = Stack().with_process(me(BROKER))
    assert stack.runs(BROKER)
    assert not stack.without_process(BROKER).runs(BROKER)
    assert stack.without_process("nobody") == stack


def test_two_commands_do_not_work_on_one_stack(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(Failure, match="another `wiregraph stack`"), locked(tmp_path, timeout_s=0.2):
        pass
    with locked(tmp_path, timeout_s=0.2):
        assert (tmp_path / "stack.lock").exists()


def test_a_directory_that_cannot_be_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Failure, match="cannot be used"), locked(tmp_path / "file" / "stack"):
        pass


def test_jobs_are_read_and_half_written_ones_left_out(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "a.json").write_text(me("news-graph").model_dump_json())
    (tmp_path / "jobs" / "b.json").write_text('{"name": "x"')
    assert [record.name for _, record in read_jobs(tmp_path)] == ["news-graph"]
