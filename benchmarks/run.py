"""Run all benchmarks: `python benchmarks/run.py [--write] [--only SECTION ...]`.

Starts `python -m benchmarks` in the checkout, so that `core` and `benchmarks` can be imported from any folder.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

if __name__ == "__main__":
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    sys.exit(subprocess.call([sys.executable, "-m", "benchmarks", *sys.argv[1:]], env=environment))
