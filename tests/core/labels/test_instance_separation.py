"""Instances that share a label, from files to the record and the dataset: names, categories, identities, fallbacks."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.annotate.annotate import annotate
from core.base.errors import SceneError
from core.base.files import digest
from core.exr.cryptomatte import hash_name
from core.labels.instance_separation import separate_instances
from core.labels.label_image import LabelImage
from core.labels.track_ids import track_id
from core.masks.runs import find_runs
from core.records.frame_job import FrameJob
from core.records.frame_record import FrameRecord
from core.records.record_files import read_record_file
from core.scene.camera import Camera
from core.scene.scene_geometry import SceneGeometry, Surface, geometry_path, write_geometry
from core.scene.scene_record import Facts, SceneEntry, SceneRecord, scene_path
from core.settings.render_pass import Pass
from core.settings.settings import Grouping, Instancing, LabelSource, Settings
from tests.builders import NO_IMAGES, PLATE, entries_of, pinhole, plain_camera, plain_job, plain_scene
from tests.core.datasets import write_coco_file

HEIGHT, WIDTH = 24, 40
# Ten units away a unit is four pixels.
CAMERA = plain_camera(k=pinhole(40.0, 20.0, 12.0), clip_end=1000.0)
MESH = digest(PLATE.as_bytes())


def plate(
    x: float,
    z: float,
    object: str,
    path: tuple[int, ...] = (),
    *,
    instancer: str = "",
    source: str = "",
    size: float = 1.0,
) -> Surface:
    """A square that faces the camera; z is its depth."""
    matrix = np.diag((size, size, 1.0, 1.0)).astype(np.float32)
    matrix[0, 3], matrix[2, 3] = x, z
    return Surface(object, source or object, instancer, path, False, matrix, MESH)


def render(surfaces: list[Surface], indices: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Pass index and depth as a camera would see the squares: by interval arithmetic."""
    index, depth = np.zeros((HEIGHT, WIDTH), np.float32), np.full((HEIGHT, WIDTH), 1e10, np.float32)
    rows, columns = np.indices(depth.shape) + 0.5
    for one in surfaces:
        x, y, z = one.matrix[:3, 3].tolist()
        reach = 40 * float(one.matrix[0, 0]) / z
        here = (np.abs(columns - 20 - 40 * x / z) < reach) & (np.abs(rows - 12 - 40 * y / z) < reach) & (z < depth)
        index[here], depth[here] = indices[one.object], z
    return index, depth


@dataclasses.dataclass
class Frame:
    """A frame to annotate, and where its files are."""

    folder: Path
    job: FrameJob

    def annotate(self, **settings: Any) -> FrameRecord:
        return annotate(dataclasses.replace(self.job, settings=Settings(**NO_IMAGES | settings)))


@pytest.fixture
def make(tmp_path: Path, write_exr):
    def make(
        surfaces: list[Surface],
        entries: list[SceneEntry],
        *,
        camera: Camera | None = CAMERA,
        passes: tuple[str, ...] = ("IndexOB.X", "Depth.Z"),
        parents: tuple[SceneEntry, ...] = (),
        strays: tuple[tuple[int, int, int], ...] = (),
    ) -> Frame:
        index, depth = render(surfaces, {one.name: one.pass_index for one in entries})
        for row, column, label in strays:
            index[row, column] = label
        channels = {"IndexOB.X": index, "Depth.Z": depth}
        file = write_exr(tmp_path / "in/f_0001.exr", {f"ViewLayer.{name}": channels[name] for name in passes})
        geometry = SceneGeometry(tuple(sorted(surfaces, key=lambda one: (one.object, one.instancer, one.path))))
        objects = entries_of(*entries)
        record = plain_scene(
            width=WIDTH,
            height=HEIGHT,
            camera=camera,
            objects=objects,
            parents=entries_of(*parents, categories=objects.categories),
            geometry=digest(geometry.as_bytes()),
        )
        path = scene_path(tmp_path / "scenes", "f_0001")
        record.write(path)
        write_geometry(path, geometry.as_bytes(), {MESH: PLATE})
        return Frame(tmp_path, plain_job(file, tmp_path / "out", path, **NO_IMAGES))

    return make


GROUND = plate(0, 20, "Ground", size=9)
WALL = plate(0, 20, "Wall", size=12)
STONES = [plate(2.0 * n - 3, 10 - n, "Stone", (n + 5,), instancer="Ground") for n in range(4)]


def found(record: FrameRecord) -> dict[str, tuple[str, int]]:
    return {one.name: (one.category, one.mask.area) for one in record.instances}


def test_stones_and_their_ground(make) -> None:
    """One index for everything, over each other; two categories, which would be an error without the geometry."""
    frame = make([GROUND, *STONES], [SceneEntry("Ground", 3, "ground"), SceneEntry("Stone", 3, "stone")])

    record = frame.annotate()

    areas = {}
    for number, seen in enumerate([GROUND, *STONES]):
        alone = dict.fromkeys(("Ground", "Stone"), 0)
        index, _ = render([GROUND, *STONES], {**alone, "Ground": 1 if not number else 0, "Stone": 0})
        if number:
            marked = [dataclasses.replace(one, object="This") if one is seen else one for one in (GROUND, *STONES)]
            index, _ = render(marked, {**alone, "This": 1})
        areas["Ground" if not number else f"Stone #{number}"] = int(index.sum())
    assert found(record) == {name: (name.split()[0].lower(), area) for name, area in areas.items()}
    assert record.notes == ()
    assert {one.resolved for one in record.instances if one.name != "Ground"} == {"geometry"}
    ground = next(one for one in record.instances if one.name == "Ground")
    assert (ground.resolved, ground.track_id) == (None, None)
    assert all(one.labels == (3,) for one in record.instances)
    for number, one in enumerate(sorted(record.instances, key=lambda one: one.name)[1:]):
        assert one.track_id == track_id("Stone", "Ground", [number + 5], 1) < 2**53

    with pytest.raises(SceneError, match="share the pass index 3"):
        frame.annotate(instancing=Instancing.OFF)


def test_record_and_dataset_keep_it(make) -> None:
    frame = make([GROUND, *STONES], [SceneEntry("Ground", 0, None), SceneEntry("Stone", 3, "stone")])
    record = frame.annotate()
    again = read_record_file(frame.job.output / "records/f_0001.json")
    assert [(one.name, one.track_id, one.resolved) for one in again.instances] == [
        (one.name, one.track_id, one.resolved) for one in record.instances
    ]
    write_coco_file(frame.job.output)
    dataset = json.loads((frame.job.output / "annotations/instances.json").read_bytes())
    identities = {track["id"]: track.get("instance") for track in dataset["tracks"]}
    assert [identities[one["track_id"]] for one in dataset["annotations"]] == [one.track_id for one in record.instances]


def test_numbers_do_not_depend_on_what_is_seen(make) -> None:
    """A hidden stone keeps its number; the order is that of instancer and persistent id, the negative ones first."""
    surfaces = [
        plate(0, 5, "Stone", (7,), instancer="A", size=0.3),
        plate(0, 9, "Stone", (8,), instancer="A", size=0.3),  # behind the first
        plate(1, 5, "Stone", (-3,), instancer="B", size=0.3),
        plate(-1, 5, "Stone", (2, 1), instancer="B", size=0.3),
    ]
    record = make(surfaces, [SceneEntry("Stone", 3, "stone")]).annotate()
    assert sorted(found(record)) == ["Stone #1", "Stone #3", "Stone #4"]


def test_equal_ids_are_told_apart_by_their_order(make) -> None:
    surfaces = [plate(x, 5, "Stone", (7,), instancer="A", size=0.3) for x in (-1.0, 1.0)]
    record = make(surfaces, [SceneEntry("Stone", 3, "stone")]).annotate()
    assert sorted(found(record)) == ["Stone #1", "Stone #2"]
    assert len({one.track_id for one in record.instances}) == 2


def test_what_an_instance_is_a_copy_of_counts(make) -> None:
    """Geometry nodes give the stone the label of the ground, which says nothing of its category."""
    stone = plate(0, 5, "Ground", (1, 0), instancer="Ground", source="Stone", size=0.3)
    other = plate(1, 5, "Ground", (2, 0), instancer="Ground", source="Stone", size=0.3)
    entries = [SceneEntry("Ground", 3, "ground"), SceneEntry("Stone", 0, "stone")]
    record = make([GROUND, stone, other], entries).annotate()
    assert {name: category for name, (category, _) in found(record).items()} == {
        "Ground": "ground", "Stone #1": "stone", "Stone #2": "stone",
    }  # fmt: skip


def test_background_instances(make) -> None:
    record = make([GROUND, *STONES], [SceneEntry("Ground", 3, "ground"), SceneEntry("Stone", 3, None)]).annotate()
    assert set(found(record)) == {"Ground"}
    assert record.instances[0].mask.area == int((render([GROUND, *STONES], {"Ground": 1, "Stone": 0})[0]).sum())


def members(x: float, number: int) -> list[Surface]:
    """A car of two parts with indices of their own, as the objects of a collection that is instanced."""
    parts = [plate(x, 5, "Body", (number, 0), instancer="Cars", size=0.4)]
    parts.append(plate(x, 4, "Wheel", (number, 1), instancer="Cars", size=0.1))
    return [dataclasses.replace(part, is_member=True) for part in parts]


@pytest.mark.parametrize("grouping", Grouping)
def test_groups_are_those_of_one_copy(make, grouping: Grouping) -> None:
    entries = [SceneEntry("Body", 4, "body", parent="Car"), SceneEntry("Wheel", 5, "wheel", parent="Car")]
    frame = make([*members(-1, 1), *members(1, 2)], entries, parents=(SceneEntry("Car", 0, "body"),))

    record = frame.annotate(grouping=grouping)

    expected = {
        Grouping.PARENT: {"Car #1", "Car #2"},
        Grouping.TOP_PARENT: {"Car #1", "Car #2"},
        # These have all that is of a category or index together, copies or not.
        Grouping.PASS_INDEX: {"body index 4", "wheel index 5"},
        Grouping.CATEGORY: {"body", "wheel"},
    }
    assert set(found(record)) == expected.get(grouping, {"Body #1", "Body #2", "Wheel #1", "Wheel #2"})
    if set(found(record)) == {"Car #1", "Car #2"}:
        assert all(one.labels == (4, 5) for one in record.instances)


def test_a_group_may_be_called_like_its_category(make) -> None:
    entries = [SceneEntry("Body", 4, "Car", parent="Car"), SceneEntry("Wheel", 5, "Car", parent="Car")]
    frame = make([*members(-1, 1), *members(1, 2)], entries, parents=(SceneEntry("Car", 0, "Car"),))
    assert set(found(frame.annotate(grouping=Grouping.PARENT))) == {"Car #1", "Car #2"}
    assert set(found(frame.annotate(grouping=Grouping.CATEGORY))) == {"Car"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"passes": ("IndexOB.X",)}, "no Depth pass"),
        ({"camera": dataclasses.replace(CAMERA, motion_blur=True)}, "motion blur"),
        ({"camera": dataclasses.replace(CAMERA, k=None, type="panoramic")}, "panoramic"),
        ({"camera": None}, "several cameras"),
    ],
)
def test_connected_pieces(make, change: dict[str, Any], reason: str) -> None:
    apart = [plate(x, 5, "Stone", (n,), instancer="Ground", size=0.3) for n, x in enumerate((-1.5, 0, 0.3, 1.5))]
    record = make(apart, [SceneEntry("Stone", 3, "stone")], **change).annotate()

    assert set(found(record)) == {"Stone #1", "Stone #2", "Stone #3"}  # the two in the middle touch
    assert {(one.resolved, one.track_id) for one in record.instances} == {("components", None)}
    (note,) = record.notes
    assert reason in note and "connected pieces" in note


def test_pieces_of_several_categories_are_an_error(make) -> None:
    entries = [SceneEntry("Ground", 3, "ground"), SceneEntry("Stone", 3, "stone")]
    frame = make([GROUND, *STONES], entries, passes=("IndexOB.X",))
    with pytest.raises(SceneError, match="share the pass index 3"):
        frame.annotate()


def test_geometry_of_another_render_is_told(make) -> None:
    """The stones have moved since the render; what lies on none of them is not given to one of them."""
    frame = make(STONES, [SceneEntry("Stone", 3, "stone")])
    path = frame.job.scene
    elsewhere = [plate(50, 9, "Stone", (n + 5,), instancer="Ground") for n in range(1, 4)]
    moved = SceneGeometry((STONES[0], *elsewhere))
    write_geometry(path, moved.as_bytes(), {})
    dataclasses.replace(SceneRecord.read(path), geometry=digest(moved.as_bytes())).write(path)

    record = frame.annotate()

    assert any("lie on none of its copies" in note for note in record.notes)
    assert set(found(record)) == {"Stone #1", "Stone"}


@pytest.mark.parametrize("seen", [True, False], ids=["original-in-view", "original-hidden"])
@pytest.mark.parametrize("strays", [((1, 1, 5),), ((1, 1, 5), (22, 38, 5), (22, 1, 5))], ids=["one", "three"])
def test_stray_pixels_are_of_no_instance(make, seen: bool, strays: tuple[tuple[int, int, int], ...]) -> None:
    """Far from every copy: not one of the object that is copied, which stands for itself, in view or behind a wall."""
    original = plate(0, 6, "Stone", size=0.3) if seen else plate(0, 30, "Stone")
    entries = [SceneEntry("Wall", 3, "wall"), SceneEntry("Stone", 5, "stone")]
    without = make([WALL, original, *STONES], entries).annotate()
    frame = make([WALL, original, *STONES], entries, strays=strays)

    record = frame.annotate()

    assert record.notes == ()
    assert ("Stone" in found(record)) is seen
    areas = {name: area for name, (_, area) in found(without).items()}
    areas["Wall"] -= len(strays)
    assert {name: area for name, (_, area) in found(record).items()} == areas


def test_a_stray_pixel_next_to_a_copy_is_of_that(make) -> None:
    alone = [plate(-3, 10, "Stone", (1,), instancer="Ground"), plate(3, 10, "Stone", (2,), instancer="Ground")]
    entries = [SceneEntry("Wall", 3, "wall"), SceneEntry("Stone", 5, "stone")]
    before = found(make([WALL, *alone], entries).annotate())
    # The first copy has the columns 4 to 11 and the rows 8 to 15.
    after = found(make([WALL, *alone], entries, strays=((10, 13, 5),)).annotate())
    assert after["Stone #1"][1] == before["Stone #1"][1] + 1
    assert after["Stone #2"] == before["Stone #2"]


def test_missing_geometry(make) -> None:
    frame = make(STONES, [SceneEntry("Stone", 3, "stone")])
    geometry_path(frame.job.scene).unlink()
    with pytest.raises(SceneError, match=r"f_0001\.npz.*export the frame again from Blender"):
        frame.annotate()
    assert set(found(frame.annotate(instancing=Instancing.OFF))) == {"Stone"}


def test_track_ids() -> None:
    ids = {track_id(name, "Ground", [number], 1) for name in ("A", "B") for number in range(-500, 500)}
    assert len(ids) == 2000
    assert all(1 <= one < 2**53 for one in ids)
    assert track_id("Stein", "Böden", [1, -2], 1) == track_id("Stein", "Böden", (1, -2), 1)
    # What is in datasets already must not change.
    assert track_id("Stone", "Ground", [7], 1) == 3812279891404394


def test_hair_with_the_name_of_a_mesh_that_has_copies(tmp_path: Path) -> None:
    """Two libraries: depth finds the copies of the mesh, but not the hair, which is of another category."""
    body, hair = (
        SceneEntry(f"Body [{name}]", 0, name, facts=Facts(name="Body")) for name in ("car.blend", "bear.blend")
    )
    stands = [plate(2.0 * n, 10, body.name, (n,), instancer="Gate") for n in range(2)]
    fur = dataclasses.replace(plate(0, 12, hair.name), mesh="")
    geometry = SceneGeometry((fur, *stands))
    path = scene_path(tmp_path, "f_0001")
    write_geometry(path, geometry.as_bytes(), {MESH: PLATE})
    objects = entries_of(body, hair)
    scene = plain_scene(
        width=WIDTH, height=HEIGHT, camera=CAMERA, objects=objects, geometry=digest(geometry.as_bytes())
    )
    label = hash_name("Body")
    seen, depth = render(stands, {body.name: 1})
    labels = np.where(seen > 0, label, 0).astype(np.uint32)
    image = LabelImage(labels, LabelSource.CRYPTO_OBJECT, {label: "Body"})

    class OnlyDepth(dict[Pass, np.ndarray]):
        read = dict.__getitem__

    passes = OnlyDepth({Pass.DEPTH: depth})
    with pytest.raises(SceneError, match=r"'Body \[bear.blend\]'.*'Body \[car.blend\]'.*hair"):
        separate_instances(image, find_runs(labels), passes, scene, path, Grouping.OBJECT)

    alone = dataclasses.replace(scene, objects=entries_of(body))
    separated = separate_instances(image, find_runs(labels), passes, alone, path, Grouping.OBJECT)
    assert len(separated.instances) == 2
