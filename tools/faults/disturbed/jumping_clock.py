"""The command, or a worker of it, in a process whose clock jumps by a day and more, to and fro.

    python -m tools.faults.disturbed.jumping_clock ARGUMENTS...             as `labelpass ARGUMENTS...`, workers too
    python -m tools.faults.disturbed.jumping_clock worker THREADS SECONDS   a worker

Files have the times of the machine's own clock, so by that of the process they are of tomorrow, or of the day before
yesterday.
"""

import itertools
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

_DAY = 24 * 3600.0
# One after the other, a step each time that somebody looks.
_AHEAD = (0.0, 1.5 * _DAY, -1.5 * _DAY, 0.5 * _DAY, 400 * _DAY, -400 * _DAY)
_INTERPRETER = """#!/bin/sh
exec '{python}' -s -P -m tools.faults.disturbed.jumping_clock worker "$5" "$6"
"""

Clock = TypeVar("Clock", int, float)


def _jumping(clock: Callable[[], Clock], unit: Clock) -> Callable[[], Clock]:
    ahead = itertools.cycle(_AHEAD)
    return lambda: clock() + type(unit)(next(ahead) * unit)


def jump() -> None:
    """Let the clock of this process jump from now on."""
    time.time, time.time_ns = _jumping(time.time, 1.0), _jumping(time.time_ns, 1_000_000_000)


def main() -> int:
    jump()
    if sys.argv[1:2] == ["worker"]:
        from core.run.worker import run_worker

        return run_worker(int(sys.argv[2]), float(sys.argv[3]))
    from core.cli.main import main as command

    with tempfile.TemporaryDirectory(prefix="labelpass-faults-") as folder:
        interpreter = Path(folder) / "python"
        interpreter.write_text(_INTERPRETER.format(python=sys.executable))
        interpreter.chmod(0o755)
        sys.executable = str(interpreter)
        return command()


if __name__ == "__main__":
    sys.exit(main())
