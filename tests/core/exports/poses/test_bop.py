"""The BOP export: poses, boxes and counts as the BOP toolkit computes them of the same pixels."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from core.base.box import Box
from core.base.errors import RecordError
from core.maps.codecs.png_files import write_png16
from core.masks.runs import find_masks
from core.records.frame_record import FrameRecord
from core.records.instance import Amodal
from core.scene.camera import Matrix
from core.scene.poses import Pose
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from core.settings.map_table import DenseMap, WrittenMap
from tests.builders import plain_camera, plain_pose
from tests.core.made_up import MadeUpFrame, exported, random_labels, write_made_up

BOP = ExportFormat.BOP
TABLE = (Category("duck", 3, "toy"), Category("can", 8), Category("box", 12))
K = ((80.0, 0.0, 30.0), (0.0, 90.0, 25.0), (0.0, 0.0, 1.0))
HEIGHT, WIDTH = 48, 64


def turned(angle: float) -> Matrix:
    c, s = math.cos(angle), math.sin(angle)
    return ((c, 0.0, s, 0.5), (0.0, 1.0, 0.0, -0.25), (-s, 0.0, c, 2.0), (0.0, 0.0, 0.0, 1.0))


def pose(name: str, angle: float, **known: Any) -> Pose:
    rotation = tuple(row[:3] for row in turned(angle)[:3])
    fields = {"translation": (0.25, -0.5, 3.0), "low": (-0.5, -0.25, 0.0), "high": (0.5, 0.25, 1.0)} | known
    return Pose(name, rotation, scale=(2.0,) * 3, corners=(None,) * 8, distance=3.0, **fields)


def discs(seed: int) -> tuple[npt.NDArray[np.uint32], dict[int, npt.NDArray[np.bool_]]]:
    """A label image of discs, and all of each disc on a canvas of 3 x 3 images, the image in its middle."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[: 3 * HEIGHT, : 3 * WIDTH]
    whole = {}
    canvas = np.zeros((3 * HEIGHT, 3 * WIDTH), np.uint32)
    for label in (1, 2, 3):
        cx, cy = random.uniform(WIDTH, 2 * WIDTH), random.uniform(HEIGHT, 2 * HEIGHT)
        whole[label] = (x - cx) ** 2 + (y - cy) ** 2 < random.uniform(5, 20) ** 2
        canvas[whole[label]] = label
    return canvas[HEIGHT : 2 * HEIGHT, WIDTH : 2 * WIDTH].copy(), whole


def in_image(canvas: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    return canvas[HEIGHT : 2 * HEIGHT, WIDTH : 2 * WIDTH]


def amodal_of(whole: npt.NDArray[np.bool_], labels: npt.NDArray[np.uint32], label: int) -> Amodal:
    ys, xs = np.nonzero(whole)
    box = Box(int(xs.min()) - WIDTH, int(ys.min()) - HEIGHT, int(xs.max()) + 1 - WIDTH, int(ys.max()) + 1 - HEIGHT)
    (mask,) = find_masks(in_image(whole).astype(np.uint32))
    return Amodal(mask.rle, box, int(whole.sum()), mask.area, int((labels == label).sum()))


def depth_of(output: Path, name: str, pixels: npt.NDArray[np.uint16], out_of_range: int = 0) -> WrittenMap:
    map = WrittenMap(
        DenseMap.DEPTH_PNG, DenseMap.DEPTH_PNG.path(name), "m", 0.0005, int((pixels > 0).sum()), out_of_range
    )
    (output / map.file).parent.mkdir(parents=True, exist_ok=True)
    write_png16(output / map.file, pixels)
    return map


NAMES = {1: "duck", 2: "can", 3: "duck"}


def write_posed(output: Path, number: int = 4, **known: Any) -> tuple[list[FrameRecord], list[Any]]:
    """A sequence of discs whose poses, amodal masks and depth are known; and all of the discs of each frame."""
    frames, wholes = [], []
    for place in range(number):
        labels, whole = discs(place)
        instances = {
            label: {"pose": pose(f"Thing {label}", place + label), "amodal": amodal_of(whole[label], labels, label)}
            for label in (1, 2, 3)
        }
        depth = np.random.default_rng(place).integers(0, 3, labels.shape).astype(np.uint16)
        of_frame = {
            "camera": plain_camera(k=K, world_to_camera=turned(place)), "unit_scale": 0.5,
            "maps": (depth_of(output, f"table/f{place}", depth, place),),
        } | known  # fmt: skip
        frames.append(MadeUpFrame(labels, f"f{place}", "table", place, NAMES, known=of_frame, instances=instances))
        wholes.append(whole)
    return write_made_up(output, frames, TABLE), wholes


def loaded(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}.json").read_text())


def read(path: Path) -> npt.NDArray[Any]:
    with Image.open(path) as image:
        return np.asarray(image)


def test_poses_and_cameras(tmp_path: Path) -> None:
    """Corners of a model's box, by the formulas of BOP, are where the record's camera sees them."""
    records, _ = write_posed(tmp_path)
    folder = exported(tmp_path, BOP, splits="train=1").folders[BOP]
    scene = folder / "train/000000"
    truth, cameras = loaded(scene, "scene_gt"), loaded(scene, "scene_camera")
    models = loaded(folder / "models", "models_info")
    assert [*truth] == [*cameras] == [str(number) for number in range(len(records))]
    for number, record in enumerate(records):
        camera = cameras[str(number)]
        k, to_camera = np.reshape(camera["cam_K"], (3, 3)), np.reshape(camera["cam_R_w2c"], (3, 3))
        assert record.camera and np.allclose(to_camera, np.array(record.camera.world_to_camera)[:3, :3])
        assert np.allclose(camera["cam_t_w2c"], np.array(record.camera.world_to_camera)[:3, 3] * 500)
        assert camera["depth_scale"] == 0.5
        for row, one in zip(truth[str(number)], record.instances, strict=True):
            assert one.pose and row["obj_id"] == {"duck": 3, "can": 8}[one.category]
            model = models[str(row["obj_id"])]
            ends = [(model[f"min_{axis}"], model[f"min_{axis}"] + model[f"size_{axis}"]) for axis in "xyz"]
            corners = np.array([(x, y, z) for z in ends[2] for y in ends[1] for x in ends[0]])
            in_camera = corners @ np.reshape(row["cam_R_m2c"], (3, 3)).T + row["cam_t_m2c"]
            assert np.allclose(in_camera, one.pose.corners_in_camera() * 1000)
            pixels = in_camera @ k.T
            wanted = record.camera.to_image(one.pose.corners_in_camera())[:, :2]
            assert np.allclose(pixels[:, :2] / pixels[:, 2:] + 0.5, wanted)
    assert loaded(folder, "camera") == {
        "cx": 29.5, "cy": 24.5, "depth_scale": 1.0, "fx": 80.0, "fy": 90.0, "height": HEIGHT, "width": WIDTH,
    }  # fmt: skip


def toolkit_box(mask: npt.NDArray[np.bool_]) -> list[int]:
    """As calc_2d_bbox of the BOP toolkit: no pixel is added to the size."""
    ys, xs = np.nonzero(mask)
    return [int(value) for value in (xs.min(), ys.min(), xs.max() - xs.min(), ys.max() - ys.min())]


def test_what_is_seen(tmp_path: Path) -> None:
    """Boxes and counts are those of the masks, on a canvas of 3 x 3 images and with the depth of the image."""
    records, wholes = write_posed(tmp_path)
    done = exported(tmp_path, BOP, splits="train=1")
    scene = done.folders[BOP] / "train/000000"
    info = loaded(scene, "scene_gt_info")
    seen = 0
    for number, (record, whole) in enumerate(zip(records, wholes, strict=True)):
        depth = read(scene / f"depth/{number:06}.png")
        assert (scene / f"rgb/{number:06}.png").samefile(tmp_path / record.image)
        for place, (row, one) in enumerate(zip(info[str(number)], record.instances, strict=True)):
            canvas = whole[one.labels[0]]
            visible = coco_mask.decode({"size": [HEIGHT, WIDTH], "counts": one.mask.rle}) > 0
            left, top, *size = toolkit_box(canvas)
            assert row == {
                "bbox_obj": [left - WIDTH, top - HEIGHT, *size],
                "bbox_visib": toolkit_box(visible),
                "px_count_all": canvas.sum(),
                "px_count_valid": (depth[in_image(canvas)] > 0).sum(),
                "px_count_visib": visible.sum(),
                "visib_fract": pytest.approx(visible.sum() / canvas.sum()),
            }
            assert (read(scene / f"mask/{number:06}_{place:06}.png") == 255 * in_image(canvas)).all()
            assert (read(scene / f"mask_visib/{number:06}_{place:06}.png") == 255 * visible).all()
            seen += 1
    assert seen > 8
    assert "6 pixels: too far away for 16 bits, so 0 in the depth PNG" in done.losses[BOP]


def test_coco_of_a_scene(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """pycocotools reads it, and its boxes are those around the pixels: one larger than bbox_visib."""
    records, _ = write_posed(tmp_path)
    scene = exported(tmp_path, BOP, splits="train=1").folders[BOP] / "train/000000"
    coco, info = COCO(scene / "scene_gt_coco.json"), loaded(scene, "scene_gt_info")

    assert {id: row["name"] for id, row in coco.cats.items()} == {3: "duck", 8: "can", 12: "box"}
    for number, record in enumerate(records):
        rows = coco.imgToAnns[number]
        for row, one, known in zip(rows, record.instances, info[str(number)], strict=True):
            assert row["bbox"] == coco_mask.toBbox(row["segmentation"]).tolist()
            assert row["bbox"] == [*known["bbox_visib"][:2], *(size + 1 for size in known["bbox_visib"][2:])]
            assert row["area"] == one.mask.area and row["category_id"] == {"duck": 3, "can": 8}[one.category]
            assert row["ignore"] == (known["visib_fract"] < 0.1)
    capsys.readouterr()


def test_what_is_not_known(tmp_path: Path) -> None:
    """Without amodal masks and depth it is -1, and files that would need them are not there."""
    records, _ = write_posed(tmp_path, 1, maps=())
    instances = {one.labels[0]: {"pose": one.pose} for one in records[0].instances}
    known = {"camera": records[0].camera, "unit_scale": 0.5}
    write_made_up(
        tmp_path, [MadeUpFrame(discs(0)[0], "f0", "table", 0, NAMES, known=known, instances=instances)], TABLE
    )
    done = exported(tmp_path, BOP, splits="train=1")
    scene = done.folders[BOP] / "train/000000"

    for row in loaded(scene, "scene_gt_info")["0"]:
        assert (row["bbox_obj"], row["px_count_all"], row["px_count_valid"], row["visib_fract"]) == (
            [-1] * 4,
            -1,
            -1,
            -1,
        )
    assert not (scene / "mask").exists() and not (scene / "depth").exists()
    assert len(list((scene / "mask_visib").iterdir())) == len(instances)
    assert "depth_scale" not in loaded(scene, "scene_camera")["0"]
    lost = done.losses[BOP]
    assert (
        f"{len(instances)} instances: no amodal mask, so bbox_obj, visib_fract and px_count_all are unknown (-1)"
        in lost
    )
    assert "1 image: no depth PNG, so px_count_valid is unknown (-1)" in lost


def test_what_has_no_place(tmp_path: Path) -> None:
    """Instances without a pose or without axes of their own, images without a perspective camera, ignore regions."""
    labels = np.array([[1, 2, 3, 4]], np.uint32)
    instances = {1: {"pose": pose("A", 1)}, 2: {"pose": plain_pose(3.0)}}
    known = {"camera": plain_camera(k=K), "unit_scale": 1.0}
    frames = [MadeUpFrame(labels, "a", "", 1, known=known, instances=instances, ignored=[4]),
              MadeUpFrame(labels, "b", "", 2, known=known | {"camera": plain_camera("orthographic", K)})]  # fmt: skip
    write_made_up(tmp_path, frames, TABLE)
    done = exported(tmp_path, BOP, splits="train=1")

    assert [len(rows) for rows in loaded(done.folders[BOP] / "train/000000", "scene_gt").values()] == [1]
    for line in (
        "1 image: no perspective camera, left out",
        "1 instance: no pose, left out",
        "1 instance: several objects without a common parent, so no axes of its own, left out",
        "1 ignore region: left out: BOP has none",
    ):
        assert line in done.losses[BOP]


def test_beyond_the_canvas(tmp_path: Path) -> None:
    labels = np.array([[1, 1, 0, 0]], np.uint32)
    mask = find_masks(labels)[0]
    amodal = Amodal(mask.rle, Box(-10, 0, 9, 1), 19, 2, 2)
    known = {"camera": plain_camera(k=K), "unit_scale": 1.0}
    instances = {1: {"pose": pose("A", 1), "amodal": amodal}}
    write_made_up(tmp_path, [MadeUpFrame(labels, "a", known=known, instances=instances)], TABLE)
    done = exported(tmp_path, BOP, splits="train=1")

    (row,) = loaded(done.folders[BOP] / "train/000000", "scene_gt_info")["0"]
    assert (row["bbox_obj"], row["px_count_all"]) == ([-4, 0, 11, 0], 19)
    assert (
        "1 instance: reaches beyond BOP's canvas of 3 x 3 images, so px_count_all is that of a larger one"
        in (done.losses[BOP])
    )


def test_categories_of_several_sizes(tmp_path: Path) -> None:
    labels = np.array([[1, 2, 3]], np.uint32)
    known = {"camera": plain_camera(k=K), "unit_scale": 1.0}
    instances = {1: {"pose": pose("A", 1)}, 2: {"pose": pose("B", 1)}, 3: {"pose": pose("C", 1, high=(9.0, 1.0, 1.0))}}
    write_made_up(tmp_path, [MadeUpFrame(labels, "a", categories=NAMES, known=known, instances=instances)], TABLE)
    done = exported(tmp_path, BOP, splits="train=1")

    assert [*loaded(done.folders[BOP] / "models", "models_info")] == ["8"]
    assert "1 category: of several sizes, so not one model, and not in models_info.json" in done.losses[BOP]


def test_scenes_and_splits(tmp_path: Path) -> None:
    """A sequence has one number in all splits, and images of it too; what a split has none of is an empty folder."""
    known = {"camera": plain_camera(k=K), "unit_scale": 1.0}
    frames = [
        MadeUpFrame(
            random_labels(place), f"f{place}", sequence, place, known=known, instances={1: {"pose": pose("A", 1)}}
        )
        for sequence in ("a", "b b")
        for place in range(8)
    ]
    records = write_made_up(tmp_path, frames, TABLE)
    done = exported(tmp_path, BOP, splits="train=1,val=1")
    lines = (done.folders[BOP] / "frames.tsv").read_text().splitlines()[1:]
    found = [line.split("\t") for line in lines]

    assert [row[3] for row in found] == [record.path for record in records]
    assert [(row[0], row[1]) for row in found] == [(str(s), str(number)) for s in (0, 1) for number in range(8)]
    for split in ("train", "val"):
        for scene in (0, 1):
            images = [row[1] for row in found if row[2] == split and row[0] == str(scene)]
            folder = done.folders[BOP] / f"{split}/{scene:06}"
            assert [*loaded(folder, "scene_gt")] == images != []
            assert {path.name for path in (folder / "rgb").iterdir()} == {f"{int(image):06}.png" for image in images}
    exported(tmp_path, BOP, splits="train=900000000,val=1")
    assert list((done.folders[BOP] / "val").iterdir()) == []


def test_damaged_files(tmp_path: Path) -> None:
    (record, *_), _ = write_posed(tmp_path, 1)
    file = tmp_path / record.maps[0].file
    write_png16(file, np.ones((3, 3), np.uint16))
    with pytest.raises(RecordError, match="is of another size than its image; annotate that frame again"):
        exported(tmp_path, BOP)
    file.write_bytes(b"no PNG")
    with pytest.raises(RecordError, match=r"is damaged .*annotate that frame again"):
        exported(tmp_path, BOP)
    file.unlink()
    with pytest.raises(RecordError, match="is missing, which a frame record names"):
        exported(tmp_path, BOP)


def test_what_it_needs(tmp_path: Path) -> None:
    write_made_up(tmp_path, [MadeUpFrame(random_labels(1), "a", known={"camera": plain_camera(k=K)})])
    with pytest.raises(RecordError, match="The format bop needs an instance with a pose, and no frame has one"):
        exported(tmp_path, BOP)
    known = {"camera": plain_camera(k=K), "unit_scale": 1.0}
    instances = {label: {"pose": plain_pose(3.0)} for label in range(1, 7)}
    write_made_up(tmp_path, [MadeUpFrame(random_labels(1), "a", known=known, instances=instances)])
    with pytest.raises(RecordError, match="The format bop needs an instance whose object has axes of its own, and no"):
        exported(tmp_path, BOP)
