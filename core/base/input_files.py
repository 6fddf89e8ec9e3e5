"""Reading files that others wrote: only regular ones are opened, and JSON fails in one way."""

import errno
import io
import json
import os
import re
from pathlib import Path
from typing import Any

# Half a letter as JSON escapes it, of which two in a row are a letter; and a number that may be beyond all floats.
_DOUBTFUL = re.compile(r"\\u[dD][89a-fA-F]|(?:^|[\[,:\s])-?\d+(?:\.\d+)?[eE]\+?0*[1-9]\d\d|\d{300}")
# With each digit as 0 and each + as e: without one of these there is nothing doubtful. Looking for them takes a
# hundredth of the time.
_DIGITS_AS_0 = bytes.maketrans(b"123456789E+", b"000000000ee")
_LARGE_EXPONENT = b"e000"
_LONG_NUMBER = b"0" * 300
_LONGEST_NUMBER = 400


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not a number of JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_number)


def is_there(path: str) -> bool:
    """Whether a path is that of a file or folder. Where it is not, os.path.exists() takes twice the time, since it
    catches an error."""
    try:
        return os.access(path, os.F_OK)
    except ValueError:  # it cannot be a path
        return False


def open_file(path: Path) -> io.BufferedReader:
    """Open a regular file, or a link to one, for reading.

    Raises:
        OSError: as open() does, and where it is a folder, a pipe, a socket or a device, which may never end.
    """
    if not path.is_file() and path.exists():  # to open a pipe would wait for whoever writes to it
        raise OSError(errno.EINVAL, "Not a regular file", str(path))
    return path.open("rb")


def read_file(path: Path, most: int | None = None) -> bytes:
    """All bytes of a regular file; OSError as open_file(), and where it has more than so many."""
    with open_file(path) as file:
        if most is not None and os.fstat(file.fileno()).st_size > most:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
        return file.read()


def parse_json(text: str | bytes) -> Any:
    """What a JSON text says, in UTF-8 where it is bytes.

    Raises:
        ValueError: it is none, lists in lists go deeper than Python reads, a number in it is beyond all floats or none,
            or a text in it could not be written to a file: it holds half of a letter, and not as Python stands for a
            byte of a file's name.
    """
    is_doubtful = _may_be_doubtful(text)
    if isinstance(text, bytes):
        text = text.decode("utf-8-sig")
    try:
        found = _DECODER.decode(text)
        if is_doubtful and _DOUBTFUL.search(text):
            json.dumps(found, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogateescape")
    except RecursionError:
        raise ValueError("values are nested too deeply") from None
    return found


def _may_be_doubtful(text: str | bytes) -> bool:
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if b"\\u" in data and (b"\\ud" in data or b"\\uD" in data):
        return True
    shape = data.translate(_DIGITS_AS_0)
    return _LONG_NUMBER in shape or _has_large_number(shape)


def _has_large_number(shape: bytes) -> bool:
    """Whether some of the places where a large exponent stands is not within a text, such as a digest."""
    place = shape.find(_LARGE_EXPONENT)
    while place >= 0:
        number = shape[max(0, place - _LONGEST_NUMBER) : place].removesuffix(b"e")
        # The letters of run lengths are brackets and colons too, but rarely with a digit before the exponent.
        if number.endswith(b"0") and number.rstrip(b"0.-")[-1:] in b"[,: \t\r\n":
            return True
        place = shape.find(_LARGE_EXPONENT, place + 1)
    return False


def read_json(path: Path) -> Any:
    """What a JSON file says; OSError as open_file(), ValueError as parse_json()."""
    return parse_json(read_file(path))
