"""Whether a run would replace frames of a dataset that show something else."""

from collections.abc import Collection, Iterable, Mapping

from ..base.dataset_folder import DatasetFolder
from ..base.errors import LabelpassError, RecordError, UsageError
from ..frames.frame_messages import frames_in_words
from .frame_job import FrameJob
from .origin import Origin
from .record_store import RecordStore, open_records


def check_replaced(dataset: DatasetFolder, frames: Mapping[str, Origin], scenes: Collection[str] = ()) -> None:
    """Make sure that a run replaces only what was made of the same scene and files, as far as that is known.

    Args:
        dataset: which one.
        frames: the path of each frame that would be written, and what it would be made of.
        scenes: names of all scenes of the .blend.

    Raises:
        UsageError: a frame was made of something else that is there still.
    """
    records = open_records(dataset)
    found: dict[str, str] = {}
    for frame, origin in frames.items():
        earlier = _origin_of(records, frame)
        if earlier and (other := origin.contradiction(earlier, dataset.path, scenes)):
            found[frame] = other
    if not found:
        return
    first = next(iter(found.values()))
    raise UsageError(
        f"{dataset} has {frames_in_words(list(found))} of {first}, which would be replaced; name a sequence for these "
        "frames (--sequence, or Sequence in the sidebar), choose another output folder, or turn off Skip Finished "
        "(--redo) to replace what is there"
    )


def check_jobs(dataset: DatasetFolder, jobs: Iterable[FrameJob]) -> None:
    """check_replaced() for jobs that are complete; a frame that is up to date is not replaced."""
    frames = {job.files.path: job for job in jobs if job.origin and not job.settings.redo}
    try:
        check_replaced(dataset, {path: job.origin for path, job in frames.items() if job.origin})
    except UsageError:
        replaced = {path: job.origin for path, job in frames.items() if job.origin and not _is_up_to_date(job)}
        check_replaced(dataset, replaced)


def _is_up_to_date(job: FrameJob) -> bool:
    try:
        return job.finished_record() is not None
    except LabelpassError:
        return True  # which fails, and replaces nothing


def _origin_of(records: RecordStore, frame: str) -> Origin | None:
    """What the frame of a record was made of; None where that is not known."""
    if records.stamp(frame) is None:
        return None
    try:
        data = records.read_json(frame).get("origin")
        return Origin.from_json(data) if data else None
    except (RecordError, AttributeError, KeyError, TypeError, ValueError):
        return None
