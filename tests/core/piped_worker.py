"""A worker that reads pipes as files: a scene record that is one holds it in the middle of a frame.

python -m tests.core.piped_worker THREADS SECONDS        see core/run/worker.py
"""

import sys
from pathlib import Path

from core.base import input_files
from core.run.worker import run_worker

# Stands for the interpreter where workers are started: python -s -P -m core.run.worker_program THREADS SECONDS
_INTERPRETER = """#!/bin/sh
exec '{python}' -s -P -m tests.core.piped_worker "$5" "$6"
"""


def program(folder: Path) -> str:
    """A program that starts such workers when it is taken for sys.executable."""
    path = folder / "python-of-piped-workers"
    path.write_text(_INTERPRETER.format(python=sys.executable), encoding="utf-8")
    path.chmod(0o755)
    return str(path)


if __name__ == "__main__":
    input_files.open_file = lambda path: path.open("rb")
    sys.exit(run_worker(int(sys.argv[1]), float(sys.argv[2])))
