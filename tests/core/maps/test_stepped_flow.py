"""Flow by the motion of surfaces on made-up frames, what stops it, and the files that it is made of."""

from pathlib import Path

import numpy as np
import pytest

from core.maps.codecs.codec import DAMAGED
from core.maps.codecs.surfaces import SurfaceMap, SurfacesNpz
from core.maps.stepped_flow import BEHIND, CHANGED, GONE, NO_SURFACE, find_stepped_flow
from core.scene.camera import Camera
from tests.builders import pinhole, plain_camera

SIZE = 6, 8
CAMERA, PARALLEL = (plain_camera(type, pinhole(10.0, 4.0, 3.0)) for type in ("perspective", "orthographic"))


def place(x: float = 0.0, y: float = 0.0, z: float = 0.0) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, 3] = x, y, z
    return matrix


def surfaces(
    number: np.ndarray, *matrices: np.ndarray, meshes: tuple[str, ...] | None = None, first: int = 0
) -> SurfaceMap:
    names = tuple((f"Thing {first + index}", f"Thing {first + index}", "", (), 0) for index in range(len(matrices)))
    return SurfaceMap(number.astype(np.int32), np.array(matrices), names, meshes or ("mesh",) * len(matrices))


@pytest.mark.parametrize("camera", [CAMERA, PARALLEL], ids=["perspective", "parallel"])
@pytest.mark.parametrize("unit_scale", [1.0, 0.01])
def test_a_wall_that_slides(camera: Camera, unit_scale: float) -> None:
    """By 0.4 at the depth 2: two pixels in perspective, four in parallel."""
    depth = np.full(SIZE, 2 * unit_scale, np.float32)
    number = np.zeros(SIZE)
    found = find_stepped_flow(
        surfaces(number, place()), surfaces(number, place(x=0.4)), depth, depth, (camera, camera), unit_scale
    )
    pixels = 2 if camera is CAMERA else 4
    np.testing.assert_allclose(found.flow, np.broadcast_to((pixels, 0), (*SIZE, 2)), atol=1e-5)
    assert found.unknown == {}
    assert found.hidden[:, -pixels:].all() and not found.hidden[:, :-pixels].any()  # out of the image


def test_what_comes_before_it_hides() -> None:
    """Two walls; the nearer slides over the left half of the farther, which is at rest."""
    far, near = np.full(SIZE, 4.0, np.float32), np.full(SIZE, 2.0, np.float32)
    left = np.arange(SIZE[1]) < 4
    here = surfaces(np.zeros(SIZE), place(), place(x=-5))
    there = surfaces(np.broadcast_to(left, SIZE) * 1, place(), place())
    found = find_stepped_flow(here, there, far, np.where(left, near, far), (CAMERA, CAMERA), 1.0)
    assert np.abs(found.flow).max() < 1e-6
    assert (found.hidden == left).all()


def test_another_side_of_itself_hides() -> None:
    """The same surface, but nearer than the point can be."""
    depth = np.full(SIZE, 4.0, np.float32)
    one = surfaces(np.zeros(SIZE), place())
    for nearer, hides in ((0.99, True), (0.998, False)):
        found = find_stepped_flow(one, one, depth, depth * np.float32(nearer), (CAMERA, CAMERA), 1.0)
        assert (found.hidden == hides).all()


def test_why_there_is_none() -> None:
    number = np.full(SIZE, -1)
    number[0], number[1], number[2], number[3] = 0, 1, 2, 3
    here = surfaces(number, place(), place(), place(), place(), meshes=("a", "b", "", "c"))
    there = surfaces(number, place(z=-5), place(), place(), meshes=("a", "other", ""))  # the last is gone
    depth = np.full(SIZE, 3.0, np.float32)
    depth[5] = np.nan
    found = find_stepped_flow(here, there, depth, depth, (CAMERA, CAMERA), 1.0)
    assert np.isnan(found.flow).all()
    assert not found.hidden.any()
    assert found.unknown == {BEHIND: 8, CHANGED: 16, GONE: 8, NO_SURFACE: 8}


def test_nothing_is_known() -> None:
    nothing = SurfaceMap(np.full(SIZE, -1, np.int32), np.zeros((0, 4, 4)), (), ())
    depth = np.full(SIZE, 3.0, np.float32)
    found = find_stepped_flow(nothing, nothing, depth, depth, (CAMERA, CAMERA), 1.0)
    assert np.isnan(found.flow).all()
    assert found.unknown == {NO_SURFACE: 48}


def test_surfaces_that_are_equal_keep_their_order(tmp_path: Path) -> None:
    number = np.array([[0, 1, -1]], np.int32)
    names = (("A", "B", "C", (3, -1), 0), ("A", "B", "C", (3, -1), 1))
    written = SurfaceMap(number, np.stack((place(1), place(2))), names, ("x", "y"))
    SurfacesNpz().write(tmp_path / "a.npz", written)
    read = SurfacesNpz().read(tmp_path / "a.npz", 1, 3)
    np.testing.assert_array_equal(read.number, number)
    np.testing.assert_array_equal(read.matrices, written.matrices)
    assert (read.keys, read.meshes) == (names, ("x", "y"))
    SurfacesNpz().write(tmp_path / "b.npz", written)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@pytest.mark.parametrize("cut", [0, 10, 300])
def test_a_damaged_file_is_told(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "a.npz"
    SurfacesNpz().write(path, surfaces(np.zeros(SIZE), place()))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DAMAGED):
        SurfacesNpz().read(path, *SIZE)
    path.unlink()
    with pytest.raises(DAMAGED):
        SurfacesNpz().read(path, *SIZE)
