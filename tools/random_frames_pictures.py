"""Make the pictures of docs/random-frames.md of the demo: python -m tools.random_frames_pictures"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from core.base.dataset_folder import DatasetFolder
from core.records.record_store import open_records

CHECKOUT = Path(__file__).resolve().parents[1]
PICTURES = CHECKOUT / "docs/images/random-frames"
OPTIONS = "--render --set-up-passes --resolution 400x300 --seed 1 --image-format png --no-pictures --discard-passes"
GAP, QUALITY = 4, 88
# Of the things of the demo, which fall from above this part of the table.
DROP = """
import importlib.util, sys
import bpy
spec = importlib.util.spec_from_file_location(
    "labelpass", {package!r}, submodule_search_locations=[{checkout!r}]
)
sys.modules["labelpass"] = package = importlib.util.module_from_spec(spec)
spec.loader.exec_module(package)
package.register()
from labelpass.core.random_frames.kinds import RowKind
from labelpass.operators.random_frames.adding import add_row
row = add_row(bpy.context.scene, RowKind.DROP)
row.drop_spread = {spread} or row.drop_spread
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.random_frames_pictures", description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=PICTURES, help="default: docs/images/random-frames")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="labelpass-random-") as temporary:
        folder = Path(temporary)
        scene = folder / "scene.blend"
        blender("-P", CHECKOUT / "examples/demo/build_scene.py", "--", scene)
        sheet(rendered(scene, folder / "usual", 24), 6, 240).save(options.output / "contact-sheet.jpg", quality=QUALITY)
        fallen = [*dropped(scene, folder / "fallen", 6), *dropped(scene, folder / "heaps", 3, 0.12)]
        sheet(fallen, 3, 400).save(options.output / "physics-drop.jpg", quality=QUALITY)
    return 0


def dropped(scene: Path, dataset: Path, frames: int, spread: float | None = None) -> list[Path]:
    """Images of frames in which things have fallen."""
    script = dataset.with_suffix(".py")
    script.write_text(DROP.format(package=str(CHECKOUT / "__init__.py"), checkout=str(CHECKOUT), spread=spread))
    return rendered(scene, dataset, frames, "-P", script)


def rendered(scene: Path, dataset: Path, frames: int, *prepare: Path | str) -> list[Path]:
    """Images of random frames, in their order."""
    given = [*OPTIONS.split(), "--random-frames", frames, "--output", dataset]
    blender("-b", scene, *prepare, "-P", CHECKOUT / "tools/export_annotations.py", "--", *given)
    records = open_records(DatasetFolder(dataset))
    return [records.dataset.file(records.read(frame).image) for frame in sorted(records.frames())]


def blender(*arguments: object) -> None:
    subprocess.run([sys.executable, CHECKOUT / "tools/blender.py", *map(str, arguments)], check=True)


def sheet(images: Sequence[Path], columns: int, width: int) -> Image.Image:
    """Pictures of one size in rows, each made so wide."""
    with Image.open(images[0]) as first:
        height = round(width * first.height / first.width)
    rows = -(-len(images) // columns)
    whole = Image.new("RGB", (columns * (width + GAP) - GAP, rows * (height + GAP) - GAP), "white")
    for number, path in enumerate(images):
        row, column = divmod(number, columns)
        with Image.open(path) as image:
            whole.paste(
                image.resize((width, height), Image.Resampling.LANCZOS), (column * (width + GAP), row * (height + GAP))
            )
    return whole


if __name__ == "__main__":
    sys.exit(main())
