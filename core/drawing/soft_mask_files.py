"""Files of soft masks: a NumPy archive (.npz) with an array for each instance of a frame, so that a reader decompresses
only what it wants. Earlier versions wrote a PNG for each, which is still read."""

import io
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..base.box import MOST_PIXELS, Box
from ..base.dataset_folder import DatasetFolder
from ..base.input_files import read_file
from ..records.instance import SoftMask
from .image_files import Bytes

# Higher ones take up to twice as long, for archives a tenth smaller.
_LEVEL = 1
_UNIX = 3
# Who reads a frame wants its masks one after the other, and to find out what is in an archive takes longer than one.
_ARCHIVES_AT_HAND = 2
# What a damaged archive raises besides OSError and ValueError: zipfile, and numpy where it reads the head of an array.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    RuntimeError,
    MemoryError,
    TypeError,
    LookupError,
    SyntaxError,
    tokenize.TokenError,
)


def write_soft_mask_arrays(file: BinaryIO, arrays: Iterable[tuple[str, Bytes]]) -> None:
    """Write an archive; besides one array at a time, what is compressed of all of them is in memory.

    Not by numpy's own function, which takes about twice as long: it knows one level of compression.

    Args:
        file: which need not be able to seek.
        arrays: names, of ASCII, each once, and arrays.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, pixels in arrays:
            member = zipfile.ZipInfo(f"{name}.npy")  # of the year 1980, as all of them
            member.compress_type, member.create_system = zipfile.ZIP_DEFLATED, _UNIX  # on Windows too
            saved = io.BytesIO()
            np.save(saved, pixels, allow_pickle=False)
            archive.writestr(member, saved.getbuffer(), compresslevel=_LEVEL)
    file.write(content.getbuffer())


def read_soft_mask(dataset: DatasetFolder, soft_mask: SoftMask) -> Bytes:
    """The pixels of a soft mask.

    Returns:
        (height, width) uint8 of its box; 255 is a whole pixel.

    Raises:
        OSError, SyntaxError or ValueError: its file is missing or damaged, or what it holds is of another size.
    """
    path = dataset.file(soft_mask.file)
    if soft_mask.array is None:
        return _pixels_of_image(path, soft_mask.box)
    return _pixels_of_array(path, soft_mask.array, soft_mask.box)


def _pixels_of_image(path: Path, box: Box) -> Bytes:
    from .read_images import open_image  # here, since only datasets of earlier versions need Pillow for it

    with open_image(path) as image:
        if image.mode != "L":
            raise ValueError("it is not an 8-bit grey PNG")
        _check_size(image.size, box, "it")
        return np.asarray(image)


def _pixels_of_array(path: Path, name: str, box: Box) -> Bytes:
    stat = path.stat()
    try:
        archive = _archive(path, (stat.st_size, stat.st_mtime_ns, stat.st_ino))
        with archive.open(_member(archive, name)) as member:
            if np.lib.format.read_magic(member) != (1, 0):  # type: ignore[no-untyped-call]
                raise ValueError("another version")
            shape, _, dtype = np.lib.format.read_array_header_1_0(member)  # type: ignore[no-untyped-call]
            if dtype != np.uint8 or len(shape) != 2:
                raise ValueError(f"its array {name} is not one of rows of 8-bit numbers")
            _check_size(shape[::-1], box, f"its array {name}")
            # One more than there should be: so the end is reached, and the checksum compared.
            return np.frombuffer(member.read(box.width * box.height + 1), np.uint8).reshape(shape)
    except _DAMAGED as error:
        raise ValueError("it is cut off or damaged") from error


def _member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    try:
        return archive.getinfo(f"{name}.npy")
    except KeyError:
        raise ValueError(f"it has no array {name}") from None


@lru_cache(_ARCHIVES_AT_HAND)
def _archive(path: Path, stamp: tuple[int, int, int]) -> zipfile.ZipFile:
    """An archive, read into memory, so that its file may be replaced meanwhile; `stamp` is another one then."""
    return zipfile.ZipFile(io.BytesIO(read_file(path)))


def _check_size(size: tuple[int, ...], box: Box, what: str) -> None:
    """ValueError where what a file holds is not as large as its box, or that is larger than any image."""
    if size != (box.width, box.height) or box.width * box.height > MOST_PIXELS:
        found = " x ".join(map(str, size))
        raise ValueError(f"{what} has {found} pixels, but its box has {box.width} x {box.height}")
