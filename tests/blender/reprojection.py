"""How far the Position pass of a frame lands from its pixels, through the camera in the frame's record.

Run by tests in Blender's process, where no EXR file may be read: python reprojection.py RECORD EXR RECORD EXR …
A record may be a frame's or a scene's. Prints a JSON list of [pixels with a surface, largest distance in pixels].
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from core.records.frame_record import FrameRecord
from core.records.record_files import read_record_file
from core.scene.scene_record import SceneRecord

CHECKOUT = Path(__file__).resolve().parents[2]
SMALLEST_BACKGROUND_DEPTH = 1e9


def reprojection(*records_and_files: Path) -> list[tuple[int, float]]:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "tests.blender.reprojection", *map(str, records_and_files)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return [(pixels, distance) for pixels, distance in json.loads(done.stdout)]


def _distance(record_file: Path, exr: Path) -> tuple[int, float]:
    from core.exr.passes import Passes
    from core.settings.render_pass import Pass, PassFile

    record = _read(record_file)
    assert record.camera is not None, record_file
    passes = Passes([PassFile(exr)])
    view = record.view if record.view in passes.views() else ""
    passes = Passes([PassFile(exr)], record.view_layer, view)
    assert passes.shape == (record.height, record.width), exr
    rows, columns = np.nonzero(passes.read(Pass.DEPTH) < SMALLEST_BACKGROUND_DEPTH)
    position = passes.read(Pass.POSITION).astype(np.float64)[rows, columns]
    matrix = np.array(record.camera.world_to_camera)
    in_camera = position @ matrix[:3, :3].T + matrix[:3, 3]
    if record.camera.k is None:
        assert record.camera.parallel_k is not None
        in_camera[:, 2] = 1.0
        projected = (in_camera @ np.array(record.camera.parallel_k).T)[:, :2]
    else:
        in_image = in_camera @ np.array(record.camera.k).T
        projected = in_image[:, :2] / in_image[:, 2:]
    return len(rows), float(np.abs(projected - np.stack((columns, rows), axis=1) - 0.5).max())


def _read(path: Path) -> FrameRecord | SceneRecord:
    return read_record_file(path) if "record" in json.loads(path.read_bytes()) else SceneRecord.read(path)


if __name__ == "__main__":
    paths = [Path(path) for path in sys.argv[1:]]
    print(json.dumps([_distance(*pair) for pair in zip(paths[::2], paths[1::2], strict=True)]))
