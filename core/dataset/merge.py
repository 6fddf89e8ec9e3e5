"""What is made of all frames together: the COCO file, maps that need neighbours, cameras, and `dataset.json`."""

from collections.abc import Callable
from pathlib import Path

from ..formats.cameras import write_cameras
from ..formats.coco import Merged, write_coco
from ..maps.two_frame_maps import make_later_maps
from ..settings.settings import Settings
from .description import DatasetDescription

_BY_DEFAULT = Settings()


def merge(
    output: Path,
    settings: Settings = _BY_DEFAULT,
    progress: Callable[[int, int], None] = lambda done, total: None,
    checkpoint: Callable[[], None] = lambda: None,
) -> tuple[Merged, list[str]]:
    """Write all that is made of frame records.

    Args:
        output: the folder that holds `records`.
        settings: of which those count that are about all frames together.
        progress: called with the number of records read for the COCO file and their total, each being read twice.
        checkpoint: called between other steps; raises Cancelled to stop there.

    Returns:
        What the COCO file holds, and sentences on problems besides its own.

    Raises:
        RecordError: there is no record, or two of them contradict each other.
        OutputError: a file cannot be written.
    """
    description = DatasetDescription()
    merged = write_coco(output, progress, description)
    problems: list[str] = []
    if description.awaiting:
        written, problems = make_later_maps(output, description.frames, description.awaiting, checkpoint)
        description.add_later(written)
    if settings.cameras:
        cameras, without = write_cameras(output, settings.cameras)
        problems += without
        description.add_cameras(cameras)
    description.write(output)
    return merged, [*description.problems, *problems]
