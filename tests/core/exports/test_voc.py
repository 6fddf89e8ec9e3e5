"""The Pascal VOC export: its XML, lists and PNGs, against the records; tests/readers has the judgement of others."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt
import pycocotools.mask
import pytest
from PIL import Image

from core.base.box import Box
from core.dataset.splits import Splits
from core.exports.file_names import name_without_spaces
from core.exports.voc import voc_palette
from core.records.frame_record import FrameRecord
from core.records.instance import Amodal, Instance
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from core.settings.settings import Media, Settings
from tests.core.datasets import files_in
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
NAMES = [one.name for one in sorted(CATEGORIES, key=lambda one: one.id or 0)]


def annotation(dataset: Path, record: FrameRecord) -> ElementTree.Element:
    return ElementTree.parse(dataset / f"exports/voc/Annotations/{name_without_spaces(record.path)}.xml").getroot()


def values(element: ElementTree.Element, path: str) -> list[int]:
    (found,) = element.findall(path)
    return [int(child.text or "") for child in found]


def pixels(dataset: Path, kind: str, record: FrameRecord) -> npt.NDArray[np.uint8]:
    path = dataset / f"exports/voc/Segmentation{kind}/{name_without_spaces(record.path)}.png"
    with Image.open(path) as image:
        assert (image.format, image.mode) == ("PNG", "P")
        assert np.array_equal(np.reshape(image.getpalette(), (-1, 3)), voc_palette())
        return np.asarray(image)


def mask_of(record: FrameRecord, one: Instance) -> npt.NDArray[np.bool_]:
    size = [record.height, record.width]
    return pycocotools.mask.decode({"size": size, "counts": one.mask.rle.encode()}).astype(bool)


def test_read_back(tmp_path: Path) -> None:
    records = write_made_up(tmp_path, [*several_frames(), *unusual_frames()])
    done = exported(tmp_path, VOC)
    folder = tmp_path / "exports/voc"
    splits = Splits.of_settings(Settings())
    for split in splits.names:
        wanted = [name_without_spaces(record.path) for record in records if splits.of(record) == split]
        for kind in ("Main", "Segmentation"):
            assert (folder / f"ImageSets/{kind}/{split}.txt").read_text("utf-8").splitlines() == wanted
        assert not any(" " in name or "#" in name for name in wanted)
    of_all = 0
    for record in records:
        root = annotation(tmp_path, record)
        image = folder / "JPEGImages" / (root.findtext("filename") or "")
        assert image.samefile(tmp_path / record.image)
        with Image.open(image) as opened:
            assert values(root, "size") == [record.width, record.height, len(opened.getbands())]
        regions = [region for region in record.ignored if region.category]
        of_all += len(record.ignored) - len(regions)
        classes, objects = pixels(tmp_path, "Class", record), pixels(tmp_path, "Object", record)
        right_classes, right_objects = np.zeros_like(classes), np.zeros_like(objects)
        rows = root.findall("object")
        for number, (row, one) in enumerate(zip(rows, [*record.instances, *regions], strict=True), start=1):
            assert row.findtext("name") == one.category
            assert row.findtext("difficult") == str(int(one in regions))
            box = one.mask.box
            assert values(row, "bndbox") == [box.x0 + 1, box.y0 + 1, box.x1, box.y1]
            if one in record.instances:
                right_classes[mask_of(record, one)] = NAMES.index(one.category) + 1
                right_objects[mask_of(record, one)] = number
        for region in record.ignored:
            right_classes[mask_of(record, region)] = right_objects[mask_of(record, region)] = 255
        assert np.array_equal(classes, right_classes) and np.array_equal(objects, right_objects)
    assert of_all and any(line.startswith(f"{of_all} ignore region") for line in done.losses[VOC])
    meta = json.loads((folder / "dataset_meta.json").read_text())
    assert list(meta["label_map"].values()) == ["background", *NAMES, "ignored"]
    assert meta["segmentation_colors"][:3] == [[0, 0, 0], [128, 0, 0], [0, 128, 0]]
    assert meta["segmentation_colors"][-1] == voc_palette()[255].tolist() == [224, 224, 192]
    assert not (folder / "labelmap.txt").exists(), "a name with a colon does not fit in it"


def test_a_box_as_formats_describe_it(tmp_path: Path) -> None:
    """COCO's 10 20 40 40 is 11 21 50 60 in VOC."""
    labels = np.zeros((80, 90), np.uint32)
    labels[20:60, 10:50] = 1
    (record,) = write_made_up(tmp_path, [MadeUpFrame(labels, "a")], CATEGORIES[:1])
    exported(tmp_path, VOC)

    (row,) = annotation(tmp_path, record).iterfind("object")
    assert values(row, "bndbox") == [11, 21, 50, 60]
    assert (tmp_path / "exports/voc/labelmap.txt").read_text().splitlines() == [
        "# label:color_rgb:parts:actions",
        "background:0,0,0::",
        "car:128,0,0::",
    ]


def test_flags(tmp_path: Path) -> None:
    """From amodal masks where they are known, and from the border of the image otherwise."""
    labels = np.zeros((20, 60), np.uint32)
    for label in range(1, 6):
        labels[5:15, 10 * label : 10 * label + 8] = label
    box = Box(0, 0, 1, 1)
    known: dict[int, dict[str, Any]] = {
        1: {"at_border": True},
        2: {"at_border": False},
        3: {"at_border": True, "amodal": Amodal("", box, 100, 90, 88)},
        4: {"at_border": False, "amodal": Amodal("", box, 100, 80, 70)},
    }
    (record,) = write_made_up(tmp_path, [MadeUpFrame(labels, "a", instances=known)])
    exported(tmp_path, VOC)

    flags = [
        tuple(row.findtext(flag) for flag in ("truncated", "occluded"))
        for row in annotation(tmp_path, record).iterfind("object")
    ]
    assert flags == [("1", None), ("0", None), ("0", "0"), ("1", "1"), ("0", None)]


def test_more_instances_and_categories_than_bytes(tmp_path: Path) -> None:
    many = np.arange(1, 301, dtype=np.uint32).reshape(15, 20)
    few = (many - 1) // 2 + 1
    frames = [MadeUpFrame(many, "many"), MadeUpFrame(few, "few", frame=2)]
    records = write_made_up(tmp_path, frames, CATEGORIES[:1])
    done = exported(tmp_path, VOC, splits="train=1")

    assert "1 image: more than 254 instances, so without segmentation" in done.losses[VOC]
    assert (tmp_path / "exports/voc/ImageSets/Segmentation/train.txt").read_text() == "few\n"
    assert (tmp_path / "exports/voc/ImageSets/Main/train.txt").read_text() == "many\nfew\n"
    segmented = [annotation(tmp_path, record).findtext("segmented") for record in records]
    assert segmented == ["0", "1"]
    assert np.array_equal(pixels(tmp_path, "Object", records[1]), few)

    write_made_up(tmp_path, frames, [Category(f"class {number}", number) for number in range(1, 256)])
    done = exported(tmp_path, VOC, splits="train=1")
    assert done.losses[VOC][0] == (
        "There are 255 categories and 254 fit into SegmentationClass, so there are no segmentations."
    )
    assert not any("Segmentation" in file for file in files_in(tmp_path / "exports/voc"))


def test_names_that_xml_does_not_like(tmp_path: Path) -> None:
    table = [Category("<a> & \"b\" 'c'\n\td\r", 1), Category("bell \x07", 2)]
    names = {label: table[label % 2].name for label in range(1, 7)}
    (record,) = write_made_up(tmp_path, [MadeUpFrame(random_labels(1), "a & <b>", categories=names)], table)
    exported(tmp_path, VOC)

    found = [row.findtext("name") for row in annotation(tmp_path, record).iterfind("object")]
    assert found == [one.category.replace("\x07", "\ufffd") for one in record.instances]


@pytest.mark.parametrize("with_image", [True, False])
def test_without_media(tmp_path: Path, with_image: bool) -> None:
    from tests.builders import write_record

    (record,) = write_made_up(tmp_path, [MadeUpFrame(random_labels(1), "a", grey=True)])
    if not with_image:
        write_record(tmp_path, replace(record, colour=None, contents={}))
    exported(tmp_path, VOC, media=Media.NONE)

    assert not (tmp_path / "exports/voc/JPEGImages").exists()
    assert values(annotation(tmp_path, record), "size") == [64, 48, 1 if with_image else 3]
