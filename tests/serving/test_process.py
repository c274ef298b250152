import signal
import subprocess
import sys

import pytest

CODE = """
import logging
from serving.process import prepare
stop = prepare()
logging.getLogger("serving").info("ready")
logging.getLogger("kafka").error("not ours")
print(stop.is_set(), flush=True)
print(stop.wait(30), flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_asks_to_stop_and_ends_nothing(number: signal.Signals) -> None:
    command = [sys.executable, "-c", CODE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "False\n"
        process.send_signal(number)
        said, logged = process.communicate(timeout=30)
    assert (said, process.returncode) == ("True\n", 0)
    assert "serving INFO ready" in logged
    assert "not ours" not in logged
