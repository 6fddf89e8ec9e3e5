"""The training image of a frame: made by Blender, or else here from the Combined pass."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..drawing.image_files import SRGB, Bytes, read_image, to_srgb, write_image
from ..exr.passes import Passes
from ..records.frame_job import FrameJob
from ..settings.render_pass import Pass
from ..settings.settings import ImageFormat, shows_colours


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


def write_training_image(job: FrameJob, passes: Passes) -> TrainingImage:
    """Write the training image of a frame, if one is wanted and Blender has not made it already.

    Raises:
        PassError, ExrError: the Combined pass cannot be read.
        InputError: an image that Blender made cannot be read.
        OutputError: the image cannot be written.
    """
    wanted = job.settings.image_format is not ImageFormat.NONE
    if job.colour is not None:
        return TrainingImage(
            read_image(job.dataset.file(job.image)) if shows_colours(job.settings) else None, job.colour
        )
    if not wanted and not shows_colours(job.settings):
        return TrainingImage()
    if Pass.COMBINED not in passes:
        return TrainingImage(notes=("There is no Combined pass, so no training image was written",) if wanted else ())
    combined = passes.read(Pass.COMBINED)
    colours = to_srgb(combined)
    notes: tuple[str, ...] = ()
    broken = np.count_nonzero(np.isnan(combined[..., :3]).any(axis=-1))
    if broken:
        notes = (f"{broken} pixels of the Combined pass are not numbers and became black; look for a broken material",)
    if guess := passes.guess(Pass.COMBINED):
        notes += (
            f"The colours are those of {guess!r}, the only layer with R, G, B and A; if the rendered image is another "
            "one, name it with --pass NAME=combined",
        )
    if wanted:
        write_image(job.dataset.file(job.image), colours, job.settings.image_format)
    return TrainingImage(colours, SRGB if wanted else None, notes)
