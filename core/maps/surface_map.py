"""Which of the scene's surfaces each pixel of a frame shows, and where all of them are: what motion is found from."""

import io
import json
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.errors import InputError, PassError, SceneError
from ..base.files import canonical_json, complete_file
from ..geometry.rasteriser import Projection
from ..geometry.surface_search import Placed, find_surfaces
from ..labels.instance_separation import surfaces_by_label
from ..labels.labelled_frame import LabelledFrame
from ..masks.runs import find_runs
from ..scene.scene_geometry import SceneGeometry, read_meshes
from ..settings.settings import LabelSource

# Object whose labels it has, object that it is a copy of, instancer, persistent id, and its place among equal ones.
Identity = tuple[str, str, str, tuple[int, ...], int]


@dataclass(frozen=True)
class SurfaceMap:
    """The surfaces of a frame.

    Attributes:
        number: (H, W) int32, the surface in each pixel; -1 where there is none, or nobody knows which.
        matrices: (N, 4, 4) float64, row-major, from each surface's mesh to the world, scene units.
        identities: what is equal for one surface in all frames.
        meshes: digest of the mesh of each; "" for what has no triangles. Equal ones have the same shape.
    """

    number: npt.NDArray[np.int32]
    matrices: npt.NDArray[np.float64]
    identities: tuple[Identity, ...]
    meshes: tuple[str, ...]

    def write(self, path: Path) -> None:
        """Raises OutputError where the file cannot be written."""
        rows = [
            [*names, list(persistent_id), repeat, mesh]
            for (*names, persistent_id, repeat), mesh in zip(self.identities, self.meshes, strict=True)
        ]
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            number=self.number,
            matrices=self.matrices,
            surfaces=np.frombuffer(canonical_json(rows), dtype=np.uint8),
        )
        with complete_file(path) as file:
            file.write(buffer.getvalue())

    @classmethod
    def read(cls, path: Path) -> "SurfaceMap":
        """Raises InputError where the file is missing or damaged."""
        try:
            with np.load(path, allow_pickle=False) as archive:
                rows: list[Any] = json.loads(archive["surfaces"].tobytes())
                number, matrices = archive["number"], archive["matrices"]
            identities = tuple(
                (str(ob), str(source), str(by), tuple(map(int, persistent_id)), int(repeat))
                for ob, source, by, persistent_id, repeat, _ in rows
            )
            if matrices.shape != (len(rows), 4, 4) or number.max(initial=-1) >= len(rows):
                raise ValueError("numbers without a surface")
        except (OSError, KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(
                f"Cannot read {path} ({error}); annotate all frames of the sequence with the same maps"
            ) from error
        return cls(number, matrices, identities, tuple(str(row[-1]) for row in rows))


def map_surfaces(frame: LabelledFrame) -> SurfaceMap:
    """Find the surface in each pixel: by its label, and where that is one of several surfaces, by its depth.

    Raises:
        SceneError: the scene record has no geometry, or the camera no projection.
        PassError, ExrError: there is no depth to rely on.
    """
    camera = frame.surfaces.camera
    _ = frame.surfaces.in_pass  # a missing pass is the simpler reason
    geometry = frame.geometry
    if geometry is None or frame.scene is None:
        raise SceneError(
            f"{frame.passes.where} comes without the geometry of its scene, which says how its surfaces move; export "
            "from Blender with the same maps chosen, or leave out Flow by Step and Surfaces"
        )
    projection = Projection.of(camera)
    if projection is None:
        raise SceneError(
            f"{frame.passes.where} was made by a {camera.type} camera, and Flow by Step and Surfaces are of "
            "perspective and orthographic ones; leave them out"
        )
    if camera.motion_blur:
        raise PassError(
            f"{frame.passes.where} has motion blur, which leaves no depth to find surfaces by; turn it off and render "
            "again, or leave out Flow by Step and Surfaces"
        )
    labels = frame.image.labels
    if frame.image.source in (LabelSource.OBJECT_INDEX, LabelSource.CRYPTO_OBJECT):
        by_label = surfaces_by_label(geometry, frame.image, {0, *find_runs(labels).labels()}, frame.scene)
    else:  # a material or an asset says little of the surface
        labels = np.zeros_like(labels)
        by_label = {0: [number for number, one in enumerate(geometry.surfaces) if one.mesh]}
    order = sorted(by_label)
    place = np.searchsorted(np.array(order, np.uint32), labels).clip(max=max(0, len(order) - 1))
    known = np.array(order, np.uint32)[place] == labels if order else np.zeros(labels.shape, bool)
    wanted = np.where(known & frame.surfaces.seen, place, -1).astype(np.int32)
    number = np.full(labels.shape, -1, np.int32)
    alone = np.array([by_label[label][0] if len(by_label[label]) == 1 else -1 for label in order], np.int32)
    if order:
        number = np.where(wanted >= 0, alone[wanted], -1).astype(np.int32)
    _find_among_several(frame, geometry, [by_label[label] for label in order], wanted, number, projection)
    return SurfaceMap(
        number,
        np.array([one.matrix for one in geometry.surfaces], np.float64).reshape(-1, 4, 4),
        _identities(geometry),
        tuple(one.mesh for one in geometry.surfaces),
    )


def _find_among_several(
    frame: LabelledFrame,
    geometry: SceneGeometry,
    candidates: list[list[int]],
    wanted: npt.NDArray[np.int32],
    number: npt.NDArray[np.int32],
    projection: Projection,
) -> None:
    """Fill in the numbers where a label has several surfaces."""
    several = np.array([len(found) > 1 for found in candidates], bool)
    if not several.any():
        return
    searched = np.where((wanted >= 0) & several[wanted], wanted, -1).astype(np.int32)
    numbers = [one for place, found in enumerate(candidates) if several[place] for one in found]
    label_of = [place for place, found in enumerate(candidates) if several[place] for _ in found]
    placed = [
        Placed(label, geometry.surfaces[one].mesh, geometry.surfaces[one].matrix)
        for label, one in zip(label_of, numbers, strict=True)
    ]
    meshes = read_meshes(frame.scene_file, {one.mesh for one in placed})
    found = find_surfaces(frame.surfaces.in_pass, searched, placed, meshes, projection).surface
    hit = found >= 0
    number[hit] = np.array(numbers, np.int32)[found[hit]]


def _identities(geometry: SceneGeometry) -> tuple[Identity, ...]:
    counts: Counter[tuple[str, str, str, tuple[int, ...]]] = Counter()
    found = []
    for one in geometry.surfaces:
        alike = one.object, one.source, one.instancer, one.path
        found.append((*alike, counts[alike]))
        counts[alike] += 1
    return tuple(found)
