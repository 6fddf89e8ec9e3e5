"""Records, scenes, cameras, instances and jobs for tests that only care about a few of their fields.

Each takes the fields that matter by name and fills in the rest, as of a frame of 64 x 48 pixels of a scene without a
camera.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.base.box import Box
from core.base.dataset_folder import DatasetFolder
from core.frames.frame_files import FrameFiles
from core.masks.runs import Mask, find_masks
from core.records.frame_job import FrameJob
from core.records.frame_record import FrameRecord
from core.records.instance import Instance
from core.records.record_files import RecordFiles
from core.records.record_store import open_records, up_to_date
from core.scene.camera import Camera, Matrix
from core.scene.placements import Bounds, Placement
from core.scene.poses import Pose
from core.scene.scene_geometry import Mesh
from core.scene.scene_record import SceneEntries, SceneEntry, SceneRecord
from core.settings.category_table import Category
from core.settings.render_pass import PassFile
from core.settings.settings import ImageFormat, Settings

# Settings of a job that writes nothing but what its test looks at.
NO_IMAGES: Mapping[str, Any] = {"image_format": ImageFormat.NONE, "pictures": False}


# --- Cameras ----------------------------------------------------------------------------------------------------------


def as_matrix(rows: npt.ArrayLike) -> Matrix:
    """Rows of numbers as a camera has them."""
    return tuple(map(tuple, np.asarray(rows, np.float64).tolist()))


def pinhole(focal: float, x: float, y: float) -> Matrix:
    """K of square pixels with its principal point at x, y."""
    return (focal, 0.0, x), (0.0, focal, y), (0.0, 0.0, 1.0)


def moved_by(x: float, y: float, z: float) -> Matrix:
    """4x4: a move and no turn."""
    return (1.0, 0.0, 0.0, x), (0.0, 1.0, 0.0, y), (0.0, 0.0, 1.0, z), (0.0, 0.0, 0.0, 1.0)


IDENTITY = moved_by(0.0, 0.0, 0.0)
K = pinhole(100.0, 32.0, 24.0)


def plain_camera(type: str = "perspective", k: Matrix | None = K, **known: Any) -> Camera:
    """A camera at the origin; `k` is its own or, of an orthographic one, its parallel one. A panoramic one has none."""
    of_type = {"perspective": {"k": k}, "orthographic": {"k": None, "parallel_k": k}}.get(type, {"k": None})
    rest = {"name": "Camera", "world_to_camera": IDENTITY, "clip_start": 0.1, "clip_end": 100.0}
    return Camera(**{"type": type} | of_type | rest | known)


# --- Scenes -----------------------------------------------------------------------------------------------------------


def entries_of(*entries: SceneEntry, categories: Iterable[Category] | None = None) -> SceneEntries:
    """A table of entries; without `categories` it has those that they are of, by name."""
    if categories is None:
        categories = map(Category, sorted({entry.category for entry in entries if entry.category}))
    return SceneEntries(tuple(categories), entries)


def plain_scene(*objects: SceneEntry, **known: Any) -> SceneRecord:
    """A scene of these objects; their categories are as in entries_of, unless the table `objects` is given itself."""
    fields: dict[str, Any] = {
        "scene": "Scene",
        "frame": 1,
        "width": 64,
        "height": 48,
        "pixel_aspect": 1.0,
        "unit_scale": 1.0,
        "camera": None,
        "objects": entries_of(*objects),
        "materials": SceneEntries(),
        "assets": SceneEntries(),
    }
    return SceneRecord(**fields | known)


def rendered_camera(facts: Mapping[str, Any], frame: int, view: str = "", **known: Any) -> Camera:
    """The camera of a frame of a scene.json of tests/data, or the one of a stereo view."""
    camera = facts["frames"][str(frame)]["camera"]
    world_to_camera = camera[f"world_to_camera_{view}" if view else "world_to_camera"]
    fields = {"k": as_matrix(camera["K"]), "world_to_camera": as_matrix(world_to_camera), "clip_end": 1000.0}
    return plain_camera(**fields | known)


def rendered_scene(facts: Mapping[str, Any], frame: int, **known: Any) -> SceneRecord:
    """A frame of a scene.json of tests/data; an object with the pass index 3 is of the category "c3"."""
    objects = [
        SceneEntry(thing["name"], thing["pass_index"], f"c{thing['pass_index']}" if thing["pass_index"] else None)
        for thing in facts["objects"]
    ]
    fields: dict[str, Any] = {
        "frame": frame,
        "width": facts["width"],
        "height": facts["height"],
        "camera": rendered_camera(facts, frame),
    }
    return plain_scene(*objects, **fields | known)


# Two units wide and high, facing the camera.
PLATE = Mesh(
    np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32), np.array([[0, 1, 2], [0, 2, 3]], np.int32)
)


CUBE = Bounds((-1, -1, -1), (1, 1, 1))


def placed_cube(name: str, x: float, y: float, z: float, *, copies: int = 1, **parents: Bounds) -> Placement:
    """A cube of two units in the axes of the world, with its bounds in those of its parents."""
    in_world = Bounds((x - 1, y - 1, z - 1), (x + 1, y + 1, z + 1))
    return Placement(name, moved_by(x, y, z), {name: CUBE, **parents, "": in_world}, copies)


# --- Instances and records --------------------------------------------------------------------------------------------


PIXEL = Box(0, 0, 1, 1)


def plain_mask(box: Box = PIXEL, **known: Any) -> Mask:
    """A mask that fills its box, as far as its figures say: it has no counts."""
    return Mask(**{"label": 1, "box": box, "area": box.width * box.height, "rle": ""} | known)


def plain_instance(
    name: str = "Thing", category: str = "thing", labels: tuple[int, ...] = (1,), mask: Mask | None = None, **known: Any
) -> Instance:
    """An instance, of one pixel unless it has a mask."""
    return Instance(name, category, labels, plain_mask(label=labels[0]) if mask is None else mask, **known)


def instances_in(labels: npt.NDArray[np.uint32], categories: Sequence[str], name: str = "{}") -> tuple[Instance, ...]:
    """One for each label of an image, called by its label, each of the category that its label modulo their number
    gives."""
    return tuple(
        plain_instance(name.format(mask.label), categories[mask.label % len(categories)], (mask.label,), mask)
        for mask in find_masks(labels)
    )


def plain_pose(z: float, x: float = 0.0, half: float = 1.0) -> Pose:
    """A cube in the axes of the camera, whose corners in the image are not needed."""
    rotation = tuple(row[:3] for row in IDENTITY[:3])
    return Pose("", rotation, (x, 0.0, z), (1.0,) * 3, (-half,) * 3, (half,) * 3, (None,) * 8, z)


def plain_record(**known: Any) -> FrameRecord:
    """A record without instances, image and pictures.

    The name follows from the frame, and the image from sequence and name, where they are not given.
    """
    fields: dict[str, Any] = {
        "key": "key",
        "sequence": "",
        "frame": 1,
        "name": f"shot_{known.get('frame', 1):04}",
        "width": 64,
        "height": 48,
        "colour": None,
        "pictures": (),
        "label_source": "object_index",
        "view_layer": "",
        "view": "",
        "unit_scale": None,
        "camera": None,
        "categories": (),
        "instances": (),
        "dropped": {},
        "notes": (),
    } | known
    path = "/".join(filter(None, (fields["sequence"], fields["name"])))
    return FrameRecord(**{"image": f"images/{path}.png"} | fields)


# --- Jobs -------------------------------------------------------------------------------------------------------------


def plain_frame(*files: Path | PassFile, name: str = "", frame: int = 1, sequence: str = "") -> FrameFiles:
    """The frame of some files, which is called like the first of them unless it has a name."""
    holding = tuple(file if isinstance(file, PassFile) else PassFile(file) for file in files)
    return FrameFiles(sequence, frame, name or holding[0].path.stem, holding)


def plain_job(files: FrameFiles | Path, output: Path, scene: Path | None = None, **settings: Any) -> FrameJob:
    """The order to annotate a frame, or one file, with settings by name."""
    return FrameJob(files if isinstance(files, FrameFiles) else plain_frame(files), output, scene, Settings(**settings))


def rendered_frame(rendered: Any, name: str = "", sequence: str = "") -> FrameFiles:
    """The files of a frame of tests/data, see `Rendered` in tests/core/conftest.py."""
    name = name or f"frame_{rendered.frame:04}"
    return plain_frame(*rendered.files, name=name, frame=rendered.frame, sequence=sequence)


# --- Datasets ---------------------------------------------------------------------------------------------------------


def record_path(output: Path, frame: str) -> Path:
    """The file of a frame's record."""
    return RecordFiles(DatasetFolder(output)).file(frame)


def record_files(output: Path) -> list[Path]:
    """The files of all records of a dataset."""
    return [record_path(output, frame) for frame in open_records(DatasetFolder(output)).frames()]


def read_record(output: Path, frame: str) -> FrameRecord:
    return open_records(DatasetFolder(output)).read(frame)


def write_record(output: Path, record: FrameRecord) -> Path:
    """Write a record into a dataset, and say where it is."""
    RecordFiles(DatasetFolder(output)).write(record)
    return record_path(output, record.path)


def valid_record(output: Path, frame: str, key: str) -> FrameRecord | None:
    """The record of a frame if it is up to date."""
    return up_to_date(open_records(DatasetFolder(output)), frame, key)
