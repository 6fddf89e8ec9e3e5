"""The pictures of the report in the docs: python -m tests.page.take_pictures [--dataset FOLDER] [--output FOLDER]

Renders random frames of the scene of `make train`, with the same seed each time, annotates them with poses, amodal
masks, depth and normals, writes their report, and takes pictures of it in headless Chromium. It is no test, since
rendering takes minutes. A dataset that is in FOLDER already is used again.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from core.dataset.splits import Splits
from core.report.page.head import SPLIT_COLOURS, colours_of
from core.report.write_report import write_report
from core.settings.category_table import Category
from tests.page.browser import Browser, Page

CHECKOUT = Path(__file__).resolve().parents[2]
IMAGES = CHECKOUT / "docs/images"
FRAMES, SEED, SIDE, SAMPLES = 100, 1, 256, 8
# Larger than for the training, since people look at these.
_RENDER = (
    f"import bpy; scene = bpy.context.scene; scene.render.resolution_x = scene.render.resolution_y = {SIDE}; "
    f"scene.cycles.samples = {SAMPLES}; bpy.ops.wm.save_mainfile()\n"
)
_OPTIONS = ("--poses", "--amodal", "--maps", "depth_npy,normals_npy", "--no-pictures", "--discard-passes")
# The frame that is opened, and which of its layers are switched besides those that are on.
_FRAME, _LAYERS = 11, "a3"
# Until pictures that were asked for are there.
_IN_SIGHT = "strips.filter((s) => s.canvas.offsetParent && s.canvas.getBoundingClientRect().top < innerHeight)"
_LOADED = f"loading === 0 && {_IN_SIGHT}.every((s) => s.isDone)"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.page.take_pictures", description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", type=Path, help="where the frames go, or are; default: a temporary folder")
    parser.add_argument("--output", type=Path, default=IMAGES, help="of the pictures; default: docs/images")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="labelpass-report-") as temporary:
        dataset = (options.dataset or Path(temporary) / "dataset").resolve()
        if not (dataset / "dataset.json").is_file():
            make_dataset(dataset)
        take_pictures(write_report(dataset, Splits.parse("train=80,val=20")).page, options.output)


def make_dataset(dataset: Path) -> None:
    """Random frames of the scene of the training."""
    dataset.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=dataset.parent) as folder:
        scene, render = Path(folder) / "scene.blend", Path(folder) / "render.py"
        render.write_text(_RENDER)
        export = ("--render", "--set-up-passes", "--random-frames", str(FRAMES), "--seed", str(SEED), *_OPTIONS)
        _blender("-P", CHECKOUT / "examples/train/scene.py", "--", scene)
        script = "-P", render, "-P", CHECKOUT / "tools/export_annotations.py", "--", *export, "--output", dataset
        _blender("-b", scene, *script)


def _blender(*arguments: str | Path) -> None:
    subprocess.run([sys.executable, str(CHECKOUT / "tools/blender.py"), *map(str, arguments)], check=True)


def take_pictures(page: Path, folder: Path) -> None:
    """Gallery and charts in the light, what is worst and a frame in the dark."""
    with Browser() as browser:
        opened = browser.open(page.as_uri())
        _save(opened, folder / "report.png")
        opened.press("2")
        _save(opened, folder / "report-charts.png")
        opened.press("s")
        opened.value("document.querySelector('#charts').scrollTop = 510")
        _save(opened, folder / "report-splits.png")
        opened.close()
        opened = browser.open(page.as_uri(), dark=True)
        opened.press("3")
        opened.wait_for("strips.some((s) => s.isDone)")
        _save(opened, folder / "report-worst.png")
        opened.value(f"openFrame({_FRAME}, -1)")
        for key in _LAYERS:
            opened.press(key)
        opened.wait_for(f"shownOf({_FRAME})")
        _save(opened, folder / "report-frame.png")


def _save(page: Page, path: Path) -> None:
    page.wait_for("sheetOf(0) !== null")
    page.wait_for(_LOADED)
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "picture.png")
        page.save_picture(picture)
        _with_few_colours(Image.open(picture).convert("RGB")).save(path, optimize=True)


def _with_few_colours(picture: Image.Image) -> Image.Image:
    """With a palette, which small areas of the colours that mean something have a share in."""
    colours = [*SPLIT_COLOURS, *colours_of([Category(name) for name in ("apple", "bottle", "crate")])]
    height = picture.height // 20
    weighed = Image.new("RGB", (picture.width, picture.height + height * len(colours)))
    weighed.paste(picture)
    for number, colour in enumerate(colours):
        top = picture.height + number * height
        weighed.paste(colour, (0, top, picture.width, top + height))
    return weighed.quantize(256, dither=Image.Dither.NONE).crop((0, 0, *picture.size))


if __name__ == "__main__":
    main()
