"""COCO, its keypoints and panoptic task, LVIS and Roboflow's layout, as programs of others read them."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import datumaro
import faster_coco_eval
import lvis
import numpy as np
import numpy.typing as npt
import pytest
import supervision
from faster_coco_eval.core import mask as faster_mask
from PIL import Image

from core.dataset.export import export
from core.dataset.splits import Splits
from core.masks.rle import paint_masks
from core.records.frame_record import FrameRecord
from core.records.instance import Instance
from core.scene.keypoints import ABSENT, Keypoint, Visibility
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from core.settings.settings import CocoMasks, Settings
from tests.core.made_up import (
    CATEGORIES,
    MadeUpFrame,
    exported,
    random_labels,
    several_frames,
    unusual_frames,
    write_made_up,
)

BOTH = pytest.mark.parametrize("masks", list(CocoMasks))
NAMES = [category.name for category in sorted(CATEGORIES, key=lambda category: category.id or 0)]
PEOPLE = (
    Category("person", 4, keypoints=("nose", "left hand", "right hand"), skeleton=((1, 2), (1, 3))),
    Category("tree", 9),
)


@pytest.fixture
def records(tmp_path: Path) -> list[FrameRecord]:
    return write_made_up(tmp_path, [*several_frames(12), *unusual_frames()])


@pytest.fixture
def people(tmp_path: Path) -> list[FrameRecord]:
    frames = []
    for place in range(8):
        points = {
            label: {"keypoints": (Keypoint(label + 0.25, place + 0.5, Visibility.VISIBLE, 2.0),
                                  Keypoint(7.0, 8.0, Visibility.OCCLUDED, 2.0), ABSENT)}
            for label in (1, 3)
        }  # fmt: skip
        labels = random_labels(place) if place % 4 != 3 else np.zeros((48, 64), np.uint32)
        names = dict.fromkeys((1, 3, 6), "person") | dict.fromkeys((2, 4, 5), "tree")
        frames.append(MadeUpFrame(labels, f"p {place:04}", "", place, names, ignored=[6], instances=points))
    return write_made_up(tmp_path, frames, PEOPLE)


def by_split(records: Sequence[FrameRecord], splits: str = Settings().splits) -> Iterator[tuple[str, FrameRecord]]:
    """Each record with its split, sorted by the split's name as the records are within."""
    of = Splits.of_settings(Settings(splits=splits)).of
    for split in dict.fromkeys(sorted(map(of, records))):
        yield from ((split, record) for record in records if of(record) == split)


def pixels(record: FrameRecord, one: Instance) -> npt.NDArray[np.bool_]:
    return paint_masks([one.mask.rle], record.height, record.width) > 0


def box(one: Instance) -> list[int]:
    return [one.mask.box.x0, one.mask.box.y0, one.mask.box.x1, one.mask.box.y1]


def of_ignored(record: FrameRecord) -> list[tuple[Instance, str]]:
    """Regions to ignore with the category of each row that COCO has of them."""
    return [(one, name) for one in record.ignored for name in ([one.category] if one.category else NAMES)]


def truth_as_result(coco: Any) -> list[dict[str, Any]]:
    rows = [row for row in coco.anns.values() if not row.get("iscrowd")]
    return [
        {"image_id": row["image_id"], "category_id": row["category_id"], "bbox": row["bbox"], "score": 1.0}
        for row in rows
    ]


# --- faster-coco-eval -------------------------------------------------------------------------------------------------


@BOTH
def test_faster_coco_eval(tmp_path: Path, records: list[FrameRecord], masks: CocoMasks, reads_back: Any) -> None:
    exported(tmp_path, ExportFormat.COCO, coco_masks=masks)
    found: dict[str, Any] = {}
    for split in ("train", "val"):
        coco = faster_coco_eval.COCO(str(tmp_path / f"exports/coco/annotations/instances_{split}.json"))
        found |= {coco.imgs[row["image_id"]]["file_name"] + row["name"] + str(row["category_id"]): (coco, row)
                  for row in coco.anns.values()}  # fmt: skip
        evaluation = faster_coco_eval.COCOeval_faster(coco, coco.loadRes(truth_as_result(coco)), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        assert evaluation.stats[0] == pytest.approx(1)

    wanted = [
        (record, one, name)
        for record in records
        for one, name in (*((one, one.category) for one in record.instances), *of_ignored(record))
    ]
    ids = {category.name: category.id for category in CATEGORIES}
    names = {(row["sequence"], row["frame"]): row["file_name"] for coco, _ in found.values()
             for row in coco.imgs.values()}  # fmt: skip
    assert len(found) == len(wanted)
    for record, one, name in wanted:
        coco, row = found[names[record.sequence, record.frame] + one.name + str(ids[name])]
        assert (faster_mask.decode(coco.annToRLE(row)).astype(bool) == pixels(record, one)).all()
    reads_back("coco", "faster-coco-eval", "boxes, masks as run lengths or polygons, an evaluation")


# --- datumaro ---------------------------------------------------------------------------------------------------------


def mask_of(item: Any, one: Any, record: FrameRecord) -> npt.NDArray[np.bool_]:
    """The pixels that datumaro has for an annotation, of which each polygon is one."""
    if one.type is datumaro.AnnotationType.polygon:
        rles = faster_mask.frPyObjects([list(map(float, one.points))], record.height, record.width)
        return faster_mask.decode(rles)[..., 0].astype(bool)
    return np.asarray(one.image, bool)


def datumaro_items(folder: Path, format: str, records: Sequence[FrameRecord], splits: str = Settings().splits) -> Any:
    """Each record with its item and what the labels are called."""
    dataset = datumaro.Dataset.import_from(str(folder), format)
    names = [label.name for label in dataset.categories()[datumaro.AnnotationType.label]]
    items = sorted(dataset, key=lambda item: (item.subset, item.attributes["id"]))
    pairs = list(by_split(records, splits))
    assert [item.subset.replace("valid", "val") for item in items] == [split for split, _ in pairs]
    for item, (_, record) in zip(items, pairs, strict=True):
        assert item.media.size == (record.height, record.width)
        yield record, item, names


def check_datumaro(folder: Path, format: str, records: Sequence[FrameRecord], splits: str) -> None:
    for record, item, names in datumaro_items(folder, format, records, splits):
        groups: dict[int, list[Any]] = {}
        for one in item.annotations:
            groups.setdefault(one.group, []).append(one)
        wanted = [*((one, one.category, False) for one in record.instances),
                  *((one, name, True) for one, name in of_ignored(record))]  # fmt: skip
        assert len(groups) == len(wanted)
        for (one, name, is_crowd), parts in zip(wanted, [groups[id] for id in sorted(groups)], strict=True):
            shapes = [part for part in parts if part.type is not datumaro.AnnotationType.bbox]
            boxes = [part for part in parts if part.type is datumaro.AnnotationType.bbox]
            union = np.any([mask_of(item, part, record) for part in shapes], axis=0)
            assert (union == pixels(record, one)).all()
            assert all(names[part.label] == name for part in parts)
            assert all(part.attributes["is_crowd"] == is_crowd for part in parts)
            assert all([*map(round, part.points)] == box(one) for part in boxes)


@BOTH
def test_datumaro(tmp_path: Path, records: list[FrameRecord], masks: CocoMasks, reads_back: Any) -> None:
    exported(tmp_path, ExportFormat.COCO, coco_masks=masks)
    check_datumaro(tmp_path / "exports/coco", "coco_instances", records, Settings().splits)
    reads_back("coco", "datumaro", "splits, images, masks as run lengths or polygons")


@BOTH
def test_datumaro_roboflow(tmp_path: Path, records: list[FrameRecord], masks: CocoMasks, reads_back: Any) -> None:
    splits = "train=2,val=1,test=1"
    exported(tmp_path, ExportFormat.ROBOFLOW, coco_masks=masks, splits=splits)
    check_datumaro(tmp_path / "exports/roboflow", "roboflow_coco", records, splits)
    reads_back("roboflow", "datumaro", "splits, images, masks as run lengths or polygons")


def test_datumaro_keypoints(tmp_path: Path, people: list[FrameRecord], reads_back: Any) -> None:
    exported(tmp_path, ExportFormat.COCO_KEYPOINTS)
    seen = 0
    for record, item, names in datumaro_items(tmp_path / "exports/coco_keypoints", "coco_person_keypoints", people):
        points = [one for one in item.annotations if one.type is datumaro.AnnotationType.points]
        points.sort(key=lambda one: one.id)
        wanted = [one for one in record.instances if one.keypoints]
        found = [one for one in points if any(state.value for state in one.visibility)]
        assert len(found) == len(wanted)
        for one, instance in zip(found, wanted, strict=True):
            assert instance.keypoints and names[one.label] == "person"
            assert one.points == [value for point in instance.keypoints for value in (point.x, point.y)]
            assert [state.value for state in one.visibility] == [point.visibility for point in instance.keypoints]
            seen += 1
    assert seen
    reads_back("coco_keypoints", "datumaro", "splits, images, keypoints")


def test_datumaro_panoptic(tmp_path: Path, records: list[FrameRecord], reads_back: Any) -> None:
    exported(tmp_path, ExportFormat.COCO_PANOPTIC)
    for record, item, names in datumaro_items(tmp_path / "exports/coco_panoptic", "coco_panoptic", records):
        things = [one for one in item.annotations if not one.attributes["is_crowd"]]
        for found, one in zip(things, record.instances, strict=True):
            assert (np.asarray(found.image, bool) == pixels(record, one)).all()
            assert names[found.label] == one.category
        crowds = {names[one.label]: one for one in item.annotations if one.attributes["is_crowd"]}
        assert crowds.keys() == {one.category for one in record.ignored if one.category}
        for name, found in crowds.items():
            regions = [pixels(record, one) for one in record.ignored if one.category == name]
            assert (np.asarray(found.image, bool) == np.any(regions, axis=0)).all()
    reads_back("coco_panoptic", "datumaro", "splits, images, segments with their pixels")


# --- supervision ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", [ExportFormat.COCO, ExportFormat.ROBOFLOW])
def test_supervision(tmp_path: Path, records: list[FrameRecord], format: ExportFormat, reads_back: Any) -> None:
    """Its masks of polygons are larger at the right and at the bottom, since it fills them inclusively."""
    exported(tmp_path, format)
    folder = tmp_path / "exports" / format
    for split in ("train", "val"):
        if format is ExportFormat.COCO:
            images, file = folder / f"images/{split}", folder / f"annotations/instances_{split}.json"
        else:
            images = folder / split.replace("val", "valid")
            file = images / "_annotations.coco.json"
        dataset = supervision.DetectionDataset.from_coco(str(images), str(file), force_masks=True)
        assert [name for name in dataset.classes if name != "objects"] == NAMES
        wanted = [record for name, record in by_split(records) if name == split]
        inodes = {(tmp_path / record.image).stat().st_ino: record for record in wanted}
        assert len(dataset) == len(wanted)
        for path, _, found in dataset:
            record = inodes[Path(path).stat().st_ino]
            rows = [*((one, one.category) for one in record.instances), *of_ignored(record)]
            assert len(found) == len(rows)
            for number, (one, name) in enumerate(rows):
                assert found.xyxy[number].tolist() == box(one)
                assert (found.mask[number] == pixels(record, one)).all()
                assert dataset.classes[found.class_id[number]] == name
    reads_back(format.value, "supervision", "images, boxes, masks as run lengths")


# --- All of them ------------------------------------------------------------------------------------------------------


def test_one_class_and_a_split_without_images(tmp_path: Path) -> None:
    """A file without images, whose categories are there, is as good as any other."""
    formats = ExportFormat.COCO, ExportFormat.ROBOFLOW, ExportFormat.COCO_PANOPTIC, ExportFormat.LVIS
    write_made_up(tmp_path, [MadeUpFrame(random_labels(1), "a")], [Category("one", 5)])
    done = export(tmp_path, Settings(formats=formats, splits="train=900000000,valid=1"))
    assert done.split_sizes == {"train": 1, "valid": 0}
    coco, roboflow, panoptic, of_lvis = done.folders.values()

    for folder, format in ((coco, "coco_instances"), (roboflow, "roboflow_coco"), (panoptic, "coco_panoptic")):
        dataset = datumaro.Dataset.import_from(str(folder), format)
        assert [(item.subset, item.id) for item in dataset] == [("train", "a")]
    for file, images in (
        (coco / "annotations/instances_valid.json", coco / "images/valid"),
        (roboflow / "valid/_annotations.coco.json", roboflow / "valid"),
    ):
        empty = supervision.DetectionDataset.from_coco(str(images), str(file), force_masks=True)
        assert (len(empty), empty.classes[-1:]) == (0, ["one"])
    empty = lvis.LVIS(str(of_lvis / "annotations/lvis_valid.json"))
    assert (empty.get_img_ids(), empty.get_cat_ids()) == ([], [5])
    empty = faster_coco_eval.COCO(str(coco / "annotations/instances_valid.json"))
    assert (len(empty.imgs), len(empty.cats)) == (0, 1)


# --- lvis -------------------------------------------------------------------------------------------------------------


@BOTH
def test_lvis(
    tmp_path: Path,
    records: list[FrameRecord],
    masks: CocoMasks,
    reads_back: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What fits no instance is wrong, but where its category is not exhaustive or nothing is known of it."""
    monkeypatch.setattr(np, "float", float, raising=False)  # which numpy had when lvis was written
    exported(tmp_path, ExportFormat.LVIS, splits="train=1", coco_masks=masks)
    truth = lvis.LVIS(str(tmp_path / "exports/lvis/annotations/lvis_train.json"))
    assert len(truth.get_img_ids()) == len(records)
    for id, record in zip(truth.get_img_ids(), records, strict=True):
        for row, one in zip(truth.img_ann_map[id], record.instances, strict=True):
            assert (truth.ann_to_mask(row).astype(bool) == pixels(record, one)).all()
            assert truth.cats[row["category_id"]]["name"] == one.category

    right = [{"image_id": row["image_id"], "category_id": row["category_id"], "score": 0.5,
              "segmentation": truth.ann_to_rle(row), "bbox": row["bbox"]} for row in truth.anns.values()]  # fmt: skip
    regions = [(id, record) for id, record in zip(truth.get_img_ids(), records, strict=True) if record.ignored]
    ids = {category.name: category.id for category in CATEGORIES}
    on_regions = [{"image_id": id, "category_id": ids[name], "score": 0.9,
                   "bbox": [one.mask.box.x0, one.mask.box.y0, one.mask.box.width, one.mask.box.height]}
                  for id, record in regions for one, name in of_ignored(record)]  # fmt: skip
    empty = [id for id, record in zip(truth.get_img_ids(), records, strict=True)
             if not record.instances and not record.ignored]  # fmt: skip
    assert on_regions and empty
    wrong = [{"image_id": empty[0], "category_id": id, "score": 0.9, "bbox": [0, 0, 9, 9]} for id in ids.values()]
    assert precision(truth, right, "segm") == precision(truth, right, "bbox") == 1
    assert precision(truth, [*right, *on_regions], "bbox") == 1
    assert precision(truth, [*right, *wrong], "bbox") < 1
    reads_back("lvis", "lvis", "masks as run lengths or polygons, an evaluation")


def precision(truth: Any, results: list[dict[str, Any]], kind: str) -> float:
    evaluation = lvis.LVISEval(truth, lvis.LVISResults(truth, [dict(row) for row in results]), kind)
    evaluation.run()
    return round(float(evaluation.get_results()["AP"]), 9)


# --- transformers -----------------------------------------------------------------------------------------------------


@pytest.fixture
def detr_processor(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The image processor without torchvision, of which the environment has a stand-in only."""
    for module in ("transformers.utils", "transformers.utils.import_utils"):
        monkeypatch.setattr(f"{module}.is_torchvision_available", lambda: False)
    from transformers.models.detr.image_processing_pil_detr import DetrImageProcessorPil

    return DetrImageProcessorPil


def test_detr_processor(tmp_path: Path, records: list[FrameRecord], detr_processor: Any, reads_back: Any) -> None:
    """Its masks have to be polygons; regions to ignore it leaves out."""
    exported(tmp_path, ExportFormat.COCO, splits="train=1", coco_masks=CocoMasks.POLYGONS)
    folder = tmp_path / "exports/coco"
    data = json.loads((folder / "annotations/instances_train.json").read_text("utf-8"))
    processor = detr_processor(do_resize=False, do_pad=False)
    for row, record in zip(data["images"], records, strict=True):
        with Image.open(folder / "images/train" / row["file_name"]) as image:
            annotations = [one for one in data["annotations"] if one["image_id"] == row["id"]]
            target = {"image_id": row["id"], "annotations": annotations}
            read = processor(image.convert("RGB"), annotations=target, return_segmentation_masks=True)
        (labels,) = read["labels"]
        size = np.array([record.width, record.height] * 2)
        boxes = np.array([box(one) for one in record.instances], float).reshape(-1, 4)
        centres = np.concatenate(((boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]), 1)
        assert np.allclose(labels["boxes"] * size, centres, atol=1e-3)
        assert len(labels["masks"]) == len(record.instances)
        for mask, one in zip(labels["masks"], record.instances, strict=True):
            assert (np.asarray(mask, bool) == pixels(record, one)).all()
    reads_back("coco", "transformers", "boxes and polygons in DETR's image processor")


def test_detr_processor_panoptic(
    tmp_path: Path, records: list[FrameRecord], detr_processor: Any, reads_back: Any
) -> None:
    exported(tmp_path, ExportFormat.COCO_PANOPTIC, splits="train=1")
    folder = tmp_path / "exports/coco_panoptic"
    data = json.loads((folder / "annotations/panoptic_train.json").read_text("utf-8"))
    processor = detr_processor(format="coco_panoptic", do_resize=False, do_pad=False)
    for row, target, record in zip(data["images"], data["annotations"], records, strict=True):
        with Image.open(folder / "images/train" / row["file_name"]) as image:
            target = {**target, "id": row["id"]}
            paths = folder / "annotations/panoptic_train"
            read = processor(image.convert("RGB"), annotations=target, masks_path=paths, return_segmentation_masks=True)
        (labels,) = read["labels"]
        for mask, one in zip(labels["masks"], record.instances, strict=False):
            assert (np.asarray(mask, bool) == pixels(record, one)).all()
        assert len(labels["masks"]) == len(target["segments_info"])
    reads_back("coco_panoptic", "transformers", "segments in DETR's image processor")
