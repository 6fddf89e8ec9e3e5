"""CVAT exports, as datumaro (which CVAT itself imports projects with) and globox read them."""

from pathlib import Path
from typing import Any

import datumaro
import globox
import numpy as np
import pytest

from core.dataset.splits import Splits
from core.exports.file_names import file_name
from core.masks.rle import paint_masks
from core.records.frame_record import FrameRecord
from core.settings.export_table import ExportFormat
from core.settings.settings import Settings
from tests.core.made_up import CATEGORIES, exported, several_frames, unusual_frames, write_made_up


@pytest.fixture
def records(tmp_path: Path) -> list[FrameRecord]:
    return write_made_up(tmp_path, [*several_frames(12), *unusual_frames()])


def test_datumaro(tmp_path: Path, records: list[FrameRecord], reads_back: Any) -> None:
    folder = exported(tmp_path, ExportFormat.CVAT).folders[ExportFormat.CVAT]
    dataset = datumaro.Dataset.import_from(str(folder), "cvat")
    names = [label.name for label in dataset.categories()[datumaro.AnnotationType.label]]
    of = Splits.of_settings(Settings()).of

    assert names == [one.name for one in sorted(CATEGORIES, key=lambda one: one.id or 0)]
    assert len(dataset) == len(records)
    for item in dataset:
        record = records[item.attributes["frame"]]
        assert (item.id, item.subset) == (file_name(record.path), of(record))
        assert Path(item.media.path).samefile(tmp_path / record.image)
        assert item.media.size == (record.height, record.width)
        boxes = [one for one in item.annotations if one.type is datumaro.AnnotationType.bbox]
        masks = [one for one in item.annotations if one.type is datumaro.AnnotationType.mask]
        assert len(item.annotations) == 2 * len(record.instances)
        for box, mask, one in zip(boxes, masks, record.instances, strict=True):
            assert box.points == [*one.mask.box]
            assert (np.asarray(mask.image, bool) == (paint_masks([one.mask.rle], *item.media.size) > 0)).all()
            assert box.group == mask.group
            assert names[box.label] == names[mask.label] == one.category
            assert box.attributes["name"] == mask.attributes["name"] == one.name
    reads_back("cvat", "datumaro", "splits, images, boxes, masks")


def test_globox(tmp_path: Path, records: list[FrameRecord], reads_back: Any) -> None:
    folder = exported(tmp_path, ExportFormat.CVAT).folders[ExportFormat.CVAT]
    found = globox.AnnotationSet.from_cvat(folder / "annotations.xml")

    assert len(found) == len(records)
    for record in records:
        annotation = found[file_name(record.path) + Path(record.image).suffix]
        assert annotation.image_size == (record.width, record.height)
        rows = [(box.label, [box.xmin, box.ymin, box.xmax, box.ymax]) for box in annotation.boxes]
        assert rows == [(one.category, [*one.mask.box]) for one in record.instances]
    reads_back("cvat", "globox", "boxes, image sizes")
