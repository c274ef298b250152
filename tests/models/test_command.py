# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs models/requirements.txt")

import torch

from models.command import Arguments, Stage


def stage(folder: Path) -> Stage:
    return Stage(Arguments(folder, folder, folder, seed=1, epochs=1), "first")


def test_a_finished_stage_is_loaded_and_not_fitted_again(tmp_path: Path) -> None:
    fitted, fresh = torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)
    assert stage(tmp_path).run(fitted, lambda: [0.12345]) == [0.1235]
    assert stage(tmp_path).run(fresh, lambda: pytest.fail("fitted again")) == [0.1235]
    assert torch.equal(fresh.weight, fitted.weight)


def test_a_stage_broken_off_while_it_is_written_is_fitted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken_off(_: object, path: Path) -> None:
        path.write_bytes(b"half of the weights")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", broken_off)
        with pytest.raises(KeyboardInterrupt):
            stage(tmp_path).run(torch.nn.Linear(2, 1), lambda: [1.0])
    assert stage(tmp_path).run(torch.nn.Linear(2, 1), lambda: [2.0]) == [2.0]
