"""Libraries and images that the open file refers to and that are not there."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import bpy

from ...core.preflight.missing_files import MissingFiles

# A look at a file may take long where it is on another machine, and panels ask often.
_SECONDS_OF_TRUST = 30.0
_looks: dict[str, tuple[float, bool]] = {}


def find_missing(scene: bpy.types.Scene, objects: Iterable[bpy.types.Object]) -> MissingFiles:
    """
    Args:
        scene: the original scene.
        objects: those that leave pixels in its render.
    """
    libraries = [
        bpy.path.abspath(library.filepath, library=library.parent)
        for library in bpy.data.libraries
        if not library.packed_file
    ]
    images = [image for image in bpy.data.images if not all(map(_is_there, _files_of(image)))]
    shown = _images_of(scene, objects) if images else set()
    return MissingFiles(
        tuple(sorted({path for path in libraries if not _is_there(path)})),
        tuple(sorted({bpy.path.abspath(one.filepath, library=one.library) for one in images if one in shown})),
    )


def _is_there(path: str) -> bool:
    now = time.monotonic()
    if path not in _looks or now - _looks[path][0] > _SECONDS_OF_TRUST:
        _looks[path] = now, Path(path).exists()
    return _looks[path][1]


def _files_of(image: bpy.types.Image) -> list[str]:
    """The files of an image; none of one that Blender holds or makes itself."""
    if image.source not in ("FILE", "SEQUENCE", "MOVIE", "TILED") or image.packed_file or not image.filepath:
        return []
    if image.source == "TILED" and image.packed_files:
        return []
    path = bpy.path.abspath(image.filepath, library=image.library)
    if "<UVTILE>" in path:
        numbers = [tile.number - 1001 for tile in image.tiles]
        return [path.replace("<UVTILE>", f"u{number % 10 + 1}_v{number // 10 + 1}") for number in numbers]
    return [path.replace("<UDIM>", str(tile.number)) for tile in image.tiles] if "<UDIM>" in path else [path]


def _images_of(scene: bpy.types.Scene, objects: Iterable[bpy.types.Object]) -> set[bpy.types.Image]:
    """The images in the materials of some objects, in the lights of a scene and in its world."""
    users: set[bpy.types.ID] = {slot.material for ob in objects for slot in ob.material_slots if slot.material}
    users |= {ob.data for ob in scene.objects if ob.type == "LIGHT"}
    users |= {scene.world} if scene.world else set()
    trees = [user.node_tree for user in users if user.node_tree]
    found: set[bpy.types.Image] = set()
    known: set[bpy.types.NodeTree] = set()
    while trees:
        tree = trees.pop()
        if tree not in known:
            known.add(tree)
            for node in _at_work(tree):
                if image := getattr(node, "image", None):
                    found.add(image)
                if group := getattr(node, "node_tree", None):
                    trees.append(group)
    return found


def _at_work(tree: bpy.types.NodeTree) -> Iterator[bpy.types.Node]:
    """The nodes that something is linked to."""
    return (node for node in tree.nodes if not node.mute and any(output.is_linked for output in node.outputs))
