"""`labelpass validate` on maps that a merge made of several frames: each damaged in one way that its digest hides."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.annotate.annotate import annotate
from core.base.dataset_folder import DatasetFolder
from core.base.files import Content
from core.maps.codecs.codec import MapPixels
from core.maps.codecs.png_files import write_png8
from core.maps.codecs.table import codec_of, read_map
from core.masks.rle import paint_masks
from core.records.merge_record import MergeRecord
from core.scene.camera import Camera
from core.settings.map_storage import Storage
from core.settings.map_table import DenseMap, MapKind
from core.settings.settings import LabelSource
from tests.builders import plain_job, read_record, rendered_frame, write_record
from tests.core.datasets import annotate_rendered, checked, merged, stereo_pair
from tests.eevee import FRAMES, job_of, name_of

VERSION = "eevee-5.2"
STEP = (DenseMap.FLOW_STEP_NPY, DenseMap.OCCLUSION_STEP_PNG)
OCCLUSION = (DenseMap.OCCLUSION_FORWARD_PNG, DenseMap.OCCLUSION_BACKWARD_PNG)
Change = Callable[[Any], Any]


def make(output: Path, step: int, *maps: DenseMap, poses: bool = True) -> Path:
    for frame in FRAMES:
        annotate(job_of(VERSION, name_of(frame), output, maps=maps, flow_step=step, poses=poses))
    assert merged(output) == []
    return output


def spoil(output: Path, frame: str, map: DenseMap, change: Change) -> None:
    """Change the pixels of a map, and let whoever made it have written it so."""
    record, merge_record = (
        read_record(output, frame),
        MergeRecord.read(DatasetFolder(output), frame),
    )
    written = next(
        one for one in (*record.maps, *(one.written for one in merge_record.maps.values())) if one.map is map
    )
    path = output / written.file
    if map.storage is Storage.OCCLUSION_PNG:
        values = change(np.asarray(Image.open(path)).copy()).astype(np.uint8)
        write_png8(path, values)
        valid = int(np.count_nonzero(values != 128))
    else:
        pixels = read_map(DatasetFolder(output), written, record.height, record.width)
        has = pixels.valid if pixels.values.ndim == 2 else pixels.valid[..., None]
        values = change(np.where(has, pixels.values, np.nan).astype(np.float64))
        missing = np.isnan(values)
        changed = MapPixels(values, ~(missing if values.ndim == 2 else missing.any(axis=-1)))
        valid = codec_of(map).write(path, changed)
    content, new = Content.of_file(path), dataclasses.replace(written, valid=valid)
    if map in merge_record.maps:
        one = merge_record.maps[map]
        # What has no value any more is counted among what has none.
        if written.step is not None and map.kind is MapKind.FLOW_STEP:
            new = dataclasses.replace(new, unknown={**written.unknown, "GONE": written.valid - valid})
        MergeRecord({**merge_record.maps, map: dataclasses.replace(one, written=new, content=content)}).write(
            DatasetFolder(output), frame
        )
        return
    maps = tuple(new if one.map is map else one for one in record.maps)
    contents = {**record.contents, written.file: content}
    write_record(output, dataclasses.replace(record, maps=maps, contents=contents))


def told(output: Path, frame: str) -> list[str]:
    """What disagrees, but for dataset.json, which is from before."""
    problems = checked(output).problems
    assert problems.keys() <= {frame, ""}, problems
    return problems.get(frame, [])


# --- Flow and occlusion by step ---


@pytest.fixture(scope="module", params=[DenseMap.FLOW_STEP_NPY, DenseMap.FLOW_STEP_PNG, DenseMap.FLOW_STEP_FLO])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DenseMap]:
    folder = tmp_path_factory.mktemp("step")
    return make(folder, 3, request.param, DenseMap.OCCLUSION_STEP_PNG, *OCCLUSION), request.param


@pytest.fixture
def dataset(made: tuple[Path, DenseMap], tmp_path: Path) -> tuple[Path, DenseMap]:
    return Path(shutil.copytree(made[0], tmp_path / "out")), made[1]


def test_a_dataset_that_agrees(dataset: tuple[Path, DenseMap]) -> None:
    report = checked(dataset[0])
    assert report.problems == {}
    names = ("forward occlusion", "backward occlusion", "occlusion by step", "flow by step of surfaces at rest",
             "flow by step of instances with poses")  # fmt: skip
    assert [report.checks[name] for name in names] == [1] * 5
    assert not any(name.startswith(("Occlusion", "Forward Occlusion", "Flow by Step")) for name in report.only_read)


def zeroed(flow: Any) -> Any:
    return np.where(np.isnan(flow), np.nan, 0.0)


def with_hole(values: Any) -> Any:
    values[40:, 10:30] = np.nan
    return values


def filled(flow: Any) -> Any:
    return np.where(np.isnan(flow), 1.0, flow)


@pytest.mark.parametrize(
    "change",
    [
        lambda flow: -flow,
        lambda flow: flow[..., ::-1],
        lambda flow: flow * (1, -1),
        lambda flow: flow + np.array((0.05, 0)),
        lambda flow: flow * 2 / 3,
        lambda flow: flow[:, ::-1],
        lambda flow: np.roll(flow, 1, axis=0),
        zeroed,
    ],
    ids=["backward", "axes", "v up", "sideways", "another step", "mirrored", "a row lower", "zero"],
)
def test_flow_by_step_of_what_is_at_rest(dataset: tuple[Path, DenseMap], change: Change) -> None:
    output, map = dataset
    spoil(output, name_of(1), map, change)
    problems = told(output, name_of(1))
    assert any(one.startswith("Flow by Step does not lead to where") for one in problems), problems


def test_flow_by_step_that_lacks_pixels(dataset: tuple[Path, DenseMap]) -> None:
    output, map = dataset
    spoil(output, name_of(1), map, with_hole)
    problems = told(output, name_of(1))
    assert any("where Flow by Step has none" in one for one in problems), problems
    assert any("does not lead to where" in one for one in problems), problems


def test_flow_by_step_that_a_png_cannot_hold(dataset: tuple[Path, DenseMap]) -> None:
    """What the merge counted as beyond its range is not a fault."""
    output, map = dataset
    spoil(output, name_of(1), map, with_hole)
    merge_record = MergeRecord.read(DatasetFolder(output), name_of(1))
    one = merge_record.maps[map]
    unknown = {reason: count for reason, count in one.written.unknown.items() if reason != "GONE"}
    written = dataclasses.replace(one.written, unknown=unknown, out_of_range=one.written.unknown["GONE"])
    MergeRecord({**merge_record.maps, map: dataclasses.replace(one, written=written)}).write(
        DatasetFolder(output), name_of(1)
    )
    assert told(output, name_of(1)) == []


def test_flow_by_step_without_a_surface(dataset: tuple[Path, DenseMap]) -> None:
    output, map = dataset
    spoil(output, name_of(1), map, filled)
    assert any(one.startswith("Flow by Step has a value in") for one in told(output, name_of(1)))


def test_pixels_of_flow_by_step_that_were_not_counted(dataset: tuple[Path, DenseMap]) -> None:
    output, map = dataset
    merge_record = MergeRecord.read(DatasetFolder(output), name_of(1))
    one = merge_record.maps[map]
    written = dataclasses.replace(one.written, unknown={})
    MergeRecord({**merge_record.maps, map: dataclasses.replace(one, written=written)}).write(
        DatasetFolder(output), name_of(1)
    )
    (problem,) = told(output, name_of(1))
    assert problem.startswith(f"{map.label} is said to have ") and problem.endswith("have a surface; merge again")


def test_flow_by_step_of_what_moves(dataset: tuple[Path, DenseMap]) -> None:
    """Cameras alone know nothing of it, poses do."""
    output, map = dataset
    record = read_record(output, name_of(1))
    (box,) = (one.mask.box for one in record.instances if one.name == "Cube")
    (number,) = (number for number, one in enumerate(record.instances, start=1) if one.name == "Cube")

    def sideways(flow: Any) -> Any:
        own = paint_masks([one.mask.rle for one in record.instances], record.height, record.width) == number
        assert own[box.y0 : box.y1, box.x0 : box.x1].any()
        flow[own] += 0.5
        return flow

    spoil(output, name_of(1), map, sideways)
    problems = told(output, name_of(1))
    assert any(one.startswith("Flow by Step of 'Cube' does not match its pose in analytic_0004") for one in problems)


@pytest.mark.parametrize(("step", "frame", "map"), [(1, 1, "FLOW_FORWARD"), (-1, 2, "FLOW_BACKWARD")])
@pytest.mark.parametrize("suffix", ["NPY", "PNG", "FLO"])
def test_flow_by_one_step_against_the_vector_pass(tmp_path: Path, step: int, frame: int, map: str, suffix: str) -> None:
    vector = DenseMap[f"{map}_{suffix}"]
    output = make(tmp_path, step, DenseMap.FLOW_STEP_NPY, vector, poses=False)
    report = checked(output)
    assert report.problems == {}
    assert report.checks[f"flow by step and {vector.kind.title.lower()}"] == 1
    spoil(output, name_of(frame), vector, lambda flow: flow * 1.2)
    problems = told(output, name_of(frame))
    assert any(one.startswith(f"Flow by Step does not match {vector.kind.title} in") for one in problems), problems


def all_of(value: int) -> Change:
    return lambda pixels: np.where(pixels == 128, 128, value)


def inverted(pixels: Any) -> Any:
    return np.where(pixels == 128, 128, 255 - pixels)


def nothing_out_of_the_image(pixels: Any) -> Any:
    """Only of what leaves it at the sides, which is less than what is behind something."""
    pixels[:, :3][pixels[:, :3] == 255] = 0
    pixels[:, -3:][pixels[:, -3:] == 255] = 0
    return pixels


def mirrored(pixels: Any) -> Any:
    return pixels[:, ::-1]


def valid_everywhere(pixels: Any) -> Any:
    return np.where(pixels == 128, 0, pixels)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (all_of(0), "says seen in"),
        (all_of(0), "whose surface is outside the image in"),
        (all_of(0), "whose surface is behind something that is nearer in"),
        (all_of(0), "whose surface is where others are seen in"),
        (all_of(255), "says hidden in"),
        (inverted, "says hidden in"),
        (inverted, "says seen in"),
        (nothing_out_of_the_image, "whose surface is outside the image in"),
        (mirrored, "says seen in"),
        (valid_everywhere, "has a value where Flow by Step has none"),
    ],
    ids=["seen", "seen outside", "seen behind", "seen in others", "hidden", "inverted 1", "inverted 2", "at the sides",
         "mirrored", "valid everywhere"],
)  # fmt: skip
def test_occlusion_by_step(tmp_path: Path, made: tuple[Path, DenseMap], change: Change, says: str) -> None:
    output = Path(shutil.copytree(made[0], tmp_path / "out"))
    spoil(output, name_of(1), DenseMap.OCCLUSION_STEP_PNG, change)
    problems = told(output, name_of(1))
    assert any(one.startswith("Occlusion by Step ") and says in one for one in problems), problems


@pytest.mark.parametrize(("map", "frame"), [(OCCLUSION[0], 1), (OCCLUSION[1], 2)])
@pytest.mark.parametrize("change", [all_of(0), all_of(255), inverted], ids=["seen", "hidden", "inverted"])
def test_occlusion_of_the_next_and_the_frame_before(
    tmp_path: Path, made: tuple[Path, DenseMap], map: DenseMap, frame: int, change: Change
) -> None:
    output = Path(shutil.copytree(made[0], tmp_path / "out"))
    spoil(output, name_of(frame), map, change)
    problems = told(output, name_of(frame))
    assert problems and all(one.startswith(f"{map.kind.title} says ") for one in problems)


def test_occlusion_by_step_without_flow(tmp_path: Path) -> None:
    """What is at rest is compared all the same."""
    output = make(tmp_path, 3, DenseMap.OCCLUSION_STEP_PNG, poses=False)
    report = checked(output)
    assert report.problems == {} and report.checks["occlusion by step"] == 1
    for change in (all_of(0), all_of(255)):
        spoil(output, name_of(1), DenseMap.OCCLUSION_STEP_PNG, change)
        problems = told(output, name_of(1))
        assert problems and all(one.startswith("Occlusion by Step says ") for one in problems)


def test_a_few_pixels_on_edges_are_not_told(dataset: tuple[Path, DenseMap]) -> None:
    """Nor does the check by itself find fault with what was rendered, in any frame."""
    output, _ = dataset

    def three_more(pixels: Any) -> Any:
        rows, columns = np.nonzero(pixels == 0)
        pixels[rows[:3], columns[:3]] = 255
        return pixels

    spoil(output, name_of(1), OCCLUSION[0], three_more)
    assert told(output, name_of(1)) == []


def test_without_cameras_it_is_compared_with_nothing(rendered_of, tmp_path: Path) -> None:
    for rendered in rendered_of("4.5", "multilayer"):
        annotate(plain_job(rendered_frame(rendered), tmp_path, maps=OCCLUSION[:1], pictures=False))
    assert merged(tmp_path) == []
    report = checked(tmp_path)
    assert report.problems == {}
    assert "forward occlusion" not in report.checks
    assert report.only_read["Forward Occlusion PNG"] == 1


def test_without_surfaces_of_the_other_frame_it_is_compared_with_nothing(dataset: tuple[Path, DenseMap]) -> None:
    output, _ = dataset
    record = read_record(output, name_of(4))
    maps = tuple(one for one in record.maps if one.map is not DenseMap.SURFACES_NPZ)
    write_record(output, dataclasses.replace(record, maps=maps, instances=()))
    report = checked(output)
    assert "occlusion by step" not in report.checks and "flow by step of surfaces at rest" not in report.checks
    assert report.only_read["Occlusion by Step PNG"] == 1


def test_what_cycles_renders_agrees(version: str, rendered_of, facts, tmp_path: Path) -> None:
    frames, cryptomatte = rendered_of(version, "multilayer"), LabelSource.CRYPTO_OBJECT
    output = annotate_rendered(tmp_path, frames, facts, labels=cryptomatte, soft_masks=True, maps=OCCLUSION)
    assert merged(output) == []
    report = checked(output)
    assert report.problems == {}
    assert (report.checks["forward occlusion"], report.checks["backward occlusion"]) == (1, 1)


# --- Disparity ---


@pytest.fixture(scope="module")
def pair(rendered_of, facts_of, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = stereo_pair(rendered_of, facts_of("4.5"), "4.5", tmp_path_factory.mktemp("pair"))
    assert merged(output) == []
    return output


@pytest.fixture(params=[DenseMap.DISPARITY_NPY, DenseMap.DISPARITY_PNG])
def stereo(request: pytest.FixtureRequest, pair: Path, tmp_path: Path) -> tuple[Path, DenseMap]:
    """Both views, with disparity in one format."""
    output = Path(shutil.copytree(pair, tmp_path / "out"))
    for view in ("left", "right"):
        name = f"shot/{view}/frame_0001"
        record, merge_record = (
            read_record(output, name),
            MergeRecord.read(DatasetFolder(output), name),
        )
        write_record(output, dataclasses.replace(record, later_maps=(request.param,)))
        MergeRecord({request.param: merge_record.maps[request.param]}).write(DatasetFolder(output), name)
    return output, request.param


def test_a_pair_that_agrees(stereo: tuple[Path, DenseMap]) -> None:
    report = checked(stereo[0])
    assert set(report.problems) <= {""}  # dataset.json is of both formats
    assert (report.checks["disparity and depth"], report.checks["disparity of both views"]) == (2, 1)
    assert stereo[1].label not in report.only_read


@pytest.mark.parametrize("view", ["left", "right"])
@pytest.mark.parametrize(
    "change",
    [
        lambda disparity: disparity * 1.01,
        lambda disparity: disparity + 0.05,
        lambda disparity: disparity[::-1],
        lambda disparity: 20 / disparity,
        lambda disparity: np.where(np.isnan(disparity), 5.0, disparity),
        lambda disparity: disparity / 2,
    ],
    ids=["another baseline", "sideways", "upside down", "depth", "without a surface", "half"],
)
def test_disparity_against_depth(stereo: tuple[Path, DenseMap], view: str, change: Change) -> None:
    output, map = stereo
    name = f"shot/{view}/frame_0001"
    spoil(output, name, map, change)
    problems = checked(output).problems[name]
    other = {"left": "right", "right": "left"}[view]
    says = f"Disparity does not match depth and the camera of shot/{other}/frame_0001 in "
    assert any(one.startswith(says) for one in problems), problems


def test_disparity_of_the_wrong_sign(pair: Path, tmp_path: Path) -> None:
    output = Path(shutil.copytree(pair, tmp_path / "out"))
    spoil(output, "shot/right/frame_0001", DenseMap.DISPARITY_NPY, lambda disparity: -disparity)
    assert any("Disparity does not match depth" in one for one in checked(output).problems["shot/right/frame_0001"])


def test_disparity_that_lacks_pixels(stereo: tuple[Path, DenseMap]) -> None:
    output, map = stereo
    spoil(output, "shot/left/frame_0001", map, with_hole)
    assert any("Disparity does not match depth" in one for one in checked(output).problems["shot/left/frame_0001"])


def test_eyes_that_do_not_see_the_same(stereo: tuple[Path, DenseMap]) -> None:
    """Of the left view depth and disparity agree, as if it had been rendered of another scene."""
    output, _ = stereo
    name = "shot/left/frame_0001"
    spoil(output, name, DenseMap.DEPTH_NPY, lambda depth: depth * 1.3)
    assert merged(output) == []
    problems = checked(output).problems
    assert list(problems) == [name]
    assert problems[name][0].startswith("Disparity does not match that of shot/right/frame_0001 where it leads to, by ")


def test_views_that_converge_agree(rendered_of, facts_of, tmp_path: Path) -> None:
    """Where disparity is negative, a PNG has no value."""

    def shifted(camera: Camera) -> Camera:
        assert camera.k is not None
        (fx, _, cx), middle, last = camera.k
        return dataclasses.replace(camera, k=((fx, 0.0, cx + 3.0), middle, last))

    output = stereo_pair(rendered_of, facts_of("4.5"), "4.5", tmp_path, shifted)
    assert merged(output) == []
    report = checked(output)
    assert report.problems == {}
    assert report.checks["disparity and depth"] == 2
