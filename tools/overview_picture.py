"""Make docs/images/overview.png, a frame of the demo with all that comes out of it: python -m tools.overview_picture"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from labelpass.core.base.dataset_folder import DatasetFolder
from labelpass.core.dataset.frame_pictures import FramePictures
from labelpass.core.drawing.image_files import Bytes
from labelpass.core.drawing.lettering import line_of, plain_font
from labelpass.core.records.record_store import open_records
from PIL import Image, ImageDraw

CHECKOUT = Path(__file__).resolve().parents[1]
PICTURE = CHECKOUT / "docs/images/overview.png"
# Of `labelpass show`, and what to write below each.
SHOWN = {
    "image": "the render",
    "boxes": "boxes and categories",
    "masks": "masks of instances",
    "keypoints": "keypoints",
    "boxes3d": "poses and 3D boxes",
    "depth": "depth",
    "normals": "normals",
    "flow_forward": "optical flow",
}
COLUMNS, WIDTH, HEIGHT, GAP, FONT = 4, 480, 360, 8, 20
OPTIONS = "--render --set-up-passes --frames 1-2 --poses --maps depth_npy,normals_npy,flow_forward_npy --no-pictures"
# Bottles have keypoints: empties that are parented to them.
PREPARE = """
import bpy
from mathutils import Vector
scene = bpy.context.scene
scene.render.resolution_x, scene.render.resolution_y = 960, 720
for bottle in list(bpy.data.collections["bottle"].objects):
    low, high = bottle.bound_box[0][2], bottle.bound_box[1][2]
    side = bottle.bound_box[4][0]
    for name, place in (
        ("cap", (0, 0, high)), ("neck", (0, 0, low + 0.72 * (high - low))), ("body", (0, 0, low + 0.4 * (high - low))),
        ("foot", (0, 0, low)), ("left", (-side, 0, low + 0.4 * (high - low))),
        ("right", (side, 0, low + 0.4 * (high - low))),
    ):
        empty = bpy.data.objects.new(name, None)
        empty["keypoint"] = name
        empty.parent, empty.location = bottle, Vector(place)
        scene.collection.objects.link(empty)
bpy.ops.wm.save_mainfile()
"""
TABLE = {
    "categories": [
        {
            "name": "bottle",
            "id": 2,
            "keypoints": ["cap", "neck", "body", "foot", "left", "right"],
            "skeleton": [[1, 2], [2, 3], [3, 4], [3, 5], [3, 6]],
        },
        {"name": "apple", "id": 1},
        {"name": "crate", "id": 3},
    ]
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.overview_picture", description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", type=Path, help="made by an earlier run; default: the frames are rendered")
    parser.add_argument("--output", type=Path, default=PICTURE, help="default: docs/images/overview.png")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="labelpass-overview-") as temporary:
        dataset = options.dataset or rendered(Path(temporary))
        records = open_records(DatasetFolder(dataset))
        pictures = FramePictures(DatasetFolder(dataset), records.read(min(records.frames())), WIDTH)
        tiles = {text: tile.pixels[:HEIGHT, :WIDTH] for name, text in SHOWN.items() if (tile := pictures.tile(name))}
        assert len(tiles) == len(SHOWN), pictures.problems
        overview(tiles).save(options.output, optimize=True)
    return 0


def rendered(folder: Path) -> Path:
    """The dataset of two frames of the demo, with keypoints."""
    scene, prepare, table, dataset = (folder / name for name in ("scene.blend", "prepare.py", "table.json", "dataset"))
    prepare.write_text(PREPARE)
    table.write_text(json.dumps(TABLE))
    blender = [sys.executable, CHECKOUT / "tools/blender.py"]
    options = [*OPTIONS.split(), "--categories", table, "--output", dataset]
    for command in (
        ["-P", CHECKOUT / "examples/demo/build_scene.py", "--", scene],
        ["-b", scene, "-P", prepare, "-P", CHECKOUT / "tools/export_annotations.py", "--", *options],
    ):
        subprocess.run(list(map(str, [*blender, *command])), check=True)
    return dataset


def overview(tiles: dict[str, Bytes]) -> Image.Image:
    """Pictures in rows, each with a line of text below it, on a ground that suits light and dark pages."""
    line = sum(plain_font(FONT).getmetrics()) + 10
    rows = -(-len(tiles) // COLUMNS)
    size = (COLUMNS * (WIDTH + GAP) + GAP, rows * (HEIGHT + line + GAP) + GAP)
    whole = Image.new("RGB", size, (246, 247, 249))
    draw = ImageDraw.Draw(whole)
    for number, (text, pixels) in enumerate(tiles.items()):
        row, column = divmod(number, COLUMNS)
        x, y = GAP + column * (WIDTH + GAP), GAP + row * (HEIGHT + line + GAP)
        whole.paste(Image.fromarray(np.ascontiguousarray(pixels)), (x, y))
        line_of(text, FONT).draw(draw, x + 4, y + HEIGHT + 4, (36, 41, 47))
    return whole


if __name__ == "__main__":
    sys.exit(main())
