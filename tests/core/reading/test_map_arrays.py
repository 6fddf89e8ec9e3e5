"""Frame.map: each map of the table by its name, with the numbers that its docstring says, whichever file it is in."""

import inspect
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import plyfile
import pytest

from core.base.dataset_folder import DatasetFolder
from core.base.errors import InputError, RecordError, UsageError
from core.checks.checked_frame import CheckedFrame
from core.maps.codecs.codec import MapPixels
from core.maps.codecs.points import PointCloud
from core.maps.codecs.surfaces import SurfaceMap
from core.maps.codecs.table import codec_of
from core.reading.dataset import open as open_dataset
from core.reading.frame import Frame
from core.settings.map_table import DenseMap, MapKind, WrittenMap
from tests.builders import plain_record, rendered_camera, write_record
from tests.core.datasets import annotate_rendered, merged, stereo_pair

Array = npt.NDArray[Any]
SHAPE = (48, 64)
SCALE = 0.001
VALID = np.indices(SHAPE).sum(axis=0) % 3 != 0
NUMBERS = np.arange(1, VALID.size + 1).reshape(SHAPE)
TWO, THREE = np.stack([NUMBERS / 64, NUMBERS / 128 - 9], axis=-1), np.stack([NUMBERS / 4096] * 3, axis=-1)
LENGTHS = ("depth", "ray_depth", "disparity")
FLOWS = ("flow_forward", "flow_backward", "flow_step")
FLAGS = ("occlusion_forward", "occlusion_backward", "occlusion_step")
CLOUD = PointCloud(
    np.arange(6, dtype=np.float32).reshape(2, 3),
    np.array([[1, 2, 3], [4, 5, 6]], np.uint8),
    np.array([7, 0], np.uint16),
    np.array([8, 0], np.uint16),
)
SURFACES = SurfaceMap(
    np.where(VALID, 0, -1).astype(np.int32), np.eye(4)[None], (("Ball", "Ball", "", (1,), 0),), ("digest",)
)


def content_of(map: DenseMap) -> Any:
    """Something to write, with pixels that have no value."""
    kind = map.kind.value
    if map.kind is MapKind.POINTS:
        return CLOUD
    if map.kind is MapKind.SURFACES:
        return SURFACES
    if kind in FLAGS:
        return MapPixels(NUMBERS % 2 == 1, VALID)
    if kind in ("instances", "categories"):
        return MapPixels(np.where(VALID, NUMBERS, 0).astype(np.uint16), VALID)
    if kind == "normals":
        turned = np.stack([np.sin(NUMBERS), np.cos(NUMBERS), np.zeros(SHAPE)], axis=-1)
        return MapPixels(turned.astype(np.float32), VALID)
    values = NUMBERS / 256 if kind in LENGTHS else TWO if kind in (*FLOWS, "uv") else THREE
    return MapPixels(values.astype(np.float32), VALID)


def frame_with(output: Path, *maps: DenseMap) -> Frame:
    written = []
    for map in maps:
        path = map.path("shot_0001")
        codec_of(map, SCALE).write(output / path, content_of(map))
        written.append(WrittenMap(map, path, "m", SCALE, 1, 0))
    write_record(output, plain_record(maps=tuple(written)))
    (frame,) = open_dataset(output).frames()
    return frame


@pytest.mark.parametrize("map", DenseMap)
def test_every_map(map: DenseMap, tmp_path: Path) -> None:
    kind = map.kind.value
    frame = frame_with(tmp_path, map)
    values = frame.map(kind)
    content = content_of(map)
    assert np.array_equal(frame.map(map), values, equal_nan=values.dtype.kind == "f")
    assert np.array_equal(frame.map(map.value), values, equal_nan=values.dtype.kind == "f")
    if kind == "points":
        assert values["place"].tolist() == CLOUD.places.tolist()
        assert values["colour"].tolist() == [[1, 2, 3], [4, 5, 6]]
        assert (values["instance"].tolist(), values["category"].tolist()) == ([7, 0], [8, 0])
        return
    if kind == "surfaces":
        assert values.dtype == np.int32
        assert np.array_equal(values, SURFACES.number)
        assert frame.surfaces().keys == SURFACES.keys
        return
    has_value = VALID if values.ndim == 2 else VALID[..., None]
    if kind in FLAGS:
        assert values.dtype == np.uint8
        assert np.array_equal(values, np.where(VALID, np.where(content.values, 255, 0), 128))
    elif kind in ("instances", "categories"):
        assert values.dtype == np.uint16
        assert np.array_equal(values, np.where(VALID, NUMBERS, 0))
    else:
        assert values.dtype == np.float32
        missing = 0 if kind == "normals" else np.nan
        step = {"depth_png": SCALE / 2, "ray_depth_png": SCALE / 2, "disparity_png": 1 / 512}.get(map.value, 1 / 128)
        exact = map.storage.suffix != ".png"
        expected = np.where(has_value, content.values, missing)
        assert np.allclose(values, expected, rtol=0, atol=0 if exact else step * 1.001, equal_nan=True)
        assert np.isnan(values).any() == (kind != "normals")
        assert values.shape == SHAPE + {"depth": (), "ray_depth": (), "disparity": ()}.get(
            kind, (2,) if kind in (*FLOWS, "uv") else (3,)
        )


def test_docstring_names_every_kind() -> None:
    """Each once."""
    described = re.findall(r"^- (.*?): \(", inspect.getdoc(Frame.map) or "", re.MULTILINE)
    names = [name for line in described for name in re.findall(r"`(\w+)`", line)]
    assert sorted(names) == sorted(kind.value for kind in MapKind)


def test_floats_before_steps(tmp_path: Path) -> None:
    frame = frame_with(tmp_path, DenseMap.DEPTH_PNG, DenseMap.DEPTH_NPY, DenseMap.NORMALS_PNG)
    assert np.array_equal(frame.map("depth"), np.load(tmp_path / "maps/depth/shot_0001.npy"), equal_nan=True)
    assert not np.array_equal(frame.map("depth_png"), frame.map("depth_npy"), equal_nan=True)
    assert [one.map for one in frame.maps] == [DenseMap.DEPTH_PNG, DenseMap.DEPTH_NPY, DenseMap.NORMALS_PNG]


def test_points_without_colours(tmp_path: Path) -> None:
    frame = frame_with(tmp_path, DenseMap.POINTS_PLY)
    path = tmp_path / frame.maps[0].file
    codec_of(DenseMap.POINTS_PLY).write(path, PointCloud(CLOUD.places, None, CLOUD.instances, CLOUD.categories))
    points = frame.map("points")
    assert points.dtype.names == ("place", "instance", "category")
    vertices = plyfile.PlyData.read(path)["vertex"]
    assert np.array_equal(points["place"], np.stack([vertices[axis] for axis in "xyz"], axis=-1))


def test_no_such_map(tmp_path: Path) -> None:
    frame = frame_with(tmp_path, DenseMap.DEPTH_NPY, DenseMap.UV_NPY)
    with pytest.raises(UsageError, match=r"There is no map 'mist'; the maps are depth, ray_depth, .* and categories"):
        frame.map("mist")
    for name in ("normals", "depth_png", DenseMap.DEPTH_PNG):
        with pytest.raises(InputError, match=r"Frame shot_0001 has no map '\w+'; it has depth_npy and uv_npy, so choo"):
            frame.map(name)
    with pytest.raises(InputError, match="has no map 'surfaces_npz'"):
        frame.surfaces()
    frame = frame_with(tmp_path)
    with pytest.raises(InputError, match="has no map 'depth'; it has no maps, or annotate the frame again"):
        frame.map("depth")


def test_map_that_a_merge_has_not_made(tmp_path: Path) -> None:
    write_record(tmp_path, plain_record(later_maps=(DenseMap.DISPARITY_NPY,)))
    (frame,) = open_dataset(tmp_path).frames()
    for name in ("disparity", "disparity_npy"):
        with pytest.raises(InputError, match=rf"has no map '{name}' yet; run 'labelpass merge'"):
            frame.map(name)
    with pytest.raises(InputError, match="has no map 'disparity_png'; it has no maps"):
        frame.map("disparity_png")


def test_damaged_maps(tmp_path: Path) -> None:
    frame = frame_with(tmp_path, DenseMap.DEPTH_NPY, DenseMap.UV_NPY)
    depth, uv = (tmp_path / one.file for one in frame.maps)
    np.save(depth, np.zeros((2, 3), np.float32))
    with pytest.raises(InputError, match="has 3 x 2 pixels, but the record says 64 x 48; annotate the frame again"):
        frame.map("depth")
    uv.unlink()
    with pytest.raises(InputError, match=r"maps/uv/shot_0001\.npy cannot be read"):
        frame.map("uv")
    merged_maps = DatasetFolder(tmp_path).merge_record("shot_0001")
    merged_maps.parent.mkdir()
    merged_maps.write_text("{}", encoding="utf-8")
    (frame,) = open_dataset(tmp_path).frames()
    with pytest.raises(RecordError, match="is damaged; merge again"):
        frame.map("depth")


def test_maps_that_a_merge_made(rendered_of: Any, facts: Any, version: str, tmp_path: Path) -> None:
    """Their names are those of all other maps."""
    output = stereo_pair(rendered_of, facts, version, tmp_path)
    merged(output)
    for frame in open_dataset(output).frames():
        disparity = frame.map("disparity")
        assert np.array_equal(disparity, np.load(output / f"maps/disparity/{frame.path}.npy"), equal_nan=True)
        assert np.nanmin(disparity) > 0
        assert np.array_equal(np.isnan(disparity), np.isnan(frame.map("depth")))


def test_depth_is_in_metres(rendered_of: Any, facts: Any, version: str, tmp_path: Path) -> None:
    """And agrees with the camera and the positions, as the checks of a dataset compare them."""
    maps = (DenseMap.DEPTH_NPY, DenseMap.POSITION_NPY)
    output = annotate_rendered(tmp_path, rendered_of(version, "multilayer")[:1], facts, maps=maps)
    (frame,) = open_dataset(output).frames()
    assert [one.unit for one in frame.maps] == ["m", "m"]
    depth, position = frame.map("depth"), frame.map("position")
    seen = ~np.isnan(depth)
    projected = CheckedFrame(DatasetFolder(output), frame.record).project(position[seen].astype(np.float64))
    assert np.allclose(projected[:, 2], depth[seen], rtol=1e-4)
    rows, columns = np.nonzero(seen)
    assert np.allclose(projected[:, :2], np.column_stack((columns + 0.5, rows + 0.5)), atol=0.01)
    assert frame.camera == rendered_camera(facts, 1)
