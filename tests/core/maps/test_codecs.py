"""What a codec writes it reads again: exactly, or to half a step, with nothing where there was nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from core.base.dataset_folder import DatasetFolder
from core.base.errors import InputError
from core.maps.codecs.codec import DAMAGED, MapPixels, WrongSize
from core.maps.codecs.points import PointCloud
from core.maps.codecs.surfaces import SurfaceMap
from core.maps.codecs.table import codec_of, read_content, read_map
from core.settings.map_storage import Storage
from core.settings.map_table import DenseMap, WrittenMap

Array = npt.NDArray[Any]

SIZE = 3, 5
SCALE = 0.004
# Of values in 32 bit, and of what is computed with them.
FLOAT_STEP = 2.0**-23
# One map for each storage.
OF_STORAGE = {map.storage: map for map in DenseMap}
CHANNELS = {
    Storage.NORMALS_PNG: (3,),
    Storage.NOCS_PNG: (3,),
    Storage.FLOW_PNG: (2,),
    Storage.FLOW_FLO: (2,),
    Storage.TWO_FLOATS_NPY: (2,),
    Storage.THREE_FLOATS_NPY: (3,),
    Storage.NORMALS_NPY: (3,),
    Storage.THREE_FLOATS_EXR: (3,),
    Storage.NORMALS_EXR: (3,),
}
ANY_FLOAT = st.floats(width=32, allow_nan=False, allow_infinity=False)
FLOATS = tuple(one for one in Storage if one.name.endswith(("FLOAT_NPY", "FLOATS_NPY", "FLOAT_EXR", "FLOATS_EXR")))
NORMALS = (Storage.NORMALS_PNG, Storage.NORMALS_NPY, Storage.NORMALS_EXR)


# Each example is a file that has to reach the disk.
few = settings(max_examples=25)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("codecs")


def pixels_of(storage: Storage, elements: st.SearchStrategy[Any], dtype: Any = np.float32) -> st.SearchStrategy[Any]:
    """Values with these elements, and where they mean something; what stands elsewhere may be anything."""
    values = npst.arrays(dtype, (*SIZE, *CHANNELS.get(storage, ())), elements=elements)
    return st.builds(MapPixels, values, npst.arrays(np.bool_, SIZE))


def written_and_read(folder: Path, storage: Storage, content: Any) -> tuple[int, Any]:
    """How many pixels the file gives a value, and what is read from it."""
    codec = codec_of(OF_STORAGE[storage], SCALE)
    path = folder / f"a{storage.suffix}"
    held = codec.write(path, content)
    found = codec.read(path, *SIZE)
    assert found.count == held
    return held, found


def test_every_storage_has_a_map_and_a_codec() -> None:
    assert set(OF_STORAGE) == set(Storage)
    for map in DenseMap:
        assert codec_of(map) is not None


# --- What is kept to the last bit -------------------------------------------------------------------------------------


def check_exact(content: MapPixels, found: MapPixels) -> None:
    np.testing.assert_array_equal(found.valid, content.valid)
    np.testing.assert_array_equal(found.values[content.valid], content.values[content.valid])
    assert found.rounding == 0


@pytest.mark.parametrize("storage", FLOATS)
@few
@given(st.data())
def test_floats(folder: Path, storage: Storage, data: st.DataObject) -> None:
    content = data.draw(pixels_of(storage, ANY_FLOAT))
    held, found = written_and_read(folder, storage, content)
    assert held == content.count
    assert found.values.dtype == np.float32
    check_exact(content, found)
    assert np.isnan(found.values[~content.valid]).all()


@pytest.mark.parametrize("storage", FLOATS)
@few
@given(st.data())
def test_a_pixel_with_a_component_that_is_no_number_has_no_value(
    folder: Path, storage: Storage, data: st.DataObject
) -> None:
    content = data.draw(pixels_of(storage, ANY_FLOAT | st.just(float("nan"))))
    lacks = np.isnan(content.values)
    path = folder / f"a{storage.suffix}"
    codec = codec_of(OF_STORAGE[storage])
    codec.write(path, content)
    found = codec.read(path, *SIZE)
    expected = content.valid & ~(lacks if lacks.ndim == 2 else lacks.any(axis=-1))
    np.testing.assert_array_equal(found.valid, expected)


def test_floats_of_another_width(folder: Path) -> None:
    """What is computed in 64 bit is rounded to 32."""
    values = np.full(SIZE, 1 / 3)
    _, found = written_and_read(folder, Storage.ONE_FLOAT_NPY, MapPixels(values, np.ones(SIZE, bool)))
    assert (found.values == np.float32(1 / 3)).all()


@few
@given(pixels_of(Storage.FLOW_FLO, st.floats(-9e8, 9e8, width=32)))
def test_middlebury(folder: Path, content: MapPixels) -> None:
    held, found = written_and_read(folder, Storage.FLOW_FLO, content)
    assert held == content.count
    check_exact(content, found)
    assert (found.values[~content.valid] > 1e9).all()


@few
@given(npst.arrays(np.uint16, SIZE))
def test_labels(folder: Path, numbers: Array) -> None:
    content = MapPixels(numbers, numbers > 0)
    held, found = written_and_read(folder, Storage.LABELS_PNG, content)
    assert held == content.count
    check_exact(content, found)
    assert not found.values[~content.valid].any()


@few
@given(pixels_of(Storage.OCCLUSION_PNG, st.booleans(), np.bool_))
def test_occlusion(folder: Path, content: MapPixels) -> None:
    held, found = written_and_read(folder, Storage.OCCLUSION_PNG, content)
    assert held == content.count
    assert found.values.dtype == np.bool_
    check_exact(content, found)


# --- What is kept to half a step --------------------------------------------------------------------------------------


def check_rounded(content: MapPixels, found: MapPixels, expected: Array) -> None:
    np.testing.assert_array_equal(found.valid, expected)
    wanted = content.values[expected].astype(np.float64)
    miss = np.abs(found.values[expected] - wanted)
    assert found.rounding > 0
    assert (miss <= found.rounding + 4 * FLOAT_STEP * (1 + np.abs(wanted))).all()


@pytest.mark.parametrize(
    ("storage", "step"),
    [(Storage.DEPTH_PNG, SCALE), (Storage.RAY_DEPTH_PNG, SCALE), (Storage.DISPARITY_PNG, 1 / 256)],
)
@few
@given(st.data())
def test_scaled(folder: Path, storage: Storage, step: float, data: st.DataObject) -> None:
    """What is nearer than half a step or farther than the last one has no value in the file."""
    content = data.draw(pixels_of(storage, st.floats(-1, 1e3, width=32) | ANY_FLOAT))
    codec = codec_of(OF_STORAGE[storage], SCALE)
    assert codec.scale == step
    held, found = written_and_read(folder, storage, content)
    with np.errstate(over="ignore"):
        steps = np.rint(content.values / np.float64(step))
    fits = content.valid & (steps >= 1) & (steps <= 65535)
    assert held == np.count_nonzero(fits)
    assert found.rounding == step / 2
    check_rounded(content, found, fits)


@few
@given(pixels_of(Storage.FLOW_PNG, st.floats(-600, 600, width=32) | ANY_FLOAT))
def test_kitti(folder: Path, content: MapPixels) -> None:
    """What is beyond 512 pixels has no value in the file, and one that is 0 has one."""
    held, found = written_and_read(folder, Storage.FLOW_PNG, content)
    with np.errstate(over="ignore"):
        steps = np.rint(content.values * 64) + 32768
    fits = content.valid & ((steps >= 0) & (steps <= 65535)).all(axis=-1)
    assert held == np.count_nonzero(fits)
    check_rounded(content, found, fits)


@pytest.mark.parametrize("storage", NORMALS)
@few
@given(st.data())
def test_normals(folder: Path, storage: Storage, data: st.DataObject) -> None:
    content = data.draw(pixels_of(storage, st.floats(-1, 1, width=32)))
    length = np.linalg.norm(content.values.astype(np.float64), axis=-1)
    assume(length.all())
    content = MapPixels((content.values / length[..., None]).astype(np.float32), content.valid)
    held, found = written_and_read(folder, storage, content)
    assert held == content.count
    if storage is Storage.NORMALS_PNG:
        check_rounded(content, found, content.valid)
    else:
        check_exact(content, found)
        assert not found.values[~content.valid].any()


@few
@given(pixels_of(Storage.NOCS_PNG, st.floats(-0.25, 1.25, width=32)))
def test_nocs(folder: Path, content: MapPixels) -> None:
    """What lies outside the box is on its side, and its corner 0 0 0 stands for no value."""
    inside = MapPixels(np.clip(content.values, 0, 1), content.valid)
    corner = (np.rint(inside.values * 65535) == 0).all(axis=-1)
    codec = codec_of(DenseMap.NOCS_PNG)
    assert codec.write(folder / "a.png", content) == content.count
    check_rounded(inside, codec.read(folder / "a.png", *SIZE), content.valid & ~corner)


# --- What is not an image ---------------------------------------------------------------------------------------------


@few
@given(st.data(), st.integers(0, 20), st.booleans())
def test_points(folder: Path, data: st.DataObject, count: int, has_colours: bool) -> None:
    numbers = npst.arrays(np.uint16, count)
    content = PointCloud(
        data.draw(npst.arrays(np.float32, (count, 3), elements=ANY_FLOAT)),
        data.draw(npst.arrays(np.uint8, (count, 3))) if has_colours else None,
        data.draw(numbers),
        data.draw(numbers),
    )
    held, found = written_and_read(folder, Storage.POINTS_PLY, content)
    assert held == count
    assert (found.colours is not None) == has_colours
    for name in ("places", "instances", "categories", *(["colours"] if has_colours else [])):
        np.testing.assert_array_equal(getattr(found, name), getattr(content, name))


@few
@given(st.data(), st.integers(0, 4))
def test_surfaces(folder: Path, data: st.DataObject, count: int) -> None:
    text = st.text(max_size=4)
    key = st.tuples(
        text, text, text, st.lists(st.integers(-5, 5), max_size=3).map(tuple), st.integers(min_value=0, max_value=9)
    )
    content = SurfaceMap(
        data.draw(npst.arrays(np.int32, SIZE, elements=st.integers(-1, count - 1))),
        data.draw(npst.arrays(np.float64, (count, 4, 4), elements=st.floats(allow_nan=False))),
        tuple(data.draw(st.lists(key, min_size=count, max_size=count))),
        tuple(data.draw(st.lists(text, min_size=count, max_size=count))),
    )
    held, found = written_and_read(folder, Storage.SURFACES_NPZ, content)
    assert held == np.count_nonzero(content.number >= 0)
    np.testing.assert_array_equal(found.number, content.number)
    np.testing.assert_array_equal(found.matrices, content.matrices)
    assert (found.keys, found.meshes) == (content.keys, content.meshes)


# --- Files that are not as they should be -----------------------------------------------------------------------------


def some_content(storage: Storage) -> Any:
    """With a value in each pixel."""
    if storage is Storage.POINTS_PLY:
        numbers = np.arange(4, dtype=np.uint16)
        return PointCloud(np.ones((4, 3)), None, numbers, numbers)
    if storage is Storage.SURFACES_NPZ:
        return SurfaceMap(np.zeros(SIZE, np.int32), np.eye(4)[None], (("A", "A", "", (), 0),), ("mesh",))
    dtype: Any = {Storage.LABELS_PNG: np.uint16, Storage.OCCLUSION_PNG: np.bool_}.get(storage, np.float32)
    return MapPixels(np.ones((*SIZE, *CHANNELS.get(storage, ())), dtype), np.ones(SIZE, bool))


def as_written(output: Path, storage: Storage) -> WrittenMap:
    map = OF_STORAGE[storage]
    codec = codec_of(map, SCALE)
    held = codec.write(output / map.path("a"), some_content(storage))
    return WrittenMap(map, map.path("a"), "m", codec.scale, held, 0)


@pytest.mark.parametrize("storage", Storage)
@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.7])
def test_a_file_that_is_cut_off(tmp_path: Path, storage: Storage, part: float) -> None:
    written = as_written(tmp_path, storage)
    path = tmp_path / written.file
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(DAMAGED):
        codec_of(written.map, SCALE).read(path, *SIZE)
    with pytest.raises(InputError, match=rf"^{written.file} cannot be read \(.*\); annotate the frame again$"):
        read_content(DatasetFolder(tmp_path), written, *SIZE)


@pytest.mark.parametrize("storage", Storage)
def test_a_file_that_is_missing(tmp_path: Path, storage: Storage) -> None:
    written = as_written(tmp_path, storage)
    (tmp_path / written.file).unlink()
    with pytest.raises(InputError, match=rf"^{written.file} cannot be read \(.*\); annotate the frame again$"):
        read_content(DatasetFolder(tmp_path), written, *SIZE)


@pytest.mark.parametrize("storage", [one for one in Storage if one is not Storage.POINTS_PLY])
def test_a_file_of_another_size(tmp_path: Path, storage: Storage) -> None:
    written = as_written(tmp_path, storage)
    with pytest.raises(WrongSize):
        codec_of(written.map, SCALE).read(tmp_path / written.file, 4, 5)
    with pytest.raises(
        InputError, match=f"^{written.file} has 5 x 3 pixels, but the record says 6 x 3; annotate the frame"
    ):
        read_content(DatasetFolder(tmp_path), written, 3, 6)


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (Storage.DEPTH_PNG, Storage.NORMALS_PNG),
        (Storage.LABELS_PNG, Storage.FLOW_PNG),
        (Storage.NOCS_PNG, Storage.DISPARITY_PNG),
        (Storage.FLOW_PNG, Storage.LABELS_PNG),
        (Storage.NORMALS_PNG, Storage.OCCLUSION_PNG),
        (Storage.OCCLUSION_PNG, Storage.LABELS_PNG),
        (Storage.ONE_FLOAT_NPY, Storage.TWO_FLOATS_NPY),
        (Storage.TWO_FLOATS_NPY, Storage.THREE_FLOATS_NPY),
        (Storage.NORMALS_NPY, Storage.ONE_FLOAT_NPY),
        (Storage.THREE_FLOATS_EXR, Storage.ONE_FLOAT_EXR),
    ],
)
def test_a_file_with_other_channels(tmp_path: Path, expected: Storage, found: Storage) -> None:
    written = as_written(tmp_path, expected)
    codec_of(OF_STORAGE[found], SCALE).write(tmp_path / written.file, some_content(found))
    with pytest.raises(InputError, match=f"^{written.file} cannot be read"):
        read_map(DatasetFolder(tmp_path), written, *SIZE)
