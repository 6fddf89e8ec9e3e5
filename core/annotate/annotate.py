"""One frame from its files to its record. Reads like the way of the data; the only module that knows its order."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..base.errors import InputError
from ..base.files import Content, noting_contents
from ..drawing.image_files import Bytes
from ..labels.labelled_frame import SeenFrame, see_frame
from ..records.frame_job import FrameJob
from ..records.frame_record import FrameRecord
from ..records.instance import Instance
from ..records.stale_files import former_files, remove_former_files
from ..settings.conflicts import check_together
from ..settings.map_table import WrittenMap, later_maps, maps_to_write
from .filters import filter_hidden, filter_instances
from .parts import add_parts
from .poses_and_keypoints import add_details
from .previews import write_pictures
from .soft_masks import add_soft_masks
from .training_image import write_training_image
from .visibility import add_amodal


def annotate(job: FrameJob, checkpoint: Callable[[], None] = lambda: None) -> FrameRecord:
    """Annotate one frame: write its image, its pictures and, when all of that is complete, its record.

    What the record before it named and this one does not is removed then.

    Args:
        job: what to do.
        checkpoint: called between the steps; raises Cancelled to stop there.

    Raises:
        LabelpassError: something is wrong with the settings, the files or the output folder; nothing half-done is left.
    """
    check_together(job.settings)
    key = job.key()
    former = former_files(job.output, job.files.path)
    with noting_contents() as noted:
        record = _make(job, key, checkpoint)
    record = dataclasses.replace(record, contents=_contents(job.output, record.files(), noted))
    record.write(job.output)
    remove_former_files(job.output, former, record)
    return record


def _make(job: FrameJob, key: str, checkpoint: Callable[[], None]) -> FrameRecord:
    """All but the record's own file, and the contents of the others."""
    frame = see_frame(job, checkpoint)
    instances, dropped = filter_instances(frame.instances, *frame.passes.shape, job.settings)
    checkpoint()
    instances, of_amodal = add_amodal(frame, instances)
    instances, hidden = filter_hidden(instances, job.settings)

    checkpoint()
    instances, of_details = add_details(frame, instances)
    checkpoint()
    instances, parts = add_parts(frame, instances)
    checkpoint()
    instances = add_soft_masks(frame, instances)

    checkpoint()
    colours, colour, of_image = write_training_image(job, frame.passes)
    checkpoint()
    pictures = write_pictures(frame, instances, colours, checkpoint) if job.settings.pictures else ()
    maps = _write_maps(frame, instances, colours, checkpoint)

    checkpoint()
    height, width = frame.passes.shape
    return FrameRecord(
        key=key,
        sequence=job.files.sequence,
        split=job.files.split,
        frame=job.files.frame,
        name=job.files.name,
        width=width,
        height=height,
        image=job.image,
        colour=colour,
        pictures=tuple(pictures),
        label_source=frame.image.source.value,
        view_layer=frame.passes.view_layer,
        view=frame.passes.view or (frame.scene.view if frame.scene else ""),
        unit_scale=frame.scene.unit_scale if frame.scene else None,
        camera=frame.scene.camera if frame.scene else None,
        categories=tuple(frame.categories),
        instances=tuple(instances),
        ignored=tuple(frame.ignored),
        dropped=dropped | hidden,
        notes=(*frame.notes, *of_amodal, *of_details, *parts.notes, *of_image),
        cryptomatte=frame.image.cryptomatte,
        sidecars=(*frame.image.sidecars, *parts.sidecars),
        part_categories=tuple(parts.categories),
        maps=tuple(maps),
        later_maps=later_maps(job.settings.maps),
        flow_step=job.settings.flow_step,
    )


def _contents(output: Path, files: Sequence[str], noted: Mapping[Path, Content]) -> dict[str, Content]:
    """What is in the files of a frame; a training image that Blender has made is read for it."""
    contents = {}
    for file in files:
        path = output / file
        try:
            contents[file] = noted[path] if path in noted else Content.of_file(path)
        except OSError as error:
            raise InputError(f"Cannot read {path}: {error.strerror}; export the frame again") from error
    return contents


def _write_maps(
    frame: SeenFrame, instances: Sequence[Instance], colours: Bytes | None, checkpoint: Callable[[], None]
) -> list[WrittenMap]:
    job = frame.job
    if not job.settings.maps:
        return []
    # Here, since they take long to import and most frames want no maps.
    from ..categories.ids import ids_in_dataset
    from ..maps.frame_maps import DenseMaps
    from ..maps.surface_map import map_surfaces

    ids = ids_in_dataset(job.output, frame.categories)
    dense = DenseMaps(
        frame.passes,
        frame.surfaces,
        frame.scene,
        instances,
        ids,
        job.settings.depth_scale,
        colours,
        lambda: map_surfaces(frame),
    )
    dense.check(job.settings.maps)
    written = []
    for map in maps_to_write(job.settings.maps):
        checkpoint()
        written.append(dense.write(map, job.output, job.files.path))
    return written
