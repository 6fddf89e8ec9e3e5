"""The preview pictures of a frame, in their files."""

from collections.abc import Callable, Iterator

import numpy as np

from ..base.dataset_folder import preview_file
from ..categories.palette import own_colours
from ..drawing.image_files import Bytes, write_image
from ..labels.labelled_frame import LabelledFrame
from ..settings.render_pass import Pass
from ..settings.settings import ImageFormat

BOXES, BOXES_3D, AMODAL, DEPTH = "boxes", "boxes3d", "amodal", "depth"
# Where the frame has no colours.
_DARK_GREY = 64


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
        write_image(frame.job.dataset.file(path), picture, ImageFormat.PNG)
        written.append(path)
        checkpoint()
    return written


def _drawn(frame: LabelledFrame, canvas: Bytes) -> Iterator[tuple[str, Bytes]]:
    # Here, so that workers that draw nothing need not wait for Pillow's fonts when they start.
    from ..drawing.preview_amodal import draw_amodal
    from ..drawing.preview_boxes import draw_boxes, draw_depth
    from ..drawing.preview_boxes_3d import draw_boxes_3d

    instances = frame.instances
    names, colours = [category.name for category in frame.categories], own_colours(frame.categories)
    camera, depth = frame.scene.camera if frame.scene else None, frame.depth
    yield BOXES, draw_boxes(canvas, instances, names, colours)
    if camera and camera.is_projective and any(instance.pose for instance in instances):
        yield BOXES_3D, draw_boxes_3d(canvas, instances, names, camera, depth.unit_scale, colours)
    if any(instance.amodal for instance in instances):
        yield AMODAL, draw_amodal(canvas, instances, names, colours)
    if Pass.DEPTH in frame.passes:
        with np.errstate(invalid="ignore", over="ignore"):
            metres = depth.in_pass * np.float32(depth.unit_scale)
        yield DEPTH, draw_depth(metres, depth.seen, "m" if depth.unit == "m" else "units")
