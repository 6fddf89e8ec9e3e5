"""Formats of training images: how large their files are, and how long writing and reading them takes."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from core.drawing.image_files import write_image
from core.drawing.read_images import read_image
from core.settings.settings import ImageFormat

from .report import Row, Section, duration, megabytes
from .timing import Timing, compare, one_core

_DOCS = Path(__file__).resolve().parent.parent / "docs"
# Renders of the demo with boxes and names, and one with a page around it, which is smoother.
_PICTURES = ("listing/featured.png", "images/testing-overlay.png", "images/amodal.png", "images/report-frame.png")


def measure(folder: Path) -> Section:
    """Pictures of the documentation, each as a training image in every format."""
    rows = [row for name in _PICTURES for row in _rows(_DOCS / name, folder)]
    text = (
        "Pictures of this documentation as training images. A PNG and a WebP have exactly their pixels. *Reading* is "
        "with Pillow."
    )
    return Section("Formats of training images", text, rows)


def _rows(picture: Path, folder: Path) -> list[Row]:
    pixels = read_image(picture)
    formats = [format for format in ImageFormat if format is not ImageFormat.NONE]
    files = {format: folder / f"{picture.stem}{format.suffix}" for format in formats}
    with one_core():
        written = _timed({format: partial(write_image, files[format], pixels, format) for format in formats})
        read = _timed({format: partial(read_image, files[format]) for format in formats})
    sizes = {format: file.stat().st_size for format, file in files.items()}
    rows = []
    for format in formats:
        times = f"written in {duration(written[format].cpu)}, read in {duration(read[format].cpu)}"
        if format is ImageFormat.PNG:
            rows.append(Row(f"{picture.name}, {format.label}", f"{megabytes(sizes[format])}, {times}"))
            continue
        ratio = sizes[format] / sizes[ImageFormat.PNG]
        text = f"{megabytes(sizes[format])}, {times}"
        rows.append(Row(f"{picture.name}, {format.label}", text, "PNG", f"{ratio:.2f}x the size"))
    return rows


def _timed(tasks: dict[ImageFormat, Callable[[], object]]) -> dict[ImageFormat, Timing]:
    timings = compare({format.value: task for format, task in tasks.items()}, seconds=2.0)
    return {format: timings[format.value] for format in tasks}
