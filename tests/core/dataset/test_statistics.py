"""`labelpass stats`: what it counts, against pycocotools and by hand; what it says of it."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from core.base.box import Box
from core.base.dataset_folder import DatasetFolder
from core.base.errors import InputError, RecordError
from core.cli.main import main
from core.dataset.splits import Splits
from core.dataset.statistics import PER_FRAME, SIDES, VISIBILITY, Statistics, Unlearnable, find_statistics
from core.dataset.statistics_report import Report
from core.drawing.read_images import is_dark
from core.frames.sequences import WantedSequences
from core.records.frame_record import FrameRecord
from core.records.instance import Amodal, Instance
from core.records.record_store import open_records
from core.settings.category_table import Category
from tests.builders import instances_in, plain_instance, plain_mask, plain_record, record_files, write_record
from tests.core.datasets import bytes_in, merged

DOCS = Path(__file__).resolve().parents[3] / "docs/datasets.md"
SPLITS = Splits.parse("train=3,val=2,test=1")
CATEGORIES = tuple(map(Category, ("ape", "bus", "car", "road", "unseen")))


def found_in(dataset: Path, splits: Splits = SPLITS, **options: Any) -> Statistics:
    return find_statistics(open_records(DatasetFolder(dataset)), splits.of, **options)


def boxed(width: int, height: int, area: int | None = None, **known: Any) -> Instance:
    mask = plain_mask(Box(2, 2, 2 + width, 2 + height))
    area = mask.area if area is None else area
    return plain_instance(mask=plain_mask(mask.box, area=area), **known)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty frames of rectangles of all sizes, of which every fifth is empty."""
    output = tmp_path_factory.mktemp("statistics") / "dataset"
    rng = np.random.default_rng(7)
    for frame in range(30):
        labels = np.zeros((200, 300), np.uint32)
        for number in range(1, 12 if frame % 5 else 1):
            x, y = rng.integers(0, (290, 190))
            width, height = np.exp(rng.uniform(0, 5.3, 2)).astype(int)
            labels[y : y + height, x : x + width] = number
        write_record(
            output,
            plain_record(
                sequence=f"s{frame % 3}",
                frame=frame,
                width=300,
                height=200,
                categories=CATEGORIES,
                instances=instances_in(labels, [category.name for category in CATEGORIES[:4]]),
                ignored=(plain_instance("crowd", "car"),) if frame == 3 else (),
            ),
        )
    assert merged(output) == []
    return output


def test_counts_are_those_of_pycocotools(dataset: Path) -> None:
    found = found_in(dataset)
    coco = COCO(str(dataset / "annotations/instances.json"))
    rows = coco.loadAnns(coco.getAnnIds(iscrowd=False))
    assert found.instances == len(rows) > 100
    assert found.frames.total() == len(coco.getImgIds()) == 30
    assert found.sequences == len(coco.dataset["videos"]) == 3
    assert {one.name: one.id for one in found.categories} == {
        one["name"]: one["id"] for one in coco.loadCats(coco.getCatIds())
    }
    for category in found.categories:
        of = found.of_category[category.name]
        assert of.instances.total() == len(coco.getAnnIds(catIds=[category.id], iscrowd=False))
        own = {coco.anns[id]["image_id"] for id in coco.getAnnIds(catIds=[category.id], iscrowd=False)}
        assert of.frames == len(own)
    # Its ranges leave out both of their ends.
    ranges = ((0, 32**2 - 0.5), (32**2 - 0.5, 96**2 - 0.5), (96**2 - 0.5, 1e9))
    for count, (low, high) in zip(found.areas, ranges, strict=True):
        assert count == len(coco.getAnnIds(areaRng=[low, high], iscrowd=False))
    without = [image for image in coco.getImgIds() if not coco.getAnnIds(image, iscrowd=False)]
    assert found.empty.total() == len(without) == 6
    shorter = np.array([min(row["bbox"][2:]) for row in rows])
    assert found.sides.tolist() == np.histogram(shorter, [*SIDES, np.inf])[0].tolist()
    per_frame = [len(coco.getAnnIds(image, iscrowd=False)) for image in coco.getImgIds()]
    assert found.per_frame.tolist() == np.histogram(per_frame, [*PER_FRAME, np.inf])[0].tolist()
    at_border = [
        row
        for row in rows
        for x, y, width, height in [row["bbox"]]
        if x == 0 or y == 0 or x + width == 300 or y + height == 200
    ]
    assert found.at_border == len(at_border) > 0
    assert found.ignored == 1


def test_splits_are_those_of_an_export(dataset: Path) -> None:
    found = found_in(dataset)
    records = open_records(DatasetFolder(dataset))
    frames, instances = Counter[str](), Counter[tuple[str, str]]()
    for frame in records.frames():
        record = records.read(frame)
        split = SPLITS.of(record)
        frames[split] += 1
        instances.update((split, one.category) for one in record.instances)
    assert found.frames == frames and len(frames) == 3
    assert {
        (split, name): count for name, of in found.of_category.items() for split, count in of.instances.items()
    } == instances


@pytest.mark.parametrize(
    ("instance", "reasons"),
    [
        (boxed(8, 8), set()),
        (boxed(7, 100), {"narrow"}),
        (boxed(100, 7), {"narrow"}),
        (boxed(50, 50, area=63), {"few_pixels"}),
        (boxed(50, 50, area=64), set()),
        (boxed(160, 8), set()),
        (boxed(161, 8), {"long"}),
        (boxed(8, 161), {"long"}),
        (boxed(1, 1), {"narrow", "few_pixels"}),
        (boxed(9, 9, amodal=Amodal("", Box(0, 0, 1, 1), 100, 100, 9)), {"hidden"}),
        (boxed(9, 9, amodal=Amodal("", Box(0, 0, 1, 1), 100, 100, 10)), set()),
        (boxed(9, 9, amodal=Amodal("", Box(0, 0, 1, 1), 100, 5, 5)), {"hidden"}),  # out of the image
    ],
)
def test_boxes_that_no_detector_learns(instance: Instance, reasons: set[str]) -> None:
    one, two = Unlearnable.of([instance]), Unlearnable.of([boxed(30, 30), instance])
    assert {name for name, found in vars(one).items() if found[0]} == reasons
    assert one.any.tolist() == [bool(reasons)]
    assert two.any.tolist() == [False, bool(reasons)]


def counted(*records: FrameRecord, split: str = "train") -> Statistics:
    found = Statistics()
    for record in records:
        found.add(record, split)
    return found


def test_stuff_has_no_box_to_learn() -> None:
    road = Category("road", stuff=True)
    found = counted(plain_record(categories=(road,), instances=(boxed(1, 60, category="road"),)))
    assert (found.instances, found.boxes, found.unlearnable) == (1, 0, 0)


def test_what_else_is_counted() -> None:
    amodal = [Amodal("", Box(0, 0, 1, 1), 100, 100, seen) for seen in (5, 10, 99, 100)]
    instances = tuple(boxed(20, 20, name=f"{n}", amodal=one) for n, one in enumerate(amodal))
    found = counted(
        plain_record(categories=(Category("thing"),), instances=instances, dropped={"small": 3, "hidden": 1}),
        plain_record(frame=2, notes=("look",), colour={"made_by": "x"}, dropped={"small": 1}),
    )
    assert found.visibility.tolist() == [1, 1, *[0] * (len(VISIBILITY) - 3), 2]
    assert found.described == {"amodal": 4, "pose": 0, "keypoints": 0, "soft_mask": 0, "parts": 0, "track": 4}
    assert found.dropped == {"small": 4, "hidden": 1}
    assert (found.without_image, found.with_notes, found.empty.total()) == (1, 1, 1)


# --- Images -----------------------------------------------------------------------------------------------------------


def image_of(path: Path, level: int, bright: int = 0, **options: Any) -> Path:
    """An image of one level, with some white pixels."""
    pixels = np.full((300, 400, 3), level, np.uint8)
    pixels.reshape(-1, 3)[:bright] = 255
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


@pytest.mark.parametrize(
    ("level", "bright", "dark"), [(0, 0, True), (16, 0, True), (17, 0, False), (5, 300, True), (5, 4000, False)]
)
def test_dark_images(level: int, bright: int, dark: bool, tmp_path: Path) -> None:
    assert is_dark(image_of(tmp_path / "a.png", level, bright)) == dark


def test_dark_images_of_any_form(tmp_path: Path) -> None:
    assert is_dark(image_of(tmp_path / "a.jpg", 3, quality=95))
    assert not is_dark(image_of(tmp_path / "b.jpg", 90, quality=95))
    Image.new("L", (3, 1), 200).save(tmp_path / "grey.png")
    assert not is_dark(tmp_path / "grey.png")
    Image.new("RGB", (1, 1)).save(tmp_path / "one.png")
    assert is_dark(tmp_path / "one.png")
    (tmp_path / "bad.png").write_bytes((tmp_path / "a.jpg").read_bytes()[:100])
    with pytest.raises(InputError, match=r"bad\.png cannot be read"):
        is_dark(tmp_path / "bad.png")


def test_images_are_looked_at_only_if_asked(tmp_path: Path) -> None:
    for frame, level in ((1, 0), (2, 100), (3, 2)):
        record = plain_record(frame=frame, colour={"made_by": "x"})
        write_record(tmp_path, record)
        image_of(tmp_path / record.image, level)
    write_record(tmp_path, plain_record(frame=4, colour={"made_by": "x"}))  # its image is missing
    write_record(tmp_path, plain_record(frame=5))
    found = found_in(tmp_path)
    assert (found.dark, found.unreadable, found.without_image) == (None, None, 1)
    found = found_in(tmp_path, images=True)
    assert (found.dark, found.unreadable) == (2, 1)
    assert any(line.split()[-2:] == ["images", "2"] for line in Report(found, SPLITS).lines())


# --- Whole datasets ---------------------------------------------------------------------------------------------------


def test_records_that_do_not_count(tmp_path: Path) -> None:
    for view in ("left", "right"):
        write_record(tmp_path, plain_record(sequence=view, variant=view))
    WantedSequences({"shot_": ["left"]}).write(DatasetFolder(tmp_path))
    (tmp_path / "records/bad.json").write_text("{}")
    found = found_in(tmp_path)
    assert (found.frames.total(), found.left_out, len(found.problems)) == (1, 1, 1)
    assert "bad.json is damaged" in found.problems[0]


def test_nothing_to_count(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="holds no frame records; run 'labelpass annotate'"):
        found_in(tmp_path)


# --- What is said -----------------------------------------------------------------------------------------------------


def keys_of(data: Any, path: str = "") -> set[str]:
    """Every key of JSON as a path; an item of a list as "[]", a split's name as "SPLIT"."""
    if isinstance(data, dict):
        found: set[str] = set()
        for key, value in data.items():
            below = "SPLIT" if key in SPLITS.names else key
            found |= keys_of(value, f"{path}.{below}" if path else below)
        return found
    if isinstance(data, list):
        return set().union(*(keys_of(one, f"{path}[]") for one in data)) if data else {path}
    return {path}


def test_every_key_is_documented(dataset: Path) -> None:
    data = json.loads(json.dumps(Report(found_in(dataset, images=True), SPLITS).as_json()))
    data["frames"]["problems"] = ["a"]
    data["instances"]["dropped"] = {"REASON": 1}
    (page,) = re.findall(r"^### JSON$(.*?)(?=^#|\Z)", DOCS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert keys_of(data) == set(re.findall(r"^\| `([\w.\[\]]+)`", page, re.MULTILINE))


def test_numbers_of_the_json(dataset: Path) -> None:
    found = found_in(dataset)
    data = Report(found, SPLITS).as_json()
    assert data["splits"] == {"shares": {"train": 3, "val": 2, "test": 1}, "by": "frame", "seed": 0}
    assert sum(data["frames"]["by_split"].values()) == data["frames"]["count"] == 30
    assert data["frames"]["sizes"] == [{"width": 300, "height": 200, "frames": 30}]
    instances = data["instances"]
    for name in ("by_area",):
        assert sum(instances[name].values()) == instances["count"]
    for name in ("by_shorter_side",):
        assert sum(one["count"] for one in instances[name]) == instances["count"]
    assert [one["from"] for one in instances["by_shorter_side"]] == [1, 4, 8, 16, 32, 64, 128, 256, 512]
    by_category = instances["by_category"]
    assert [one["name"] for one in by_category] == ["ape", "bus", "car", "road", "unseen"]
    assert sum(one["count"] for one in by_category) == instances["count"]
    assert all(sum(one["by_split"].values()) == one["count"] for one in by_category)
    assert data["frames"]["dark"] is None
    boxes = data["boxes"]
    assert max(boxes["reasons"].values()) <= boxes["not_learned"] <= sum(boxes["reasons"].values())


def hints_of(found: Statistics, splits: Splits = SPLITS) -> str:
    return "\n".join(Report(found, splits).hints())


def test_hints(dataset: Path) -> None:
    found = found_in(dataset)
    said = hints_of(found)
    narrow, few = found.reasons["narrow"], found.reasons["few_pixels"]
    assert f"{narrow} boxes with a side shorter than 8 pixels: Minimum Side (--min-side 8) leaves such" in said
    assert f"{few} boxes with a mask of fewer than 64 pixels: Minimum Area (--min-area 64) leaves such" in said
    assert "no filter leaves them out, but rules of the category table can ignore" in said
    assert "Amodal Masks (--amodal) write it" in said
    assert "6 of 30 frames have no instance" in said
    assert "No instance of 'unseen': a category that is never seen is not learned" in said


def test_filters_that_are_hinted_at_help() -> None:
    """They exist, and leave out just these."""
    hidden = boxed(20, 20, amodal=Amodal("", Box(0, 0, 1, 1), 100, 100, 9))
    found = counted(plain_record(categories=(Category("thing"),), instances=(boxed(7, 7), boxed(20, 20, 9), hidden)))
    options = re.findall(r"--[\w-]+ [\d.]+", hints_of(found))
    assert options == ["--min-side 8", "--min-area 64", "--min-visibility 0.1"]


def test_hints_on_splits() -> None:
    categories = (Category("car"), Category("bus"))
    found = Statistics(categories=categories)
    found.add(plain_record(categories=categories, instances=(boxed(20, 20, category="car"),)), "train")
    found.add(plain_record(categories=categories, instances=(boxed(20, 20, category="bus"),)), "val")
    said = hints_of(found)
    assert "The split test is empty: 2 frames were divided by frame" in said
    assert "The split train has no instance of 'bus'; add frames, or try another --split-seed" in said
    assert "The split val has no instance of 'car'" in said


def test_text_fits_a_terminal() -> None:
    """Long names of many categories, many splits, and numbers of any size."""
    categories = tuple(Category(f"Ein sehr\nlanger Name einer Kategorie, die niemand liest {n}") for n in range(90))
    splits = Splits.parse(",".join(f"a_rather_long_split_{n}=1" for n in range(9)))
    found = Statistics(categories=categories, sequences=123_456, dark=12)
    for n, category in enumerate(categories):
        instances = (boxed(1, 50, category=category.name), boxed(50, 50, category=category.name))
        record = plain_record(width=n + 1, height=9, categories=categories, instances=instances, notes=("x",))
        found.add(record, splits.names[n % 9])
    found.areas *= 12_345
    lines = Report(found, splits).lines()
    assert max(map(len, lines)) <= 100
    text = "\n".join(lines)
    assert "... and 50 other categories, which --json lists" in text
    assert "Of 9 splits the first 5 are shown; --json lists all" in text
    assert "1 x 9, 2 x 9, 3 x 9 and 87 more pixels" in text


def test_text_of_frames_without_anything(tmp_path: Path) -> None:
    write_record(tmp_path, plain_record())
    lines = Report(found_in(tmp_path), SPLITS).lines()
    assert lines[0] == "1 frame in 1 sequence, 0 instances; 64 x 48 pixels"
    assert "boxes that no detector learns                  0" in lines


def test_command(dataset: Path, capsys: Any) -> None:
    before = bytes_in(dataset)
    assert main(["stats", str(dataset), "--splits", "train=3,val=2,test=1"]) == 0
    text = capsys.readouterr().out
    assert text.splitlines() == Report(found_in(dataset), SPLITS).lines()
    assert re.search(r"^ +train +val +test +all$", text, re.MULTILINE)

    assert main(["stats", str(dataset), "--json", "--splits", "train=3,val=2,test=1"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(Report(found_in(dataset), SPLITS).as_json()))
    assert main(["stats", str(dataset), "--splits", "train"]) == 2
    assert "is not a split with its share" in capsys.readouterr().err
    assert bytes_in(dataset) == before


def test_command_on_a_damaged_dataset(tmp_path: Path, capsys: Any) -> None:
    assert main(["stats", str(tmp_path / "missing")]) == 1
    for frame in (1, 2):
        write_record(tmp_path, plain_record(frame=frame))
    record_files(tmp_path)[0].write_text("{}")
    capsys.readouterr()
    assert main(["stats", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert said.out.startswith("1 frame in 1 sequence")
    assert "is damaged; annotate the frame again" in said.err
