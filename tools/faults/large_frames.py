"""The most memory that a frame of 16384 x 16384 pixels takes, the largest that is read.

    python -m tools.faults.large_frames                   for each of some settings, with one worker
    python -m tools.faults.large_frames --side 8192       of a smaller frame
    python -m tools.faults.large_frames --write           puts the rows of the table into docs/reliability.md

Writing the frames takes some minutes and 3 GB on the disk of the temporary folder. Needs Linux.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import OpenEXR

from core.base.phrases import in_units
from core.cli.given import settings_of
from core.cli.parser import make_parser
from core.labels.frame_memory import needed_memory
from core.labels.labelled_frame import open_passes
from core.records.frame_job import FrameJob
from tests.builders import plain_frame

from .children import ROOT
from .commands import PROGRAM
from .large_exr import write_one_part, write_parts
from .table import write_rows

_SIDE = 16384
_ALONE = ("--image-format", "none", "--no-pictures")
_SETTINGS: Mapping[str, Sequence[str]] = {
    "masks of Object Index": ("--labels", "object_index", *_ALONE),
    "masks of Object Index, training image and previews": ("--labels", "object_index"),
    "masks of Cryptomatte": ("--labels", "crypto_object", *_ALONE),
    "masks of Cryptomatte and soft masks": ("--labels", "crypto_object", "--soft-masks", *_ALONE),
    "masks of Cryptomatte, soft masks, training image and previews": ("--labels", "crypto_object", "--soft-masks"),
}
_FILES: Mapping[str, Callable[[Path, int], None]] = {
    "all passes in one part": write_one_part,
    "a part for each pass": write_parts,
}


def measure(folder: Path, side: int) -> list[str]:
    """A row of the table for each of the settings."""
    OpenEXR.set_global_thread_count(os.cpu_count() or 1)
    files = []
    for number, write in enumerate(_FILES.values()):
        files.append(folder / f"{number}" / "frame_0001.exr")
        files[-1].parent.mkdir()
        write(files[-1], side)
    rows = []
    for name, options in _SETTINGS.items():
        said = max(_said_beforehand(file, options) for file in files)
        peaks = [_peak(file, folder / "dataset", options) for file in files]
        rows.append(f"| {name} | {' | '.join(map(in_units, [*peaks, said]))} |")
        print(rows[-1], flush=True)
    return rows


def _peak(file: Path, output: Path, options: Sequence[str]) -> int:
    """Bytes of resident memory of the command, or of its worker, whichever had more."""
    command = [*PROGRAM, "annotate", str(file), "--output", str(output), "--workers", "1", *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    shutil.rmtree(output)
    if process.returncode:
        raise RuntimeError(f"{options}: exit code {process.returncode}")
    return used.ru_maxrss * 1024


def _said_beforehand(file: Path, options: Sequence[str]) -> int:
    """Bytes that a frame is thought to take before it is read."""
    given = make_parser().parse_args(["annotate", str(file), "--output", str(file.parent), *options])
    job = FrameJob(plain_frame(file), file.parent, settings=settings_of(given, None))
    return needed_memory(job, open_passes(job, composited=True))


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.faults.large_frames", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--side", type=int, default=_SIDE, help="Width and height in pixels, a multiple of 16 (16384)")
    parser.add_argument("--write", action="store_true", help="Put the table into docs/reliability.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="labelpass-faults-") as folder:
        rows = measure(Path(folder), options.side)
    if options.write:
        write_rows(
            "memory", f"| {options.side} x {options.side} pixels | {' | '.join(_FILES)} | said beforehand |", rows
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
