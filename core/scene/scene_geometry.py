"""The geometry of instances that no pass can separate: what Blender knows of it at one frame, in files of its own.

scenes/NAME.json               the scene record; it holds the digest of
scenes/NAME.npz                every surface: its place, whose it is, and the digest of its mesh
scenes/meshes/DIGEST.npz       a mesh, once for all instances and all frames that show it unchanged
"""

import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.errors import SceneError
from ..base.files import canonical_json, complete_file, digest
from ..base.input_files import parse_json, read_file

MESHES_FOLDER = "meshes"
_VERSION = 1

Points = npt.NDArray[np.float32]
Corners = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Mesh:
    """Triangles of one data block.

    Attributes:
        points: (V, 3) float32, in the object's own space.
        triangles: (T, 3) int32, three points each.
    """

    points: Points
    triangles: Corners

    def as_bytes(self) -> bytes:
        return _npz({"points": self.points, "triangles": self.triangles})

    @classmethod
    def read(cls, path: Path) -> "Mesh":
        """Raises SceneError where the file is missing or damaged."""
        arrays = _read_npz(path, path.stem)
        try:
            points, triangles = arrays["points"], arrays["triangles"]
        except KeyError as error:
            raise _damaged(path) from error
        return cls(points, triangles)


@dataclass(frozen=True)
class Surface:
    """One place where a mesh stands in the scene.

    Attributes:
        object: the object whose pass index and Cryptomatte id its pixels carry, by the name of its SceneEntry.
        source: likewise the object that it is a copy of; mostly the same. Geometry nodes may bring in an object "as
            geometry", and its pixels carry the labels of the object that has the nodes.
        instancer: likewise the object that makes the instances; "" for an object that stands for itself.
        path: the numbers that distinguish the instances of one instancer, the outermost first (Blender's
            `persistent_id`); the same in every frame.
        is_member: whether the last of these numbers only says which object of an instanced collection this is.
        matrix: 4x4 row-major, from the mesh to the world in scene units.
        mesh: digest of its mesh; "" for what has no triangles, such as hair or a volume.
    """

    object: str
    source: str
    instancer: str
    path: tuple[int, ...]
    is_member: bool
    matrix: npt.NDArray[np.float32]
    mesh: str

    @property
    def is_instance(self) -> bool:
        return self.instancer != ""


@dataclass(frozen=True)
class SceneGeometry:
    """The surfaces of a frame that share a label with others.

    Attributes:
        surfaces: sorted by object, instancer and path.
    """

    surfaces: tuple[Surface, ...]

    def as_bytes(self) -> bytes:
        """The same for the same geometry on every machine."""
        rows = [
            [one.object, one.source, one.instancer, list(one.path), one.is_member, one.mesh] for one in self.surfaces
        ]
        head = {"version": _VERSION, "surfaces": rows}
        matrices = np.array([one.matrix for one in self.surfaces], dtype=np.float32).reshape(-1, 4, 4)
        return _npz({"head": np.frombuffer(canonical_json(head), dtype=np.uint8), "matrices": matrices})

    @classmethod
    def read(cls, scene_file: Path, expected: str) -> "SceneGeometry":
        """That of the scene record in a file.

        Args:
            scene_file: path of the scene record.
            expected: the digest that the record has of it.

        Raises:
            SceneError: the file is missing, damaged, or belongs to another record.
        """
        path = geometry_path(scene_file)
        arrays = _read_npz(path, expected)
        try:
            head: dict[str, Any] = parse_json(arrays["head"].tobytes())
            if head["version"] != _VERSION:
                raise SceneError(f"{path} was written by another version of Labelpass; export again from Blender")
            surfaces = [
                Surface(str(name), str(source), str(by), tuple(map(int, path)), bool(is_member), matrix, str(mesh))
                for (name, source, by, path, is_member, mesh), matrix in zip(
                    head["surfaces"], arrays["matrices"], strict=True
                )
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(path) from error
        return cls(tuple(surfaces))


def write_geometry(scene_file: Path, geometry: bytes, meshes: Mapping[str, Mesh]) -> None:
    """Write the geometry that belongs to a scene record, and those of its meshes that are not there yet.

    Args:
        scene_file: path of the scene record.
        geometry: SceneGeometry.as_bytes().
        meshes: by digest.

    Raises:
        OutputError: a file cannot be written.
    """
    for name, mesh in meshes.items():
        path = mesh_path(scene_file, name)
        if not path.is_file():
            with complete_file(path) as file:
                file.write(mesh.as_bytes())
    with complete_file(geometry_path(scene_file)) as file:
        file.write(geometry)


def read_meshes(scene_file: Path, names: Iterable[str]) -> dict[str, Mesh]:
    """Meshes by digest; raises SceneError where one is missing or damaged."""
    return {name: Mesh.read(mesh_path(scene_file, name)) for name in names}


def geometry_path(scene_file: Path) -> Path:
    """Where the geometry of a scene record lies."""
    return scene_file.with_name(f"{scene_file.name.removesuffix('.json')}.npz")


def mesh_path(scene_file: Path, name: str) -> Path:
    return meshes_folder(scene_file) / f"{name}.npz"


def meshes_folder(scene_file: Path) -> Path:
    """Where the meshes of a scene record lie, and of all those next to it."""
    return scene_file.parent / MESHES_FOLDER


@dataclass(frozen=True)
class Carrier:
    """What the labels of one surface are made of.

    Attributes:
        object: that of the surface, by the name of its SceneEntry.
        own_name: its name in Blender, of which its Cryptomatte id is made.
        pass_index: its own.
        is_instance: whether the surface is an instance.
    """

    object: str
    own_name: str
    pass_index: int
    is_instance: bool


def shared_labels(surfaces: Sequence[Carrier]) -> set[str]:
    """The objects whose labels several surfaces carry that are not meant to have one.

    These are surfaces of which at least one is an instance, and objects of one name from several libraries.

    Returns:
        Names of SceneEntries.
    """
    by_name: dict[str, list[Carrier]] = defaultdict(list)
    by_index: dict[int, list[Carrier]] = defaultdict(list)
    for surface in surfaces:
        by_name[surface.own_name].append(surface)
        if surface.pass_index:
            by_index[surface.pass_index].append(surface)
    found: set[str] = set()
    for alike in (*by_name.values(), *by_index.values()):
        if len(alike) > 1 and any(one.is_instance for one in alike):
            found.update(one.object for one in alike)
    for alike in by_name.values():
        if len(objects := {one.object for one in alike}) > 1:
            found |= objects
    return found


def _npz(arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """A NumPy archive, not compressed; numpy gives the files in it a fixed date."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _read_npz(path: Path, expected: str) -> dict[str, npt.NDArray[Any]]:
    try:
        data = read_file(path)
    except OSError as error:
        raise SceneError(f"Cannot read {path}: {error.strerror}; export the frame again from Blender") from error
    if digest(data) != expected:
        raise _damaged(path)
    import zipfile  # here, since few frames have geometry, and numpy imports it for its files

    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> SceneError:
    return SceneError(f"{path} is damaged or belongs to another scene record; export the frame again from Blender")
