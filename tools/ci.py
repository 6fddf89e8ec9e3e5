"""Everything that has to pass before a change lands: python tools/ci.py, which .ci/run calls.

Three lanes go on side by side, and each takes the next job when it is done with one: the tests in real Blender with a
window, those in each of the bpy modules and then the jobs of Slurm, those of the readers of exports, those of the
report's page, the fault bench, and a short training. A window that is waited for leaves the processor to the others,
and gets most of it when it wants it, since they run at a lower priority. Nothing is left out: a stage that cannot run
failed.
At the end no process, mount, X server or temporary file may be left over.
"""

import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
LANES = 3
NOX = ".venv/bin/python", "-m", "nox"
# In front of what has no window: where both want the processor, a window gets three times as much of it.
PATIENT = "nice", "-n", "5"
# The longest first, so that the lanes end at about the same time. The stages of one job follow each other.
REAL_BLENDER = (sys.executable, "tools/real_blender.py", "setup"), ("make", "real")
MAKE_TEST = (*PATIENT, "make", "test"), (*PATIENT, ".nox/test/bin/python", "tools/slurm_trial.py")
READERS = ((*PATIENT, *NOX, "-s", "readers"),)
PAGE = ((*PATIENT, *NOX, "-s", "page"),)
FAULTS = ((*PATIENT, *NOX, "-s", "faults"),)
TRAINING = ((*PATIENT, *NOX, "-s", "train", "--", "--short"),)
# What the project's programs name their temporary files; all of them remove these themselves.
TEMPORARY = ("labelpass-*", "real-blender-*", "blender_*")
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Ended:
    name: str
    code: int
    seconds: float


def main() -> int:
    # Whatever a stage leaves running becomes a child of this process, which then sees it.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    began, before = time.monotonic(), _machine()
    # Before the lanes: two of them must not install packages of Debian at the same time.
    packages = (sys.executable, "tools/chromium.py"), (sys.executable, "tools/slurm_trial.py", "setup")
    ended = [_run(stage, dict(os.environ)) for stage in (("make", "nox"), *packages)]
    with tempfile.TemporaryDirectory(prefix="labelpass-ci-") as temporary:
        environment = os.environ | {"TMPDIR": temporary, "PYTHONUNBUFFERED": "1"}
        with ThreadPoolExecutor(LANES) as lanes:
            jobs = REAL_BLENDER, MAKE_TEST, *_matrix(), READERS, PAGE, FAULTS, TRAINING
            for stages in lanes.map(lambda job: [_run(stage, environment) for stage in job], jobs):
                ended += stages
        left = [str(path) for pattern in TEMPORARY for path in Path(temporary).glob(pattern)]
    left += _children() + sorted(_machine() - before)
    print()
    for stage in ended:
        print(f"{stage.seconds:6.0f} s  {'passed' if stage.code == 0 else 'FAILED'}  {stage.name}")
    print(f"{time.monotonic() - began:6.0f} s  in all")
    for thing in left:
        print(f"Left behind: {thing}")
    return 1 if left or any(stage.code for stage in ended) else 0


def _matrix() -> list[tuple[tuple[str, ...], ...]]:
    """One job for each Blender of `make matrix`."""
    listed = subprocess.run(
        (*NOX, "--list", "--json", "-s", "matrix"), cwd=CHECKOUT, stdout=subprocess.PIPE, check=True
    )
    return [((*PATIENT, *NOX, "-s", session["session"]),) for session in json.loads(listed.stdout)]


def _run(command: tuple[str, ...], environment: dict[str, str]) -> Ended:
    """Run a stage, and print what it said when it ends, so that the lanes do not talk at the same time."""
    program = command[len(PATIENT) :] if command[: len(PATIENT)] == PATIENT else command
    name, began = " ".join([Path(program[0]).name, *program[1:]]), time.monotonic()
    print(f"begins: {name}", flush=True)
    done = subprocess.run(
        command,
        cwd=CHECKOUT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    seconds = time.monotonic() - began
    print(f"\n===== {name}: exit code {done.returncode} after {seconds:.0f} s\n{done.stdout}", flush=True)
    return Ended(name, done.returncode, seconds)


def _children() -> list[str]:
    """The processes that the stages have left running."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
        except OSError:
            continue  # it has ended just now
        state, parent = rest.split()[:2]
        if int(parent) == os.getpid() and state != "Z":
            found.append(f"process {stat.parent.name} ({name})")
    return found


def _machine() -> set[str]:
    """What outlives a process: mounts, and locks of X servers that are gone."""
    mounts = {f"mount {line.split()[1]}" for line in Path("/proc/self/mounts").read_text().splitlines()}
    locks = set()
    for lock in Path("/tmp").glob(".X*-lock"):
        if not Path("/proc", lock.read_text().strip()).exists():
            locks.add(f"lock {lock}")
    return mounts | locks


if __name__ == "__main__":
    if not shutil.which("make"):
        sys.exit("ci: make is missing; apt-get install make")
    sys.exit(main())
