"""The preview pictures of a frame, in their files."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from ..base.dataset_folder import preview_file
from ..categories.palette import own_colours
from ..drawing.image_files import Bytes, Paletted, write_picture
from ..drawing.scaling import scaled_boxes, scaled_camera
from ..labels.labelled_frame import LabelledFrame
from ..settings.render_pass import Pass

BOXES, BOXES_3D, AMODAL, DEPTH = "boxes", "boxes3d", "amodal", "depth"
# Where the frame has no colours.
_DARK_GREY = 64
# Pixels of a picture, at most: enough to see what is wrong, and a quarter of the time and the room of Full HD.
_LONGEST_SIDE = 1280


def write_previews(frame: LabelledFrame, colours: Bytes | None, checkpoint: Callable[[], None]) -> list[str]:
    """Draw what is known of the instances over the frame, each kind of it in a picture of its own.

    Args:
        frame: with the instances of its record. The place of a category among its categories decides its colour, unless
            it has one of its own.
        colours: (H, W, 3) uint8, the frame as a person sees it, if that is known.
        checkpoint: called between the pictures.

    Returns:
        Paths below the output folder; none where the settings want no pictures.

    Raises:
        OutputError: a file cannot be written.
    """
    if not frame.job.settings.pictures:
        return []
    canvas = np.full((*frame.passes.shape, 3), _DARK_GREY, np.uint8) if colours is None else colours
    written = []
    for kind, picture in _drawn(frame, canvas):
        path = preview_file(kind, frame.job.files.path)
        write_picture(frame.job.dataset.file(path), picture)
        written.append(path)
        checkpoint()
    return written


def _drawn(frame: LabelledFrame, canvas: Bytes) -> Iterator[tuple[str, Bytes | Paletted]]:
    # Here, so that workers that draw nothing need not wait for Pillow's fonts when they start.
    from ..drawing.previews.amodal import draw_amodal
    from ..drawing.previews.boxes import draw_boxes
    from ..drawing.previews.boxes_3d import draw_boxes_3d
    from ..drawing.previews.depth import draw_depth

    instances = frame.instances
    names, colours = [category.name for category in frame.categories], own_colours(frame.categories)
    camera, depth = frame.scene.camera if frame.scene else None, frame.depth
    step = math.ceil(max(frame.width, frame.height) / _LONGEST_SIDE)
    small = _reduced(canvas, step)
    yield BOXES, draw_boxes(small, scaled_boxes(instances, 1 / step), names, colours)
    if camera and camera.is_projective and any(instance.pose for instance in instances):
        seen_small = scaled_camera(camera, 1 / step)
        yield BOXES_3D, draw_boxes_3d(small, instances, names, seen_small, depth.unit_scale, colours)
    if any(instance.amodal for instance in instances):
        yield AMODAL, _reduced(draw_amodal(canvas, instances, names, colours), step)
    if Pass.DEPTH in frame.passes:
        with np.errstate(invalid="ignore", over="ignore"):
            metres = depth.in_pass[::step, ::step] * np.float32(depth.unit_scale)
        yield DEPTH, draw_depth(metres, depth.seen[::step, ::step], "m" if depth.unit == "m" else "units")


def _reduced(picture: Bytes, step: int) -> Bytes:
    if step == 1:
        return picture
    from PIL import Image  # here, as the pictures are

    return np.asarray(Image.fromarray(picture).reduce(step))
