"""Run suites of tests at the same time, one for each processor: tools/run_tests.py SUITE ... [-- PYTEST ARGUMENTS]

A suite is the arguments of one pytest process, as one string. They have to be processes of their own anyway, because
nothing in Blender's process may import OpenEXR, and most of their time goes into one thread. The longest should come
first. What a suite says is printed when it has ended, so that the suites do not talk at the same time.
"""

import os
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor


def main(arguments: list[str]) -> int:
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    suites, shared = arguments[:cut], arguments[cut + 1 :]
    with ThreadPoolExecutor(os.cpu_count() or 1) as lanes:
        codes = list(lanes.map(lambda suite: _run(suite, shared), suites))
    for suite, code in zip(suites, codes, strict=True):
        print(f"{'passed' if code == 0 else f'FAILED, exit code {code}'}: {suite}")
    return max(codes, default=0)


def _run(suite: str, shared: list[str]) -> int:
    print(f"begins: {suite}", flush=True)
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *shlex.split(suite), *shared],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    seconds = time.monotonic() - began
    print(f"\n===== {suite}: exit code {done.returncode} after {seconds:.0f} s\n{done.stdout}", flush=True)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
