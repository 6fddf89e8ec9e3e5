"""What a frame was made of, so that a frame of the same name that shows another scene does not replace it.

Places are kept as they lead from the dataset's folder: they stay true where a project is moved, renamed or mounted
elsewhere. Where one leads to nothing, it claims nothing.
"""

import dataclasses
import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ..base.json_fields import JsonObject

# What a .blend has at the end of its name that is saved as another version.
_VERSION = re.compile(r"[ ._-]?v\d+$", re.IGNORECASE)


@dataclass(frozen=True)
class Origin(JsonObject):
    """What a frame was made of, as far as it is known. Places are paths from the dataset's folder.

    Attributes:
        files: places of its EXR files; none of a render in Blender's memory.
        blend: place of the .blend; "" where it was not saved, None where Blender did not make the frame.
        scene: name of the scene in the .blend; "" likewise.
    """

    files: tuple[str, ...] = ()
    blend: str | None = None
    scene: str = ""

    @classmethod
    def of(cls, output: Path, files: Iterable[Path] = (), blend: str | None = None, scene: str = "") -> Self:
        """
        Args:
            output: the dataset's folder.
            files: the EXR files.
            blend: path of the .blend; "" and None as in the attribute.
            scene: name of the scene.
        """
        place = place_from(output, Path(blend)) if blend else blend
        return cls(tuple(place_from(output, file) for file in files), place, scene)

    def contradiction(self, earlier: "Origin", output: Path, scenes: Collection[str] = ()) -> str:
        """What a frame was made of before that is there still and is not what it is made of now; "" where nothing is.

        Args:
            earlier: what the frame in the dataset was made of.
            output: the dataset's folder.
            scenes: names of all scenes of the .blend.
        """
        if self.blend is not None and earlier.blend is not None:
            if earlier.blend and not self._is_same_blend(earlier.blend, output):
                return str(_path(output, earlier.blend))
            if self.blend == earlier.blend and earlier.scene != self.scene and earlier.scene in scenes:
                return f"the scene {earlier.scene!r}"
        before = [_path(output, place) for place in earlier.files]
        there = [path for path in before if path.is_file()]
        now = [_path(output, place) for place in self.files]
        if not there or not now or _folder(before) == _folder(now):
            return ""
        return "" if any(_is_same(one, other) for one in there for other in now) else str(there[0])

    def moved(self, before: Path, now: Path) -> Self:
        """The same for another folder of the dataset."""
        files = tuple(place_from(now, _path(before, place)) for place in self.files)
        return dataclasses.replace(self, files=files, blend=self.blend and place_from(now, _path(before, self.blend)))

    @property
    def scene_in_words(self) -> str:
        """Name of the .blend, without folder and version, and of the scene in it; "" where one of them is not known.

        The same on every machine that has a copy of the project.
        """
        return f"{_unversioned(Path(self.blend))}.blend, {self.scene}" if self.blend and self.scene else ""

    def _is_same_blend(self, earlier: str, output: Path) -> bool:
        before = _path(output, earlier)
        if not before.is_file():
            return True  # as far as anybody can tell
        if not self.blend:
            return False
        now = _path(output, self.blend)
        return _is_same(before, now) or (before.parent, _unversioned(before)) == (now.parent, _unversioned(now))


def place_from(output: Path, path: Path) -> str:
    """A path as it leads from the dataset's folder, with forward slashes; absolute where none leads there."""
    try:
        return Path(os.path.relpath(path, output)).as_posix()
    except ValueError:  # another drive of Windows
        return (Path.cwd() / path).as_posix()


def _path(output: Path, place: str) -> Path:
    # By its text, as it was made: the folder may be a link.
    return Path(os.path.normpath(Path.cwd() / output / place))


def _folder(files: Iterable[Path]) -> str:
    """The folder that holds all files of a frame, or the folders of its passes."""
    try:
        return os.path.commonpath([file.parent for file in files])
    except ValueError:  # of several drives
        return ""


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one == other or one.samefile(other)
    except OSError:
        return False


def _unversioned(blend: Path) -> str:
    return _VERSION.sub("", blend.stem)
