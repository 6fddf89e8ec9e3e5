"""The files of the geometry: what goes in comes out, the same bytes each time, and damage is told."""

from pathlib import Path

import numpy as np
import pytest

from core.base.errors import SceneError
from core.base.files import digest
from core.scene.scene_geometry import (
    Carrier,
    Mesh,
    SceneGeometry,
    Surface,
    geometry_path,
    mesh_path,
    read_meshes,
    shared_labels,
    write_geometry,
)

MESH = Mesh(np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32), np.array([[0, 1, 2]], np.int32))
NAME = digest(MESH.as_bytes())
MATRIX = np.arange(16, dtype=np.float32).reshape(4, 4) / 7
GEOMETRY = SceneGeometry(
    (
        Surface("Böden", "Böden", "", (), False, MATRIX, NAME),
        Surface("Böden", 'Stein "1"', "Böden", (-1524168564, 0), True, -MATRIX, NAME),
        Surface("Gras", "Gras", "Böden", (3,), False, MATRIX, ""),
    )
)


def test_file_and_back(tmp_path: Path) -> None:
    record = tmp_path / "scenes/shot.v2/frame_0001.json"
    data = GEOMETRY.as_bytes()
    write_geometry(record, data, {NAME: MESH})

    again = SceneGeometry.read(record, digest(data))

    for one, other in zip(again.surfaces, GEOMETRY.surfaces, strict=True):
        assert np.array_equal(one.matrix, other.matrix)
        assert (one.object, one.source, one.instancer, one.path, one.is_member, one.mesh) == (
            other.object, other.source, other.instancer, other.path, other.is_member, other.mesh,
        )  # fmt: skip
    assert [one.is_instance for one in again.surfaces] == [False, True, True]
    mesh = read_meshes(record, [NAME])[NAME]
    assert np.array_equal(mesh.points, MESH.points) and np.array_equal(mesh.triangles, MESH.triangles)
    assert again.as_bytes() == data == GEOMETRY.as_bytes()
    assert sorted(path.name for path in record.parent.rglob("*")) == [f"{NAME}.npz", "frame_0001.npz", "meshes"]


def test_a_mesh_is_written_once(tmp_path: Path) -> None:
    for frame in ("1", "2"):
        write_geometry(tmp_path / f"{frame}.json", GEOMETRY.as_bytes(), {NAME: MESH})
        path = mesh_path(tmp_path / f"{frame}.json", NAME)
        if frame == "1":
            written = path.stat().st_mtime_ns, path.stat().st_ino
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == written


@pytest.mark.parametrize("which", ["geometry", "mesh"])
@pytest.mark.parametrize("damage", ["missing", "cut", "changed", "empty", "other"])
def test_damage(tmp_path: Path, which: str, damage: str) -> None:
    record = tmp_path / "a.json"
    data = GEOMETRY.as_bytes()
    write_geometry(record, data, {NAME: MESH})
    path = geometry_path(record) if which == "geometry" else mesh_path(record, NAME)
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        changed = {
            "cut": content[:-9],
            "changed": content[:-200] + b"x" + content[-199:],
            "empty": b"",
            "other": data[::-1],
        }
        path.write_bytes(changed[damage])

    with pytest.raises(SceneError, match=r"export the frame again from Blender") as caught:
        SceneGeometry.read(record, digest(data)) if which == "geometry" else read_meshes(record, [NAME])
    assert str(path) in str(caught.value)


def test_archive_of_another_kind(tmp_path: Path) -> None:
    """The digest is right, the content is not what it should be."""
    record = tmp_path / "a.json"
    for content in (b"no archive", MESH.as_bytes()):
        geometry_path(record).write_bytes(content)
        with pytest.raises(SceneError, match="is damaged"):
            SceneGeometry.read(record, digest(content))


@pytest.mark.parametrize(
    ("surfaces", "shared"),
    [
        ([], set()),
        ([("A", 0, False), ("B", 0, False)], set()),  # 0 is background
        ([("A", 1, False), ("B", 1, False)], set()),  # the user's own objects with one index
        ([("A", 1, True)], set()),  # one instance alone
        ([("A", 0, True), ("A", 0, True)], {"A"}),  # one name
        ([("A", 1, True), ("B", 1, True)], {"A", "B"}),  # one index
        ([("A", 2, False), ("A", 2, True), ("B", 3, False)], {"A"}),  # an object and an instance of it
        ([("A", 2, False), ("B", 2, True), ("C", 2, False)], {"A", "B", "C"}),
    ],
)
def test_shared_labels(surfaces: list[tuple[str, int, bool]], shared: set[str]) -> None:
    assert shared_labels([Carrier(name, name, index, is_instance) for name, index, is_instance in surfaces]) == shared


def test_objects_of_one_name_share_a_label() -> None:
    """Of two libraries, instances or not."""
    car, truck = Carrier("Body [car.blend]", "Body", 0, False), Carrier("Body [truck.blend]", "Body", 0, False)
    assert shared_labels([car, truck, Carrier("Road", "Road", 0, False)]) == {car.object, truck.object}
    assert shared_labels([car]) == set()
