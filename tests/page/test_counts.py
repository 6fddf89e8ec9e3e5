"""What the page counts and draws, against pycocotools and against counting one by one."""

import json
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from tests.builders import read_record
from tests.core.report.planted import SPLITS
from tests.page.browser import Page

BINS = "filters.filter((f) => f.isShown).map((f) => ({ key: f.key, of: f.of, bins: f.bins, bin: [...f.bin] }))"
_COUNT = "span(0, f.bins - 1).map((b) => inBin(f, f.now, b))"
COUNTS = f"Object.fromEntries(filters.filter((f) => f.isShown).map((f) => [f.key, {_COUNT}]))"


def test_counts_are_those_of_pycocotools(page: Page, planted: Any) -> None:
    coco = COCO(planted.dataset / "annotations/instances.json")
    rows = coco.loadAnns(coco.getAnnIds())
    assert page.value("[frames.count, instances.count]") == [len(coco.getImgIds()), len(rows)]
    counts = page.value(COUNTS)
    names = page.value("filterOf('category').labels")
    by_category = Counter(coco.cats[row["category_id"]]["name"] for row in rows)
    assert dict(zip(names, counts["category"], strict=True)) == {name: by_category[name] for name in names}
    areas = np.array([row["area"] for row in rows])
    assert page.value("[...instances.area].sort((a, b) => a - b)") == sorted(areas.tolist())
    small = page.value("countCategories().map((row) => row.sizes)")
    edges = [0, 32 * 32, 96 * 96, np.inf]
    assert np.sum(small, axis=0).tolist() == np.histogram(areas, edges)[0].tolist()
    boxes = page.value("[...instances.x].map((x, i) => [x, instances.y[i], instances.width[i], instances.height[i]])")
    assert sorted(boxes) == sorted(row["bbox"] for row in rows)
    seen = np.array([row["amodal"]["visib_fract"] for row in rows])
    assert counts["visible"] == np.histogram(seen, np.arange(21) / 20)[0].tolist()
    per_image = Counter(row["image_id"] for row in rows)
    assert page.value("[...frames.instances].sort((a, b) => a - b)") == sorted(per_image[i] for i in coco.getImgIds())


def test_charts_count_by_category_and_split(page: Page, planted: Any) -> None:
    """As pycocotools does, with the splits that the command line gives."""
    coco = COCO(planted.dataset / "annotations/instances.json")
    names, splits = page.value("filterOf('category').labels"), page.value("head.splits")
    expected = np.zeros((20, len(names), len(splits)), np.int64)
    of_frames = Counter()
    for row in coco.loadAnns(coco.getAnnIds()):
        split = SPLITS.of_key(coco.imgs[row["image_id"]]["file_name"].removeprefix("images/").removesuffix(".png"))
        place = names.index(coco.cats[row["category_id"]]["name"]), splits.index(split)
        expected[(min(19, int(row["amodal"]["visib_fract"] * 20 + 1e-9)), *place)] += 1
    for image in coco.loadImgs(coco.getImgIds()):
        of_frames[SPLITS.of_key(image["file_name"].removeprefix("images/").removesuffix(".png"))] += 1
    each = "head.splits.map((_, s) => inBin(f, f.now, b, c, s))"
    found = page.value(f"((f) => span(0, 19).map((b) => categories.map((_, c) => {each})))(filterOf('visible'))")
    assert found == expected.tolist()
    shown = page.value("countCategories().map((row) => [...row.splits])")
    assert shown == expected.sum(axis=0).tolist()
    frames = page.value("((f) => head.splits.map((_, s) => inSplit(f, s)))(filterOf('per_image'))")
    assert frames == [of_frames[split] for split in splits]


def test_the_table_of_categories(page: Page, planted: Any) -> None:
    """Medians, images and objects of what is left by filters, against counting one by one."""
    page.value("chooseBins(filterOf('visible'), span(10, 19))")
    page.value("chooseBins(filterOf('split'), [0])")
    rows = page.value(
        "[...instances.area].map((area, i) => [instances.category[i], area, instances.frame[i], instances.name[i],"
        "selection.instances[i]])"
    )
    for category, row in enumerate(page.value("countCategories()")):
        mine = np.array([one[1:4] for one in rows if one[0] == category and one[4]]).reshape(-1, 3)
        images, objects = len(set(mine[:, 1].tolist())), len(set(mine[:, 2].tolist()))
        assert (row["count"], row["images"], row["objects"]) == (len(mine), images, objects)
        if len(mine):
            assert row["median"] == np.sort(mine[:, 0])[len(mine) // 2]


@pytest.mark.parametrize("seed", range(6))
def test_charts_count_under_all_other_filters(page: Page, seed: int) -> None:
    rng = np.random.default_rng(seed)
    about = page.value(BINS)
    owner = np.array(page.value("[...instances.frame]"))
    chosen: dict[str, list[int]] = {}
    for number in rng.choice(len(about), 3, replace=False):
        filter = about[number]
        there = np.unique(filter["bin"])
        chosen[filter["key"]] = rng.choice(there, max(1, len(there) * 2 // 3), replace=False).tolist()
    for key, bins in chosen.items():
        page.value(f"chooseBins(filterOf({json.dumps(key)}), {bins})")
    counted = page.value(COUNTS)
    passes = {one["key"]: np.isin(one["bin"], chosen.get(one["key"], one["bin"])) for one in about}
    for filter in about:
        frames, instances = _left(about, passes, owner, filter["key"])
        left = frames if filter["of"] == "frames" else instances
        expected = np.bincount(np.array(filter["bin"])[left], minlength=filter["bins"])
        assert counted[filter["key"]] == expected.tolist(), filter["key"]
    frames, instances = _left(about, passes, owner, "")
    assert page.value("[selection.frameCount, selection.instanceCount]") == [int(frames.sum()), int(instances.sum())]
    page.press("Escape")
    assert page.value("[selection.frameCount, selection.instanceCount]") == [
        page.value("frames.count"),
        page.value("instances.count"),
    ]


def _left(
    about: list[dict[str, Any]], passes: dict[str, npt.NDArray[np.bool_]], owner: npt.NDArray[np.int64], but: str
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which frames and instances pass all filters but one."""
    of_frames = [passes[one["key"]] for one in about if one["of"] == "frames" and one["key"] != but]
    of_instances = [passes[one["key"]] for one in about if one["of"] == "instances" and one["key"] != but]
    frames = np.logical_and.reduce(of_frames)
    fits = np.logical_and.reduce(of_instances)
    instances = fits & frames[owner]
    if not fits.all():
        hit = np.zeros(len(frames), bool)
        hit[owner[fits]] = True
        frames = frames & hit
    return frames, instances


def test_masks_are_those_of_pycocotools(page: Page, planted: Any) -> None:
    path = planted.faults["torn"]
    record = read_record(planted.dataset, path)
    for one in record.instances:
        size = [record.height, record.width]
        expected = coco_mask.decode({"size": size, "counts": one.mask.rle}).ravel(order="F")
        found = page.value(f"[...maskPixels({json.dumps(one.mask.rle)}, {record.width * record.height})]")
        assert found == expected.tolist()


def test_limits_are_exact(page: Page, planted: Any) -> None:
    """What is below a limit by the records is below it in the filter."""
    coco = COCO(planted.dataset / "annotations/instances.json")
    hidden = sum(row["amodal"]["visib_fract"] < 0.1 for row in coco.loadAnns(coco.getAnnIds()))
    page.value("chooseBins(filterOf('visible'), [0, 1])")
    assert page.value("selection.instanceCount") == hidden > 0
