"""Frames that EEVEE rendered, from file to dataset, with the scene records that the extension wrote in that Blender.

Judged by the closed forms of tests/eevee.py.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import plyfile
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from core.annotate.annotate import annotate
from core.base.errors import PassError
from core.exr.passes import Passes
from core.labels.depth import FrameDepth
from core.masks.rle import paint_masks
from core.records.frame_record import FrameRecord
from core.scene.keypoints import Visibility
from core.settings.map_table import DenseMap
from core.settings.render_pass import Pass, PassFile
from core.settings.settings import ImageFormat, Instancing, LabelSource
from tests.agreement import partners, share_right
from tests.builders import pinhole, plain_camera, plain_scene
from tests.core.datasets import checked, merged
from tests.eevee import (
    DATA,
    EEVEES,
    FLAT,
    FRAMES,
    HALF,
    MAPS,
    Array,
    Dataset,
    Truth,
    covers_clearly,
    job_of,
    name_of,
    truth_of,
)


@pytest.fixture(scope="module", params=EEVEES)
def dataset(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    output = tmp_path_factory.mktemp(request.param)
    for frame in FRAMES:
        name = name_of(frame)
        annotate(job_of(request.param, name, output, maps=MAPS, amodal=True, poses=True))
    return Dataset(output, truth_of(request.param), merged(output))


@pytest.fixture(params=EEVEES)
def eevee(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def seen(dataset: Dataset, frame: int) -> Array:
    return ~np.isnan(dataset.load(frame, DenseMap.DEPTH_NPY))


# --- Depth, Position, Normal ---


@pytest.mark.parametrize("frame", FRAMES)
def test_depth_against_closed_forms(dataset: Dataset, frame: int) -> None:
    """EEVEE's depth comes out of a depth buffer of 24 bit between the clip planes, whose steps are a hundred-thousandth
    of the depth here: it can be held to what Cycles is (docs/accuracy.md)."""
    hit, same = dataset.agreed(frame)
    assert {name: np.count_nonzero(same & (hit.name == name)) > 40 for name in FLAT} == dict.fromkeys(FLAT, True)
    depth = dataset.load(frame, DenseMap.DEPTH_NPY)[same] / dataset.truth.unit_scale
    assert np.abs(depth / hit.depth[same] - 1).max() < 1e-4
    k, _ = dataset.truth.camera(frame)
    rays = np.concatenate((dataset.truth.centres(), np.ones((*hit.depth.shape, 1))), axis=-1) @ np.linalg.inv(k).T
    distance = (hit.depth * np.linalg.norm(rays, axis=-1))[same]
    ray_depth = dataset.load(frame, DenseMap.RAY_DEPTH_NPY)[same] / dataset.truth.unit_scale
    assert np.abs(ray_depth / distance - 1).max() < 1e-4
    assert (distance / hit.depth[same]).max() > 1.02  # or they could not be separated


@pytest.mark.parametrize("frame", FRAMES)
def test_where_nothing_is(dataset: Dataset, frame: int) -> None:
    """The background is Depth 1e10 or, in Blender 4, the far clip, and 0 in the other passes; it has no value in any
    map."""
    nothing = ~seen(dataset, frame)
    # One pixel of the ground's far edge, which is cut in the middle of it.
    assert np.count_nonzero(dataset.truth.hits(frame).name[nothing] != "") <= 1
    assert 100 < np.count_nonzero(nothing) < nothing.size / 2
    assert (dataset.shown(frame)[nothing] == "").all()
    assert not dataset.load(frame, DenseMap.NORMALS_NPY)[nothing].any()
    for map in (DenseMap.POSITION_NPY, DenseMap.FLOW_FORWARD_NPY, DenseMap.FLOW_BACKWARD_NPY, DenseMap.NOCS_NPY):
        assert np.isnan(dataset.load(frame, map)[nothing]).all()
        assert not np.isnan(dataset.load(frame, map)[~nothing]).all()
    assert not dataset.load(frame, DenseMap.DEPTH_PNG)[nothing].any()


@pytest.mark.parametrize("frame", FRAMES)
def test_position_against_closed_forms_and_depth(dataset: Dataset, frame: int) -> None:
    """Each coordinate is a half float of scene units; depth knows better."""
    hit, same = dataset.agreed(frame)
    position = dataset.load(frame, DenseMap.POSITION_NPY).astype(np.float64) / dataset.truth.unit_scale
    rounding = HALF * np.abs(hit.place[same]) + 1e-3
    assert (np.abs(position[same] - hit.place[same]) < rounding).all()
    points = plyfile.PlyData.read(str(dataset.output / DenseMap.POINTS_PLY.path(name_of(frame))))["vertex"]
    unprojected = np.stack([points[axis] for axis in "xyz"], axis=-1) / dataset.truth.unit_scale
    everywhere = position[seen(dataset, frame)]
    assert (np.abs(everywhere - unprojected) < HALF * np.abs(unprojected) + 1e-3).all()


@pytest.mark.parametrize("frame", FRAMES)
def test_normals_of_flat_things(dataset: Dataset, frame: int) -> None:
    hit, same = dataset.agreed(frame)
    normals = dataset.load(frame, DenseMap.NORMALS_NPY)
    _, matrix = dataset.truth.camera(frame)
    expected = hit.normal[same] @ matrix[:3, :3].T
    # Three half floats, each off by HALF at most.
    assert np.linalg.norm(normals[same] - expected, axis=-1).max() < HALF * np.sqrt(3)
    assert np.abs(np.linalg.norm(normals, axis=-1) - 1)[seen(dataset, frame)].max() < 1e-6


def test_nocs_and_points(dataset: Dataset) -> None:
    hit, same = dataset.agreed(1)
    cube = same & (hit.name == "Cube")
    inverse = np.linalg.inv(dataset.truth.matrix(1, "Cube"))
    edge = 2 * dataset.truth.facts["sizes"]["Cube"]
    expected = (hit.place[cube] @ inverse[:3, :3].T + inverse[:3, 3]) / (edge * np.sqrt(3)) + 0.5
    assert np.abs(dataset.load(1, DenseMap.NOCS_NPY)[cube] - expected).max() < 1e-3
    points = plyfile.PlyData.read(str(dataset.output / DenseMap.POINTS_PLY.path("analytic_0001")))["vertex"]
    places = np.stack([points[axis] for axis in "xyz"], axis=-1) / dataset.truth.unit_scale
    assert np.abs(places - hit.place[seen(dataset, 1)])[same[seen(dataset, 1)]].max() < 1e-3


@pytest.mark.parametrize("parallel", [False, True])
@pytest.mark.parametrize("clip", [(0.1, 100.0), (0.01, 1000.0), (1.0, 1e6)])
def test_a_background_that_rounding_puts_before_the_far_clip(
    write_exr, tmp_path: Path, parallel: bool, clip: tuple[float, float]
) -> None:
    """What EEVEE of Blender 4 makes of the far clip may be less than that; a surface that is farther than others, but
    not there, stays one."""
    near, far = clip
    least = np.float32(far * (1 - 1e-7) if parallel else 1 / (1 / far + 2.0**-23 / near))
    type = "orthographic" if parallel else "perspective"
    camera = plain_camera(type, pinhole(50.0, 2.0, 1.0), clip_start=near, clip_end=far)
    scene = plain_scene(width=4, height=2, camera=camera)
    for background in (least, np.float32(1e10)):
        depth = np.full((2, 4), background)
        depth[1] = 0.4 * far, 0.3 * far, 0.4 * far, 5 * near
        path = write_exr(tmp_path / f"{background}.exr", {"ViewLayer.Depth.Z": depth})
        found = FrameDepth(Passes([PassFile(path)]), scene)
        assert found.seen.tolist() == [[False] * 4, [True] * 4]


# --- Flow and occlusion ---


@pytest.mark.parametrize(("map", "step"), [(DenseMap.FLOW_FORWARD_NPY, 1), (DenseMap.FLOW_BACKWARD_NPY, -1)])
@pytest.mark.parametrize("frame", FRAMES)
def test_flow_against_moved_points(dataset: Dataset, frame: int, map: DenseMap, step: int) -> None:
    """Two steps of half floats, besides what Cycles is held to (test_dense_maps.py)."""
    hit, same = dataset.agreed(frame)
    target, _ = dataset.truth.project(frame + step, dataset.truth.moved(frame, frame + step, hit))
    flow = (target - dataset.truth.centres())[same]
    assert np.abs(flow).max() > 0.5
    miss = np.abs(dataset.load(frame, map)[same] - flow)
    assert (miss < 2 * HALF * np.abs(flow) + 0.005).all()


@pytest.mark.parametrize(("frame", "to", "map"), [(1, 2, "FORWARD"), (2, 1, "BACKWARD")])
def test_occlusion_against_closed_forms(dataset: Dataset, frame: int, to: int, map: str) -> None:
    hit, same = dataset.agreed(frame, ("Ground", "Cube", "Tower", "Ball", "Behind"))
    places = dataset.truth.moved(frame, to, hit)
    target, depth = dataset.truth.project(to, places)
    there = dataset.truth.cast(to, target)
    outside = (target < 0).any(axis=-1) | (target[..., 0] >= hit.name.shape[1]) | (target[..., 1] >= hit.name.shape[0])
    # The cone and the flag have no closed form here: what may be behind them there is left out.
    x, y = (np.clip(np.floor(target[..., axis]).astype(int), 0, hit.name.shape[1 - axis] - 1) for axis in (0, 1))
    same &= ~np.isin(dataset.shown(to)[y, x], ("Flag", "Tower.Roof"))
    expected = outside | (there.depth < depth * 0.998)
    found = dataset.load(frame, DenseMap[f"OCCLUSION_{map}_PNG"]) == 255
    assert np.count_nonzero(expected & same) > 20
    # Along edges, by less than a pixel: there is one pixel of edge for each 20 of so small an image.
    assert np.mean(found[same] != expected[same]) < 0.02
    edges = _beside_another(there.name, dataset, to, target)
    assert np.mean(found[same & ~edges] != expected[same & ~edges]) < 0.002


def _beside_another(names: Array, dataset: Dataset, frame: int, target: Array) -> Array:
    """Where something else is met within a pixel of some places in the image, or the border is."""
    truth = dataset.truth
    size = np.array((truth.width, truth.height))
    off = ((target < 1) | (target > size - 1)).any(axis=-1)
    for step in ((-1, -1), (-1, 1), (1, -1), (1, 1), (0, 1), (1, 0), (0, -1), (-1, 0)):
        off |= truth.cast(frame, target + step).name != names
    return off


STEP_MAPS = (
    DenseMap.FLOW_STEP_NPY,
    DenseMap.FLOW_STEP_PNG,
    DenseMap.FLOW_STEP_FLO,
    DenseMap.OCCLUSION_STEP_PNG,
    DenseMap.FLOW_FORWARD_NPY,
    DenseMap.FLOW_BACKWARD_NPY,
    DenseMap.OCCLUSION_FORWARD_PNG,
    DenseMap.INSTANCES_PNG,
)


def stepped(version: str, output: Path, step: int) -> Dataset:
    """The frames with flow by a step."""
    for frame in FRAMES:
        annotate(job_of(version, name_of(frame), output, maps=STEP_MAPS, flow_step=step))
    return Dataset(output, truth_of(version), merged(output))


@pytest.mark.parametrize(("frame", "step"), [(1, 3), (2, 2), (4, -3), (4, -2), (1, 1), (2, -1)])
def test_flow_by_step(eevee: str, frame: int, step: int, tmp_path: Path) -> None:
    """From depth in 32 bit and matrices: as good as that of Cycles."""
    dataset = stepped(eevee, tmp_path, step)
    assert dataset.problems == []
    hit, same = dataset.agreed(frame)
    to = frame + step
    target, depth = dataset.truth.project(to, dataset.truth.moved(frame, to, hit))
    flow = dataset.load(frame, DenseMap.FLOW_STEP_NPY)
    expected = target - dataset.truth.centres()
    assert np.abs(expected[same]).max() > 0.7 * abs(step)
    assert np.abs(flow - expected)[same].max() < 0.01
    balls = dataset.agreed(frame, ("Ball", "Behind"))[1]
    # Their faces lie up to a hundredth of the radius inside, and towards their outlines that is much in depth.
    assert np.median(np.abs(flow - expected)[balls]) < 0.05

    has = ~np.isnan(flow[..., 0])
    shown = dataset.shown(frame)
    assert (has == (shown != "") & (shown != "Flag")).all()  # the flag bends, so it is not known where its points go
    (entry,) = [one for one in description(dataset)["maps"] if one["name"] == "flow_step_npy"]
    frames = [one for one in FRAMES if one + step in FRAMES]
    flags = sum(int(np.count_nonzero(dataset.shown(one) == "Flag")) for one in frames)
    assert (entry["step"], entry["pixels_unknown"], entry["frames"]) == (step, {"shape changes": flags}, len(frames))
    assert not any((tmp_path / DenseMap.FLOW_STEP_NPY.path(name_of(one))).exists() for one in {*FRAMES} - {*frames})

    _, same = dataset.agreed(frame, ("Ground", "Cube", "Tower", "Ball", "Behind"))
    there = dataset.truth.cast(to, target)
    outside = (target < 0).any(axis=-1) | (target[..., 0] >= shown.shape[1]) | (target[..., 1] >= shown.shape[0])
    x, y = (np.clip(np.floor(target[..., axis]).astype(int), 0, shown.shape[1 - axis] - 1) for axis in (0, 1))
    for down, right in np.ndindex(3, 3):  # what is next to these, too: four pixels are looked at
        near = dataset.shown(to)[
            (y + down - 1).clip(0, shown.shape[0] - 1), (x + right - 1).clip(0, shown.shape[1] - 1)
        ]
        same &= ~np.isin(near, ("Flag", "Tower.Roof"))
    hidden = outside | (there.depth < depth * 0.998)
    found = dataset.load(frame, DenseMap.OCCLUSION_STEP_PNG)
    assert ((found == 128) == ~has).all()
    assert np.count_nonzero(hidden & same) > 20
    edges = _beside_another(there.name, dataset, to, target)
    assert ((found == 255) == hidden)[same & ~edges].all()
    assert np.mean((found == 255)[same & edges] != hidden[same & edges]) < 0.25  # within a pixel of an edge


@pytest.mark.parametrize(("frame", "step", "map"), [(1, 1, "FLOW_FORWARD_NPY"), (2, -1, "FLOW_BACKWARD_NPY")])
def test_flow_by_one_step_is_that_of_the_vector_pass(
    eevee: str, frame: int, step: int, map: str, tmp_path: Path
) -> None:
    dataset = stepped(eevee, tmp_path, step)
    flow, vector = dataset.load(frame, DenseMap.FLOW_STEP_NPY), dataset.load(frame, DenseMap[map])
    has = ~np.isnan(flow[..., 0])
    assert np.count_nonzero(has) > 0.9 * np.count_nonzero(~np.isnan(vector[..., 0]))
    assert (np.abs(flow - vector) < 2 * HALF * np.abs(flow) + 0.01)[has].all()


def test_flow_by_step_in_its_files(eevee: str, tmp_path: Path) -> None:
    dataset = stepped(eevee, tmp_path, 3)
    flow = dataset.load(1, DenseMap.FLOW_STEP_NPY)
    has = ~np.isnan(flow[..., 0])
    read = cv2.readOpticalFlow(str(tmp_path / DenseMap.FLOW_STEP_FLO.path("analytic_0001")))
    np.testing.assert_array_equal(read[has], flow[has])
    assert (read[~has] > 1e9).all()
    kitti = cv2.imread(str(tmp_path / DenseMap.FLOW_STEP_PNG.path("analytic_0001")), cv2.IMREAD_UNCHANGED)
    assert ((kitti[..., 0] == 1) == has).all()
    assert np.abs((kitti[..., [2, 1]].astype(np.float64) - 32768) / 64 - flow)[has].max() <= 0.5 / 64 + 1e-6


def description(dataset: Dataset) -> dict[str, Any]:
    return dict(json.loads((dataset.output / "dataset.json").read_bytes()))


# --- Labels ---


@pytest.mark.parametrize("frame", FRAMES)
def test_labels_against_closed_forms(dataset: Dataset, frame: int) -> None:
    """With one sample Cryptomatte is what the ray through the pixel's centre meets."""
    hit, shown = dataset.truth.hits(frame), dataset.shown(frame)
    known = ~np.isin(shown, ("Flag", "Tower.Roof"))
    wrong = known & (shown != hit.name)
    # The balls have faces, whose edges are up to a hundredth of the radius inside: a tenth of a pixel.
    assert np.count_nonzero(wrong) <= 4
    assert not (wrong & np.isin(hit.name, FLAT) & np.isin(shown, FLAT)).any()
    names = {one.name for one in dataset.record(frame).instances}
    assert names == {thing["name"] for thing in dataset.truth.facts["objects"]}


def test_box_of_the_ball(dataset: Dataset) -> None:
    """Nothing is in front of it: its mask is the ellipse of the sphere."""
    for frame in FRAMES:
        box = dataset.instance(frame, "Ball").mask.box
        x0, y0, x1, y1 = outline(dataset.truth, frame, "Ball")
        assert (box.x0, box.y0, box.x1, box.y1) == pytest.approx((x0, y0, x1, y1), abs=1.0)


def outline(truth: Truth, frame: int, name: str) -> tuple[float, float, float, float]:
    """The dual conic of the dual quadric, see test_geometry.py."""
    k, matrix = truth.camera(frame)
    place = np.eye(4)
    place[:3, 3] = truth.matrix(frame, name)[:3, 3]
    radius = truth.facts["sizes"][name]
    projection = k @ matrix[:3]
    conic = projection @ place @ np.diag([radius**2, radius**2, radius**2, -1.0]) @ place.T @ projection.T
    middle = conic[:2, 2] / conic[2, 2]
    half = np.sqrt(middle**2 - np.diag(conic)[:2] / conic[2, 2])
    low, high = middle - half, middle + half
    return low[0], low[1], high[0], high[1]


def test_materials_and_assets(eevee: str, tmp_path: Path) -> None:
    """The Cryptomatte of materials and of top-most parents, by the objects that have them."""
    facts = truth_of(eevee).facts
    by_object = labels_of(eevee, tmp_path, LabelSource.CRYPTO_OBJECT)
    for source, of in ((LabelSource.CRYPTO_MATERIAL, "material"), (LabelSource.CRYPTO_ASSET, "asset")):
        found = labels_of(eevee, tmp_path, source)
        expected = by_object.copy()
        for thing in facts["objects"]:
            expected[by_object == thing["name"]] = thing[of]
        assert len(np.unique(expected)) < len(np.unique(by_object))
        np.testing.assert_array_equal(found, expected)


def labels_of(version: str, output: Path, source: LabelSource) -> Array:
    record = annotate(job_of(version, "analytic_0001", output, labels=source, image_format=ImageFormat.NONE))
    names = np.array(["", *(one.name for one in record.instances)])
    return names[paint_masks([one.mask.rle for one in record.instances], record.height, record.width).astype(int)]


def test_there_is_no_index_to_ask_for(eevee: str, tmp_path: Path) -> None:
    with pytest.raises(PassError, match="Object Index"):
        annotate(job_of(eevee, "analytic_0001", tmp_path, labels=LabelSource.OBJECT_INDEX))


# --- What is known of instances ---


def test_keypoints(dataset: Dataset) -> None:
    """Of the cube: where they project, and whether they are seen by depth.

    "top" is on a face that is two pixels high, so that what stands in a pixel says little of it.
    """
    for frame in FRAMES:
        found = dataset.instance(frame, "Cube").keypoints
        assert found is not None
        local = np.array(list(dataset.truth.facts["keypoints"].values()))
        matrix = dataset.truth.matrix(frame, "Cube")
        places = local @ matrix[:3, :3].T + matrix[:3, 3]
        pixels, depth = dataset.truth.project(frame, places)
        met = dataset.truth.cast(frame, pixels).depth
        names = dataset.truth.facts["keypoints"]
        for name, point, pixel, z, nearest in zip(names, found, pixels, depth, met, strict=True):
            assert (point.x, point.y) == pytest.approx(tuple(pixel), abs=1e-3)
            assert point.z == pytest.approx(z * dataset.truth.unit_scale, rel=1e-5)
            expected = Visibility.VISIBLE if nearest > z * 0.999 else Visibility.OCCLUDED
            assert point.visibility is expected or name == "top"
        assert {point.visibility for point in found} == {Visibility.VISIBLE, Visibility.OCCLUDED}


def test_amodal(dataset: Dataset) -> None:
    for frame in FRAMES:
        behind, ball = dataset.instance(frame, "Behind"), dataset.instance(frame, "Ball")
        assert ball.amodal is not None and behind.amodal is not None
        assert ball.amodal.visib_fract == 1.0
        assert 0.1 < behind.amodal.visib_fract < 0.9
        for name, one in (("Behind", behind.amodal), ("Ball", ball.amodal)):
            box = one.box
            assert (box.x0, box.y0, box.x1, box.y1) == pytest.approx(outline(dataset.truth, frame, name), abs=1.0)
        x0, y0, x1, y1 = outline(dataset.truth, frame, "Behind")
        area = np.pi / 4 * (x1 - x0) * (y1 - y0)  # of an ellipse whose axes lie nearly along the image's
        assert behind.amodal.px_count_all == pytest.approx(area, rel=0.05)
        height, width = dataset.truth.height, dataset.truth.width
        whole = coco_mask.decode({"size": [height, width], "counts": behind.amodal.rle}).astype(bool)
        assert whole[dataset.shown(frame) == "Behind"].all()


def test_poses(dataset: Dataset) -> None:
    for frame in FRAMES:
        pose = dataset.instance(frame, "Cube").pose
        assert pose is not None
        _, matrix = dataset.truth.camera(frame)
        expected = matrix @ dataset.truth.matrix(frame, "Cube")
        np.testing.assert_allclose(pose.rotation, expected[:3, :3], atol=1e-5)
        np.testing.assert_allclose(pose.translation, expected[:3, 3] * dataset.truth.unit_scale, atol=1e-5)
        edge = 2 * dataset.truth.facts["sizes"]["Cube"] * dataset.truth.unit_scale
        assert pose.dimensions == pytest.approx((edge,) * 3)


def test_nothing_is_wrong(dataset: Dataset) -> None:
    assert dataset.problems == []
    for frame in FRAMES:
        assert dataset.record(frame).notes == ()


def test_validate(dataset: Dataset) -> None:
    """A dataset of EEVEE agrees with itself, though its positions are half floats."""
    report = checked(dataset.output)
    assert report.problems == {}
    made = {"depth and position", "projected position", "flow of points at rest", "flow of instances with poses"}
    assert made <= set(report.checks)


def test_validate_finds_what_is_wrong(dataset: Dataset, tmp_path: Path) -> None:
    """Depths that are 1 % too large, flow to the other side, and positions that are two pixels away, however little
    precision there is."""
    output = tmp_path / "dataset"
    for map, change, found in (
        (DenseMap.DEPTH_NPY, lambda depth: depth * 1.01, "Depth NPY does not match Position"),
        (DenseMap.FLOW_FORWARD_NPY, lambda flow: -flow, "flow of 'Cube' does not match its pose"),
        (DenseMap.POSITION_NPY, lambda place: np.roll(place, 2, axis=1), "Position does not project to its own pixels"),
    ):
        shutil.copytree(dataset.output, output)
        path = output / map.path("analytic_0001")
        np.save(path, change(np.load(path)))
        problems = checked(output).problems["analytic_0001"]
        assert any(found in problem for problem in problems)
        shutil.rmtree(output)


# --- Several samples ---


def test_validate_several_samples(eevee: str, tmp_path: Path) -> None:
    maps = tuple(map for map in MAPS if not map.made_of)
    annotate(job_of(eevee, "analytic_16_0001", tmp_path, maps=maps, amodal=True, poses=True))
    merged(tmp_path)
    report = checked(tmp_path)
    assert report.problems == {}
    assert "projected position" in report.checks


def test_depth_of_several_samples_is_of_one_of_them(eevee: str, tmp_path: Path) -> None:
    """Of all samples of the image EEVEE keeps depth, position and normal of the one nearest to the pixels' centres: the
    same place in each pixel, and no mean of what meets there."""
    truth = truth_of(eevee)
    passes = Passes([PassFile(DATA / eevee / "analytic_16_0001.exr")])
    depth, position = passes.read(Pass.DEPTH), passes.read(Pass.POSITION).astype(np.float64)
    there = depth < 1000  # the far clip
    off = (truth.project(1, position)[0] - truth.centres())[there]
    middle = np.median(off, axis=0)
    assert np.abs(middle).max() < 0.5
    k, _ = truth.camera(1)
    rounding = 3 * HALF * np.abs(position[there]).max(axis=-1) * k[0, 0] / depth[there]
    assert (np.abs(off - middle).max(axis=-1) < rounding + 0.02).all()
    hit = truth.cast(1, truth.centres() + middle)
    flat = there & np.isin(hit.name, FLAT) & (np.abs(depth / hit.depth - 1) < 0.01)
    assert np.count_nonzero(flat) > 0.6 * np.count_nonzero(there)
    # Where the one sample lies is known to a hundredth of a pixel from Position, and the ground is steep.
    assert np.percentile(np.abs(depth / hit.depth - 1)[flat], 95) < 1e-3


def test_labels_of_several_samples(eevee: str, tmp_path: Path) -> None:
    """Outlines have coverage, and the label is what covers most: a tenth of the pixels of an edge may differ."""
    truth = truth_of(eevee)
    job = job_of(eevee, "analytic_16_0001", tmp_path, soft_masks=True, maps=(DenseMap.INSTANCES_PNG,))
    record = annotate(job)
    names = np.array(["", *(one.name for one in record.instances)])
    with Image.open(tmp_path / DenseMap.INSTANCES_PNG.path(job.files.path)) as image:
        shown = names[np.asarray(image)]
    hit = truth.hits(1)
    known = ~np.isin(shown, ("Flag", "Tower.Roof"))
    assert np.mean((shown != hit.name)[known]) < 0.02
    (ball,) = [one for one in record.instances if one.name == "Ball"]
    assert ball.soft_mask is not None
    with np.load(tmp_path / ball.soft_mask.file) as arrays:
        coverage = arrays[ball.soft_mask.array]
    assert ((coverage > 20) & (coverage < 235)).any()
    x0, y0, x1, y1 = outline(truth, 1, "Ball")
    assert coverage.sum() / 255 == pytest.approx(np.pi / 4 * (x1 - x0) * (y1 - y0), rel=0.05)


# --- Scatter ---


def painted(version: str, name: str, output: Path, scene: bool, **settings: Any) -> tuple[Array, FrameRecord]:
    record = annotate(job_of(version, name, output, scene, image_format=ImageFormat.NONE, **settings))
    return paint_masks([one.mask.rle for one in record.instances], record.height, record.width), record


@pytest.mark.parametrize("fixture", ["scatter", "scatter_16"])
def test_scatter(eevee: str, fixture: str, tmp_path: Path) -> None:
    """Stones that carry the name of the ground, and instances of a collection, against a render of real objects."""
    ours, record = painted(eevee, f"{fixture}_0001", tmp_path, True)
    truth, _ = painted(eevee, f"{fixture}_real_0001", tmp_path, False)
    assert record.notes == ()
    by_category = {name: sum(one.category == name for one in record.instances) for name in ("boulder", "ground")}
    assert by_category["ground"] == 1 and by_category["boulder"] >= 150 and len(record.instances) >= 200
    not_told = [one for one in record.instances if one.resolved != "geometry" and one.category != "ground"]
    # With several samples the border may hold a pixel of which nothing is known but its label.
    assert sum(one.mask.area for one in not_told) <= (fixture == "scatter_16")
    if fixture == "scatter":
        assert share_right(ours, truth) >= 0.999
    else:
        # 40 % of the pixels of so small an image have several things in them. Where one of these covers more than the
        # others by half of the pixel it is found; else the file may already have the label of others that share theirs.
        clear = covers_clearly(eevee, f"{fixture}_real_0001")
        assert 0.1 < np.mean(~clear) < 0.5
        assert partners(ours, truth)[clear].all()
        assert share_right(ours, truth) >= 0.95
    together, _ = painted(eevee, f"{fixture}_0001", tmp_path, True, instancing=Instancing.OFF)
    assert share_right(together, truth) < 0.6  # or there would be nothing to separate


def test_blades_thinner_than_a_pixel(eevee: str, tmp_path: Path) -> None:
    """Copies of a blade that stands behind a wall itself: no pixel is that one's, and none is far from its copy."""
    ours, record = painted(eevee, "grass_16_0001", tmp_path, True, amodal=True, maps=(DenseMap.INSTANCES_PNG,))
    truth, _ = painted(eevee, "grass_16_real_0001", tmp_path, False)
    # Nothing else is said of them than that they are thin, not that they lie elsewhere than their copies.
    (note,) = record.notes
    assert "'Blade' covers" in note and "thinner than a pixel" in note
    blades = np.array([False, *(one.name.startswith("Blade #") for one in record.instances)])[ours.astype(int)]
    assert {one.name for one in record.instances if not one.resolved} == {"Meadow", "Wall"}
    assert np.count_nonzero(blades) > 100
    # Several blades that have less of a pixel than the meadow each, but more together, have it only where they share an
    # id, so what a render of single objects shows is less.
    clear = covers_clearly(eevee, "grass_16_real_0001") & (truth > 0)
    assert partners(ours, truth)[clear].mean() > 0.99
    merged(tmp_path)
    assert checked(tmp_path).problems == {}
