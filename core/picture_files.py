"""The preview pictures of a frame, in their files."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from .amodal_picture import draw_amodal
from .camera import Camera
from .categories import Category
from .images import Bytes, write_image
from .instances import Instance
from .job import FrameJob
from .palette import own_colours
from .pictures import draw_boxes, draw_depth
from .settings import ImageFormat
from .space_picture import draw_boxes_3d
from .surfaces import Surfaces

BOXES, BOXES_3D, AMODAL, DEPTH = "boxes", "boxes3d", "amodal", "depth"


def write_pictures(
    job: FrameJob,
    canvas: Bytes,
    instances: Sequence[Instance],
    categories: Sequence[Category],
    camera: Camera | None,
    surfaces: Surfaces,
    has_depth: bool,
    checkpoint: Callable[[], None],
) -> list[str]:
    """Draw what is known of the instances over the frame, each kind of it in a picture of its own.

    Args:
        job: says where to.
        canvas: (H, W, 3) uint8, the frame.
        instances: those of its record.
        categories: all of the scene; the place of a category decides its colour, unless it has one of its own.
        camera: of the frame.
        surfaces: what it sees.
        has_depth: whether the frame has a Depth pass.
        checkpoint: called between the pictures.

    Returns:
        Paths below the output folder.

    Raises:
        OutputError: a file cannot be written.
    """
    written = []
    for kind, picture in _drawn(canvas, instances, categories, camera, surfaces, has_depth):
        path = f"pictures/{kind}/{job.files.path}.png"
        write_image(job.output / path, picture, ImageFormat.PNG)
        written.append(path)
        checkpoint()
    return written


def _drawn(
    canvas: Bytes,
    instances: Sequence[Instance],
    categories: Sequence[Category],
    camera: Camera | None,
    surfaces: Surfaces,
    has_depth: bool,
) -> Iterator[tuple[str, Bytes]]:
    names, colours = [category.name for category in categories], own_colours(categories)
    yield BOXES, draw_boxes(canvas, instances, names, colours)
    if camera and camera.k and any(instance.pose for instance in instances):
        near = camera.clip_start * surfaces.unit_scale
        yield BOXES_3D, draw_boxes_3d(canvas, instances, names, camera.k, near, colours)
    if any(instance.amodal for instance in instances):
        yield AMODAL, draw_amodal(canvas, instances, names, colours)
    if has_depth:
        with np.errstate(invalid="ignore", over="ignore"):
            depth = surfaces.in_pass * np.float32(surfaces.unit_scale)
        yield DEPTH, draw_depth(depth, surfaces.seen, "m" if surfaces.unit == "m" else "units")
