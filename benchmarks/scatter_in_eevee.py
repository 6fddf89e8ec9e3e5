"""How many pixels of a large scatter in EEVEE are right: python -m benchmarks.scatter_in_eevee [--samples 16]

Renders the scatter of tests/data/render_eevee_fixtures.py at 1920x1080 in the newest real Blender (see
tools/real_blender.py), once as it is and once with each instance as a real object with a name of its own, and
compares the instances that Labelpass finds in the first with those of the second. Takes some minutes.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from core.annotate.annotate import annotate
from core.masks.rle import paint_masks
from core.records.frame_record import FrameRecord
from tests.agreement import share_right
from tests.builders import NO_IMAGES, plain_job

CHECKOUT = Path(__file__).resolve().parent.parent
_SIZE = 1920, 1080
_LEAST_RIGHT = 0.999


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scatter_in_eevee", description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=16, help="of each pixel; default: %(default)s")
    samples = parser.parse_args().samples
    with tempfile.TemporaryDirectory(prefix="labelpass-benchmarks-") as temporary:
        folder = Path(temporary)
        _render(folder, samples)
        (rendered,) = folder.glob("eevee-*")
        began = time.process_time()
        record = _annotate(rendered, "scatter_0001", folder, scene=True)
        seconds = time.process_time() - began
        real = _annotate(rendered, "scatter_real_0001", folder, scene=False)
        right = share_right(_painted(record), _painted(real))
    width, height = _SIZE
    print(
        f"{rendered.name}, {width}x{height}, {samples} samples, {len(record.instances)} instances: {right:.3%} of the "
        f"pixels right, in {seconds:.2f} s from file to record"
    )
    return 0 if right >= _LEAST_RIGHT else 1


def _render(folder: Path, samples: int) -> None:
    script = CHECKOUT / "tests/data/render_eevee_fixtures.py"
    shared = ["--share", CHECKOUT, "--share", folder]
    blender = ["-b", "--python-exit-code", "1", "-P", script, "--", "--output", folder]
    size = ["--scatter", *_SIZE, samples]
    command = [sys.executable, CHECKOUT / "tools/real_blender.py", "run", "sid", "--window", *shared, "--"]
    subprocess.run([str(part) for part in (*command, *blender, *size)], check=True, stdout=subprocess.DEVNULL)


def _annotate(rendered: Path, name: str, output: Path, scene: bool) -> FrameRecord:
    record = rendered / f"scenes/{name}.json" if scene else None
    return annotate(plain_job(rendered / f"{name}.exr", output, record, **NO_IMAGES))


def _painted(record: FrameRecord) -> np.ndarray:
    return paint_masks([one.mask.rle for one in record.instances], record.height, record.width).astype(np.int64)


if __name__ == "__main__":
    sys.exit(main())
