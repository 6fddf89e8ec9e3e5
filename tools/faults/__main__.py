"""The fault bench: what becomes of datasets when processes are killed, disks fail and files lie.

    python -m tools.faults --short               a sample of each fault, about a minute of the processor
    python -m tools.faults --minutes 30          each fault for so long, or until all of it is done
    python -m tools.faults --minutes 30 --jobs 6 --write
                                                 six at a time, and the rows of the table into docs/reliability.md
    python -m tools.faults --only kill,json      faults whose names have one of these in them

After each fault the next run ends with the bytes of an undisturbed one; no process, no temporary file and no traceback
is left, and a small file costs at most 2 GB and 20 seconds of the processor. The exit code is 1 where something is
wrong. All kinds of JSON share the minutes of one fault; 200 kills at any moment may take nearly twice as long.

    bench.py          all faults
    disturbed/        commands that are killed, interrupted, or write to disks that fail
      kills.py        a command is killed at each of its operations on files; cases.py has the commands
      random_kills.py, interrupts.py, containers.py, disks.py, clocks.py, changing_files.py
    fuzz/             files that are damaged, forged or something else
      json_files.py   forged files of each kind of JSON; json_kinds.py has these
      exr.py          damaged EXR files and manifests
      protocol.py     workers that say anything
      odd_files.py, extreme_files.py
    oracle.py         what has to hold of a dataset; trial.py: how an attempt may end
    large_frames.py   a program of its own: the memory that frames of 16384 x 16384 pixels take

Needs Linux, and for containers and disks `unshare` and `mount`, as root or with user namespaces.
"""

import argparse
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from .bench import FAULTS, Bench
from .table import Row, write_table

# A tmpfs, if there is one: what is written is not of interest for longer than a moment.
_MEMORY = Path("/dev/shm")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.faults", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1.0, help="How long each fault goes on (1)")
    parser.add_argument("--short", action="store_true", help="A sample of each, about a minute of the processor")
    parser.add_argument("--only", default="", help="Parts of the names of faults, with commas")
    parser.add_argument("--jobs", type=int, default=1, help="How many faults at a time (1)")
    parser.add_argument("--write", action="store_true", help="Put the table into docs/reliability.md")
    options = parser.parse_args()
    wanted = [fault for fault in FAULTS if any(part in fault.name for part in options.only.split(","))]
    folder = Path(tempfile.mkdtemp(prefix="labelpass-faults-", dir=_MEMORY if _MEMORY.is_dir() else None))
    rows: dict[str, Row] = {}
    try:
        bench = Bench(folder, options.minutes * 60, options.short)
        with ThreadPoolExecutor(options.jobs) as lanes:
            for done in as_completed([lanes.submit(bench.tried, fault) for fault in wanted]):
                row = done.result()
                rows[row.name] = row
                print("\n    ".join([row.line(), *row.wrong]), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.write:
        write_table([rows[fault.name] for fault in wanted], [fault.name for fault in FAULTS])
    return 1 if any(row.wrong for row in rows.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
