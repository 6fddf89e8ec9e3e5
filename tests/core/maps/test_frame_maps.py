"""Dense maps of rendered frames: read back by Pillow, OpenCV and OpenEXR, and judged by geometry."""

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import plyfile
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from core.annotate.annotate import annotate
from core.base.dataset_folder import DESCRIPTION_FILE, INSTANCES_FILE
from core.base.errors import PassError, SceneError
from core.checks.validate import validate
from core.geometry.occlusion import find_hidden
from core.records.frame_record import FrameRecord
from core.records.record_files import read_record_file
from core.scene.camera import Camera
from core.scene.panorama import Panorama
from core.scene.scene_record import SceneEntries, SceneEntry, SceneRecord
from core.settings.category_table import Category
from core.settings.map_table import DenseMap, MapKind, passes_of
from core.settings.render_pass import Pass, PassFile
from core.settings.settings import ImageFormat
from tests.builders import (
    entries_of,
    moved_by,
    pinhole,
    plain_camera,
    plain_frame,
    plain_job,
    rendered_camera,
    rendered_scene,
    valid_record,
)
from tests.core.datasets import merged, stereo_pair

CHECKOUT = Path(__file__).resolve().parents[3]
FAR = 1000.0
# The rendered frames have no UV pass, no placements to tell poses by, and no geometry.
ALL = tuple(map for map in DenseMap if map.kind not in (MapKind.UV, MapKind.NOCS, MapKind.SURFACES) and not map.made_of)
Array = npt.NDArray[Any]


def scene_of(facts: dict[str, Any], frame: int, unit_scale: float = 1.0, **camera: Any) -> SceneRecord:
    """A scene record like that of the rendered fixtures."""
    return rendered_scene(facts, frame, unit_scale=unit_scale, camera=rendered_camera(facts, frame, **camera))


@dataclasses.dataclass(frozen=True)
class Made:
    """The maps of a frame."""

    output: Path
    record: FrameRecord
    scene: SceneRecord | None

    def path(self, map: DenseMap) -> Path:
        return self.output / next(written.file for written in self.record.maps if written.map is map)

    def written(self, map: DenseMap):
        return next(written for written in self.record.maps if written.map is map)

    def npy(self, map: DenseMap) -> Array:
        return np.load(self.path(map))


def needs_poses(maps: Sequence[DenseMap]) -> bool:
    return any(map.kind is MapKind.NOCS for map in maps)


def make(
    tmp_path: Path,
    files: Sequence[PassFile],
    scene: SceneRecord | None,
    maps: Sequence[DenseMap] = ALL,
    name: str = "frame_0001",
    **settings: Any,
) -> Made:
    path = tmp_path / f"scenes/{name}.json" if scene else None
    if scene:
        scene.write(path)
    frame = plain_frame(*files, name=name, frame=int(name[-4:]))
    chosen = {"maps": tuple(maps), "pictures": False, "poses": needs_poses(maps)} | settings
    job = plain_job(frame, tmp_path / "out", path, **chosen)
    return Made(job.output, annotate(job), scene)


@pytest.fixture
def made(version: str, rendered_of, facts, tmp_path: Path) -> Made:
    """All maps of a frame of each Blender version."""
    rendered = rendered_of(version, "multilayer")[0]
    return make(tmp_path, rendered.files, scene_of(facts, 1))


@pytest.fixture
def surface(version: str, rendered_of, independent) -> Array:
    return independent(rendered_of(version, "multilayer")[0], Pass.DEPTH, "Z") < FAR


@pytest.fixture
def position(version: str, rendered_of, independent) -> Array:
    """(H, W, 3) float64: Blender's own Position pass, read without core."""
    rendered = rendered_of(version, "multilayer")[0]
    return np.stack([independent(rendered, Pass.POSITION, letter) for letter in "XYZ"], axis=-1).astype(np.float64)


def in_camera(scene: SceneRecord, points: Array) -> Array:
    matrix = np.asarray(scene.camera.world_to_camera)
    return points @ matrix[:3, :3].T + matrix[:3, 3]


# --- Depth ---


def test_depth_is_the_z_of_position(made: Made, surface: Array, position: Array) -> None:
    depth = made.npy(DenseMap.DEPTH_NPY)
    assert depth.dtype == np.float32
    assert (np.isnan(depth) == ~surface).all()
    z = in_camera(made.scene, position)[..., 2]
    assert np.abs(depth / z - 1)[surface].max() < 1e-5


def test_ray_depth_is_the_length_of_position(made: Made, surface: Array, position: Array) -> None:
    depth = made.npy(DenseMap.RAY_DEPTH_NPY)
    assert (np.isnan(depth) == ~surface).all()
    length = np.linalg.norm(in_camera(made.scene, position), axis=-1)
    assert np.abs(depth / length - 1)[surface].max() < 1e-5
    assert (length / made.npy(DenseMap.DEPTH_NPY))[surface].max() > 1.02  # or they could not be separated


@pytest.mark.parametrize("kind", ["DEPTH", "RAY_DEPTH"])
@pytest.mark.parametrize("reader", ["pillow", "opencv"])
def test_depth_png_by_other_readers(made: Made, surface: Array, kind: str, reader: str) -> None:
    path = made.path(DenseMap[f"{kind}_PNG"])
    steps = np.asarray(Image.open(path)) if reader == "pillow" else cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert steps.dtype == np.uint16
    depth = made.npy(DenseMap[f"{kind}_NPY"])
    assert ((steps == 0) == ~surface).all()
    assert np.abs(steps * 0.001 - depth)[surface].max() <= 0.0005 + 1e-6
    written = made.written(DenseMap[f"{kind}_PNG"])
    assert (written.unit, written.scale, written.out_of_range) == ("m", 0.001, 0)
    assert written.valid == np.count_nonzero(surface)


def test_what_is_beyond_the_range_is_no_surface_and_counted(
    version: str, rendered_of, facts, surface: Array, tmp_path: Path
) -> None:
    maps = (DenseMap.DEPTH_PNG, DenseMap.DEPTH_NPY)
    made = make(tmp_path, rendered_of(version, "multilayer")[0].files, scene_of(facts, 1), maps, depth_scale=1e-4)
    depth = made.npy(DenseMap.DEPTH_NPY)
    beyond = surface & (depth > 6.5535 + 5e-5)
    assert 0 < np.count_nonzero(beyond) < np.count_nonzero(surface)
    steps = np.asarray(Image.open(made.path(DenseMap.DEPTH_PNG)))
    assert ((steps == 0) == (beyond | ~surface)).all()
    assert made.written(DenseMap.DEPTH_PNG).out_of_range == np.count_nonzero(beyond)
    assert made.written(DenseMap.DEPTH_PNG).valid == np.count_nonzero(surface & ~beyond)
    assert made.written(DenseMap.DEPTH_NPY).out_of_range == 0


def test_depth_is_in_metres(version: str, rendered_of, facts, tmp_path: Path) -> None:
    files = rendered_of(version, "multilayer")[0].files
    maps = (DenseMap.DEPTH_NPY, DenseMap.RAY_DEPTH_EXR)
    metres = make(tmp_path / "1", files, scene_of(facts, 1), maps)
    centimetres = make(tmp_path / "2", files, scene_of(facts, 1, unit_scale=0.01), maps)
    ratio = centimetres.npy(DenseMap.DEPTH_NPY) / metres.npy(DenseMap.DEPTH_NPY)
    assert np.nanmax(np.abs(ratio - 0.01)) < 1e-7
    alone = make(tmp_path / "3", files, None, (DenseMap.DEPTH_NPY,))
    assert alone.written(DenseMap.DEPTH_NPY).unit == "scene units"
    assert metres.written(DenseMap.DEPTH_NPY).unit == "m"


@pytest.mark.parametrize("map", [DenseMap.DEPTH_EXR, DenseMap.RAY_DEPTH_EXR])
def test_depth_exr_by_the_reader_of_openexr(made: Made, map: DenseMap, read_exr) -> None:
    (part,) = read_exr(made.path(map))
    assert list(part.channels) == ["Z"]
    npy = made.npy(DenseMap[f"{map.kind.name}_NPY"])
    np.testing.assert_array_equal(part.channels["Z"], npy)


@pytest.mark.parametrize("type", ["panoramic", "custom"])
def test_a_camera_of_rays_has_ray_depth_only(
    type: str, version: str, rendered_of, facts, tmp_path: Path, independent
) -> None:
    """Blender's Depth pass is the distance then."""
    rendered = rendered_of(version, "multilayer")[0]
    scene = scene_of(facts, 1, type=type)
    made = make(tmp_path, rendered.files, scene, (DenseMap.RAY_DEPTH_NPY,))
    depth = independent(rendered, Pass.DEPTH, "Z")
    np.testing.assert_array_equal(made.npy(DenseMap.RAY_DEPTH_NPY)[depth < FAR], depth[depth < FAR])
    with pytest.raises(PassError, match=rf"{type} camera.*choose Ray Depth"):
        make(tmp_path, rendered.files, scene, (DenseMap.DEPTH_PNG,))


def test_a_custom_camera_has_no_flow(version: str, rendered_of, facts, tmp_path: Path) -> None:
    """What Blender writes into the Vector pass then is nothing that can be repaired."""
    rendered = rendered_of(version, "multilayer")[0]
    with pytest.raises(
        PassError, match=r"Flow .* was rendered with a custom camera, whose Vector pass holds no motion"
    ):
        make(tmp_path, rendered.files, scene_of(facts, 1, type="custom"), (DenseMap.FLOW_FORWARD_NPY,))


# --- Normals ---


def test_normals_of_the_ground_and_the_spheres(
    made: Made, version: str, facts, rendered_of, independent, position: Array, surface: Array
) -> None:
    normals = made.npy(DenseMap.NORMALS_NPY)
    assert normals.dtype == np.float32
    assert np.abs(np.linalg.norm(normals, axis=-1) - 1)[surface].max() < 1e-6
    assert not normals[~surface].any()
    rotation = np.asarray(made.scene.camera.world_to_camera)[:3, :3]
    index = independent(rendered_of(version, "multilayer")[0], Pass.OBJECT_INDEX, "X")
    ground = surface & (index == 0)
    assert np.abs(normals[ground] - rotation @ (0, 0, 1)).max() < 1e-6
    assert normals[ground][:, 1].max() < 0  # up, with y down
    for thing in facts["objects"]:
        if thing["shape"] == "sphere" and (pixels := index == thing["pass_index"]).any():
            centre = np.asarray(facts["frames"]["1"]["matrix_world"][thing["name"]])[:3, 3]
            expected = (position[pixels] - centre) @ rotation.T
            expected /= np.linalg.norm(expected, axis=-1, keepdims=True)
            # Its faces are flat and 2.8 degrees wide.
            assert np.degrees(np.arccos((normals[pixels] * expected).sum(axis=-1))).max() < 2.5
            assert np.degrees(np.arccos((normals[pixels] * expected).sum(axis=-1))).mean() < 1.5


def test_normals_in_other_files(made: Made, read_exr) -> None:
    normals = made.npy(DenseMap.NORMALS_NPY)
    (part,) = read_exr(made.path(DenseMap.NORMALS_EXR))
    np.testing.assert_array_equal(np.stack([part.channels[name] for name in "XYZ"], axis=-1), normals)
    png = cv2.imread(str(made.path(DenseMap.NORMALS_PNG)), cv2.IMREAD_UNCHANGED)[..., ::-1]
    assert png.dtype == np.uint16
    has = normals.any(axis=-1)
    assert not png[~has].any()
    assert np.abs(png[has] / 32767.5 - 1 - normals[has]).max() <= 0.5 / 32767.5 + 1e-6


# --- Optical flow ---


def moved(facts: dict[str, Any], frame: int, to: int, index: Array, position: Array) -> Array:
    """(H, W, 2) where the point of each pixel is in another frame, by the objects' and the camera's matrices."""
    before, after = facts["frames"][str(frame)], facts["frames"][str(to)]
    points = np.concatenate((position, np.ones((*position.shape[:2], 1))), axis=-1)
    for thing in facts["objects"]:
        name = thing["name"]
        motion = np.asarray(after["matrix_world"][name]) @ np.linalg.inv(np.asarray(before["matrix_world"][name]))
        points[index == thing["pass_index"]] = points[index == thing["pass_index"]] @ motion.T
    camera = after["camera"]
    in_image = points @ np.asarray(camera["world_to_camera"])[:3].T @ np.asarray(camera["K"]).T
    return in_image[..., :2] / in_image[..., 2:]


@pytest.mark.parametrize(("kind", "step"), [("FLOW_FORWARD", 1), ("FLOW_BACKWARD", -1)])
@pytest.mark.parametrize("number", [0, 1])
def test_flow_against_moved_points(
    version: str, kind: str, step: int, number: int, rendered_of, independent, facts, tmp_path: Path
) -> None:
    rendered = rendered_of(version, "multilayer")[number]
    made = make(tmp_path, rendered.files, scene_of(facts, rendered.frame))
    flow = made.npy(DenseMap[f"{kind}_NPY"])
    seen = independent(rendered, Pass.DEPTH, "Z") < FAR
    assert (np.isnan(flow).all(axis=-1) == ~seen).all()
    position = np.stack([independent(rendered, Pass.POSITION, letter) for letter in "XYZ"], axis=-1).astype(np.float64)
    index = independent(rendered, Pass.OBJECT_INDEX, "X")
    target = moved(facts, rendered.frame, rendered.frame + step, index, position)
    height, width = index.shape
    here = np.stack(np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5), axis=-1)
    # The twins share an index but do not move.
    assert np.abs(here + flow - target)[seen].max() < 0.005
    assert np.abs(flow[seen]).max() > 1  # or a wrong sign would not be noticed


def test_flo_by_opencv(made: Made) -> None:
    for kind in ("FLOW_FORWARD", "FLOW_BACKWARD"):
        flow = made.npy(DenseMap[f"{kind}_NPY"])
        read = cv2.readOpticalFlow(str(made.path(DenseMap[f"{kind}_FLO"])))
        missing = np.isnan(flow)
        np.testing.assert_array_equal(read[~missing], flow[~missing])
        assert (read[missing] > 1e9).all()  # Middlebury: unknown


def test_kitti_flow_by_opencv(made: Made) -> None:
    for kind in ("FLOW_FORWARD", "FLOW_BACKWARD"):
        flow = made.npy(DenseMap[f"{kind}_NPY"])
        png = cv2.imread(str(made.path(DenseMap[f"{kind}_PNG"])), cv2.IMREAD_UNCHANGED)
        assert png.dtype == np.uint16
        valid = png[..., 0] == 1
        assert (valid == ~np.isnan(flow[..., 0])).all()
        assert set(np.unique(png[..., 0])) == {0, 1}
        decoded = (png[..., [2, 1]].astype(np.float64) - 32768) / 64
        assert np.abs(decoded - flow)[valid].max() <= 0.5 / 64 + 1e-6


def test_flow_beyond_kittis_range_is_invalid_and_counted(write_exr, facts, tmp_path: Path) -> None:
    files = vector_frame(write_exr, tmp_path, np.full((4, 6), -600, np.float32))
    made = make(tmp_path, files, None, (DenseMap.FLOW_FORWARD_PNG, DenseMap.FLOW_FORWARD_FLO))
    assert not cv2.imread(str(made.path(DenseMap.FLOW_FORWARD_PNG)), cv2.IMREAD_UNCHANGED)[..., 0].any()
    written = made.written(DenseMap.FLOW_FORWARD_PNG)
    assert (written.valid, written.out_of_range) == (0, 24)
    assert made.written(DenseMap.FLOW_FORWARD_FLO).out_of_range == 0
    assert cv2.readOpticalFlow(str(made.path(DenseMap.FLOW_FORWARD_FLO)))[0, 0].tolist() == [600, -600]


def test_flow_finds_this_frames_labels_in_the_next_one(version: str, rendered_of, facts, tmp_path: Path) -> None:
    first, second = (
        make(tmp_path, rendered.files, scene_of(facts, rendered.frame), name=f"frame_{rendered.frame:04}")
        for rendered in rendered_of(version, "multilayer")
    )
    names = [[instance.name for instance in made.record.instances] for made in (first, second)]
    assert names[0] == names[1]  # so that equal numbers are the same instance
    now, then = (np.asarray(Image.open(made.path(DenseMap.INSTANCES_PNG))) for made in (first, second))

    def agreement(flow: Array, here: Array, there: Array) -> float:
        rows, columns = np.nonzero((here > 0) & ~np.isnan(flow[..., 0]))
        x = np.floor(columns + 0.5 + flow[rows, columns, 0]).astype(int)
        y = np.floor(rows + 0.5 + flow[rows, columns, 1]).astype(int)
        inside = (x >= 0) & (x < here.shape[1]) & (y >= 0) & (y < here.shape[0])
        return float(np.mean(there[y[inside], x[inside]] == here[rows[inside], columns[inside]]))

    forward, backward = first.npy(DenseMap.FLOW_FORWARD_NPY), second.npy(DenseMap.FLOW_BACKWARD_NPY)
    assert agreement(forward, now, then) > 0.9
    assert agreement(backward, then, now) > 0.9
    assert agreement(forward, now, then) > agreement(-forward, now, then) + 0.05


def vector_frame(write_exr, folder: Path, values: Array, components: str = "XYZW") -> list[PassFile]:
    """A frame of one object, of which nothing but the motion is special."""
    channels = {f"L.Vector.{letter}": values for letter in components}
    one = np.ones_like(values)
    return [PassFile(write_exr(folder / "vector_0001.exr", {**channels, "L.Depth.Z": one, "L.IndexOB.X": one}))]


@pytest.mark.parametrize(
    ("motion_blur", "says"), [(True, "Motion Blur is on"), (None, "either nothing moves, or Motion Blur was on")]
)
def test_an_empty_vector_pass_is_no_zero_flow(
    write_exr, facts, tmp_path: Path, motion_blur: bool | None, says: str
) -> None:
    files = vector_frame(write_exr, tmp_path, np.zeros((48, 64), np.float32))
    scene = None if motion_blur is None else scene_of(facts, 1, motion_blur=motion_blur)
    for map in (DenseMap.FLOW_FORWARD_FLO, DenseMap.FLOW_BACKWARD_PNG):
        with pytest.raises(PassError, match=f"Vector pass of .* is 0 everywhere: {says}"):
            make(tmp_path, files, scene, (map,))
    assert not list((tmp_path / "out").rglob("*.json"))


def test_orthographic_cameras_have_no_flow(write_exr, facts, tmp_path: Path) -> None:
    """Blender projects the motion of such a camera as that of a perspective one: see docs/accuracy.md."""
    files = vector_frame(write_exr, tmp_path, np.ones((48, 64), np.float32))
    for map in (DenseMap.FLOW_FORWARD_NPY, DenseMap.FLOW_BACKWARD_FLO, DenseMap.OCCLUSION_FORWARD_PNG):
        with pytest.raises(PassError, match=r"orthographic camera, and when such a camera moves"):
            make(tmp_path, files, scene_of(facts, 1, type="orthographic", k=None), (map,))


def test_a_scene_at_rest_has_zero_flow(write_exr, facts, tmp_path: Path) -> None:
    files = vector_frame(write_exr, tmp_path, np.zeros((48, 64), np.float32))
    made = make(tmp_path, files, scene_of(facts, 1, motion_blur=False), (DenseMap.FLOW_FORWARD_NPY,))
    assert not made.npy(DenseMap.FLOW_FORWARD_NPY).any()


def test_three_values_of_motion_are_enough_for_backward_flow(write_exr, tmp_path: Path) -> None:
    """As File Output nodes of 4.2 and 5.0 write them."""
    files = vector_frame(write_exr, tmp_path, np.full((4, 6), 2, np.float32), "XYZ")
    made = make(tmp_path, files, None, (DenseMap.FLOW_BACKWARD_NPY,))
    assert (made.npy(DenseMap.FLOW_BACKWARD_NPY) == (2, -2)).all()
    with pytest.raises(PassError, match="only three of the four values of the Vector pass"):
        make(tmp_path, files, None, (DenseMap.FLOW_FORWARD_NPY,))


FISHEYE = Panorama("fisheye_equisolid", 20.0, 20.0, 32.0, 24.0, 3.1)
# What the files of Blender 4.5 and 5.0 say in their headers.
OF_4_5, OF_5_0 = {"xDensity": 72.0}, {"Software": "Blender 5.0.1", "xDensity": 72.0}


@pytest.mark.parametrize(
    ("header", "blender", "panorama", "mirrored"),
    [
        ({}, "4.2.23", FISHEYE, True),
        ({}, "4.2.0", dataclasses.replace(FISHEYE, type="fisheye_equidistant"), True),
        ({}, "4.2.23", dataclasses.replace(FISHEYE, type="fisheye_lens_polynomial"), False),
        ({}, "4.2.23", dataclasses.replace(FISHEYE, type="equirectangular"), False),
        ({}, "4.3.2", FISHEYE, False),
        (OF_4_5, "4.2.23", FISHEYE, False),  # another Blender than the one that exports
        (OF_5_0, "", FISHEYE, False),
        (OF_4_5, "4.5.15", None, False),
        ({"Software": "OpenImageIO"}, "4.2.23", FISHEYE, True),
        ({}, "4.5.15", FISHEYE, None),  # rendered by 4.2 or 4.3, and exported from a later one
        ({}, "", FISHEYE, None),
        ({}, "", None, None),
        ({}, "4.2.23", None, None),
    ],
)
def test_the_flow_of_fisheyes_of_4_2(
    write_exr, facts, tmp_path: Path, header: dict, blender: str, panorama: Panorama | None, mirrored: bool | None
) -> None:
    x, y, z, w = (np.full((48, 64), value, np.float32) for value in (1, 2, 3, 4))
    one = np.ones_like(x)
    channels = dict(zip((f"L.Vector.{letter}" for letter in "XYZW"), (x, y, z, w), strict=True))
    file = write_exr(tmp_path / "v_0001.exr", {**channels, "L.Depth.Z": one, "L.IndexOB.X": one}, attributes=header)
    scene = scene_of(facts, 1, type="panoramic", k=None, panorama=panorama)
    scene = dataclasses.replace(scene, blender=blender, engine="CYCLES")
    made = make(tmp_path, [PassFile(file)], scene, (DenseMap.FLOW_FORWARD_NPY, DenseMap.FLOW_BACKWARD_NPY))
    sign = -1 if mirrored else 1
    assert (made.npy(DenseMap.FLOW_FORWARD_NPY) == (-3 * sign, 4)).all()
    assert (made.npy(DenseMap.FLOW_BACKWARD_NPY) == (1 * sign, -2)).all()
    notes = [note for note in made.record.notes if "mirrored" in note]
    assert len(notes) == (mirrored is None)
    assert all("export again from that Blender" in note for note in notes)


def test_three_values_of_a_mirrored_flow(write_exr, facts, tmp_path: Path) -> None:
    scene = scene_of(facts, 1, type="panoramic", k=None, panorama=FISHEYE)
    files = vector_frame(write_exr, tmp_path, np.full((48, 64), 2, np.float32), "XYZ")
    made = make(tmp_path, files, dataclasses.replace(scene, blender="4.2.1"), (DenseMap.FLOW_BACKWARD_NPY,))
    assert (made.npy(DenseMap.FLOW_BACKWARD_NPY) == (-2, -2)).all()


@pytest.mark.parametrize("map", [DenseMap.FLOW_FORWARD_NPY, DenseMap.DEPTH_NPY])
def test_files_alone_do_not_say_how_they_were_rendered(
    version: str, rendered_of, tmp_path: Path, map: DenseMap
) -> None:
    """Those of Blender 4.5 and later say enough."""
    made = make(tmp_path, rendered_of(version, "multilayer")[0].files, None, (map,))
    notes = [note for note in made.record.notes if "mirrored from left to right if Blender 4.2" in note]
    assert len(notes) == (version == "4.2" and map is DenseMap.FLOW_FORWARD_NPY)
    assert all("with --scene" in note for note in notes)


# --- Occlusion ---

FORWARD, BACKWARD = DenseMap.OCCLUSION_FORWARD_PNG, DenseMap.OCCLUSION_BACKWARD_PNG


def both_frames(rendered_of, facts, version: str, folder: Path, with_scene: bool = True) -> Path:
    for rendered in rendered_of(version, "multilayer"):
        scene = scene_of(facts, rendered.frame) if with_scene else None
        made = make(folder, rendered.files, scene, (FORWARD, BACKWARD), name=f"frame_{rendered.frame:04}")
    return made.output


@pytest.mark.parametrize("with_scene", [True, False])
def test_occlusion_against_the_depth_of_moved_points(
    version: str, rendered_of, independent, facts, tmp_path: Path, with_scene: bool
) -> None:
    """A point is hidden where what is rendered at its place in the other frame is nearer than itself."""
    output = both_frames(rendered_of, facts, version, tmp_path, with_scene)
    assert merged(output) == []
    one, two = rendered_of(version, "multilayer")
    for map, here, there in ((FORWARD, one, two), (BACKWARD, two, one)):
        position = np.stack([independent(here, Pass.POSITION, letter) for letter in "XYZ"], axis=-1).astype(np.float64)
        depth = [independent(rendered, Pass.DEPTH, "Z") for rendered in (here, there)]
        place = moved(facts, here.frame, there.frame, independent(here, Pass.OBJECT_INDEX, "X"), position)
        distance = depth_of_moved(facts, here, there, independent, position)
        height, width = depth[0].shape
        column, row = (np.floor(place[..., axis]).astype(int) for axis in (0, 1))
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        nearest = depth[1][np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
        seen = depth[0] < FAR
        hidden = ~inside | (nearest < 0.97 * distance)
        pixels = np.asarray(Image.open(output / map.path(f"frame_{here.frame:04}")))
        assert ((pixels == 128) == ~seen).all()
        assert set(np.unique(pixels)) == {0, 128, 255}
        agree = (pixels[seen] == 255) == hidden[seen]
        assert agree.mean() > 0.97
        found = (pixels == 255) & seen
        assert np.count_nonzero(found & hidden) > 0.7 * np.count_nonzero(hidden & seen)
        assert np.count_nonzero(hidden & seen) > 50


def depth_of_moved(facts, here, there, independent, position: Array) -> Array:
    """(H, W) the depth that the points of one frame have in another."""
    index = independent(here, Pass.OBJECT_INDEX, "X")
    before, after = facts["frames"][str(here.frame)], facts["frames"][str(there.frame)]
    points = np.concatenate((position, np.ones((*position.shape[:2], 1))), axis=-1)
    for thing in facts["objects"]:
        pixels = index == thing["pass_index"]
        motion = np.asarray(after["matrix_world"][thing["name"]]) @ np.linalg.inv(
            np.asarray(before["matrix_world"][thing["name"]])
        )
        points[pixels] = points[pixels] @ motion.T
    return (points @ np.asarray(after["camera"]["world_to_camera"]).T)[..., 2]


def test_something_that_moves_along_hides_by_its_depth() -> None:
    """The camera goes to the right, past a post that is only a little nearer than the wall behind it."""

    def camera(x: float) -> Camera:
        return plain_camera(k=pinhole(400.0, 128.0, 4.0), world_to_camera=moved_by(-x, 0.0, 0.0))

    def frame(x: float) -> tuple[Array, Array]:
        """Depth, and flow to the frame of a camera that is 1 further to the right."""
        columns = np.arange(256) + 0.5
        post = np.abs((columns - 128) / 400 * 3.92 + x - 0.5) < 0.1
        depth = np.where(post, 3.92, 4.0) * np.ones((8, 1))
        return depth.astype(np.float32), np.stack((-400 / depth, 0 * depth), axis=-1).astype(np.float32)

    (here, flow), (there, onward) = frame(0.0), frame(1.0)
    with_depth = find_hidden(flow, -onward, here, there, (camera(0.0), camera(1.0)), 1.0)
    without = find_hidden(flow, -onward, here, there, None, 1.0)
    # The wall moves by 100 pixels and the post by 102, which flow alone takes for a bend of the surface.
    more = with_depth & ~without
    assert more.any(axis=1).all()
    assert (here[more] == 4.0).all()
    # It is the wall next to the post, which moves over it.
    next_to_it = np.flatnonzero(here[0] < 4)[[0, -1]] + (-1, 1)
    assert set(np.flatnonzero(more[0])) <= {next_to_it[0] - 1, next_to_it[0], next_to_it[1], next_to_it[1] + 1}


def test_a_second_merge_makes_no_map_again(version: str, rendered_of, facts, tmp_path: Path) -> None:
    output = both_frames(rendered_of, facts, version, tmp_path)
    merged(output)
    paths = sorted(path for kind in (FORWARD, BACKWARD) for path in (output / "maps" / kind.kind.value).iterdir())
    # The last frame has no next one, the first no previous one.
    assert [path.name for path in paths] == ["frame_0002.png", "frame_0001.png"]
    described = json.loads((output / DESCRIPTION_FILE).read_text())["maps"]
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in paths]
    merged(output)
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in paths] == before
    assert json.loads((output / DESCRIPTION_FILE).read_text())["maps"] == described
    frames = {map["name"]: map["frames"] for map in described}
    assert (frames["occlusion_forward_png"], frames["flow_forward_npy"]) == (1, 2)

    paths[0].write_bytes(before[0][0][:100])  # damaged, so it is made again
    assert merged(output) == []
    assert paths[0].read_bytes() == before[0][0]


def test_occlusion_of_a_changed_neighbour_is_made_again(version: str, rendered_of, facts, tmp_path: Path) -> None:
    output = both_frames(rendered_of, facts, version, tmp_path)
    merged(output)
    path = output / FORWARD.path("frame_0001")
    before = path.read_bytes()
    rendered = rendered_of(version, "multilayer")[0]
    scene = dataclasses.replace(scene_of(facts, 1), frame=2)
    make(tmp_path, rendered.files, scene, (FORWARD, BACKWARD), name="frame_0002")
    merged(output)
    assert path.read_bytes() != before
    read_record_file(output / "records/frame_0002.json")
    (output / "records/frame_0002.json").unlink()
    merged(output)
    assert not path.exists()


def test_a_missing_map_of_the_neighbour_is_a_problem(version: str, rendered_of, facts, tmp_path: Path) -> None:
    output = both_frames(rendered_of, facts, version, tmp_path)
    (output / DenseMap.FLOW_BACKWARD_NPY.path("frame_0002")).unlink()
    problems = merged(output)
    assert problems
    assert "annotate all frames of the sequence with the same maps" in problems[0]


# --- Disparity ---


def test_disparity_finds_the_point_in_the_other_eye(
    version: str, rendered_of, independent, facts, tmp_path: Path
) -> None:
    """By Blender's Position pass of one view and the camera of the other."""
    output = stereo_pair(rendered_of, facts, version, tmp_path)
    assert merged(output) == []
    k = np.asarray(facts["frames"]["1"]["camera"]["K"])
    for rendered in rendered_of(version, "stereo"):
        position = np.stack([independent(rendered, Pass.POSITION, letter) for letter in "XYZ"], axis=-1)
        depth = independent(rendered, Pass.DEPTH, "Z")
        columns = {}
        for view in ("left", "right"):
            matrix = np.asarray(facts["frames"]["1"]["camera"][f"world_to_camera_{view}"])
            points = (position @ matrix[:3, :3].T + matrix[:3, 3]) @ k.T
            columns[view] = points[..., 0] / points[..., 2]
        seen = depth < FAR
        expected = columns["left"] - columns["right"]
        disparity = np.load(output / DenseMap.DISPARITY_NPY.path(f"shot/{rendered.view}/frame_0001"))
        assert (np.isnan(disparity) == ~seen).all()
        assert np.abs(disparity - expected)[seen].max() < 1e-3
        assert disparity[seen].min() > 0.5
        path = output / DenseMap.DISPARITY_PNG.path(f"shot/{rendered.view}/frame_0001")
        png = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert ((png == 0) == ~seen).all()
        assert np.abs(png / 256 - expected)[seen].max() < 0.5 / 256 + 1e-3
    described = {map["name"]: map for map in json.loads((output / DESCRIPTION_FILE).read_text())["maps"]}
    assert described["disparity_png"]["scale"] == 1 / 256
    assert described["disparity_png"]["frames"] == 2

    before = path.stat().st_mtime_ns
    assert merged(output) == []
    assert path.stat().st_mtime_ns == before


def test_views_that_converge(version: str, rendered_of, facts, tmp_path: Path) -> None:
    """Off-axis: the principal points differ, and what lies beyond the plane of convergence has a negative disparity,
    which KITTI's PNG cannot hold."""

    def shifted(camera: Camera) -> Camera:
        (fx, _, cx), middle, last = camera.k
        return dataclasses.replace(camera, k=((fx, 0.0, cx + 3.0), middle, last))

    parallel = stereo_pair(rendered_of, facts, version, tmp_path / "1")
    converging = stereo_pair(rendered_of, facts, version, tmp_path / "2", shifted)
    assert merged(parallel) == merged(converging) == []
    path = DenseMap.DISPARITY_NPY.path("shot/left/frame_0001")
    one, other = np.load(parallel / path), np.load(converging / path)
    assert np.nanmax(np.abs(one - 3 - other)) < 1e-5
    beyond = np.count_nonzero(np.rint(other[~np.isnan(other)] * 256) < 1)
    assert beyond > 0
    described = json.loads((converging / DESCRIPTION_FILE).read_text())["maps"]
    lost = next(map["pixels_out_of_range"] for map in described if map["name"] == "disparity_png")
    assert lost >= beyond


def test_views_that_do_not_make_a_pair(version: str, rendered_of, facts, tmp_path: Path) -> None:
    def turned(camera: Camera) -> Camera:
        turn = np.eye(4)
        turn[:3, :3] = cv2.Rodrigues(np.array((0.0, 0.02, 0.0)))[0]
        matrix = turn @ np.asarray(camera.world_to_camera)
        return dataclasses.replace(camera, world_to_camera=tuple(map(tuple, matrix.tolist())))

    problems = merged(stereo_pair(rendered_of, facts, version, tmp_path / "1", turned))
    assert [problem.partition(":")[0] for problem in problems] == [
        f"No {map.label} of 2 frames (shot/left/frame_0001; shot/right/frame_0001)"
        for map in (DenseMap.DISPARITY_NPY, DenseMap.DISPARITY_PNG)
    ]
    assert "do not look in the same direction" in problems[0]

    files = rendered_of(version, "multilayer")[0].files
    made = make(tmp_path / "2", files, scene_of(facts, 1), (DenseMap.DISPARITY_NPY,))
    (problem,) = merged(made.output)
    assert "it needs the views left and right of a stereo render" in problem


# --- Places ---


def test_position_is_blenders_own(version: str, facts, rendered_of, position: Array, surface: Array, tmp_path: Path):
    files = rendered_of(version, "multilayer")[0].files
    maps = (DenseMap.POSITION_NPY, DenseMap.POSITION_EXR)
    for unit_scale in (1.0, 0.01):
        made = make(tmp_path / str(unit_scale), files, scene_of(facts, 1, unit_scale), maps)
        values = made.npy(DenseMap.POSITION_NPY)
        assert np.isnan(values[~surface]).all()
        np.testing.assert_allclose(values[surface], position[surface] * unit_scale, rtol=1e-6)


def test_position_exr(made: Made, read_exr) -> None:
    (part,) = read_exr(made.path(DenseMap.POSITION_EXR))
    stacked = np.stack([part.channels[name] for name in "XYZ"], axis=-1)
    np.testing.assert_array_equal(stacked, made.npy(DenseMap.POSITION_NPY))


def test_point_cloud_by_plyfile(made: Made, position: Array, surface: Array) -> None:
    vertices = plyfile.PlyData.read(made.path(DenseMap.POINTS_PLY))["vertex"]
    assert len(vertices) == np.count_nonzero(surface)
    places = np.column_stack([vertices[name] for name in "xyz"])
    assert np.abs(places - position[surface]).max() < 1e-3
    image = np.asarray(Image.open(made.output / made.record.image))
    colours = np.column_stack([vertices[name] for name in ("red", "green", "blue")])
    np.testing.assert_array_equal(colours, image[surface])
    for name, map in (("instance", DenseMap.INSTANCES_PNG), ("category", DenseMap.CATEGORIES_PNG)):
        np.testing.assert_array_equal(vertices[name], np.asarray(Image.open(made.path(map)))[surface])


def test_point_cloud_without_colours(version: str, facts, write_exr, tmp_path: Path) -> None:
    """And with a unit scale."""
    files = vector_frame(write_exr, tmp_path, np.ones((48, 64), np.float32))
    made = make(tmp_path, files, scene_of(facts, 1, 0.5), (DenseMap.POINTS_PLY,))
    vertices = plyfile.PlyData.read(made.path(DenseMap.POINTS_PLY))["vertex"]
    assert [prop.name for prop in vertices.properties] == ["x", "y", "z", "instance", "category"]
    assert len(vertices) == 48 * 64
    # All points are half a metre in front of the camera.
    places = np.column_stack([vertices[name] for name in "xyz"]).astype(np.float64)
    assert np.abs(in_camera(made.scene, places / 0.5)[:, 2] - 1).max() < 1e-5


def test_nocs_without_poses_says_so(version: str, facts, rendered_of, tmp_path: Path) -> None:
    files = rendered_of(version, "multilayer")[0].files
    with pytest.raises(
        SceneError, match="has a pose, and NOCS maps are in the axes of poses; export from Blender with Poses"
    ):
        make(tmp_path, files, scene_of(facts, 1), (DenseMap.NOCS_NPY,), poses=True)


def test_uv(write_exr, tmp_path: Path) -> None:
    u, v = np.meshgrid(np.linspace(0, 1, 6, dtype=np.float32), np.linspace(0, 2, 4, dtype=np.float32))
    has = (u + v > 0.5).astype(np.float32)
    channels = {"L.UV.U": u, "L.UV.V": v, "L.UV.A": has, "L.IndexOB.X": np.ones_like(u)}
    made = make(tmp_path, [PassFile(write_exr(tmp_path / "a_0001.exr", channels))], None, (DenseMap.UV_NPY,))
    values = made.npy(DenseMap.UV_NPY)
    np.testing.assert_array_equal(values[has > 0], np.stack((u, v), axis=-1)[has > 0])
    assert np.isnan(values[has == 0]).all()


def test_uv_of_a_file_output_node(write_exr, tmp_path: Path) -> None:
    """Which calls the values X, Y and Z."""
    one = np.full((4, 6), 0.5, np.float32)
    index = write_exr(tmp_path / "IndexOB0001.exr", {"V": np.ones_like(one)})
    uv = write_exr(tmp_path / "UV0001.exr", {"X": one, "Y": one / 2, "Z": (one > 0).astype(np.float32)})
    files = [PassFile(index, Pass.OBJECT_INDEX), PassFile(uv, Pass.UV)]
    values = make(tmp_path, files, None, (DenseMap.UV_NPY,)).npy(DenseMap.UV_NPY)
    assert (values == (0.5, 0.25)).all()


# --- Labels ---


def test_instance_numbers_are_the_places_in_the_record(made: Made) -> None:
    numbers = np.asarray(Image.open(made.path(DenseMap.INSTANCES_PNG)))
    assert numbers.dtype == np.uint16
    height, width = numbers.shape
    assert len(made.record.instances) > 5
    for number, instance in enumerate(made.record.instances, start=1):
        mask = coco_mask.decode({"size": [height, width], "counts": instance.mask.rle.encode()})
        np.testing.assert_array_equal(numbers == number, mask.astype(bool))
    assert numbers.max() == len(made.record.instances)


def test_category_ids_are_those_of_coco(made: Made) -> None:
    merged(made.output)
    coco = json.loads((made.output / INSTANCES_FILE).read_text())
    ids = {category["name"]: category["id"] for category in coco["categories"]}
    assert made.written(DenseMap.CATEGORIES_PNG).ids == ids
    numbers = np.asarray(Image.open(made.path(DenseMap.INSTANCES_PNG)))
    categories = np.asarray(Image.open(made.path(DenseMap.CATEGORIES_PNG)))
    expected = np.array([0, *(ids[instance.category] for instance in made.record.instances)])[numbers]
    np.testing.assert_array_equal(categories, expected)


def test_what_is_dropped_is_not_in_the_maps(version: str, rendered_of, facts, tmp_path: Path) -> None:
    files = rendered_of(version, "multilayer")[0].files
    made = make(tmp_path, files, scene_of(facts, 1), (DenseMap.INSTANCES_PNG,), min_area=100)
    assert made.record.dropped["small"] > 0
    _, counts = np.unique(np.asarray(Image.open(made.path(DenseMap.INSTANCES_PNG))), return_counts=True)
    assert counts.min() >= 100
    assert len(counts) == len(made.record.instances) + 1


def test_more_than_16_bit_is_refused(write_exr, tmp_path: Path) -> None:
    files = vector_frame(write_exr, tmp_path, np.ones((4, 6), np.float32))
    scene = scene_of({"frames": {"1": {"camera": {"K": np.eye(3), "world_to_camera": np.eye(4)}}}, "objects": [],
                      "width": 6, "height": 4}, 1)  # fmt: skip
    objects = entries_of(SceneEntry("Thing", 1, "thing"), categories=[Category("thing", 70000)])
    scene = dataclasses.replace(scene, objects=objects)
    with pytest.raises(SceneError, match="has the id 70000, but a 16-bit label map holds ids only up to 65535"):
        make(tmp_path, files, scene, (DenseMap.CATEGORIES_PNG,))


# --- What a map needs, and what the record and dataset.json say ---


@pytest.mark.parametrize("map", [map for map in DenseMap if map.kind.needs_camera], ids=str)
def test_maps_that_need_the_camera(rendered_of, tmp_path: Path, map: DenseMap) -> None:
    files = rendered_of("4.5", "multilayer")[0].files
    with pytest.raises(
        SceneError, match="only a scene record knows the camera; export with Labelpass in Blender, or give"
    ):
        make(tmp_path, files, None, (map,))


@pytest.mark.parametrize("map", [map for map in ALL if not map.kind.needs_camera], ids=str)
def test_maps_that_need_no_scene_record(rendered_of, tmp_path: Path, map: DenseMap) -> None:
    made = make(tmp_path, rendered_of("4.5", "multilayer")[0].files, None, (map,))
    assert made.path(map).is_file()
    assert made.written(map).valid > 0


@pytest.mark.parametrize("map", [map for map in DenseMap if map.kind.passes], ids=str)
def test_a_missing_pass_is_named(write_exr, facts, tmp_path: Path, map: DenseMap) -> None:
    one = np.ones((48, 64), np.float32)
    for missing in map.kind.passes:
        channels = {"L.IndexOB.X": one}
        for pass_ in set(map.kind.passes) - {missing}:
            channels |= {f"L.{pass_.names[0]}.{letter}": one for letter in pass_.components}
        file = PassFile(write_exr(tmp_path / "a_0001.exr", channels))
        with pytest.raises(PassError, match=f"has no pass {missing.title}.*turn it on in Blender"):
            make(tmp_path, [file], scene_of(facts, 1), (map,))


def test_every_map_is_in_the_record_and_in_dataset_json(made: Made) -> None:
    assert tuple(written.map for written in made.record.maps) == ALL
    again = read_record_file(made.output / "records/frame_0001.json")
    assert again.maps == made.record.maps
    assert merged(made.output) == []
    described = json.loads((made.output / DESCRIPTION_FILE).read_text())
    assert [map["name"] for map in described["maps"]] == [map.value for map in ALL]
    for map in described["maps"]:
        assert {"shows", "stored", "unit", "axes", "invalid"} <= map.keys()
        assert len(list(made.output.glob(map["files"]))) == 1
        assert map["frames"] == 1
        assert map["pixels_with_a_value"] > 0
    assert described["maps"][0]["scale"] == 0.001
    assert described["metres_per_scene_unit"] == 1.0


def test_what_differs_between_frames_is_a_problem(version: str, rendered_of, facts, tmp_path: Path) -> None:
    files = rendered_of(version, "multilayer")[0].files
    make(tmp_path, files, scene_of(facts, 1), (DenseMap.DEPTH_PNG,), name="a_0001")
    made = make(tmp_path, files, scene_of(facts, 1), (DenseMap.DEPTH_PNG,), name="a_0002", depth_scale=0.002)
    make(tmp_path, files, scene_of(facts, 1), (DenseMap.DEPTH_PNG,), name="a_0003", depth_scale=0.002)
    (problem,) = merged(made.output)
    assert "Depth PNG of a_000" in problem
    assert "annotate all frames with the same settings" in problem
    (described,) = json.loads((made.output / DESCRIPTION_FILE).read_text())["maps"]
    assert described["scale"] is None
    assert f"Disagrees: dataset: {problem}" in validate(made.output).lines()


def test_category_maps_that_number_otherwise_are_a_problem(version: str, rendered_of, facts, tmp_path: Path) -> None:
    """Categories without fixed ids count from 1 in the order of names: another scene may have more of them."""
    files = rendered_of(version, "multilayer")[0].files
    made = make(tmp_path, files, scene_of(facts, 1), (DenseMap.CATEGORIES_PNG,), name="a_0001")
    scene = scene_of(facts, 1)
    more = SceneEntries((Category("apple"), *scene.objects.categories), scene.objects.entries)
    make(tmp_path, files, dataclasses.replace(scene, objects=more), name="a_0002")
    problems = merged(made.output)
    assert problems
    assert "give the categories fixed ids" in problems[0]
    assert {f"Disagrees: dataset: {problem}" for problem in problems} <= set(validate(made.output).lines())


def test_a_record_whose_map_is_gone_is_out_of_date(made: Made) -> None:
    assert valid_record(made.output, "frame_0001", made.record.key) is not None
    for map in ALL:
        path = made.path(map)
        path.rename(path.with_suffix(".away"))
        assert valid_record(made.output, "frame_0001", made.record.key) is None
        path.with_suffix(".away").rename(path)
    assert valid_record(made.output, "frame_0001", made.record.key) is not None


def test_the_same_frame_gives_the_same_bytes(version: str, rendered_of, facts, tmp_path: Path) -> None:
    files = rendered_of(version, "multilayer")[0].files
    one, other = (make(tmp_path / name, files, scene_of(facts, 1)) for name in "ab")
    for map in ALL:
        assert one.path(map).read_bytes() == other.path(map).read_bytes()


def test_maps_read_no_pass_that_they_do_not_need(rendered_of, tmp_path: Path, monkeypatch) -> None:
    from core.exr.exr_file import ExrFile

    read: list[str] = []
    before: Callable[..., Any] = ExrFile.read
    monkeypatch.setattr(
        ExrFile, "read", lambda self, part, channels: (read.extend(channels), before(self, part, channels))[1]
    )
    files = rendered_of("5.0", "multilayer")[0].files
    made = make(tmp_path, files, None, (DenseMap.DEPTH_PNG, DenseMap.DEPTH_NPY), image_format=ImageFormat.NONE)
    assert made.record.maps
    assert sorted(read) == ["ViewLayer.Depth.Z", "ViewLayer.Object Index.X"]


# --- The table ---


def test_every_map_is_described() -> None:
    for map in DenseMap:
        assert map.value == f"{map.kind.value}_{map.storage.suffix[1:]}"
        assert map.storage.stored
        assert map.storage.invalid
        assert map.kind.shows
    assert {map.kind for map in DenseMap} == set(MapKind)
    assert passes_of((DenseMap.FLOW_FORWARD_FLO, DenseMap.DEPTH_PNG)) == [Pass.VECTOR, Pass.DEPTH]


def test_docs_have_the_table() -> None:
    """Each kind of map is followed by its files, whatever the lines of the page break."""
    text = " ".join((CHECKOUT / "docs/maps.md").read_text(encoding="utf-8").split())
    for kind in MapKind:
        passes = " and ".join(pass_.title for pass_ in kind.passes) or "none"
        camera = "; needs the camera" if kind.needs_camera else ""
        lines = [f"**{kind.title}**: {kind.shows}. Unit: {kind.unit}. Passes: {passes}{camera}."]
        lines += [
            f"`{map.value}`: {map.storage.stored}. No value: {map.storage.invalid}."
            for map in DenseMap
            if map.kind is kind
        ]
        assert " - ".join(lines) in text


def test_no_map_is_made_unless_it_is_asked_for(rendered_of, tmp_path: Path) -> None:
    make(tmp_path, rendered_of("4.5", "multilayer")[0].files, None, ())
    assert not (tmp_path / "out/maps").exists()
