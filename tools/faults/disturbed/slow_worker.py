"""A worker for which each operation on files takes a while.

python -m tools.faults.disturbed.slow_worker THREADS SECONDS
"""

import sys
import time
from pathlib import Path

from core.run.worker import run_worker

from ..file_operations import watch

_SECONDS = 0.1

if __name__ == "__main__":
    watch(Path("/"), lambda operation, path: time.sleep(_SECONDS))
    sys.exit(run_worker(int(sys.argv[1]), float(sys.argv[2])))
