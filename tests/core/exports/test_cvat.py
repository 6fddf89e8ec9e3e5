"""The CVAT export: one XML file, whose boxes and masks are those of the records."""

import dataclasses
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from core.base.errors import RecordError
from core.dataset.splits import Splits
from core.exports.file_names import file_name
from core.masks.rle import paint_masks
from core.records.instance import Amodal
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from core.settings.settings import Settings
from tests.builders import write_record
from tests.core.made_up import (
    CATEGORIES,
    MadeUpFrame,
    exported,
    random_labels,
    several_frames,
    unusual_frames,
    write_made_up,
    write_rich,
)

CVAT = ExportFormat.CVAT


def parsed(folder: Path) -> Any:
    return ElementTree.parse(folder / "annotations.xml").getroot()


def test_read_back(tmp_path: Path) -> None:
    records = write_made_up(tmp_path, [*several_frames(), *unusual_frames()])
    done = exported(tmp_path, CVAT, splits="train=2,val=1,test=1")
    root = parsed(done.folders[CVAT])
    split = Splits.of_settings(Settings(splits="train=2,val=1,test=1")).of

    assert root.findtext("version") == "1.1"
    assert [one.text for one in root.iter("subset")] == ["train", "val", "test"]
    wanted = [one.name for one in sorted(CATEGORIES, key=lambda one: one.id or 0)]
    assert [one.findtext("name") for one in root.iter("label")] == wanted
    for number, (image, record) in enumerate(zip(root.iter("image"), records, strict=True)):
        assert image.attrib["id"] == str(number)
        assert image.attrib["name"] == file_name(record.path) + Path(record.image).suffix
        assert (image.attrib["width"], image.attrib["height"]) == (str(record.width), str(record.height))
        assert image.attrib["subset"] == split(record)
        file = done.folders[CVAT] / "images" / image.attrib["subset"] / image.attrib["name"]
        assert file.samefile(tmp_path / record.image)
        shapes = iter(image)
        for group, one in enumerate(record.instances, start=1):
            box, mask = next(shapes), next(shapes)
            for shape in (box, mask):
                assert shape.attrib["label"] == one.category
                assert (shape.attrib["group_id"], shape.attrib["occluded"]) == (str(group), "0")
                assert [(part.attrib["name"], part.text) for part in shape] == [("name", one.name)]
            assert [float(box.attrib[edge]) for edge in ("xtl", "ytl", "xbr", "ybr")] == [*one.mask.box]
            left, top, width, height = (int(mask.attrib[name]) for name in ("left", "top", "width", "height"))
            counts = [int(count) for count in mask.attrib["rle"].split(",")]
            found = np.zeros((record.height, record.width), bool)
            inside = np.repeat(np.arange(len(counts)) % 2 == 1, counts).reshape(height, width)
            found[top : top + height, left : left + width] = inside
            assert (found == (paint_masks([one.mask.rle], record.height, record.width) > 0)).all()
        assert next(shapes, None) is None
    regions = sum(len(record.ignored) for record in records)
    assert f"{regions} ignore regions: left out: CVAT has none" in done.losses[CVAT]


def test_what_xml_cannot_hold(tmp_path: Path) -> None:
    """Marks of XML, line breaks and control characters, in categories and in names of frames."""
    odd = 'a <b> & "c"\n\x01'
    name = os.fsdecode(b"frame\xff_1")
    labels = random_labels(1)
    write_made_up(tmp_path, [MadeUpFrame(labels, "x"), MadeUpFrame(labels, name, frame=2)], [Category(odd, 1)])
    done = exported(tmp_path, CVAT, splits="train=1")
    root = parsed(done.folders[CVAT])

    said = odd.replace("\x01", "\ufffd")
    assert [one.findtext("name") for one in root.iter("label")] == [said]
    assert {box.attrib["label"] for box in root.iter("box")} == {said}
    for image in root.iter("image"):
        assert (done.folders[CVAT] / "images/train" / image.attrib["name"]).is_file()


def test_hidden_instances(tmp_path: Path) -> None:
    labels = np.array([[1, 2, 3]], np.uint32)
    mask = write_made_up(tmp_path / "other", [MadeUpFrame(labels, "a")])[0].instances[0].mask
    amodal = {1: {"amodal": Amodal(mask.rle, mask.box, 8, 4, 4)}, 2: {"amodal": Amodal(mask.rle, mask.box, 8, 4, 3)}}
    write_made_up(tmp_path, [MadeUpFrame(labels, "a", instances=amodal)])

    root = parsed(exported(tmp_path, CVAT, splits="train=1").folders[CVAT])
    assert [mask.attrib["occluded"] for mask in root.iter("mask")] == ["0", "1", "0"]


def test_an_empty_split_and_what_is_lost(tmp_path: Path) -> None:
    write_rich(tmp_path, 2)
    done = exported(tmp_path, CVAT, splits="train=900000000,val=1")

    assert [one.text for one in parsed(done.folders[CVAT]).iter("subset")] == ["train", "val"]
    assert list((done.folders[CVAT] / "images/val").iterdir()) == []
    assert "1 category: supercategory left out" in done.losses[CVAT]
    assert any(line.endswith("pose and 3D box left out") for line in done.losses[CVAT])


def test_a_damaged_mask(tmp_path: Path) -> None:
    (record,) = write_made_up(tmp_path, [MadeUpFrame(random_labels(1), "a")])
    twice = tuple(dataclasses.replace(record.instances[0], name=name) for name in "ab")
    write_record(tmp_path, dataclasses.replace(record, instances=twice))
    with pytest.raises(RecordError, match="The record of the frame a is damaged"):
        exported(tmp_path, CVAT)


def test_many_instances(tmp_path: Path) -> None:
    labels = np.arange(1, 10_001, dtype=np.uint32).reshape(100, 100)
    write_made_up(tmp_path, [MadeUpFrame(labels, "a")])
    root = parsed(exported(tmp_path, CVAT, splits="train=1").folders[CVAT])

    assert [mask.attrib["rle"] for mask in root.iter("mask")] == ["0, 1"] * 10_000
