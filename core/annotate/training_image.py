"""The training image of a frame: made by Blender, or else here from the Combined pass."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..base.box import Pixels
from ..base.files import complete_already
from ..drawing.image_files import SRGB, Bytes, to_srgb, write_image
from ..exr.passes import COMPOSITE_LAYER, Passes
from ..labels.labelled_frame import may_have_moved
from ..records.frame_job import FrameJob
from ..scene.scene_record import SceneRecord
from ..settings.render_pass import Pass
from ..settings.settings import ImageFormat, shows_colours
from .moved_pixels import has_moved


@dataclass(frozen=True)
class TrainingImage:
    """The training image of a frame.

    Attributes:
        colours: (H, W, 3) uint8, if anything needs them and they can be had.
        made: how the image that now exists was made; None where there is none.
        notes: sentences on what the user should know.
    """

    colours: Bytes | None = None
    made: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()


def write_training_image(job: FrameJob, passes: Passes, scene: SceneRecord | None) -> TrainingImage:
    """Write the training image of a frame, if one is wanted; one that Blender has made takes its place.

    Args:
        job: the frame.
        passes: its passes.
        scene: its scene record; None where it has none.

    Raises:
        PassError, ExrError: the Combined pass cannot be read.
        InputError: an image that Blender made cannot be read.
        OutputError: the image cannot be written.
    """
    wanted = job.settings.image_format is not ImageFormat.NONE
    if job.colour is None and not wanted and not shows_colours(job.settings):
        return TrainingImage()
    notes = tuple(_mismatches(passes, scene))
    if job.colour is not None:
        image = job.dataset.file(job.image)
        colours = _read(job.made_image or image) if shows_colours(job.settings) else None
        if job.made_image:
            complete_already(job.made_image, image)
        return TrainingImage(colours, job.colour, notes)
    if Pass.COMBINED not in passes:
        return TrainingImage(notes=("There is no Combined pass, so no training image was written",) if wanted else ())
    planes = passes.read_planes(Pass.COMBINED)
    colours = to_srgb(planes)
    if may_have_moved(passes, scene):
        own = passes.read_own_picture()
        if own is not None and has_moved(planes, own):
            notes += (
                "The image does not seem to match the labels: edges lie elsewhere than in the Combined pass of the "
                "view layer; if the compositor moves or crops pixels, set Image From to Render Layer (--image-from "
                "render_layer)",
            )
    if broken := _not_numbers(planes[:3]):
        notes += (f"{broken} pixels of the Combined pass are not numbers and became black; look for a broken material",)
    if guess := passes.guess(Pass.COMBINED):
        notes += (
            f"The colours are those of {guess!r}, the only layer with R, G, B and A; if the rendered image is another "
            "one, name it on the command line with --pass NAME=combined",
        )
    del planes  # what is written next takes as much again
    if wanted:
        write_image(job.dataset.file(job.image), colours, job.settings.image_format)
    return TrainingImage(colours, SRGB if wanted else None, notes)


def _read(image: Path) -> Bytes:
    # Here, so that workers that read no image need not wait for Pillow when they start.
    from ..drawing.read_images import read_image

    return read_image(image)


def _not_numbers(planes: Sequence[Pixels]) -> int:
    """In how many pixels some of the planes holds no number."""
    with np.errstate(invalid="ignore"):
        if not any(np.isnan(plane.max()) for plane in planes):  # one that is no number makes the maximum none
            return 0
    return int(np.count_nonzero(np.logical_or.reduce([np.isnan(plane) for plane in planes])))


def _mismatches(passes: Passes, scene: SceneRecord | None) -> Iterator[str]:
    """Sentences on an image that shows something else than the labels, or that is another one to avoid that."""
    layer, has_composite = passes.picture_layer, passes.has_composite
    if layer is None:
        return
    if scene and scene.mismatch and layer == COMPOSITE_LAYER:
        yield (
            f"The image does not match the labels: {scene.mismatch}; set Image From to Automatic or Render Layer, with "
            "the Combined pass turned on in the view layer"
        )
    elif scene and scene.mismatch and has_composite:
        yield f"The image is from the view layer and not from the compositor, since {scene.mismatch}"
    if scene and scene.compositing and scene.compositing.mismatch_in_files and not has_composite:
        yield (
            f"The image may not match the labels: {scene.compositing.mismatch_in_files}; connect that to the Render "
            "Layers node itself"
        )
    if layer not in (COMPOSITE_LAYER, passes.view_layer, ""):
        yield (
            f"The image is from the view layer {layer!r}, since {passes.view_layer!r} has no Combined pass; turn it on "
            "there if they do not show the same"
        )
