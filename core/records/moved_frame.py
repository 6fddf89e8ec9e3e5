"""A frame in another dataset: its record, with the names that its files have there."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from ..base.dataset_folder import file_of_other_frame
from ..base.errors import RecordError
from ..frames.frame_files import joined_path
from .frame_record import FrameRecord
from .merge_record import MergeRecord


def moved_record(record: FrameRecord, sequence: str, before: Path, now: Path) -> FrameRecord:
    """The record of a frame as another dataset has it.

    Args:
        record: that of the frame.
        sequence: what goes before the name of its sequence; "" for nothing.
        before, now: folders of both datasets, for what the frame was made of.

    Raises:
        RecordError: it names a file that is none of the frame's.
    """
    rename = renaming(record, sequence)
    try:
        return dataclasses.replace(
            record,
            sequence=joined_path(sequence, record.sequence),
            image=rename(record.image),
            pictures=tuple(map(rename, record.pictures)),
            maps=tuple(dataclasses.replace(map, file=rename(map.file)) for map in record.maps),
            instances=tuple(
                dataclasses.replace(one, soft_mask=dataclasses.replace(one.soft_mask, file=rename(one.soft_mask.file)))
                if one.soft_mask
                else one
                for one in record.instances
            ),
            contents={rename(file): content for file, content in record.contents.items()},
            origin=record.origin and record.origin.moved(before, now),
        )
    except ValueError as error:
        raise RecordError(f"The record of {record.path} cannot be used ({error}); annotate the frame again") from error


def moved_merge_record(merged: MergeRecord, record: FrameRecord, sequence: str) -> MergeRecord:
    """What a merge has made for a frame, likewise; `record` is that of the frame before."""
    path = joined_path(sequence, record.path)
    return MergeRecord(
        {
            map: dataclasses.replace(one, written=dataclasses.replace(one.written, file=map.path(path)))
            for map, one in merged.maps.items()
        }
    )


def renaming(record: FrameRecord, sequence: str) -> Callable[[str], str]:
    """What gives the files of a frame the names that they have where something goes before its sequence's name."""
    path = joined_path(sequence, record.path)
    return lambda file: file_of_other_frame(file, record.path, path)
