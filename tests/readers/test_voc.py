"""Pascal VOC exports as supervision and datumaro read them, and where globox and labelformat read something else."""

from pathlib import Path
from typing import Any

import numpy as np
import pycocotools.mask
import pytest
import supervision
from datumaro import AnnotationType, Bbox, Dataset
from datumaro.components.annotation import ExtractedMask
from globox import AnnotationSet
from labelformat.formats.pascalvoc import PascalVOCObjectDetectionInput
from labelformat.model.bounding_box import BoundingBoxFormat

from core.dataset.splits import Splits
from core.exports.file_names import name_without_spaces
from core.records.frame_record import FrameRecord
from core.records.instance import Instance
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from core.settings.settings import Settings
from tests.core.made_up import (
    CATEGORIES,
    MadeUpFrame,
    exported,
    random_labels,
    several_frames,
    unusual_frames,
    write_made_up,
)

VOC = ExportFormat.VOC


@pytest.fixture
def records(tmp_path: Path) -> dict[str, FrameRecord]:
    written = write_made_up(tmp_path, [*several_frames(12), *unusual_frames()])
    exported(tmp_path, VOC)
    return {name_without_spaces(record.path): record for record in written}


def objects_of(record: FrameRecord) -> list[Instance]:
    """In the order of the file."""
    return [*record.instances, *(region for region in record.ignored if region.category)]


def corners_of(one: Instance, first: int = 0) -> list[float]:
    box = one.mask.box
    return [box.x0 + first, box.y0 + first, box.x1, box.y1]


def stem(path: str) -> str:
    return Path(path).name.rsplit(".", 1)[0]


def test_supervision(tmp_path: Path, records: dict[str, FrameRecord], reads_back: Any) -> None:
    folder = tmp_path / "exports/voc"
    read = supervision.DetectionDataset.from_pascal_voc(str(folder / "JPEGImages"), str(folder / "Annotations"))
    assert {stem(path) for path in read.image_paths} == records.keys()
    for path, image, found in read:
        record = records[stem(path)]
        wanted = objects_of(record)
        assert image.shape[:2] == (record.height, record.width)
        assert np.array_equal(found.xyxy, np.reshape([corners_of(one) for one in wanted], (-1, 4)))
        assert [read.classes[number] for number in (found.class_id if len(found) else [])] == [
            one.category for one in wanted
        ]
    reads_back("voc", "supervision", "images, boxes, classes")


def test_datumaro(tmp_path: Path, records: dict[str, FrameRecord], reads_back: Any) -> None:
    """Also its masks: those of instances, with their categories."""
    read = Dataset.import_from(str(tmp_path / "exports/voc"), "voc", coordinate_mode="voc-one-based")
    labels = read.categories()[AnnotationType.label]
    splits = Splits.of_settings(Settings())
    assert {item.id for item in read} == records.keys()
    masks = 0
    for item in read:
        record = records[item.id]
        assert item.subset == splits.of(record)
        assert item.media.data.shape[:2] == (record.height, record.width)
        boxes = [one for one in item.annotations if isinstance(one, Bbox)]
        wanted = objects_of(record)
        assert np.array_equal(
            np.reshape([one.points for one in boxes], (-1, 4)), np.reshape([corners_of(one) for one in wanted], (-1, 4))
        )
        assert [labels[one.label].name for one in boxes] == [one.category for one in wanted]
        assert [one.attributes["difficult"] for one in boxes] == [one not in record.instances for one in wanted]
        for mask in (one for one in item.annotations if isinstance(one, ExtractedMask)):
            if 1 <= mask.index <= len(record.instances):
                one = record.instances[mask.index - 1]
                right = pycocotools.mask.decode(
                    {"size": [record.height, record.width], "counts": one.mask.rle.encode()}
                )
                assert np.array_equal(mask.image, right.astype(bool))
                assert labels[mask.label].name == one.category
                masks += 1
    assert masks == sum(len(record.instances) for record in records.values())
    reads_back("voc", "datumaro", "images, boxes, classes, splits, masks")


def test_globox_reads_boxes_that_begin_one_pixel_later(tmp_path: Path, records: dict[str, FrameRecord]) -> None:
    """As LABELPASS.md says it."""
    for found in AnnotationSet.from_pascal_voc(tmp_path / "exports/voc/Annotations"):
        wanted = objects_of(records[stem(found.image_id)])
        assert [[*box.ltrb] for box in found.boxes] == [corners_of(one, 1) for one in wanted]
        assert [box.label for box in found.boxes] == [one.category for one in wanted]


def test_labelformat_reads_boxes_that_begin_one_pixel_later(tmp_path: Path) -> None:
    names = {label: ("car", "dog")[label % 2] for label in range(1, 7)}
    frames = [MadeUpFrame(random_labels(seed), f"f_{seed}", frame=seed, categories=names) for seed in range(6)]
    written = write_made_up(tmp_path, frames, [Category("car"), Category("dog")])
    exported(tmp_path, VOC)
    records = {record.path: record for record in written}
    read = PascalVOCObjectDetectionInput(tmp_path / "exports/voc/Annotations", "car,dog")
    for label in read.get_labels():
        wanted = objects_of(records[stem(label.image.filename)])
        found = [one.box.to_format(BoundingBoxFormat.XYXY) for one in label.objects]
        assert found == [corners_of(one, 1) for one in wanted]
        assert [one.category.name for one in label.objects] == [one.category for one in wanted]


def test_datumaro_without_awkward_names_reads_the_label_map(tmp_path: Path) -> None:
    write_made_up(tmp_path, [MadeUpFrame(random_labels(2), "a")], CATEGORIES[:1])
    exported(tmp_path, VOC)
    (tmp_path / "exports/voc/dataset_meta.json").unlink()
    read = Dataset.import_from(str(tmp_path / "exports/voc"), "voc", coordinate_mode="voc-one-based")

    assert [one.name for one in read.categories()[AnnotationType.label]] == ["background", "car"]
