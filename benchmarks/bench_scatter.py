"""Instances that share a label, separated by their geometry: `core.geometry.surface_search.find_surfaces`, and a
frame from file to record.

The stones are convex, so where a ray meets one has a closed form: it enters the last of the planes of the faces that
look at it. Depth, and who is seen, come from that and from nothing that is measured here.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import OpenEXR

from core.annotate.annotate import annotate
from core.base.files import digest
from core.geometry.placed_mesh import PlacedMesh
from core.geometry.rasteriser import Projection
from core.geometry.surface_search import find_surfaces
from core.records.frame_job import FrameJob
from core.scene.camera import Camera
from core.scene.scene_geometry import Mesh, SceneGeometry, Surface, write_geometry
from core.scene.scene_record import SceneEntry, scene_path
from core.settings.settings import LabelSource
from tests.builders import NO_IMAGES, as_matrix, pinhole, plain_camera, plain_job, plain_scene

from .report import Row, Section, duration
from .scenes import FULL_HD
from .timing import compare, one_core

_SEED = 11
_STONES = 350
_GROUND_SIZE = 60.0
_FAR = 1e10
_MOST_SECONDS = 2.0
_LEAST_RIGHT = 0.999
_STEPS = 6  # of each edge of an icosahedron: 20 * 36 faces


@dataclass(frozen=True)
class Scatter:
    """A made-up render.

    Attributes:
        camera: that made it.
        meshes: by name: two kinds of stones, and the ground, which is one square.
        surfaces: (mesh, 4x4 matrix) of each stone, and of the ground, which is the last.
        depth: (H, W) float32.
        owner: (H, W) int64, the number of the surface that is seen; -1 for the sky.
    """

    camera: Camera
    meshes: dict[str, Mesh]
    surfaces: list[tuple[str, np.ndarray]]
    depth: np.ndarray
    owner: np.ndarray

    @property
    def triangles(self) -> int:
        return sum(len(self.meshes[name].triangles) for name, _ in self.surfaces)

    @property
    def visible(self) -> int:
        """Stones of which at least one pixel is seen."""
        return len(np.unique(self.owner[(self.owner >= 0) & (self.owner < len(self.surfaces) - 1)]))


def make_scatter() -> Scatter:
    """Stones of two kinds, turned, squeezed and mirrored, over and before each other on a ground."""
    rng = np.random.default_rng(_SEED)
    meshes = {"stone": _ball(_STEPS), "pebble": _ball(_STEPS), "ground": _square()}
    meshes["pebble"] = Mesh(meshes["pebble"].points * np.float32((1.0, 0.7, 0.5)), meshes["pebble"].triangles)
    surfaces = []
    for number in range(_STONES):
        matrix = np.eye(4)
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        matrix[:3, :3] = turn * rng.uniform(0.15, 0.5, 3) * rng.choice([-1, 1], 3)
        matrix[:3, 3] = rng.uniform((-5, -1, 0.0), (5, 14, 0.5))
        surfaces.append((("stone", "pebble")[number % 2], matrix))
    surfaces.append(("ground", np.eye(4)))
    camera = _camera()
    nearest, owner = np.full(FULL_HD.height * FULL_HD.width, np.inf), np.full(FULL_HD.height * FULL_HD.width, -1)
    for number, (name, matrix) in enumerate(surfaces):
        pixels, depth = _seen_alone(meshes[name], matrix, camera, flat=name == "ground")
        closer = depth < nearest[pixels]
        nearest[pixels[closer]], owner[pixels[closer]] = depth[closer], number
    shape = FULL_HD.height, FULL_HD.width
    depth = np.where(np.isinf(nearest), _FAR, nearest).astype(np.float32)
    return Scatter(camera, meshes, surfaces, depth.reshape(shape), owner.reshape(shape))


def _camera() -> Camera:
    """Five units above the ground, looking down by a third of a right angle."""
    sine, cosine = np.sin(np.pi / 6), np.cos(np.pi / 6)
    turn = np.array([[1, 0, 0], [0, -sine, -cosine], [0, cosine, -sine]])
    world_to_camera = np.eye(4)
    world_to_camera[:3, :3] = turn
    world_to_camera[:3, 3] = -turn @ (0.0, -9.0, 5.0)
    k = pinhole(1900.0, FULL_HD.width / 2, FULL_HD.height / 2)
    return plain_camera(k=k, world_to_camera=as_matrix(world_to_camera), clip_end=1000.0)


def _square() -> Mesh:
    corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32) * np.float32(_GROUND_SIZE)
    return Mesh(corners, np.array([[0, 1, 2], [0, 2, 3]], np.int32))


def _ball(steps: int) -> Mesh:
    """A convex polyhedron: an icosahedron, its faces divided and its points moved onto a sphere."""
    golden = (1 + 5**0.5) / 2
    points = np.array([(x, y * golden, 0) for x in (-1, 1) for y in (-1, 1)], np.float64)
    points = np.concatenate([points[:, np.roll(np.arange(3), shift)] for shift in range(3)])
    gaps = np.linalg.norm(points[:, None] - points[None], axis=2)
    near = (gaps > 0) & (gaps < 2.1)
    faces = [
        (a, b, c) for a in range(12) for b in range(a + 1, 12) for c in range(b + 1, 12)
        if near[a, b] and near[b, c] and near[a, c]
    ]  # fmt: skip
    made: dict[tuple[float, ...], int] = {}
    triangles = []

    def number(face: tuple[int, ...], i: int, j: int) -> int:
        corner = np.array([i, j, steps - i - j]) / steps @ points[list(face)]
        corner = corner / np.linalg.norm(corner)
        return made.setdefault(tuple(np.round(corner, 9).tolist()), len(made))

    for face in faces:
        for i in range(steps):
            for j in range(steps - i):
                triangles.append((number(face, i, j), number(face, i + 1, j), number(face, i, j + 1)))
                if i + j < steps - 1:
                    triangles.append((number(face, i + 1, j), number(face, i + 1, j + 1), number(face, i, j + 1)))
    return Mesh(np.array(list(made), np.float32), np.array(triangles, np.int32))


def _seen_alone(mesh: Mesh, matrix: np.ndarray, camera: Camera, flat: bool) -> tuple[np.ndarray, np.ndarray]:
    """The pixels in which a convex mesh is seen if nothing else is there, and its depth in them, by its planes.

    With p = z r on a ray and n . p = d on a plane, z = d / (n . r); the ray is inside from the last plane that it
    enters to the first that it leaves.
    """
    to_camera = np.array(camera.world_to_camera) @ matrix
    points = mesh.points.astype(np.float64) @ to_camera[:3, :3].T + to_camera[:3, 3]
    k = np.array(camera.k)
    if flat:
        x0, y0, x1, y1 = 0, 0, FULL_HD.width, FULL_HD.height
    else:
        image = points @ k.T
        image = image[:, :2] / image[:, 2:]
        limits = (FULL_HD.width, FULL_HD.height)
        (x0, y0), (x1, y1) = np.clip(np.floor(image.min(0)), 0, limits), np.clip(np.ceil(image.max(0)), 0, limits)
    rows, columns = np.mgrid[int(y0) : int(y1), int(x0) : int(x1)]
    rows, columns = rows.ravel(), columns.ravel()
    ray = np.stack(((columns + 0.5 - k[0, 2]) / k[0, 0], (rows + 0.5 - k[1, 2]) / k[1, 1], np.ones(rows.size)), axis=0)
    a, b, c = (points[mesh.triangles[:, corner]] for corner in range(3))
    normal = np.cross(b - a, c - a)
    if flat:
        z = (normal[0] @ a[0]) / (normal[0] @ ray)
        inside = np.linalg.inv(to_camera) @ np.concatenate((ray * z, np.ones((1, rows.size))))
        hit = (z > 0) & (np.abs(inside[:2]) < _GROUND_SIZE).all(axis=0)
    else:
        outward = np.sign((normal * (a - points.mean(axis=0))).sum(axis=1))
        normal = normal * outward[:, None]
        offset = (normal * a).sum(axis=1)
        z, leave = np.full(rows.size, -np.inf), np.full(rows.size, np.inf)
        for part in np.array_split(np.arange(rows.size), 1 + rows.size // 4096):
            along = normal @ ray[:, part]
            with np.errstate(divide="ignore"):
                meet = offset[:, None] / along
            z[part] = np.where(along < 0, meet, -np.inf).max(axis=0)
            leave[part] = np.where(along > 0, meet, np.inf).min(axis=0)
        hit = (z < leave) & (z > 0)
    return (rows * FULL_HD.width + columns)[hit], z[hit]


def measure(folder: Path) -> Section:
    scatter = make_scatter()
    stones = len(scatter.surfaces) - 1
    rows = []
    for title, shared in (("stones with one label", False), ("stones and the ground with one label", True)):
        labels = np.zeros(stones + 1, dtype=int)
        labels[-1] = 0 if shared else -1
        wanted = np.where(scatter.owner >= 0, np.append(labels, -1)[scatter.owner], -1).astype(np.int32)
        placed = [
            PlacedMesh(int(label), name, matrix)
            for label, (name, matrix) in zip(labels, scatter.surfaces, strict=True)
            if label >= 0
        ]
        projection = Projection.of(scatter.camera)
        search = partial(find_surfaces, scatter.depth, wanted, placed, scatter.meshes, projection)
        with one_core():
            seconds = compare({"search": search}, most_runs=8)["search"].cpu
        rows.append(_time(f"{title}: find the surface in each pixel", seconds))
        right = float((search().surface == scatter.owner)[wanted >= 0].mean())
        rows.append(_accuracy(f"{title}: pixels on the right instance", right))
    for title, index_of_ground in (("stones", 0), ("stones and ground", 3)):
        job = write_frame(scatter, folder / title, index_of_ground)
        with one_core():
            seconds = compare({"frame": partial(annotate, job)}, most_runs=6)["frame"].cpu
        found = len(annotate(job).instances)
        rows.append(_time(f"{title} with one pass index: EXR to record, {found} instances", seconds))
    text = (
        f"{FULL_HD}, {stones} stones of two kinds, some in front of others, on a ground of two triangles: "
        f"{scatter.triangles:,} triangles, {scatter.visible} visible stones. One core. The result is compared with "
        "depth and instances in closed form; docs/instances.md says what to expect of renders."
    )
    return Section("Instances that share a label", text, rows)


def _time(what: str, seconds: float) -> Row:
    return Row(what, duration(seconds), target=f"below {duration(_MOST_SECONDS)}", met=seconds < _MOST_SECONDS)


def _accuracy(what: str, share: float) -> Row:
    return Row(what, f"{share:.4%}", target=f"at least {_LEAST_RIGHT:.1%}", met=share >= _LEAST_RIGHT)


def write_frame(scatter: Scatter, folder: Path, index_of_ground: int) -> FrameJob:
    """The scatter as an EXR file with Object Index and Depth, with the scene record and geometry that belong to it."""
    stones = len(scatter.surfaces) - 1
    folder.mkdir()
    index = np.where(scatter.owner < 0, 0, np.where(scatter.owner == stones, index_of_ground, 3)).astype(np.float32)
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    channels = {"ViewLayer.IndexOB.X": index, "ViewLayer.Depth.Z": scatter.depth}
    OpenEXR.File(header, channels).write(str(folder / "frame_0001.exr"))
    digests = {name: digest(mesh.as_bytes()) for name, mesh in scatter.meshes.items()}
    surfaces = [
        Surface(name, name, "ground" if number < stones else "", (number,), False, matrix, digests[name])
        for number, (name, matrix) in enumerate(scatter.surfaces)
        if number < stones or index_of_ground
    ]
    geometry = SceneGeometry(tuple(surfaces)).as_bytes()
    record = plain_scene(
        SceneEntry("ground", index_of_ground, "ground"),
        SceneEntry("pebble", 3, "pebble"),
        SceneEntry("stone", 3, "stone"),
        width=FULL_HD.width,
        height=FULL_HD.height,
        camera=scatter.camera,
        geometry=digest(geometry),
    )
    path = scene_path(folder / "scenes", "frame_0001")
    record.write(path)
    write_geometry(path, geometry, {digests[name]: mesh for name, mesh in scatter.meshes.items()})
    frame = folder / "frame_0001.exr"
    return plain_job(frame, folder / "out", path, labels=LabelSource.OBJECT_INDEX, **NO_IMAGES)
