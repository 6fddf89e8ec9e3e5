"""Masks of a record that an export takes apart: those of a damaged record are named."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..base.errors import RecordError
from ..records.frame_record import FrameRecord


@contextmanager
def masks_of(record: FrameRecord) -> Iterator[None]:
    """RecordError for the ValueError of what decodes masks."""
    try:
        yield
    except ValueError as error:
        raise RecordError(
            f"The record of the frame {record.path} is damaged ({error}); annotate that frame again"
        ) from error
