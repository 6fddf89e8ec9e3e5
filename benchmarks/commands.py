"""Programs of this checkout or of another commit, and the processor time that they take with all their workers."""

import os
import subprocess
import sys
from pathlib import Path

from core.base import process_environment


def processor_time(checkout: Path, command: list[str], **variables: str) -> float:
    """Run Python in a checkout, and wait for its first line where it has an input to be closed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | variables
    process_environment.use_one_blas_thread(environment)
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=checkout,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdout.readline()
    process.stdin.close()
    process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed in {checkout}")
    return usage.ru_utime + usage.ru_stime
