"""Rows of images: another file of a folder in each frame, in an image texture or as the world.

Blender animates which file of a numbered sequence is shown, and not which image a node has. So the files stand in a
sequence: their own folder where they are one, else links with numbers in a folder next to the .blend.
"""

import os
import re
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from ....core.base.errors import SceneError
from ....core.base.files import digest
from ... import compat
from ...random_rows import LabelpassRandomRow
from ..drawing import Base, Draw
from ..keyed import Keyed
from ..keyframes import MADE, replace_pointer, replace_value

FOLDER = "random_images"
_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".exr", ".hdr", ".tif", ".tiff", ".webp", ".bmp", ".tga"})
_NODES = ("ShaderNodeTexImage", "ShaderNodeTexEnvironment")
_NUMBERED = re.compile(r"^(?P<head>.*?)(?P<number>\d+)$")


@dataclass(frozen=True)
class Images:
    """The files of a folder in a node.

    Attributes:
        row: identity of the row.
        tree, node: where the node is, and its path there.
        count: how many files there are.
        first: number of the first file, less the one that Blender shows without an offset.
        name: what the drawn numbers are called.
    """

    row: str
    tree: bpy.types.NodeTree
    node: str
    count: int
    first: int
    name: str

    @classmethod
    def of(cls, base: Base, row: LabelpassRandomRow) -> "Images":
        owner = row.block or base.scene.world
        tree = compat.shader_tree(owner)
        node = next((node for node in (tree.nodes if tree else ()) if node.bl_idname in _NODES), None)
        if owner is None or node is None:
            what = f"{owner.name!r} has no Image Texture or Environment Texture" if owner else "The scene has no world"
            raise SceneError(f"{what} to show images in; add one, or choose another material for the row")
        files = _files_of(row)
        numbered = files if _is_sequence(files) else _numbered_links(files)
        image = bpy.data.images.load(str(numbered[0]), check_existing=False)
        image.source, image[MADE] = "SEQUENCE", True
        if node.image:
            image.colorspace_settings.name = node.image.colorspace_settings.name
        path = f'nodes["{bpy.utils.escape_identifier(node.name)}"]'
        replace_pointer(base.scene, tree, f"{path}.image", image)
        # A sequence of one frame, so that the offset alone says which file is shown.
        always = {"frame_duration": 1, "frame_start": 1, "use_cyclic": False, "use_auto_refresh": True}
        for name, value in always.items():
            replace_value(base.scene, tree, f"{path}.image_user.{name}", value)
        return cls(row.name, tree, path, len(files), _number(numbered[0]) - 1, f"{owner.name}.image")

    def draw(self, draw: Draw) -> None:
        which = np.minimum(np.floor(draw.uniforms(self.row, "", 1) * self.count), self.count - 1)
        draw.keyed.append(Keyed(self.tree, f"{self.node}.image_user.frame_offset", which + self.first))
        draw.named[self.name] = which[:, 0]


def _files_of(row: LabelpassRandomRow) -> list[Path]:
    """The images of the folder of a row, sorted by name, all of one format.

    Raises:
        SceneError: there are none, or of several.
    """
    if not row.folder:
        raise SceneError("A row shows the images of a folder and has none; choose the folder")
    folder = Path(bpy.path.abspath(row.folder))
    files = sorted(path for path in folder.glob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())
    if not files:
        raise SceneError(f"There are no images in {folder}; choose a folder with PNG, JPEG, EXR or HDR files")
    suffixes = Counter(path.suffix for path in files)
    if len(suffixes) > 1:
        raise SceneError(
            f"The images in {folder} are of several formats ({', '.join(sorted(suffixes))}), and a sequence is of one; "
            "convert them, or put them into folders of their own"
        )
    return files


def _is_sequence(files: Sequence[Path]) -> bool:
    """Whether files are numbered one after the other, as Blender wants them."""
    found = [_NUMBERED.match(path.stem) for path in files]
    if not all(found):
        return False
    heads = {match["head"] for match in found if match}
    numbers = [match["number"] for match in found if match]
    first = int(numbers[0])
    return len(heads) == 1 and all(
        int(number) == first + place and len(number) == len(numbers[0]) for place, number in enumerate(numbers)
    )


def _number(file: Path) -> int:
    found = _NUMBERED.match(file.stem)
    return int(found["number"]) if found else 0


def _numbered_links(files: Sequence[Path]) -> list[Path]:
    """The same files with numbers for names, next to the .blend; links where the disk has them, else copies.

    Raises:
        SceneError: the .blend is not saved, or its folder cannot be written.
    """
    if not bpy.data.filepath:
        raise SceneError(
            "The images of a folder are numbered in a folder next to the .blend, which is not saved yet; save it, or "
            "give the files names with numbers such as 0001"
        )
    folder = Path(bpy.data.filepath).parent / FOLDER / digest("\n".join(map(str, files)).encode())[:12]
    numbered = [folder / f"{number:04}{path.suffix}" for number, path in enumerate(files, start=1)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, link in zip(files, numbered, strict=True):
            if not link.exists():
                try:
                    os.link(path, link)
                except OSError:  # another disk, or one without links
                    shutil.copyfile(path, link)
    except OSError as error:
        raise SceneError(f"Cannot write {folder}: {error.strerror}; make its folder writable") from error
    return numbered
