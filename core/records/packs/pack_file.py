"""Packs: the records of a sequence's frames 0 to 999, 1000 to 1999 and so on, each in one file.

    {"checksum":"9a0e...","pack":{"pack_version":1,"frames":{"shot_1000":5557,...},"records":"77b1...","prepared":...}}
    {"checksum":"7182...","record":{"record_version":6,...}}
    ...

The first line says which frames follow, in the order of their numbers, with the length of the line of each. These are
the lines of record files, byte by byte. After them comes what is prepared for a merge: a line of JSON with what has to
be known of all frames, and lines of text for each of them. Everything has a checksum of its own: the first line, each
record, all records, and both parts of what is prepared. The same records make the same pack.

A record belongs to the pack of its frame number, whichever machines or tasks wrote it.
"""

import io
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from ...base.errors import RecordError
from ...base.files import canonical_json, complete_file, digest
from ...base.input_files import open_file, parse_json
from ...frames.frame_files import frame_number
from .prepared import PreparedFrames, PreparedPack

PACK_VERSION = 1
FRAMES_IN_PACK = 1000
_NAME = re.compile(r"(\d+)-\d+\.pack")
# A merge goes from one pack to the next; a sequence that is compared with another one needs two.
_PACKS_AT_HAND = 3

# What tells a file from one that has taken its place: number, size, and time of its last change.
Identity = tuple[int, int, int]
# Packs whose records were compared with their checksum as a whole.
_seen_whole: set[tuple[str, Identity]] = set()


def pack_name(frame: str) -> str:
    """The name of the pack that a frame belongs to; `frame` is its path or its name."""
    first = frame_number(frame.rpartition("/")[2]) // FRAMES_IN_PACK * FRAMES_IN_PACK
    return f"{first}-{first + FRAMES_IN_PACK - 1}.pack"


def is_pack_name(name: str) -> bool:
    """Whether a file's name is that of a pack."""
    match = _NAME.fullmatch(name)
    return match is not None and pack_name(match[1]) == name


def write_pack(path: Path, lines: Mapping[str, bytes], prepared: PreparedFrames | None) -> None:
    """Write a pack in place of what is there; OutputError where that cannot be done.

    Args:
        path: its file.
        lines: name of each frame -> what record_files.stored() made of its record.
        prepared: of the same frames.
    """
    names = sorted(lines, key=lambda name: (frame_number(name), name))
    records = b"".join(lines[name] for name in names)
    more = _prepared_parts(prepared, names) if prepared else []
    pack = {
        "pack_version": PACK_VERSION,
        "frames": {name: len(lines[name]) for name in names},
        "records": digest(records),
        "prepared": prepared and [prepared.version, *([len(part), digest(part)] for part in more)],
    }
    body = canonical_json(pack)
    with complete_file(path) as file:
        file.write(b'{"checksum":"%s","pack":%s}\n' % (digest(body).encode(), body))
        file.write(records)
        for part in more:
            file.write(part)


def _prepared_parts(prepared: PreparedFrames, names: Sequence[str]) -> list[bytes]:
    shared: dict[bytes, int] = {}
    rows: list[list[Any]] = []
    texts: list[str] = []
    for name in names:
        frame = prepared.frames[name]
        lines = frame.texts()
        place = shared.setdefault(canonical_json(frame.shared), len(shared))
        rows.append([place, len(lines), *frame.facts])
        texts += lines
    facts = b'{"shared":[%s],"frames":%s}\n' % (b",".join(shared), canonical_json(rows))
    return [facts, "".join(f"{line}\n" for line in texts).encode("ascii")]


@dataclass(frozen=True)
class _File:
    """The file of a pack, while no other one has taken its place."""

    path: Path
    identity: Identity

    def read(self, start: int, length: int) -> bytes:
        """OSError where that cannot be done, or another pack has taken its place."""
        with self._open() as file:
            file.seek(start)
            return file.read(length) or b""

    def part(self, start: int, length: int, expected: str) -> bytes:
        """Likewise of a part with a checksum; ValueError where it is damaged."""
        part = self.read(start, length)
        if digest(part) != expected:
            raise ValueError("another content than was written")
        return part

    def lines(self, start: int, length: int, expected: str) -> Sequence[str]:
        """Such a part as lines of ASCII; RecordError where it cannot be read any more."""
        try:
            return self.part(start, length, expected).decode("ascii").split("\n")
        except (OSError, ValueError) as error:
            raise RecordError(f"{self.path} has changed, or cannot be read any more; run again") from error

    def _open(self) -> io.FileIO:
        file = self.path.open("rb", buffering=0)
        if _identity(os.fstat(file.fileno())) != self.identity:
            file.close()
            raise FileNotFoundError(f"{self.path} was replaced")
        return file


@dataclass(frozen=True)
class Pack:
    """A pack whose first line is known.

    Attributes:
        places: name of a frame, without its sequence -> its place among all of them.
        prepared_version: of what is prepared; "" where nothing is.
    """

    places: Mapping[str, int]
    prepared_version: str
    _file: _File
    _starts: Sequence[int]
    _records: str
    _parts: Sequence[tuple[int, str]]

    @property
    def path(self) -> Path:
        """Its file."""
        return self._file.path

    @property
    def identity(self) -> Identity:
        """Of the file when the first line was read."""
        return self._file.identity

    def size(self, name: str) -> int:
        """Of the line of a record, in bytes; KeyError where there is none."""
        place = self.places[name]
        return self._starts[place + 1] - self._starts[place]

    def line(self, name: str) -> bytes:
        """The line of a record.

        Raises:
            KeyError: there is none.
            OSError: it cannot be read, or another pack has taken its place.
        """
        return self._file.read(self._starts[self.places[name]], self.size(name))

    def lines(self) -> Iterator[tuple[str, bytes]]:
        """Names and lines of all records, in their order; OSError as line()."""
        first, end = self._starts[0], self._starts[-1]
        records = self._file.read(first, end - first)
        for name, (start, stop) in zip(self.places, pairwise(self._starts), strict=True):
            yield name, records[start - first : stop - first]

    @cached_property
    def prepared(self) -> PreparedPack | None:
        """What is prepared of its frames; None where there is nothing, or a part of the pack is damaged."""
        try:
            if not self._parts or not self._is_whole():
                return None
            (size, facts), (size_of_texts, texts) = self._parts
            start = self._starts[-1]
            data = parse_json(self._file.part(start, size, facts))
            lines = partial(self._file.lines, start + size, size_of_texts, texts)
            found = PreparedPack(data["shared"], data["frames"], lines)
            return found if len(found.rows) == len(self.places) else None
        except (OSError, KeyError, IndexError, TypeError, ValueError):
            return None  # each record is read, and tells what is wrong with it

    def _is_whole(self) -> bool:
        """Whether all records are as they were written; looked at once in a process."""
        if (str(self.path), self.identity) not in _seen_whole:
            first, end = self._starts[0], self._starts[-1]
            if digest(self._file.read(first, end - first)) != self._records:
                return False
            _seen_whole.add((str(self.path), self.identity))
        return True


def open_pack(path: Path) -> Pack | None:
    """The pack of this name; None where there is none.

    Raises:
        RecordError: it cannot be read, is damaged, or was written by another version.
    """
    try:
        identity = _identity(path.stat())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise RecordError(f"Cannot read {path}: {error.strerror}; make it readable") from error
    return _read_pack(path, identity)


@lru_cache(_PACKS_AT_HAND)
def _read_pack(path: Path, identity: Identity) -> Pack:
    damaged = f"{path} is damaged; remove it, and annotate its frames again"
    try:
        with open_file(path) as opened:
            identity = _identity(os.fstat(opened.fileno()))  # that of a later pack, if it was replaced just now
            line = opened.readline()
        data = parse_json(line)
        pack = data["pack"]
        if pack["pack_version"] != PACK_VERSION:
            raise RecordError(f"{path} was written by another version of Labelpass; use that one to unpack it")
        if data["checksum"] != digest(line[line.find(b'"pack":') + len(b'"pack":') : -len(b"}\n")]):
            raise RecordError(damaged)
        lengths = pack["frames"]
        version, *parts = pack["prepared"] or [""]
        if any(type(size) is not int or size < 0 for size in (*lengths.values(), *(size for size, _ in parts))):
            raise RecordError(damaged)
        starts = list(accumulate(lengths.values(), initial=len(line)))
        places = dict(zip(lengths, range(len(lengths)), strict=True))
        file, kept = _File(path, identity), [(size, one) for size, one in parts]
        return Pack(places, version, file, starts, pack["records"], kept)
    except OSError as error:
        raise RecordError(f"Cannot read {path}: {error.strerror}; make it readable") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordError(damaged) from error


def _identity(stat: os.stat_result) -> Identity:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns
