"""Tables as Hugging Face Datasets and WebDataset read them: boxes, masks, categories and images equal the records."""

import itertools
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
import webdataset
from faster_coco_eval import COCO, COCOeval_faster
from faster_coco_eval.core import mask as coco_masks
from PIL import Image

import core.exports.surveyed_frames
import core.exports.tables.cells
from core.dataset.splits import Splits
from core.records.frame_record import FrameRecord
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from core.settings.settings import Media, Settings, SplitBy
from tests.core.made_up import (
    CATEGORIES,
    MadeUpFrame,
    exported,
    random_labels,
    several_frames,
    unusual_frames,
    write_made_up,
)

NAMES = [category.name for category in sorted(CATEGORIES, key=lambda category: category.id or 0)]
SPLITS = "train=6,val=2,a-test=2"
STREAMING = pytest.mark.parametrize("streaming", [False, True], ids=["loaded", "streamed"])
FORMATS = pytest.mark.parametrize("format", [ExportFormat.WEBDATASET, ExportFormat.HUGGINGFACE, ExportFormat.PARQUET])


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def loaded(dataset: Path, format: ExportFormat, split: str | None, streaming: bool = False) -> Any:
    """A split as people load it who have read LABELPASS.md."""
    return datasets.load_dataset(str(dataset / "exports" / format), split=split, streaming=streaming)


def row_of(row: dict[str, Any]) -> dict[str, Any]:
    """Without the level that WebDataset has."""
    if "json" not in row:
        return row
    return {**row["json"], "image": row.get("png") or row.get("jpg") or row.get("webp")}


def check_row(row: dict[str, Any], record: FrameRecord, dataset: Path, names: Sequence[str] = NAMES) -> None:
    with Image.open(dataset / record.image) as image:
        assert (np.asarray(row["image"].convert("RGB")) == np.asarray(image.convert("RGB"))).all()
    assert (row["width"], row["height"], row["sequence"]) == (record.width, record.height, record.sequence)
    of_all = [(one, name) for one in record.ignored for name in ([one.category] if one.category else names)]
    for column, things in ("objects", [(one, one.category) for one in record.instances]), ("ignored", of_all):
        found = row[column]
        assert [names[number] for number in found["category"]] == [name for _, name in things]
        assert list(found["area"]) == [one.mask.area for one, _ in things]
        assert [list(box) for box in found["bbox"]] == [
            [one.mask.box.x0, one.mask.box.y0, one.mask.box.width, one.mask.box.height] for one, _ in things
        ]
        assert list(found["name"]) == [one.name for one, _ in things]
        assert [mask["counts"] for mask in found["segmentation"]] == [one.mask.rle for one, _ in things]
        for mask, (one, _) in zip(found["segmentation"], things, strict=True):
            assert coco_masks.decode(dict(mask)).shape == (record.height, record.width)
            assert coco_masks.decode(dict(mask)).sum() == one.mask.area


def check_split(rows: Iterable[Any], records: Sequence[FrameRecord], split: str, dataset: Path) -> None:
    of = Splits.of_settings(Settings(splits=SPLITS)).of
    wanted = [record for record in records if of(record) == split]
    assert wanted
    for row, record in itertools.zip_longest(map(row_of, rows), wanted):
        check_row(row, record, dataset)


# --- Hugging Face Datasets --------------------------------------------------------------------------------------------


@FORMATS
@STREAMING
def test_datasets(tmp_path: Path, format: ExportFormat, streaming: bool, reads_back: Any) -> None:
    """Also frames that are empty, and images that are grey, JPEG or WebP; columns have their types in every split."""
    records = write_made_up(tmp_path, [*several_frames(20), *unusual_frames()])
    exported(tmp_path, format, splits=SPLITS)

    assert set(datasets.get_dataset_split_names(str(tmp_path / "exports" / format))) == {"train", "val", "a_test"}
    for split in ("train", "val", "a-test"):
        rows = loaded(tmp_path, format, split.replace("-", "_"), streaming)
        columns = rows.features.get("json", rows.features)
        assert columns["objects"]["category"].feature.names == NAMES
        check_split(rows, records, split, tmp_path)
    how = "streamed" if streaming else "loaded"
    reads_back(format, "datasets", f"splits, images, boxes, masks, categories; {how}")


@FORMATS
@STREAMING
def test_a_split_of_empty_frames_comes_first(tmp_path: Path, format: ExportFormat, streaming: bool) -> None:
    """From which no reader can guess the types of columns; the other split has 10,000 instances and one category."""
    many = np.arange(1, 10001, dtype=np.uint32).reshape(100, 100)
    frames = [MadeUpFrame(np.zeros((4, 5), np.uint32), f"a{number}", "", number) for number in range(8)]
    frames += [MadeUpFrame(many, "many", "b", 1), MadeUpFrame(random_labels(1), "few", "b", 2)]
    records = write_made_up(tmp_path, frames, [Category("grain", 70)])
    by = {"splits": "train=1,val=1,none=0.0001", "split_by": SplitBy.SEQUENCE}
    seeds = range(1000)  # one of them has the frames in the splits that are wanted
    of = {seed: Splits.of_settings(Settings(**by, split_seed=seed)).of for seed in seeds}
    seed = next(seed for seed in seeds if (of[seed](records[0]), of[seed](records[-1])) == ("train", "val"))
    exported(tmp_path, format, **by, split_seed=seed)

    for split, wanted in ("train", records[:8]), ("val", records[8:]):
        rows = list(loaded(tmp_path, format, split, streaming))
        for row, record in zip(rows, wanted, strict=True):
            check_row(row_of(row), record, tmp_path, ["grain"])
    assert set(loaded(tmp_path, format, None, streaming)) == {"train", "val"}  # there cannot be one without rows


@FORMATS
def test_without_images(tmp_path: Path, format: ExportFormat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows name the images, and all else is there."""
    records = write_made_up(tmp_path, several_frames())
    exported(tmp_path, format, splits="train=1", media=Media.NONE)
    rows = loaded(tmp_path, format, "train")

    assert len(rows) == len(records)
    monkeypatch.chdir(tmp_path)
    for row, record in zip(rows, records, strict=True):
        found = row.get("json", row)
        assert found["objects"]["name"] == [one.name for one in record.instances]
        if format is ExportFormat.HUGGINGFACE:
            assert row["file_name"].endswith(".png")
        if format is ExportFormat.PARQUET:
            check_row(row, record, tmp_path)


def test_images_that_come_later(tmp_path: Path) -> None:
    """Into the folders of an ImageFolder that was exported without: it is complete then."""
    records = write_made_up(tmp_path, several_frames())
    exported(tmp_path, ExportFormat.HUGGINGFACE, splits="train=1", media=Media.NONE)
    folder = tmp_path / "exports/huggingface/train"
    names = datasets.Dataset.from_parquet(str(folder / "metadata.parquet"))["file_name"]
    for record, name in zip(records, names, strict=True):
        shutil.copy(tmp_path / record.image, folder / name)

    for row, record in zip(loaded(tmp_path, ExportFormat.HUGGINGFACE, "train"), records, strict=True):
        check_row(row, record, tmp_path)


@pytest.mark.parametrize("format", [ExportFormat.HUGGINGFACE, ExportFormat.PARQUET])
def test_without_the_card(tmp_path: Path, format: ExportFormat) -> None:
    """Parquet has its own types, also for those who name the files."""
    records = write_made_up(tmp_path, several_frames())
    exported(tmp_path, format, splits="train=1")
    builder = "imagefolder" if format is ExportFormat.HUGGINGFACE else "parquet"
    rows = datasets.load_dataset(builder, data_dir=str(tmp_path / "exports" / format / "train"), split="train")

    assert rows.features["objects"]["category"].feature.names == NAMES
    for row, record in zip(rows, records, strict=True):
        check_row(row, record, tmp_path)


@FORMATS
def test_what_the_page_says(tmp_path: Path, format: ExportFormat, monkeypatch: pytest.MonkeyPatch) -> None:
    """The code in LABELPASS.md runs in the folder above it."""
    write_made_up(tmp_path, several_frames())
    exported(tmp_path, format)
    monkeypatch.chdir(tmp_path / "exports")
    page = Path(format, "LABELPASS.md").read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert blocks
    for code in blocks:
        exec(code, {})


@FORMATS
def test_shards_taken_over(tmp_path: Path, format: ExportFormat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many shards, most of which are files of an earlier export: readers see one dataset, in its order."""
    monkeypatch.setattr(core.exports.surveyed_frames, "FRAMES_IN_PACK", 5)
    monkeypatch.setattr(core.exports.tables.cells, "MOST_FRAMES", 6)
    frames = [MadeUpFrame(random_labels(number), f"a_{number:04}", "a", number) for number in range(60)]
    records = write_made_up(tmp_path, frames)
    exported(tmp_path, format, splits="train=1")
    records[17:18] = write_made_up(tmp_path, [MadeUpFrame(random_labels(99), "a_0017", "a", 17)])
    first = [MadeUpFrame(random_labels(number), f"b_{number:04}", "Z first", number) for number in range(3)]
    records = write_made_up(tmp_path, first) + records
    done = exported(tmp_path, format, splits="train=1")

    if format in done.unchanged:
        unchanged, shards = done.unchanged[format]
        assert shards > unchanged >= 10
    for row, record in itertools.zip_longest(loaded(tmp_path, format, "train"), records):
        check_row(row_of(row), record, tmp_path)
    if format is ExportFormat.WEBDATASET:
        page = (tmp_path / "exports/webdataset/LABELPASS.md").read_text("utf-8")
        monkeypatch.chdir(tmp_path / "exports")
        (pattern,) = re.findall(r"^shards = '(.*)'$", page, re.MULTILINE)
        samples = list(webdataset.WebDataset(pattern, shardshuffle=False).decode("pil"))
        for sample, record in zip(samples, records, strict=True):
            check_row(row_of(sample), record, tmp_path)


@FORMATS
def test_ids_for_an_evaluation(tmp_path: Path, format: ExportFormat) -> None:
    """pycocotools keeps ids in arrays of floats: rows are found again by them, and what is right scores 1."""
    records = write_made_up(tmp_path, [*several_frames(20), *unusual_frames()])
    exported(tmp_path, format, splits=SPLITS)
    splits = ("train", "val", "a_test")
    rows = [row.get("json", row) for split in splits for row in loaded(tmp_path, format, split)]
    annotations = [
        {
            "id": id,
            "image_id": row["image_id"],
            "category_id": category + 1,
            "bbox": list(box),
            "area": area,
            "segmentation": dict(mask),
            "iscrowd": crowd,
        }
        for row in rows
        for crowd, column in ((0, row["objects"]), (1, row["ignored"]))
        for id, category, box, area, mask in zip(
            *(column[name] for name in ("id", "category", "bbox", "area", "segmentation")), strict=True
        )
    ]
    ids = [one["id"] for one in annotations] + [row["image_id"] for row in rows]
    assert len(set(ids)) == len(ids)
    assert len(rows) == len(records)
    assert all(0 < id == int(float(id)) for id in ids)
    coco = COCO()
    coco.dataset = {
        "images": [{"id": row["image_id"], "width": row["width"], "height": row["height"]} for row in rows],
        "annotations": annotations,
        "categories": [{"id": number, "name": name} for number, name in enumerate(NAMES, start=1)],
    }
    coco.createIndex()
    found = [one | {"score": 1.0} for one in annotations if not one["iscrowd"]]
    for kind in ("bbox", "segm"):
        evaluation = COCOeval_faster(coco, coco.loadRes([dict(one) for one in found]), kind)
        evaluation.run()
        assert evaluation.stats[0] == 1


# --- WebDataset -------------------------------------------------------------------------------------------------------


def test_webdataset(tmp_path: Path, reads_back: Any) -> None:
    records = write_made_up(tmp_path, [*several_frames(20), *unusual_frames()])
    exported(tmp_path, ExportFormat.WEBDATASET, splits=SPLITS)
    for split in ("train", "val", "a-test"):
        shards = str(tmp_path / f"exports/webdataset/{split}/{split}-{{000000..000000}}.tar")
        samples = list(webdataset.WebDataset(shards, shardshuffle=False).decode("pil"))
        check_split(samples, records, split, tmp_path)
        for sample in samples:
            numbers = np.asarray(sample["mask.png"]).astype(int) @ [1, 256, 65536]
            masks = [coco_masks.decode(dict(one)) for one in sample["json"]["objects"]["segmentation"]]
            for number, mask in enumerate(masks, start=1):
                assert ((numbers == number) == mask).all()
            assert set(np.unique(numbers)) <= {*range(len(masks) + 1), 0xFFFFFF}
    reads_back("webdataset", "webdataset", "images, boxes, masks as run lengths and as images, categories")
