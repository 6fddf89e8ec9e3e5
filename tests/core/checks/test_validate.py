"""`labelpass validate`: datasets that agree, and each kind of disagreement put into one."""

import dataclasses
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from core.base.box import Box
from core.base.errors import RecordError
from core.maps.codecs.png_files import write_png16
from core.records.frame_record import FrameRecord
from core.records.record_files import read_record_file
from core.scene.camera import Camera
from core.scene.scene_record import SceneRecord
from core.settings.format_table import CAMERA_FORMATS
from core.settings.map_table import DenseMap, MapKind
from core.settings.settings import Settings
from tests.builders import write_record
from tests.core.datasets import annotate_rendered, checked, merged

CHECKOUT = Path(__file__).resolve().parents[3]
Array = npt.NDArray[Any]


def _is_by_step(map: DenseMap) -> bool:
    """Those need the geometry of the scene, which the rendered frames have not."""
    return DenseMap.SURFACES_NPZ in (map, *map.made_of)


# Of backward flow one format only: in others it would be told twice, in both frames.
_LEFT_OUT = (DenseMap.FLOW_BACKWARD_FLO, DenseMap.FLOW_BACKWARD_PNG)
MAPS = tuple(
    map
    for map in DenseMap
    if map.kind not in (MapKind.UV, MapKind.NOCS) and map not in _LEFT_OUT and not _is_by_step(map)
)


@pytest.fixture
def dataset(version: str, rendered_of, facts, tmp_path: Path) -> Path:
    return annotate_rendered(tmp_path, rendered_of(version, "multilayer"), facts, maps=MAPS, pictures=False)


def test_a_dataset_that_agrees(dataset: Path) -> None:
    report = checked(dataset)
    assert report.problems == {}
    assert report.frames == 2
    assert report.checks == {
        "derived values": 2,
        "training images": 2,
        "maps can be read": 2,
        "masks, boxes and areas": 2,
        "instance map": 2,
        "category map": 2,
        "depth and position": 2,
        "depth PNG and position": 2,
        "projected position": 2,
        "normals": 2,
        "formats of one map": 2,
        "depth and ray depth": 2,
        "point cloud": 2,
        "files as they were written": 2,
        "flow of points at rest": 1,
        "flow of instances with poses": 1,
        "forward and backward flow": 1,
    }
    assert report.lines()[-1] == "Everything agrees"


def spoil_npy(map: DenseMap, frame: int, change: Callable[[Array], Array]) -> Callable[[Path], None]:
    def spoil(output: Path) -> None:
        path = output / map.path(f"frame_{frame:04}")
        np.save(path, change(np.load(path)))

    return spoil


def spoil_png(map: DenseMap, frame: int, change: Callable[[Array], Array]) -> Callable[[Path], None]:
    def spoil(output: Path) -> None:
        path = output / map.path(f"frame_{frame:04}")
        write_png16(path, change(np.asarray(Image.open(path)).astype(np.int64)).astype(np.uint16))

    return spoil


def spoil_record(change: Callable[[FrameRecord], FrameRecord]) -> Callable[[Path], None]:
    def spoil(output: Path) -> None:
        write_record(output, change(read_record_file(output / "records/frame_0001.json")))

    return spoil


def with_first_mask(record: FrameRecord, **changes: Any) -> FrameRecord:
    first, *others = record.instances
    first = dataclasses.replace(first, mask=dataclasses.replace(first.mask, **changes))
    return dataclasses.replace(record, instances=(first, *others))


def twice_the_correction(depth: Array) -> Array:
    """As if planar depth were the length of the ray and had to be made planar."""
    x, y = np.meshgrid(np.arange(64) + 0.5 - 32, np.arange(48) + 0.5 - 24)
    return depth / np.sqrt((x / 71) ** 2 + (y / 71) ** 2 + 1).astype(np.float32)


# --- Scene records and categories -------------------------------------------------------------------------------------


@pytest.fixture
def with_scenes(dataset: Path) -> Path:
    """As Blender leaves them in the dataset."""
    for frame in (1, 2):
        (dataset / "scenes").mkdir(exist_ok=True)
        shutil.copy(dataset.parent / f"frame_{frame:04}.json", dataset / f"scenes/frame_{frame:04}.json")
    return dataset


def test_scene_records_that_agree(with_scenes: Path) -> None:
    report = checked(with_scenes)
    assert report.problems == {}
    assert report.checks["scene records"] == 2


def test_a_damaged_scene_record(with_scenes: Path) -> None:
    path = with_scenes / "scenes/frame_0002.json"
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"unit_scale":0.1', b'"unit_scale":0.3'))
    assert path.read_bytes() != content
    assert checked(with_scenes).problems == {
        "frame_0002": [f"{path} is not a scene record, or is damaged; export again from Blender"]
    }


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda scene: dataclasses.replace(scene, camera=None), "The camera of the record is not that of scenes/fra"),
        (
            lambda scene: dataclasses.replace(scene, unit_scale=0.3),
            "The unit scale of the record is 0.1, but that of scenes/frame_0002.json is 0.3; annotate the frame again",
        ),
    ],
)
def test_a_scene_record_of_another_scene(
    with_scenes: Path, change: Callable[[SceneRecord], SceneRecord], says: str
) -> None:
    path = with_scenes / "scenes/frame_0002.json"
    change(SceneRecord.read(path)).write(path)
    ((frame, (problem,)),) = checked(with_scenes).problems.items()
    assert frame == "frame_0002" and problem.startswith(says)


def category_ids(change: Callable[[dict[str, int]], dict[str, int]]) -> Callable[[FrameRecord], FrameRecord]:
    def changed(record: FrameRecord) -> FrameRecord:
        maps = [dataclasses.replace(map, ids=change(dict(map.ids))) if map.ids else map for map in record.maps]
        return dataclasses.replace(record, maps=tuple(maps))

    return changed


@pytest.mark.parametrize("merge_first", [False, True])
def test_category_maps_of_other_ids(dataset: Path, merge_first: bool) -> None:
    """A merge says it, so validate does, also before the merge."""
    if merge_first:
        merged(dataset)
    record = read_record_file(dataset / "records/frame_0001.json")
    ids = next(map.ids for map in record.maps if map.ids)
    name, id = next(iter(ids.items()))
    spoil_record(category_ids(lambda ids: {**ids, name: id + 40}))(dataset)
    says = (
        f"The category maps, first that of frame_0001, give {name!r} the id {id + 40}, but its id in the dataset is "
        f"{id}; give the categories fixed ids and annotate these frames again"
    )
    assert says in checked(dataset).problems[""]
    assert says in merged(dataset)


def test_two_frame_maps_that_a_merge_could_not_make(dataset: Path) -> None:
    """What the merge said in the end, validate says of each frame."""
    said = [one for one in merged(dataset) if one.startswith("No Disparity")]
    assert len(said) == 2
    problems = checked(dataset).problems
    for frame in ("frame_0001", "frame_0002"):
        assert len([one for one in problems[frame] if one.startswith("No Disparity")]) == 2


def test_a_two_frame_map_that_is_not_made_yet(dataset: Path) -> None:
    """As where the record of its other frame came after the merge."""
    first, second = (dataset / f"records/frame_{number:04}.json" for number in (1, 2))
    whole = second.read_bytes()
    second.unlink()
    merged(dataset)
    second.write_bytes(whole)
    label = DenseMap.OCCLUSION_FORWARD_PNG.label
    says = f"No {label}, though its other frame, frame_0002, is there; merge again, which makes it or says why"
    assert says in checked(dataset).problems["frame_0001"]
    merged(dataset)
    assert first.is_file() and says not in checked(dataset).problems["frame_0001"]


def test_damaged_ids_of_a_dataset_with_cameras(dataset: Path) -> None:
    """Where categories cannot be compared, cameras are all the same."""
    merged(dataset, Settings(cameras=tuple(CAMERA_FORMATS)))
    cameras = next(dataset.rglob("cameras.json"))
    cameras.write_text("{}")
    (dataset / "categories.json").write_text('{"categories": 1}')
    problems = checked(dataset).problems[""]
    assert [one for one in problems if "categories cannot be 1" in one]
    assert [one for one in problems if "cameras.json is not what the records say" in one]


def test_records_that_contradict_each_other_before_they_are_merged(dataset: Path) -> None:
    spoil_record(
        lambda record: dataclasses.replace(
            record, categories=(dataclasses.replace(record.categories[0], stuff=True), *record.categories[1:])
        )
    )(dataset)
    (problem,) = checked(dataset).problems[""]
    with pytest.raises(RecordError) as error:
        merged(dataset)
    assert problem.partition("differs")[0] == str(error.value).partition("differs")[0] != problem


# --- Maps -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "frame", "says"),
    [
        (spoil_npy(DenseMap.DEPTH_NPY, 2, twice_the_correction), 2, "Depth NPY does not match Position"),
        (spoil_npy(DenseMap.DEPTH_NPY, 1, lambda depth: depth[::-1]), 1, "Depth NPY does not match Position"),
        (
            spoil_png(DenseMap.DEPTH_PNG, 1, lambda steps: steps + 3 * (steps > 0)),
            1,
            "Depth PNG does not match Position",
        ),
        (
            spoil_npy(DenseMap.POSITION_NPY, 2, lambda place: place[..., [0, 2, 1]]),
            2,
            "Position does not project to its own",
        ),
        (spoil_npy(DenseMap.FLOW_FORWARD_NPY, 1, lambda flow: -flow), 1, "does not lead to where points at rest are"),
        (spoil_npy(DenseMap.FLOW_FORWARD_NPY, 1, lambda flow: flow * (1, -1)), 1, "flow does not lead to where points"),
        (
            spoil_npy(DenseMap.FLOW_BACKWARD_NPY, 2, lambda flow: -flow),
            1,
            "the backward flow of frame_0002 do not",
        ),
        (spoil_npy(DenseMap.NORMALS_NPY, 2, lambda normals: normals * 1.1), 2, "normals do not have the length 1"),
        (
            spoil_npy(DenseMap.DEPTH_NPY, 1, lambda depth: depth[:-1]),
            1,
            "has 64 x 47 pixels, but the record says 64 x 48",
        ),
        (
            spoil_png(DenseMap.INSTANCES_PNG, 1, lambda one: one + (one > 3)),
            1,
            "the instance map do not match the masks",
        ),
        (
            spoil_png(DenseMap.CATEGORIES_PNG, 2, lambda one: one[::-1]),
            2,
            "the category map do not match the masks",
        ),
        (spoil_record(lambda record: with_first_mask(record, area=7)), 1, "pixels, but its area is 7"),
        (spoil_record(lambda record: with_first_mask(record, box=Box(0, 0, 64, 48))), 1, "is not the smallest around"),
        (
            spoil_record(lambda record: with_first_mask(record, rle=record.instances[1].mask.rle)),
            1,
            "Masks: two masks overlap",
        ),
    ],
)
def test_each_disagreement_is_named_by_its_frame(dataset: Path, spoil, frame: int, says: str) -> None:
    spoil(dataset)
    report = checked(dataset)
    # That a file is not the one that was annotated, its own frame says besides.
    named = [
        one for one, problems in report.problems.items() if any("is not the file" not in text for text in problems)
    ]
    assert named == [f"frame_{frame:04}"]
    assert any(says in problem for problem in report.problems[f"frame_{frame:04}"]), report.problems
    assert report.lines()[-1] in ("1 frame disagrees", "2 frames disagree")


def test_intrinsics_that_are_half_a_pixel_off(version: str, rendered_of, facts, tmp_path: Path) -> None:
    """The usual mistake."""

    def shifted(camera: Camera) -> Camera:
        (fx, _, cx), (_, fy, cy), last = camera.k
        return dataclasses.replace(camera, k=((fx, 0.0, cx - 0.5), (0.0, fy, cy - 0.5), last))

    frames = rendered_of(version, "multilayer")
    report = checked(annotate_rendered(tmp_path, frames, facts, shifted, maps=MAPS, pictures=False))
    assert list(report.problems) == ["frame_0001", "frame_0002"]
    for problems in report.problems.values():
        assert any("the median is off by -0.50, -0.50 pixels" in problem for problem in problems)


def test_missing_and_damaged_files(dataset: Path) -> None:
    (dataset / DenseMap.NORMALS_EXR.path("frame_0001")).unlink()
    path = dataset / DenseMap.DEPTH_NPY.path("frame_0002")
    path.write_bytes(path.read_bytes()[:500])
    report = checked(dataset)
    assert report.problems["frame_0001"] == ["maps/normals/frame_0001.exr is missing; annotate the frame again"]
    assert "cannot be read" in report.problems["frame_0002"][0]


def test_a_damaged_record_is_named(dataset: Path) -> None:
    path = dataset / "records/frame_0002.json"
    path.write_bytes(path.read_bytes().replace(b'"area":', b'"area":1'))
    report = checked(dataset)
    assert list(report.problems) == ["frame_0002"]
    assert report.frames == 1


def test_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="holds no frame records"):
        checked(tmp_path)


def test_exit_codes_of_the_command(dataset: Path) -> None:
    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "core", "validate", str(dataset)]
        return subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, timeout=60)

    good = run()
    assert (good.returncode, good.stdout.splitlines()[-1]) == (0, "Everything agrees")
    spoil_npy(DenseMap.FLOW_FORWARD_NPY, 1, lambda flow: -flow)(dataset)
    bad = run()
    assert bad.returncode == 1
    assert "Disagrees: frame_0001: The forward flow" in bad.stdout
    assert json.loads((dataset / "records/frame_0001.json").read_text())["record"]["name"] == "frame_0001"
