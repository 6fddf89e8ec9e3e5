"""EXR files: their parts and channels, and the pixels of exactly the channels that are asked for.

The only module that imports OpenEXR. Its Python reader decodes every part of a multi-part file, so one part is
shown to it as a file of its own: a multi-part chunk is a part number followed by the chunk of a single-part file, and
copying the wanted chunks behind the part's header costs no decoding. Source: "OpenEXR File Layout",
https://openexr.com/en/latest/OpenEXRFileLayout.html.
"""

import io
import itertools
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import OpenEXR

from ..base.box import MOST_PIXELS, Box, Pixels
from ..base.errors import ExrError, MemoryShortage
from ..base.input_files import open_file
from . import zip_rows

_MAGIC = b"\x76\x2f\x31\x01"
_VERSION = 2
_TILED, _DEEP, _MULTI_PART = 0x200, 0x800, 0x1000
_PART_NUMBER_SIZE = 4
_HEADER_GUESS = 1 << 16
# In bytes, of attributes and channels.
_LONGEST_NAME = 255
# Rows of pixels in a chunk, by the number of the compression in the file; measured of OpenEXR 3.5.3.
_ROWS_OF_CHUNK = {0: 1, 1: 1, 2: 1, 3: 16, 4: 32, 5: 16, 6: 32, 7: 32, 8: 32, 9: 256, 10: 256, 11: 32, 12: 256, 13: 1}
# Every chunk ends where this many rows do.
ROWS_OF_ANY_CHUNK = max(_ROWS_OF_CHUNK.values())
# Compressions that change the bits of 32-bit floats, by their number in the file; measured of OpenEXR 3.5.3. PXR24 and
# LJ2K do so in every channel, DWAA and DWAB in those with the names of colours.
_PXR24_LJ2K, _DWA = (5, 12), (8, 9)
_ZIP = (2, 3)  # ZIPS and ZIP
# Of the bytes of a row: what zip_rows reads in less time than OpenEXR, by measurement.
_LARGEST_SHARE = 0.4
# Chunks for each that is different.
_FEWEST_EQUAL = 4
_COLOURS_OF_DWA = {"R", "G", "B", "Y", "RY", "BY"}

_threads = 0
_lost_bytes = 0


class PixelType(Enum):
    """How a channel stores its pixels; the values are those of the file format."""

    UINT = 0
    HALF = 1
    FLOAT = 2

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype({"UINT": np.uint32, "HALF": np.float16, "FLOAT": np.float32}[self.name])


@dataclass(frozen=True)
class ExrPart:
    """One image of an EXR file; a single-part file has one with an empty name.

    Attributes:
        name: the part's name, "" in a single-part file.
        view: the stereo view that the part holds, "" where the file does not say.
        views: the stereo views whose names occur in the channels of a single-part file.
        channels: full channel name -> how it is stored.
        data_window: where there are pixels.
        display_window: the image.
        strings: the text attributes, among them those of Cryptomatte.
        has_density: whether it says how many pixels make an inch.
    """

    index: int
    name: str
    view: str
    views: tuple[str, ...]
    channels: dict[str, PixelType]
    data_window: Box
    display_window: Box
    strings: dict[str, str]
    has_density: bool
    _compression: int
    _tiled: bool
    _header: bytes
    _chunk_count: int
    _offset_table: int

    @property
    def may_be_of_4_2(self) -> bool:
        """Whether Blender 4.2 may have written it: Blender 5 says its version, 4.5 a density, 4.2 and 4.3 neither."""
        return not self.has_density and not self.strings.get("Software", "").startswith("Blender")

    def keeps_bits(self, channel: str) -> bool:
        """Whether the compression gives back every bit of a channel of 32-bit floats."""
        if self._compression in _DWA:
            return channel.rpartition(".")[2] not in _COLOURS_OF_DWA
        return self._compression not in _PXR24_LJ2K

    def is_faster_by_rows(self, channels: Sequence[str]) -> bool:
        """Whether to read these channels without OpenEXR, which takes as long for one of many as for all of them."""
        size_of = {name: kind.dtype.itemsize for name, kind in self.channels.items()}
        wanted = sum(size_of[name] for name in channels)
        return not self._tiled and self._compression in _ZIP and wanted <= _LARGEST_SHARE * sum(size_of.values())


class ExrFile:
    """An EXR file whose headers have been read, and no pixel yet.

    Raises:
        ExrError: it is missing, cut off or damaged, is not an EXR, or is deep or luminance/chroma.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._size = path.stat().st_size
            with open_file(path) as file:
                self.parts = _read_headers(file, path)
        except OSError as error:
            raise ExrError(f"Cannot read {path}: {error.strerror}; check the path and its permissions") from error

    def read(self, part: ExrPart, channels: Sequence[str]) -> list[Pixels]:
        """Decode some channels of one part: by OpenEXR, or of many that are compressed with ZIP by zip_rows.

        Returns:
            One (data window height, data window width) array for each name, float16, float32 or uint32 as stored.

        Raises:
            ExrError: the pixels are missing or damaged.
            MemoryShortage: they do not fit into the memory that is free.
        """
        (pixels,) = self.read_bands(part, channels, part.data_window.height)
        return pixels

    def read_bands(self, part: ExrPart, channels: Sequence[str], rows: int) -> Iterator[list[Pixels]]:
        """The same, but so many rows at once, from the top of the data window to its bottom.

        Args:
            rows: of each band but the last: all of them, or a multiple of ROWS_OF_ANY_CHUNK.

        Raises:
            ExrError, MemoryShortage: as read(), when it comes to the band.
        """
        try:
            if part.is_faster_by_rows(channels) or self._repeats(part):
                yield from self._read_rows(part, channels, rows)
                return
            with self._source(part) as source:
                yield from self._read_by_openexr(source, part, channels, rows)
        except MemoryError as error:
            sentence = (
                f"{self.path} is too large for the memory that is free; close other programs, or render it smaller"
            )
            raise MemoryShortage(sentence) from error
        except (OSError, RuntimeError, TypeError, ValueError) as error:
            raise ExrError(f"{self.path} is cut off or damaged ({error}); render the frame again") from error

    def _read_by_openexr(
        self, source: str | BinaryIO, part: ExrPart, channels: Sequence[str], rows: int
    ) -> Iterator[list[Pixels]]:
        window = part.data_window
        try:
            _use_threads(_threads if isinstance(source, str) else 0)
            file = OpenEXR.InputFile(source)
            for top in range(window.y0, window.y1, rows):
                end = min(top + rows, window.y1)
                buffers = file.channels(list(channels), scanLine1=top, scanLine2=end - 1)
                yield [
                    np.frombuffer(buffer, dtype=part.channels[name].dtype).reshape(end - top, window.width)
                    for name, buffer in zip(channels, buffers, strict=True)
                ]
                del buffers
            file.close()
        except (OSError, RuntimeError, TypeError, ValueError):
            _lose(rows * window.width * sum(part.channels[name].dtype.itemsize for name in channels))
            raise

    def _read_rows(self, part: ExrPart, channels: Sequence[str], rows: int) -> Iterator[list[Pixels]]:
        """Channels by their places in the rows of the file; with as many threads as OpenEXR would have."""
        with open_file(self.path) as file:
            offsets = self._offsets(file, part)
        height, rows_of_chunk = part.data_window.height, _ROWS_OF_CHUNK[part._compression]
        dtypes = {name: kind.dtype for name, kind in part.channels.items()}

        def read(top: int) -> list[Pixels]:
            layout = zip_rows.Layout(dtypes, part.data_window.width, min(rows, height - top), rows_of_chunk)
            above = top // rows_of_chunk

            def data_of_chunks(first: int, stop: int) -> list[bytes]:
                return self._data_of_chunks(part, offsets, above + first, above + stop)

            return zip_rows.read_channels(layout, channels, data_of_chunks, _threads)

        yield from map(read, range(0, height, rows))

    def _data_of_chunks(self, part: ExrPart, offsets: Sequence[int], first: int, stop: int) -> list[bytes]:
        """The data of the chunks from one number to another; ValueError where they are not of their rows."""
        with open_file(self.path) as file:
            chunks = [self._chunk(file, part, offset) for offset in offsets[first:stop]]
        rows_of_chunk = _ROWS_OF_CHUNK[part._compression]
        rows = [part.data_window.y0 + number * rows_of_chunk for number in range(first, stop)]
        if [struct.unpack(f"<{len(place) // 4}i", place)[0] for place, _ in chunks] != rows:
            raise ValueError("a block of pixels is not where the file says")
        return [data for _, data in chunks]

    def _repeats(self, part: ExrPart) -> bool:
        """Whether most chunks of a part seem to be equal, as those of empty ranks are: zip_rows decodes one of them.

        Their sizes say so, which are known from the table of chunks.
        """
        if part._tiled or part._compression not in _ZIP:
            return False
        with open_file(self.path) as file:
            places = sorted(self._offsets(file, part))
        sizes = {end - start for start, end in itertools.pairwise(places)}
        return len(sizes) * _FEWEST_EQUAL <= len(places)

    def _source(self, part: ExrPart) -> AbstractContextManager[str | BinaryIO]:
        """What to give to OpenEXR's reader for a part."""
        if len(self.parts) > 1:
            return self._as_single_part(part)
        try:
            return nullcontext(_as_text(self.path))
        except UnicodeEncodeError:  # on Linux a name is bytes, and OpenEXR ends the process over one that is not text
            return open_file(self.path)

    def _as_single_part(self, part: ExrPart) -> io.BytesIO:
        """A part as a single-part file in memory: its header, a new offset table and its chunks, all undecoded."""
        with open_file(self.path) as file:
            chunks = [b"".join(self._chunk(file, part, offset)) for offset in self._offsets(file, part)]
        flags = _VERSION | (_TILED if part._tiled else 0) | 0x400  # 0x400: names may be longer than 31 bytes
        head = _MAGIC + struct.pack("<I", flags) + part._header
        place = len(head) + 8 * len(chunks)
        new_offsets = []
        for chunk in chunks:
            new_offsets.append(place)
            place += len(chunk)
        return io.BytesIO(b"".join((head, struct.pack(f"<{len(chunks)}Q", *new_offsets), *chunks)))

    def _offsets(self, file: BinaryIO, part: ExrPart) -> tuple[int, ...]:
        """Where the chunks of a part are; raises ValueError where the file does not say so."""
        count = part._chunk_count or -(-part.data_window.height // _ROWS_OF_CHUNK[part._compression])
        file.seek(part._offset_table)
        table = file.read(8 * count)
        if len(table) < 8 * count:
            raise ValueError("the offset table is incomplete")
        offsets = struct.unpack(f"<{count}Q", table)
        if 0 in offsets:
            raise _unfinished(self.path)
        return offsets

    def _chunk(self, file: BinaryIO, part: ExrPart, offset: int) -> tuple[bytes, bytes]:
        """Where in the image one chunk is, with its size, and its data; raises ValueError where the file does not hold
        it."""
        number_size = _PART_NUMBER_SIZE if part._chunk_count else 0
        lead = 16 if part._tiled else 4  # tile x, y and level x, y, or the first row
        if offset + number_size + lead + 4 > self._size or offset < part._offset_table:
            raise ValueError("a block of pixels is missing")
        file.seek(offset)
        start = file.read(number_size + lead + 4)
        if len(start) < number_size + lead + 4:  # the file has become shorter since it was opened
            raise ValueError("a block of pixels is missing")
        if number_size and struct.unpack_from("<i", start)[0] != part.index:
            raise ValueError("a block of pixels is not where the file says")
        size = struct.unpack_from("<i", start, len(start) - 4)[0]
        if size < 0 or offset + len(start) + size > self._size:
            raise ValueError("a block of pixels is missing")
        data = file.read(size)
        if len(data) < size:
            raise ValueError("a block of pixels is missing")
        return start[number_size:], data


def _as_text(path: Path) -> str:
    text = str(path)
    text.encode("utf-8")
    return text


def lost_memory() -> int:
    """Bytes that this process has lost: OpenEXR 3.5.3 does not give back what it could not decode to the end."""
    return _lost_bytes


def _lose(size: int) -> None:
    global _lost_bytes
    _lost_bytes += size


def set_decoding_threads(threads: int) -> None:
    """Let OpenEXR decode single-part files with so many threads in this process; 0 decodes in the calling thread.

    Parts of multi-part files are always decoded in the calling thread: they are read from a stream in memory, and
    OpenEXR's threads would call it without holding the interpreter's lock (Python 3.13 and 3.14 crash, OpenEXR 3.5.3).
    """
    global _threads
    _threads = threads


def _use_threads(threads: int) -> None:
    if OpenEXR.global_thread_count() != threads:
        OpenEXR.set_global_thread_count(threads)


def _read_headers(file: BinaryIO, path: Path) -> tuple[ExrPart, ...]:
    """The parts of an open file, reading as little as holds all headers."""
    size = _HEADER_GUESS
    total = os.fstat(file.fileno()).st_size
    if total == 0:
        raise ExrError(f"{path} is empty; render the frame again")
    while True:
        file.seek(0)
        data = file.read(size)
        if data[:4] != _MAGIC:
            raise ExrError(f"{path} is not an EXR file; set the output's file format to OpenEXR MultiLayer")
        try:
            return _parse_headers(data, path)
        except (IndexError, struct.error, UnicodeDecodeError, KeyError, ValueError) as error:
            if size >= total:
                raise ExrError(f"The header of {path} is cut off or damaged; render the frame again") from error
            size *= 8


def _parse_headers(data: bytes, path: Path) -> tuple[ExrPart, ...]:
    flags = struct.unpack_from("<I", data, 4)[0]
    if flags & _DEEP:
        raise ExrError(f"{path} holds deep pixels, which Labelpass does not read; render flat passes")
    multi_part = bool(flags & _MULTI_PART)
    headers: list[tuple[dict[str, tuple[str, bytes]], bytes]] = []
    place = 8
    while True:
        start = place
        attributes: dict[str, tuple[str, bytes]] = {}
        while data[place] != 0:
            name, place = _text(data, place)
            kind, place = _text(data, place)
            size = struct.unpack_from("<i", data, place)[0]
            place += 4
            if size < 0 or place + size > len(data):
                raise ValueError("an attribute runs over the end")
            attributes[name] = kind, data[place : place + size]
            place += size
        place += 1
        if not attributes:
            break  # an empty header ends the list of a multi-part file
        headers.append((attributes, data[start:place]))
        if not multi_part:
            break
    if not headers:
        raise ValueError("no header")

    parts = []
    for index, (attributes, header) in enumerate(headers):
        tiled = b"tiled" in attributes["type"][1] if "type" in attributes else bool(flags & _TILED)
        chunk_count = struct.unpack("<i", attributes["chunkCount"][1])[0] if multi_part else 0
        parts.append(_part(index, attributes, header, tiled, chunk_count, place, path))
        rows_of_chunk = _ROWS_OF_CHUNK.get(attributes["compression"][1][0])
        if not multi_part and struct.unpack_from("<Q", data, place)[0] == 0:
            raise _unfinished(path)
        if not tiled and rows_of_chunk:
            # What the header says of the pixels has to fit what is there, or a damaged window would cut them off.
            expected = -(-parts[-1].data_window.height // rows_of_chunk)
            if multi_part and chunk_count != expected:
                raise ValueError("the number of chunks does not fit the number of rows")
            if not multi_part:
                offsets = struct.unpack_from(f"<{expected}Q", data, place)
                if 0 in offsets:
                    raise _unfinished(path)
                if min(offsets) != place + 8 * expected:
                    raise ValueError("the first chunk is not where the offset table ends")
        if chunk_count < 0:
            raise ValueError("a negative number of chunks")
        place += 8 * chunk_count
    return tuple(parts)


def _unfinished(path: Path) -> ExrError:
    """The error of a file whose table of chunks has not been written: that is done last of all."""
    return ExrError(
        f"{path} is not finished: the program that renders it is still writing, or was stopped before the end; "
        "wait for it, or render the frame again"
    )


def _part(
    index: int,
    attributes: dict[str, tuple[str, bytes]],
    header: bytes,
    tiled: bool,
    chunk_count: int,
    offset_table: int,
    path: Path,
) -> ExrPart:
    strings = {name: value.decode("utf-8", "replace") for name, (kind, value) in attributes.items() if kind == "string"}
    if strings.get("type", "").startswith("deep"):
        raise ExrError(f"{path} holds deep pixels, which Labelpass does not read; render flat passes")
    return ExrPart(
        index=index,
        name=strings.get("name", ""),
        view=strings.get("view", ""),
        views=_string_vector(attributes["multiView"][1]) if "multiView" in attributes else (),
        channels=_channels(attributes["channels"][1], path),
        data_window=_window(attributes["dataWindow"][1], path),
        display_window=_window(attributes["displayWindow"][1], path),
        strings=strings,
        has_density="xDensity" in attributes,
        _compression=attributes["compression"][1][0],
        _tiled=tiled,
        _header=header,
        _chunk_count=chunk_count,
        _offset_table=offset_table,
    )


def _text(data: bytes, place: int) -> tuple[str, int]:
    """A zero-terminated text and the place behind it."""
    end = data.index(0, place)
    if end - place > _LONGEST_NAME:
        raise ValueError("a name is longer than the format allows")
    return data[place:end].decode("utf-8"), end + 1


def _channels(data: bytes, path: Path) -> dict[str, PixelType]:
    channels = {}
    place = 0
    while data[place] != 0:
        name, place = _text(data, place)
        kind, _, x_sampling, y_sampling = struct.unpack_from("<iIii", data, place)
        place += 16
        if (x_sampling, y_sampling) != (1, 1):
            raise ExrError(
                f"{path} stores luminance and chroma instead of RGB; "
                "write it again with the colour mode RGB or RGBA and a codec that keeps all pixels"
            )
        channels[name] = PixelType(kind)
    if list(channels) != sorted(channels, key=lambda name: name.encode()):
        raise ValueError("the channels are not in order, so their pixels cannot be separated")
    return channels


def _string_vector(data: bytes) -> tuple[str, ...]:
    texts = []
    place = 0
    while place < len(data):
        size = struct.unpack_from("<i", data, place)[0]
        if size < 0:
            raise ValueError("a negative length")
        texts.append(data[place + 4 : place + 4 + size].decode("utf-8"))
        place += 4 + size
    return tuple(texts)


def _window(data: bytes, path: Path) -> Box:
    """From the file's inclusive corners."""
    x0, y0, x1, y1 = struct.unpack("<4i", data)
    window = Box(x0, y0, x1 + 1, y1 + 1)
    if window.width <= 0 or window.height <= 0:
        raise ValueError("an empty window")
    if window.width * window.height > MOST_PIXELS:
        raise ExrError(f"{path} claims {window.width} x {window.height} pixels, so it is damaged; render it again")
    return window


def encode_exr(channels: Mapping[str, npt.NDArray[np.float32]]) -> bytes:
    """An EXR file of one part with these (H, W) float32 channels, without loss."""
    _use_threads(0)  # threads would call the stream without holding the interpreter's lock
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    stream = io.BytesIO()
    file = OpenEXR.File(header, {name: np.ascontiguousarray(values) for name, values in channels.items()})
    file.write(stream)
    return stream.getvalue()
