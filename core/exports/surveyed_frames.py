"""What is kept of each frame from the first round for the second: ids, shards and what has changed follow from it.

It takes 50 bytes of memory for each frame, so only formats that say so get it (ExportWriter.uses_frame_table).
"""

import hashlib
import os
from array import array
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..base.dataset_folder import DatasetFolder
from ..formats.writer import Survey, SurveyedFrame
from ..records.frame_record import FrameRecord
from ..records.packs.pack_file import FRAMES_IN_PACK
from .stable_ids import spread, unique_ids

DIGEST_BYTES = 16
_NO_IMAGE = 0, 0


@dataclass(frozen=True)
class FrameTable:
    """Facts of N frames in the order of the dataset.

    Attributes:
        splits: (N,) uint16, which of the splits each is in, in the order of the user.
        cells: (N,) uint64, what spread() makes of its cell: its sequence, and which thousand its number is in. So cells
            are those of packs.
        names: (N,) uint64, what spread() makes of its path.
        ids: (N,) int64, the id of its image. Those of its annotations follow one by one, and no two are alike.
        sizes: (N,) int64, bytes of its image and about those of its record.
        digests: (N, 16) uint8, what FrameDigests makes of each.
    """

    splits: npt.NDArray[np.uint16]
    cells: npt.NDArray[np.uint64]
    names: npt.NDArray[np.uint64]
    ids: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    digests: npt.NDArray[np.uint8]
    _digest_of: "FrameDigests"

    def is_as_surveyed(self, number: int, record: FrameRecord, checksum: str) -> bool:
        """Whether the frame of this number is the same in the second round."""
        return bool(self.digests[number - 1].tobytes() == self._digest_of(record, checksum)[1])


@dataclass(frozen=True)
class FrameDigests:
    """Makes of a frame 16 bytes that differ whenever its record or its image may.

    The record has a digest of what was in the image when Labelpass wrote it, and Labelpass writes the record anew
    whenever it writes the image. So of the image, size and time of its last change are enough: they change where
    another program has written it.

    Attributes:
        folder: of the dataset.
        images: whether the training images go with the frames.
    """

    folder: str
    images: bool

    def __call__(self, record: FrameRecord, checksum: str) -> tuple[int, bytes]:
        """The size of the image, 0 where it does not matter or is not there, and the digest."""
        size, time = _stamp(f"{self.folder}/{record.image}") if self.images else _NO_IMAGE
        digest = hashlib.blake2b(f"{checksum} {size} {time}".encode(), digest_size=DIGEST_BYTES).digest()
        return max(size, 0), digest


class SurveyedFrames:
    """Gathers a FrameTable in the first round; the arguments are those of FrameDigests."""

    def __init__(self, dataset: DatasetFolder, images: bool) -> None:
        self._digest_of = FrameDigests(str(dataset), images)
        self._splits, self._cells, self._names = array("H"), array("Q"), array("Q")
        self._annotations, self._of_all_categories, self._sizes = array("I"), array("I"), array("q")
        self._digests = bytearray()
        self._last_cell: tuple[str, int] | None = None
        self._last_spread = 0

    def add(self, frame: SurveyedFrame, split: int) -> None:
        """A frame of the first round, and which of the splits it is in."""
        record = frame.record
        size, digest = self._digest_of(record, frame.checksum)
        of_all = sum(not region.category for region in record.ignored)
        self._splits.append(split)
        self._cells.append(self._cell(record))
        self._names.append(spread(_bytes(record.path)))
        self._annotations.append(len(record.instances) + len(record.ignored) - of_all)
        self._of_all_categories.append(of_all)
        self._sizes.append(size + sum(len(one.mask.rle) for one in (*record.instances, *record.ignored)))
        self._digests += digest

    def _cell(self, record: FrameRecord) -> int:
        cell = record.sequence, record.frame // FRAMES_IN_PACK
        if cell != self._last_cell:
            self._last_cell, self._last_spread = cell, spread(_bytes(f"{cell[1]}/{cell[0]}"))
        return self._last_spread

    def in_order(self, survey: Survey) -> FrameTable:
        """After the first round."""
        order = survey.order
        names = np.frombuffer(self._names, np.uint64)[order]
        of_all = np.frombuffer(self._of_all_categories, np.uint32)[order].astype(np.int64)
        annotations = np.frombuffer(self._annotations, np.uint32)[order] + of_all * len(survey.categories)
        return FrameTable(
            np.frombuffer(self._splits, np.uint16)[order],
            np.frombuffer(self._cells, np.uint64)[order],
            names,
            unique_ids(names, 1 + annotations),
            np.frombuffer(self._sizes, np.int64)[order],
            np.frombuffer(self._digests, np.uint8).reshape(-1, DIGEST_BYTES)[order],
            self._digest_of,
        )


def _stamp(path: str) -> tuple[int, int]:
    """Size and time of the last change of a file; -1 where it is not there, which its writer is told."""
    try:
        stat = os.stat(path)  # noqa: PTH116, a Path takes longer to make, and there are millions of them
    except (OSError, ValueError):
        return -1, -1
    return stat.st_size, stat.st_mtime_ns


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
