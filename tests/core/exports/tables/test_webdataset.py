"""The WebDataset export: what is in the tar files, in which order and under which names."""

import io
import json
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_masks

import core.exports.tables.cells
from core.dataset.splits import Splits
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
    write_rich,
)

FORMAT = ExportFormat.WEBDATASET
NAMES = [category.name for category in sorted(CATEGORIES, key=lambda category: category.id or 0)]


def samples_of(dataset: Path, split: str) -> dict[str, dict[str, bytes]]:
    """Key -> suffix -> content, of all shards; fails where the files of a key are not side by side."""
    samples: dict[str, dict[str, bytes]] = {}
    key = ""
    for shard in sorted((dataset / "exports/webdataset" / split).glob("*.tar")):
        with tarfile.open(shard) as tar:
            for member in tar:
                before, key = key, member.name.partition(".")[0]
                assert before == key or key not in samples
                file = tar.extractfile(member)
                assert file
                samples.setdefault(key, {})[member.name.partition(".")[2]] = file.read()
    return samples


def test_what_is_in_it(tmp_path: Path) -> None:
    """Image, boxes, masks, categories and regions to ignore, of frames of any name and image."""
    records = write_made_up(tmp_path, [*several_frames(12), *unusual_frames()])
    exported(tmp_path, FORMAT)
    splits = Splits.of_settings(Settings())
    ids = set()
    for split in splits.names:
        wanted = [record for record in records if splits.of(record) == split]
        samples = samples_of(tmp_path, split)
        assert len(samples) == len(wanted)
        for (key, sample), record in zip(samples.items(), wanted, strict=True):
            row = json.loads(sample["json"])
            suffix = Path(record.image).suffix[1:]
            assert list(sample) == [suffix, "json", "mask.png"]
            assert sample[suffix] == (tmp_path / record.image).read_bytes()
            assert not key.startswith(("__", ".")) and "." not in key
            assert (row["width"], row["height"], row["frame"]) == (record.width, record.height, record.frame)
            pixels = np.asarray(Image.open(io.BytesIO(sample["mask.png"]))).astype(int) @ [1, 256, 65536]
            check_shapes(row["objects"], record.instances, pixels, range(1, 10**6))
            of_all = [(one, name) for one in record.ignored for name in ([one.category] if one.category else NAMES)]
            assert [NAMES[number] for number in row["ignored"]["category"]] == [name for _, name in of_all]
            ignored = coco_masks.decode(row["ignored"]["segmentation"]).any(2) if of_all else np.zeros(pixels.shape)
            assert ((pixels == 0xFFFFFF) == ignored).all()
            ids.update(row["objects"]["id"])
    assert len(ids) == sum(len(record.instances) for record in records)


def check_shapes(objects: dict[str, list[Any]], instances: Any, pixels: Any, numbers: range) -> None:
    assert len({len(column) for column in objects.values()}) == 1
    assert [NAMES[number] for number in objects["category"]] == [one.category for one in instances]
    assert objects["name"] == [one.name for one in instances]
    assert objects["area"] == [one.mask.area for one in instances]
    boxes = [[one.mask.box.x0, one.mask.box.y0, one.mask.box.width, one.mask.box.height] for one in instances]
    assert objects["bbox"] == boxes
    for number, segmentation, box in zip(numbers, objects["segmentation"], boxes, strict=False):
        assert (coco_masks.decode(segmentation).astype(bool) == (pixels == number)).all()
        assert coco_masks.toBbox(segmentation).tolist() == box


def test_tracks_and_keypoints(tmp_path: Path) -> None:
    records = write_rich(tmp_path)
    done = exported(tmp_path, FORMAT, splits="train=1")
    tracks: dict[tuple[str, str, str], set[int]] = {}
    for sample, record in zip(samples_of(tmp_path, "train").values(), records, strict=True):
        objects = json.loads(sample["json"])["objects"]
        assert objects["at_border"] == [one.at_border for one in record.instances]
        for one, points, track in zip(record.instances, objects["keypoints"], objects["track_id"], strict=True):
            assert points == [value for point in one.keypoints or () for value in (point.x, point.y, point.visibility)]
            tracks.setdefault((record.sequence, one.name, one.category), set()).add(track)
    assert all(len(ids) == 1 for ids in tracks.values())
    assert len(set.union(*tracks.values())) == len(tracks)
    number = sum(len(record.instances) for record in records)
    assert done.losses[FORMAT] == (
        f"{number} instances: amodal mask left out",
        f"{number} instances: pose and 3D box left out",
        "1 category: supercategory left out",
    )


def test_shards_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By number and by size, and keys are unique across them."""
    monkeypatch.setattr(core.exports.tables.cells, "MOST_FRAMES", 3)
    write_made_up(tmp_path, several_frames(30))
    exported(tmp_path, FORMAT, splits="train=1")
    folder = tmp_path / "exports/webdataset/train"
    sizes = json.loads((folder / "sizes.json").read_text())

    assert list(sizes) == [f"train-{number:06}.tar" for number in range(len(sizes))]
    assert sum(sizes.values()) == 30 and max(sizes.values()) == 3
    pattern = f"'webdataset/train/train-{{000000..{len(sizes) - 1:06}}}.tar'"
    assert pattern in (folder.parent / "LABELPASS.md").read_text("utf-8")
    assert len(samples_of(tmp_path, "train")) == 30
    for name, size in sizes.items():
        with tarfile.open(folder / name) as tar:
            assert Counter(Path(member).suffixes[-1] for member in tar.getnames()) == {".png": 2 * size, ".json": size}

    monkeypatch.setattr(core.exports.tables.cells, "MOST_BYTES", 1)
    exported(tmp_path, FORMAT, splits="train=1")
    assert list(json.loads((folder / "sizes.json").read_text()).values()) == [1] * 30


def test_headers_are_of_no_machine(tmp_path: Path) -> None:
    write_made_up(tmp_path, several_frames())
    exported(tmp_path, FORMAT, splits="train=1")
    with tarfile.open(tmp_path / "exports/webdataset/train/train-000000.tar") as tar:
        for member in tar:
            assert (member.mtime, member.uid, member.gid, member.uname, member.gname) == (0, 0, 0, "", "")
            assert (member.mode, member.isreg()) == (0o644, True)


def test_names_that_readers_leave_out(tmp_path: Path) -> None:
    """Hidden ones, ones of nothing but dots and underscores, and ones that differ by a dot only."""
    names = ["__a", "_a", ".a", "a", "__", "a.b", "a_b", "n" * 200, "n" * 201, "not utf-8 \udce9"]
    frames = [MadeUpFrame(random_labels(1), name, "", number) for number, name in enumerate(names)]
    write_made_up(tmp_path, frames)
    exported(tmp_path, FORMAT, splits="train=1")
    samples = samples_of(tmp_path, "train")

    assert len(samples) == len(names)
    assert not any(key.startswith(("_", ".")) for key in samples)
    assert {"a", "a_b", "n" * 200} <= set(samples)
    assert all(key.encode() and len(key.encode()) <= 220 for key in samples)


def test_without_images_and_without_frames(tmp_path: Path) -> None:
    write_made_up(tmp_path, several_frames(4))
    exported(tmp_path, FORMAT, splits="train=1,never-seen=0.000001", media=Media.NONE)

    assert files_in(tmp_path / "exports/webdataset") == {
        "LABELPASS.md", "README.md", "export.json", "shards.json", "train/train-000000.tar", "train/sizes.json",
        "never-seen/sizes.json",
    }  # fmt: skip
    assert all(set(sample) == {"json", "mask.png"} for sample in samples_of(tmp_path, "train").values())
    assert "never" not in (tmp_path / "exports/webdataset/README.md").read_text()


def test_many_instances(tmp_path: Path) -> None:
    labels = np.arange(1, 10001, dtype=np.uint32).reshape(100, 100)
    write_made_up(tmp_path, [MadeUpFrame(labels, "crowd")], [Category("grain", 9)])
    exported(tmp_path, FORMAT, splits="train=1")
    (sample,) = samples_of(tmp_path, "train").values()
    pixels = np.asarray(Image.open(io.BytesIO(sample["mask.png"]))).astype(int) @ [1, 256, 65536]

    assert len(json.loads(sample["json"])["objects"]["id"]) == 10000
    assert (pixels == labels).all()
