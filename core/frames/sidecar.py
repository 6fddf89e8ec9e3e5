"""The manifest of a Cryptomatte in a file of its own, next to the EXR file."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from ..base.json_fields import JsonRow


@dataclass(frozen=True)
class Sidecar(JsonRow):
    """A manifest file as it was when a record was made: an edited one makes the record out of date.

    Attributes:
        exr: name of the EXR file whose header names it.
        path: of the manifest, below the folder of that EXR file.
        size, changed: bytes, and the time of the last change in nanoseconds; None where the file is missing.
    """

    exr: str
    path: str
    size: int | None
    changed: int | None

    @classmethod
    def of(cls, exr: Path, path: str) -> "Sidecar":
        """The file as it is now."""
        try:
            found = sidecar_path(exr, path)
            stat = found.stat() if found else None
        except (OSError, ValueError):  # what a header says need not be a name that a file can have
            stat = None
        return cls(exr.name, path, stat.st_size if stat else None, stat.st_mtime_ns if stat else None)

    def is_current(self, files: Iterable[Path]) -> bool:
        """Whether the manifest is still the same; `files` are the EXR files of the frame."""
        return any(file.name == self.exr and Sidecar.of(file, self.path) == self for file in files)


def sidecar_path(exr: Path, path: str) -> Path | None:
    """Where a manifest lies that a header names; None where the name, or a link, leads out of the folder of the EXR
    file."""
    named = PureWindowsPath(path)  # takes both kinds of slashes
    if not named.parts or named.anchor or ".." in named.parts:
        return None
    found = exr.parent.joinpath(*named.parts)
    try:
        # A link to the EXR file may have a link to its manifest next to it.
        inside = any(found.resolve().is_relative_to(one) for one in (exr.parent.resolve(), exr.resolve().parent))
    except (OSError, RuntimeError, ValueError):  # links in a circle, or what is no path at all
        return found
    return found if inside else None
