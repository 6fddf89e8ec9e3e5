"""Processes of examples/train: they end when the one that started them is stopped or killed."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
SCRIPT = """
import os, time
from examples.train.workers import exit_when_terminated, in_processes

def work(seconds):
    print(os.getpid(), flush=True)
    time.sleep(seconds)
    return seconds

if __name__ == "__main__":
    exit_when_terminated()
    print(list(in_processes(work, {seconds})))
"""


def start(tmp_path: Path, seconds: list[float]) -> "subprocess.Popen[str]":
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(seconds=seconds))
    command = [sys.executable, script]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(CHECKOUT)})


def is_running(process: int) -> bool:
    """A process that has ended and that nobody has waited for counts as ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_results_come_in_order(tmp_path: Path) -> None:
    process = start(tmp_path, [0.3, 0.0, 0.1])
    assert process.communicate(timeout=120)[0].splitlines()[-1] == "[0.3, 0.0, 0.1]"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_no_worker_is_left_behind(tmp_path: Path, how: signal.Signals) -> None:
    process = start(tmp_path, [600.0])
    assert process.stdout is not None
    worker = int(process.stdout.readline())
    assert is_running(worker)
    process.send_signal(how)
    process.wait(60)
    give_up = time.monotonic() + 60
    while is_running(worker) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not is_running(worker)
    process.stdout.close()
