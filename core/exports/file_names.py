"""Names of a frame's files in an export: without folders, and other ones for other frames.

Readers glob for names and cut them at dots, slashes or their last folder, so "shots/a/frame_0001" becomes
"shots__a__frame_0001".
"""

import hashlib
import re

_BETWEEN = "__"
_LONGEST = 200  # bytes; file systems allow 255 with suffixes
_DIGITS = 8
_BETWEEN_WORDS = re.compile(r"[\s,;\"'%#]")


def file_name(frame: str) -> str:
    """The name for a frame's files.

    Args:
        frame: path of the frame, see FrameFiles.path.

    Returns:
        The path with its slashes as two underscores. One that could be another frame's as well, or that is too long,
        ends in digits that are a function of the path.
    """
    name = frame.replace("/", _BETWEEN)
    if name.split(_BETWEEN) == frame.split("/") and len(_bytes(name)) <= _LONGEST:
        return name
    digits = hashlib.blake2b(_bytes(frame), digest_size=_DIGITS // 2).hexdigest()
    return f"{_bytes(name)[: _LONGEST - _DIGITS - 1].decode('utf-8', 'ignore')}-{digits}"


def name_without_dots(frame: str) -> str:
    """As file_name(), for readers that cut names at the first dot, leave out those that begin with two underscores, as
    if they were hidden, and fail at those that are not UTF-8."""
    return _changed(frame, plain_text(file_name(frame)).replace(".", "_").lstrip("_"))


def name_without_spaces(frame: str) -> str:
    """As file_name(), for readers of lists of names that end a name at a space or at #."""
    return _changed(frame, re.sub(r"[\s#]", "_", file_name(frame)))


def name_of_one_word(path: str) -> str:
    """As file_name(), for readers that take a name for a word of a list or for a value of an .ini file, and fail at
    those that are not UTF-8."""
    return _changed(path, _BETWEEN_WORDS.sub("_", plain_text(file_name(path))))


def plain_text(text: str) -> str:
    """The same with a replacement character for each byte that is not UTF-8."""
    return _bytes(text).decode("utf-8", "replace")


def _changed(frame: str, name: str) -> str:
    """A name that is made of file_name(), with digits if it is not the same."""
    if name == file_name(frame):
        return name
    digits = hashlib.blake2b(_bytes(frame), digest_size=_DIGITS // 2).hexdigest()
    return f"{name}-{digits}"


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
