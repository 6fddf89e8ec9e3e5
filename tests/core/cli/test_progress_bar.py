"""The progress bar: on a terminal only."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from core.cli.progress_bar import progress_bar

CHECKOUT = Path(__file__).resolve().parents[3]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)

    with progress_bar("frame", 4) as show:
        assert "0/4" in terminal.getvalue()
        show(3, 4, "17 instances")
    with progress_bar("record") as show:
        show(2, 2)

    assert "3/4" in terminal.getvalue()
    assert "17 instances" in terminal.getvalue()
    assert "2/2" in terminal.getvalue()


def test_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for elsewhere in (io.StringIO(), None):
        monkeypatch.setattr(sys, "stderr", elsewhere)
        with progress_bar("frame", 4) as show:
            show(3, 4, "17 instances")
        assert elsewhere is None or elsewhere.getvalue() == ""


def test_a_command_without_a_terminal_does_not_wait_for_it(tmp_path: Path) -> None:
    frame = CHECKOUT / "tests/data/4.5/multilayer_0001.exr"
    command = [sys.executable, "-X", "importtime", "-m", "core", "annotate", frame, "--output", tmp_path]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0
    assert "core.cli.progress_bar" in done.stderr
    assert "tqdm" not in done.stderr
