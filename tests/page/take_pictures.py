"""The pictures of the report in the docs: python -m tests.page.take_pictures DATASET

DATASET has poses, amodal masks and depth maps of a hundred frames or so, each with another camera and other things. It
is not part of the tests, since rendering it takes minutes.
"""

import sys
import tempfile
from pathlib import Path

from PIL import Image

from core.dataset.splits import Splits
from core.report.write_report import write_report
from tests.page.browser import Browser, Page

IMAGES = Path(__file__).resolve().parents[2] / "docs/images"
_FRAME = 11
# Until pictures that were asked for are there.
_IN_SIGHT = "strips.filter((s) => s.canvas.offsetParent && s.canvas.getBoundingClientRect().top < innerHeight)"
_LOADED = f"loading === 0 && {_IN_SIGHT}.every((s) => s.isDone)"


def main(dataset: Path) -> None:
    page = write_report(dataset, Splits.parse("train=80,val=20")).page
    with Browser() as browser:
        opened = browser.open(page.as_uri())
        _save(opened, "report")
        opened.press("2")
        _save(opened, "report-charts")
        opened.close()
        opened = browser.open(page.as_uri(), dark=True)
        opened.press("3")
        opened.wait_for("strips.some((s) => s.isDone)")
        _save(opened, "report-worst")
        opened.value(f"openFrame({_FRAME}, -1)")
        for key in "a3":
            opened.press(key)
        opened.wait_for(f"shownOf({_FRAME})")
        _save(opened, "report-frame")


def _save(page: Page, name: str) -> None:
    page.wait_for("sheetOf(0) !== null")
    page.wait_for(_LOADED)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "picture.png")
        page.save_picture(path)
        Image.open(path).convert("RGB").quantize(256).save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
