"""Which of the scene's surfaces each pixel of a frame shows: by its label, and by its depth where labels are shared."""

from collections import Counter

import numpy as np
import numpy.typing as npt

from ..base.errors import PassError, SceneError
from ..geometry.placed_mesh import PlacedMesh
from ..geometry.rasteriser import Projection
from ..geometry.surface_search import find_surfaces
from ..labels.instance_separation import surfaces_by_label
from ..labels.labelled_frame import LabelledFrame
from ..masks.runs import find_runs
from ..scene.scene_geometry import SceneGeometry, read_meshes
from ..settings.settings import LabelSource
from .codecs.surfaces import SurfaceKey, SurfaceMap


def map_surfaces(frame: LabelledFrame) -> SurfaceMap:
    """Find the surface in each pixel: by its label, and where that is one of several surfaces, by its depth.

    Raises:
        SceneError: the scene record has no geometry, or the camera no projection.
        PassError, ExrError: there is no depth to rely on.
    """
    camera = frame.depth.camera
    _ = frame.depth.in_pass  # a missing pass is the simpler reason
    geometry = frame.geometry
    if geometry is None or frame.scene is None:
        raise SceneError(
            f"{frame.passes.where} has no scene geometry, which says how its surfaces move; export from Blender with "
            "the same maps chosen, or leave out Flow by Step and Surfaces"
        )
    projection = Projection.of(camera)
    if projection is None:
        raise SceneError(
            f"{frame.passes.where} was rendered with a {camera.type} camera, but Flow by Step and Surfaces need a "
            "perspective or orthographic one; leave them out"
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
    wanted = np.where(known & frame.depth.seen, place, -1).astype(np.int32)
    number = np.full(labels.shape, -1, np.int32)
    alone = np.array([by_label[label][0] if len(by_label[label]) == 1 else -1 for label in order], np.int32)
    if order:
        number = np.where(wanted >= 0, alone[wanted], -1).astype(np.int32)
    _find_among_several(frame, geometry, [by_label[label] for label in order], wanted, number, projection)
    return SurfaceMap(
        number,
        np.array([one.matrix for one in geometry.surfaces], np.float64).reshape(-1, 4, 4),
        _keys(geometry),
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
        PlacedMesh(label, geometry.surfaces[one].mesh, geometry.surfaces[one].matrix)
        for label, one in zip(label_of, numbers, strict=True)
    ]
    meshes = read_meshes(frame.scene_file, {one.mesh for one in placed})
    found = find_surfaces(frame.depth.in_pass, searched, placed, meshes, projection).surface
    hit = found >= 0
    number[hit] = np.array(numbers, np.int32)[found[hit]]


def _keys(geometry: SceneGeometry) -> tuple[SurfaceKey, ...]:
    counts: Counter[tuple[str, str, str, tuple[int, ...]]] = Counter()
    found = []
    for one in geometry.surfaces:
        alike = one.object, one.source, one.instancer, one.path
        found.append((*alike, counts[alike]))
        counts[alike] += 1
    return tuple(found)
