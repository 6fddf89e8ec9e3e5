"""The memory that a large frame takes, said before it is read rather than when the system ends the process."""

from ..base.errors import MemoryShortage
from ..base.memory import available_memory
from ..base.phrases import in_units
from ..exr.passes import Passes
from ..records.frame_job import FrameJob
from ..settings.render_pass import Pass
from ..settings.settings import ImageFormat, LabelSource, shows_colours

# Nobody looks at the memory for less.
_LARGE = 2 << 30
# Bytes of a pixel, as `python -m tools.faults.large_frames` measures them: while labels are made (pass indices and what
# is made of them; the strongest id of a Cryptomatte, its coverage and all coverages; soft masks besides), and later of
# labels, an 8-bit image, what draws and compresses it, and a depth.
_INDEX, _CRYPTOMATTE, _SOFT_MASKS = 9, 14, 17
_LABELS, _IMAGE, _DRAWN, _DEPTH = 5, 3, 5, 5
_BESIDES = 300_000_000


def check_memory(job: FrameJob, passes: Passes) -> None:
    """Raises MemoryShortage where a large frame takes more memory than there is; it says how much."""
    needed = needed_memory(job, passes)
    free = available_memory() if needed > _LARGE else None
    if free is not None and needed > free:
        height, width = passes.shape
        raise MemoryShortage(
            f"{passes.where} has {width} x {height} pixels, which with these settings take about {in_units(needed)} of "
            f"memory, and {in_units(free)} are free; close other programs, or render it smaller"
        )


def needed_memory(job: FrameJob, passes: Passes) -> int:
    """About how many bytes a frame takes at most, as far as its size, its passes and the settings tell."""
    pixels = passes.shape[0] * passes.shape[1]
    return _BESIDES + pixels * max(_of_labels(job, passes), _of_pictures(job, passes))


def _of_labels(job: FrameJob, passes: Passes) -> int:
    if job.settings.soft_masks:
        return _SOFT_MASKS
    return _CRYPTOMATTE if _takes_cryptomatte(job, passes) else _INDEX


def _takes_cryptomatte(job: FrameJob, passes: Passes) -> bool:
    """Whether the labels are certainly those of a Cryptomatte."""
    settings = job.settings
    if settings.labels is LabelSource.AUTO:
        return bool(settings.cryptomatte) or Pass.OBJECT_INDEX not in passes
    return settings.labels not in (LabelSource.OBJECT_INDEX, LabelSource.MATERIAL_INDEX)


def _of_pictures(job: FrameJob, passes: Passes) -> int:
    settings = job.settings
    if settings.image_format is ImageFormat.NONE and not shows_colours(settings):
        return 0
    decoded = passes.bytes_of_pixel(Pass.COMBINED) if job.colour is None else 0
    depth = _DEPTH if settings.pictures and Pass.DEPTH in passes else 0
    return _LABELS + _IMAGE + max(decoded, _DRAWN + depth)
