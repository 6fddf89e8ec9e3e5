"""Exports of poses and cameras, as programs of others read them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import datumaro
import numpy as np
import pytest
from evo.core import metrics as evo_metrics
from evo.tools import file_interface
from labelformat.formats.kitti import KittiObjectDetectionInput
from pycocotools.coco import COCO

from core.dataset.splits import Splits
from core.masks.rle import paint_masks
from core.records.frame_record import FrameRecord
from core.records.instance import Instance
from core.settings.export_table import ExportFormat
from core.settings.settings import Settings
from tests.builders import plain_camera, plain_pose
from tests.core.made_up import (
    CATEGORIES,
    MadeUpFrame,
    exported,
    random_labels,
    several_frames,
    unusual_frames,
    write_made_up,
)

# What spaces and commas in names of categories become.
TYPES = {CATEGORIES[1].name: "a_dog_'big':_#1", CATEGORIES[2].name: "Straße_東京"}


@pytest.fixture
def records(tmp_path: Path) -> list[FrameRecord]:
    return write_made_up(tmp_path, [*several_frames(12), *unusual_frames()])


def boxes(record: FrameRecord) -> list[tuple[str, list[int]]]:
    """Type and box of each row of a label file."""

    def type_of(one: Instance) -> str:
        return TYPES.get(one.category, one.category)

    rows = [(type_of(one), [*one.mask.box]) for one in record.instances]
    return [*rows, *(("DontCare", [*one.mask.box]) for one in record.ignored)]


def test_datumaro_kitti(tmp_path: Path, records: list[FrameRecord], reads_back: Any) -> None:
    splits = Settings(splits="train=2,val=1,test=1")
    exported(tmp_path, ExportFormat.KITTI, splits=splits.splits)
    dataset = datumaro.Dataset.import_from(str(tmp_path / "exports/kitti"), "kitti_detection")
    names = [label.name for label in dataset.categories()[datumaro.AnnotationType.label]]
    of = Splits.of_settings(splits).of

    assert len(dataset) == len(records)
    for item in dataset:
        record = records[int(item.id)]
        assert item.subset == ("testing" if of(record) == "test" else "training")
        assert Path(item.media.path).samefile(tmp_path / record.image)
        found = [(names[one.label], [*map(round, one.points)]) for one in sorted(item.annotations, key=lambda a: a.id)]
        assert found == boxes(record)
    reads_back("kitti", "datumaro", "images, 2D boxes, types")


def test_labelformat_kitti(tmp_path: Path, records: list[FrameRecord], reads_back: Any) -> None:
    exported(tmp_path, ExportFormat.KITTI)
    names = [TYPES.get(one.name, one.name) for one in CATEGORIES] + ["DontCare"]
    labels = KittiObjectDetectionInput(
        tmp_path / "exports/kitti/training/label_2", ",".join(names), images_rel_path="../image_2"
    )
    seen = 0
    for label in labels.get_labels():
        record = records[int(Path(label.image.filename).stem)]
        assert (label.image.width, label.image.height) == (record.width, record.height)
        found = [(one.category.name, [one.box.xmin, one.box.ymin, one.box.xmax, one.box.ymax]) for one in label.objects]
        assert found == boxes(record)
        seen += 1
    assert seen == len(records)
    reads_back("kitti", "labelformat", "images, 2D boxes, types")


def test_evo(tmp_path: Path, reads_back: Any) -> None:
    """The path is that of the records' cameras, and against itself it has no error."""
    frames = []
    for place in range(12):
        angle = place / 3
        to_world = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
        to_world = to_world @ [[1, 0, 0], [0, np.cos(0.3), -np.sin(0.3)], [0, np.sin(0.3), np.cos(0.3)]]
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = to_world.T, -to_world.T @ [3 * np.cos(angle), place, 3 * np.sin(angle)]
        camera = plain_camera(world_to_camera=tuple(map(tuple, matrix.tolist())))
        known = {"camera": camera, "unit_scale": 0.5}
        frames.append(MadeUpFrame(random_labels(place), f"f{place:02}", "walk", place, known=known))
    records = write_made_up(tmp_path, frames)
    folder = exported(tmp_path, ExportFormat.TUM, splits="train=1").folders[ExportFormat.TUM]
    trajectory = file_interface.read_tum_trajectory_file(str(folder / "train/walk/groundtruth.txt"))

    assert trajectory.check()[0]
    assert np.allclose(trajectory.timestamps, np.arange(12) / 24, atol=1e-6)
    for found, record in zip(trajectory.poses_se3, records, strict=True):
        assert record.camera
        to_camera = np.array(record.camera.world_to_camera)
        to_camera[:3, 3] *= 0.5
        assert np.allclose(found, np.linalg.inv(to_camera), atol=1e-8)
    error = evo_metrics.APE(evo_metrics.PoseRelation.full_transformation)
    error.process_data((trajectory, trajectory))
    assert error.get_statistic(evo_metrics.StatisticsType.max) < 1e-12
    reads_back("tum", "evo", "timestamps, poses, an evaluation")


def test_pycocotools_bop(tmp_path: Path, reads_back: Any) -> None:
    """The COCO file of a scene: masks, boxes around them, and objects; and 3D boxes that are projected onto them.

    The boxes are those of spheres whose discs are drawn by the closed form of their outline.
    """
    camera = plain_camera(k=((100.0, 0.0, 32.0), (0.0, 100.0, 24.0), (0.0, 0.0, 1.0)))
    frames = []
    for place in range(4):
        x, z, radius = place / 10, 4.0 + place, 0.5
        columns, rows = (np.arange(64) + 0.5 - 32) / 100, (np.arange(48)[:, None] + 0.5 - 24) / 100
        rays = np.stack(np.broadcast_arrays(columns, rows, 1))
        along = np.tensordot([x, 0, z], rays, 1) / np.linalg.norm(rays, axis=0)
        labels = (x**2 + z**2 - along**2 < radius**2).astype(np.uint32)
        pose = replace(plain_pose(z, x, radius), frame="Ball")
        known = {"camera": camera, "unit_scale": 1.0}
        frames.append(MadeUpFrame(labels, f"f{place}", "s", place, known=known, instances={1: {"pose": pose}}))
    records = write_made_up(tmp_path, frames)
    scene = exported(tmp_path, ExportFormat.BOP, splits="train=1").folders[ExportFormat.BOP] / "train/000000"
    coco = COCO(str(scene / "scene_gt_coco.json"))
    truth, cameras = (json.loads((scene / f"{name}.json").read_text()) for name in ("scene_gt", "scene_camera"))

    for number, record in enumerate(records):
        ((one,), (row,), (pose,)) = record.instances, coco.imgToAnns[number], truth[str(number)]
        mask = coco.annToMask(row).astype(bool)
        assert (mask == (paint_masks([one.mask.rle], 48, 64) > 0)).all()
        assert coco.cats[row["category_id"]]["name"] == one.category and pose["obj_id"] == row["category_id"]
        # A sphere's outline is an ellipse: along x it ends where rays touch the sphere in the plane of the axis.
        k, (x, _, z) = np.reshape(cameras[str(number)]["cam_K"], (3, 3)), pose["cam_t_m2c"]
        middle, half = np.arctan2(x, z), np.arcsin(500 / np.hypot(x, z))
        left, right = (k[0, 0] * np.tan(middle + side * half) + k[0, 2] for side in (-1, 1))
        # Pixels count from their centres, and the mask has those whose centres are inside.
        assert row["bbox"][0] == np.ceil(left) and row["bbox"][0] + row["bbox"][2] - 1 == np.floor(right)
    reads_back("bop", "pycocotools", "masks, boxes and objects of scene_gt_coco.json")
