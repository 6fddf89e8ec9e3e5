"""One frame from its files to its record. Reads like the way of the data; the only module that knows its order."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..base.dataset_folder import DatasetFolder
from ..base.errors import InputError
from ..base.files import Content, files_at_once, noting_contents
from ..drawing.image_files import Bytes
from ..labels.labelled_frame import LabelledFrame, label_frame
from ..records.frame_job import FrameJob
from ..records.frame_record import FrameRecord
from ..records.record_store import open_records
from ..records.stale_files import earlier_files, give_way
from ..settings.conflicts import check_together
from ..settings.map_table import WrittenMap, two_frame_maps
from .beyond_shape import add_beyond_shape, find_beyond_shape
from .filters import filter_hidden, filter_instances
from .parts import add_parts
from .poses_and_keypoints import add_poses_and_keypoints
from .previews import write_previews
from .soft_masks import add_soft_masks
from .training_image import write_training_image
from .visibility import add_amodal

# What makes the instances of the record out of all that the frame shows, one step after the other.
_STEPS: tuple[Callable[[LabelledFrame], LabelledFrame], ...] = (
    filter_instances,
    add_amodal,
    filter_hidden,
    add_poses_and_keypoints,
    add_beyond_shape,
    add_parts,
    add_soft_masks,
)


def annotate(job: FrameJob, checkpoint: Callable[[], None] = lambda: None) -> FrameRecord:
    """Annotate one frame: write its image, its pictures and its record, which take their places when all are complete.

    Whatever stops it before, what an earlier run made of the frame is as it was. If it is stopped while files take
    their places, the frame has no record. What the record before it named and this one does not is removed.

    Args:
        job: what to do.
        checkpoint: called between the steps; raises Cancelled to stop there.

    Raises:
        LabelpassError: something is wrong with the settings, the files or the output folder; nothing half-done is left.
    """
    check_together(job.settings)
    key = job.key()
    records = open_records(job.dataset)
    earlier = earlier_files(records, job.files.path)
    made: list[FrameRecord] = []

    with noting_contents() as noted, files_at_once(lambda: give_way(records, earlier, made[0])):
        record = _make(job, key, checkpoint)
        record = dataclasses.replace(record, contents=_contents(job.dataset, record.files(), noted))
        made.append(record)
        records.write(record)  # the last to take its place
    return record


def _make(job: FrameJob, key: str, checkpoint: Callable[[], None]) -> FrameRecord:
    """All but the record's own file, and the contents of the others."""
    frame = label_frame(job, checkpoint)
    for step in _STEPS:
        checkpoint()
        frame = step(frame)
    checkpoint()
    image = write_training_image(job, frame.passes, frame.scene)
    checkpoint()
    pictures = write_previews(frame, image.colours, checkpoint)
    maps, map_notes = _write_maps(frame, image.colours, checkpoint)
    checkpoint()
    return FrameRecord(
        key=key,
        sequence=job.files.sequence,
        variant=job.files.variant,
        frame=job.files.frame,
        name=job.files.name,
        width=frame.width,
        height=frame.height,
        image=job.image,
        colour=image.made,
        pictures=tuple(pictures),
        label_source=frame.image.source.value,
        view_layer=frame.passes.view_layer,
        view=frame.passes.view or (frame.scene.view if frame.scene else ""),
        unit_scale=frame.scene.unit_scale if frame.scene else None,
        camera=frame.scene.camera if frame.scene else None,
        categories=tuple(frame.categories),
        instances=tuple(frame.instances),
        ignored=tuple(frame.ignored),
        dropped=frame.dropped,
        notes=(*frame.notes, *image.notes, *map_notes),
        cryptomatte=frame.image.cryptomatte,
        sidecars=tuple(frame.sidecars),
        part_categories=tuple(frame.part_categories),
        maps=tuple(maps),
        later_maps=two_frame_maps(job.settings.maps),
        flow_step=job.settings.flow_step,
        origin=job.origin,
        beyond_shape=find_beyond_shape(frame),
        random=frame.scene.random if frame.scene else None,
    )


def _contents(dataset: DatasetFolder, files: Sequence[str], noted: Mapping[Path, Content]) -> dict[str, Content]:
    """What is in the files of a frame; a training image that Blender has made is read for it."""
    contents = {}
    for file in files:
        path = dataset.file(file)
        try:
            contents[file] = noted[path] if path in noted else Content.of_file(path)
        except OSError as error:
            raise InputError(f"Cannot read {path}: {error.strerror}; export the frame again") from error
    return contents


def _write_maps(
    frame: LabelledFrame, colours: Bytes | None, checkpoint: Callable[[], None]
) -> tuple[Sequence[WrittenMap], Sequence[str]]:
    """The maps that the settings want, and sentences on them."""
    if not frame.job.settings.maps:
        return (), ()
    # Here, since it takes long to import and most frames want no maps.
    from ..maps.frame_maps import notes_on_maps, write_maps

    return write_maps(frame, colours, checkpoint), notes_on_maps(frame)
