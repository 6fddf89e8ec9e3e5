"""Make the featured image and the icon in docs/listing/ of the demo scene: python -m tools.listing_pictures

Both are of one frame, rendered as large as the platform for extensions wants the image. The screenshots next to them
come from tests/real/take_pictures.py.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from labelpass.core.base.dataset_folder import DatasetFolder
from labelpass.core.dataset.frame_pictures import FramePictures
from labelpass.core.drawing.image_files import Bytes
from labelpass.core.drawing.previews.boxes import draw_boxes
from labelpass.core.records.frame_record import FrameRecord
from labelpass.core.records.record_files import read_record_file
from PIL import Image, ImageDraw

CHECKOUT = Path(__file__).resolve().parents[1]
LISTING = CHECKOUT / "docs/listing"
WIDTH, HEIGHT = 1920, 1080
ICON = 256
FRAME = "1"
# What the bands of the featured image show, of the pictures of `labelpass show`, from left to right.
SHOWN = ("image", "masks", "boxes", "depth", "normals")
MAPS = "depth_npy,normals_npy"
# How far the top of a cut between two bands lies to the right of its foot, and how wide it is.
_SLANT, _CUT = 200, 10
# So many pixels need fewer samples each.
_SIZE = (
    f"import bpy; scene = bpy.context.scene; scene.render.resolution_x, scene.render.resolution_y = {WIDTH}, {HEIGHT}; "
    "scene.cycles.samples = 16; bpy.ops.wm.save_mainfile()\n"
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.listing_pictures", description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", type=Path, help="made by an earlier run; default: the frame is rendered")
    parser.add_argument("--output", type=Path, default=LISTING, help="default: docs/listing")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="labelpass-listing-") as temporary:
        dataset = options.dataset or rendered(Path(temporary))
        (path,) = (dataset / "records").glob("*.json")
        record = read_record_file(path)
        shown = FramePictures(DatasetFolder(dataset), record, WIDTH)
        tiles = {name: shown.tile(name) for name in SHOWN}
        pictures = {name: tile.pixels[:HEIGHT, :WIDTH] for name, tile in tiles.items() if tile}  # without legends
        # Names would be small text.
        categories = [category.name for category in record.categories]
        pictures["boxes"] = draw_boxes(pictures["image"], record.instances, categories, most_names=0.0)
        featured([pictures[name] for name in SHOWN]).save(options.output / "featured.png", optimize=True)
        icon(record, pictures["image"], pictures["masks"]).save(options.output / "icon.png", optimize=True)
    return 0


def rendered(folder: Path) -> Path:
    """The dataset of one large frame of the demo."""
    scene, size, dataset = folder / "scene.blend", folder / "size.py", folder / "dataset"
    size.write_text(_SIZE)
    blender = [sys.executable, str(CHECKOUT / "tools/blender.py")]
    export = CHECKOUT / "tools/export_annotations.py"
    options = ["--render", "--set-up-passes", "--frames", FRAME, "--maps", MAPS, "--output", str(dataset)]
    for command in (
        ["-P", str(CHECKOUT / "examples/demo/build_scene.py"), "--", str(scene)],
        ["-b", str(scene), "-P", str(size), "-P", str(export), "--", *options],
    ):
        subprocess.run([*blender, *command], check=True)
    return dataset


def featured(pictures: Sequence[Bytes]) -> Image.Image:
    """Slanted bands of one picture after the other, as if they lay on top of each other."""
    whole = Image.fromarray(pictures[0])
    edges = np.linspace(-_SLANT / 2, WIDTH - _SLANT / 2, len(pictures) + 1)[1:-1]
    for edge, picture in zip(edges, pictures[1:], strict=True):
        whole.paste(Image.fromarray(picture), mask=_right_of(edge))
    draw = ImageDraw.Draw(whole)
    for edge in edges:
        draw.line([(edge + _SLANT, 0), (edge, HEIGHT)], "white", _CUT)
    return whole


def _right_of(foot: float) -> Image.Image:
    """A mask of what lies to the right of a cut."""
    mask = Image.new("L", (WIDTH, HEIGHT))
    ImageDraw.Draw(mask).polygon([(foot + _SLANT, 0), (WIDTH, 0), (WIDTH, HEIGHT), (foot, HEIGHT)], 255)
    return mask


def icon(record: FrameRecord, image: Bytes, masks: Bytes) -> Image.Image:
    """The largest bottle that is in the picture as a whole: rendered on the left, its mask on the right."""
    boxes = [one.mask.box for one in record.instances if one.category == "bottle"]
    inside = [box for box in boxes if box.x0 > 0 and box.y0 > 0 and box.x1 < WIDTH and box.y1 < HEIGHT]
    box = max(inside, key=lambda box: (box.x1 - box.x0) * (box.y1 - box.y0))
    side = round(max(box.x1 - box.x0, box.y1 - box.y0) * 1.1)
    left, top, middle = (box.x0 + box.x1 - side) // 2, (box.y0 + box.y1 - side) // 2, (box.x0 + box.x1) // 2
    whole = Image.fromarray(image)
    whole.paste(Image.fromarray(masks[:, middle:]), (middle, 0))
    ImageDraw.Draw(whole).line([(middle, 0), (middle, HEIGHT)], "white", side // 50)
    return whole.crop((left, top, left + side, top + side)).resize((ICON, ICON), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    sys.exit(main())
