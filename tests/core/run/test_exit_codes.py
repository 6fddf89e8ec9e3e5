"""How programs end: each kind of error has its code, and the documentation has the same table."""

import re
from pathlib import Path

import pytest

from core.base.errors import CategoryError, ExrError, OutputError, UsageError
from core.run.annotation_run import Summary
from core.run.exit_codes import ExitCode, exit_code_of

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "command-line.md"


@pytest.mark.parametrize(
    ("error", "code"), [(UsageError, 2), (ExrError, 1), (CategoryError, 1), (OutputError, 1), (KeyboardInterrupt, 130)]
)
def test_errors(error: type[BaseException], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> int:
        raise error("why; what to do")

    assert exit_code_of(command) == code
    sentence = "Stopped; what was finished stays" if error is KeyboardInterrupt else "why; what to do"
    assert capsys.readouterr().err == f"labelpass: {sentence}\n"


def test_a_bug_is_no_exit_code() -> None:
    with pytest.raises(ZeroDivisionError):
        exit_code_of(lambda: 1 // 0)


@pytest.mark.parametrize(
    ("summary", "code"),
    [
        (Summary(annotated=1), 0),
        (Summary(annotated=1, failed={"a": "b"}), 1),
        (Summary(annotated=1, problems=["b"]), 1),
        (Summary(annotated=1, failed={"a": "b"}, stopped=True), 130),
    ],
)
def test_runs(summary: Summary, code: int) -> None:
    assert summary.exit_code == code


def test_the_documented_table() -> None:
    section = DOCUMENT.read_text(encoding="utf-8").partition("## Exit codes")[2].partition("\n## ")[0]

    rows = re.findall(r"^\| (\d+) \| (.*) \|$", section, re.MULTILINE)

    assert rows == [(str(int(code)), code.meaning) for code in ExitCode]
