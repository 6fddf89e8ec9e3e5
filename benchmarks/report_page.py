"""The report of a large dataset: how fast it is built, how large it is, and how fast the page answers.

    python -m benchmarks.report_page [--frames 10000] [--times 10] [--folder FOLDER]

Makes a dataset of so many frames with ten boxes each, 256 x 256 pixels, in a folder of its own; one that is there is
used again. Then it writes the report on one core, opens it in headless Chromium from the disk, and uses mouse and keys.
It does the same with a page of the same frames ten times, shuffled, in front of the same thumbnails.
"""

import argparse
import dataclasses
import json
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from core.dataset.splits import Splits
from core.masks.runs import find_masks
from core.records.frame_record import FrameRecord
from core.records.instance import Amodal, Instance
from core.report.facts.gathering import Facts, Gatherer
from core.report.judgement.judge import judge
from core.report.write_report import page_of, write_report
from core.scene.poses import Pose
from core.settings.category_table import Category
from tests.builders import moved_by, plain_camera, plain_record, write_record
from tests.page.browser import Browser, Page

from .timing import one_core, time_once

SIDE, THINGS = 256, 10
CATEGORIES = tuple(map(Category, ("apple", "bottle", "crate")))
_COLOURS = np.random.default_rng(0).integers(20, 236, (3, 3))
_STARTS, _ROUNDS = 5, 9
SPLITS = Splits.parse("train=80,val=20")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=10, help="of the frames in the larger page; 1 for none")
    parser.add_argument("--folder", type=Path, help="where the dataset is, or goes; default: a temporary folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="labelpass-report-") as temporary:
        dataset = (options.folder or Path(temporary)) / f"dataset-{options.frames}"
        if not (dataset / "records").is_dir():
            make_dataset(dataset, options.frames)
        measured, facts = built(dataset, options.frames)
        page = dataset / "report/index.html"
        print(json.dumps({**measured, **answered(page)}, indent=2), flush=True)
        if options.times > 1:
            larger = page.with_name("larger.html")
            print(json.dumps({**repeated(facts, options.times, larger), **answered(larger)}, indent=2))


def make_dataset(dataset: Path, count: int) -> None:
    """Frames of soft patterns with ten ellipses each, which hide each other."""
    with mock.patch("os.fsync"):
        for number in range(1, count + 1):
            record, image = _frame(number)
            write_record(dataset, record)
            path = dataset / record.image
            path.parent.mkdir(parents=True, exist_ok=True)
            image.save(path, compress_level=1)


def _frame(number: int) -> tuple[FrameRecord, Image.Image]:
    rng = np.random.default_rng(number)
    pattern = Image.fromarray(rng.integers(30, 226, (8, 8, 3), np.uint8)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    labels = Image.new("I", (SIDE, SIDE))
    draw_labels, draw = ImageDraw.Draw(labels), ImageDraw.Draw(pattern)
    for label in range(1, THINGS + 1):
        width, height = np.exp(rng.normal(3.5, 0.5, 2))
        x, y = rng.uniform(0, SIDE - 8, 2)
        box = (x, y, x + width, y + height)
        draw_labels.ellipse(box, fill=label)
        draw.ellipse(box, fill=tuple(np.clip(_COLOURS[label % 3] + rng.integers(-30, 30, 3), 0, 255).tolist()))
    noisy = np.asarray(pattern, np.int16) + rng.integers(-6, 7, (SIDE, SIDE, 1), np.int16)
    record = plain_record(
        sequence="shot",
        frame=number,
        name=f"{number:06}",
        width=SIDE,
        height=SIDE,
        colour={"made_by": "a benchmark"},
        unit_scale=1.0,
        camera=plain_camera(world_to_camera=moved_by(*rng.uniform(-9, 9, 3).tolist()), lens=float(rng.uniform(30, 60))),
        categories=CATEGORIES,
        instances=tuple(_instances(np.asarray(labels).astype(np.uint32), rng)),
    )
    return record, Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def _instances(labels: npt.NDArray[np.uint32], rng: np.random.Generator) -> Iterator[Instance]:
    for mask in find_masks(labels):
        category = CATEGORIES[mask.label % 3].name
        whole = max(mask.area, round(mask.area / rng.uniform(0.08, 1.2)))
        rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        place = (*rng.uniform(-2, 2, 2).tolist(), float(rng.uniform(3, 12)))
        pose = Pose(
            frame=category,
            rotation=tuple(map(tuple, rotation.tolist())),
            translation=place,
            scale=(1.0,) * 3,
            low=(-0.4,) * 3,
            high=(0.4,) * 3,
            corners=tuple(map(tuple, rng.uniform(0, SIDE, (8, 2)).tolist())),
            distance=float(np.linalg.norm(place)),
        )
        yield Instance(
            name=f"{category}.{mask.label:03}",
            category=category,
            labels=(mask.label,),
            mask=mask,
            pose=pose,
            amodal=Amodal(mask.rle, mask.box, whole, max(mask.area, round(whole * 0.9)), mask.area),
        )


def built(dataset: Path, count: int) -> tuple[dict[str, object], Facts]:
    """How fast the report is written on one core, and how large it is; and what is told of all frames.

    Reading the images is what cannot be avoided.
    """
    gathered: list[Facts] = []
    facts_of = Gatherer.facts

    def noted(self: Gatherer, *categories: Any) -> Facts:
        gathered.append(facts_of(self, *categories))
        return gathered[-1]

    with one_core(), mock.patch.object(Gatherer, "facts", noted):
        cpu = time_once(lambda: write_report(dataset, SPLITS)).cpu
        images = sorted((dataset / "images").rglob("*.png"))[:1000]
        reading = time_once(lambda: [Image.open(image).load() for image in images]).cpu * count / len(images)
    folder = dataset / "report"
    return {
        "frames a second": round(count / cpu, 1),
        "times the time of reading the images": round(cpu / reading, 2),
        "page MB": _megabytes(folder, "index.html"),
        "sheets MB": _megabytes(folder, "sheet-*.jpg"),
        "masks and outlines MB": _megabytes(folder, "frames-*.js"),
    }, gathered[0]


def repeated(facts: Facts, times: int, page: Path) -> dict[str, object]:
    """Write a page of the same frames several times, each time in another order and with other fingerprints."""
    rng, count = np.random.default_rng(1), len(facts.frames)
    orders = [rng.permutation(count) for _ in range(times)]
    first = facts.first
    places = np.concatenate([np.arange(first[frame], first[frame + 1]) for order in orders for frame in order.tolist()])
    chosen = np.concatenate(orders)
    frames, instances = facts.frames[chosen].copy(), facts.instances[places].copy()
    frames["number"], frames["tile"] = np.arange(len(frames)) * 2, np.arange(len(frames))
    frames["fingerprint"] = rng.integers(0, 2**63, len(frames))
    instances["frame"] = np.repeat(np.arange(len(frames)), frames["instances"])
    paths = [f"shot/{number:06}" for number in range(len(frames))]
    files = [facts.files[frame] for frame in chosen.tolist()]
    larger = dataclasses.replace(facts, frames=frames, instances=instances, paths=paths, files=files)
    made: list[str] = []

    def make() -> None:
        made.append(page_of(larger, judge(larger), CATEGORIES, "larger", "../"))

    cpu = time_once(make).cpu
    page.write_text(made[0], encoding="utf-8")
    sheets = sorted(page.parent.glob("sheet-*.jpg"))
    for number in range(len(sheets), len(frames) // 100 + 1):
        (page.parent / f"sheet-{number:04}.jpg").hardlink_to(sheets[number % len(sheets)])
    return {"frames": len(frames), "instances": len(instances), "judged and packed s": round(cpu, 1)} | {
        "page MB": _megabytes(page.parent, page.name)
    }


def _megabytes(folder: Path, pattern: str) -> float:
    return round(sum(path.stat().st_size for path in folder.glob(pattern)) / 1e6, 2)


def answered(page: Path) -> dict[str, object]:
    """How fast the page is ready, filters and draws, in milliseconds."""
    with Browser() as browser:
        opened = browser.open(page.as_uri())
        opened.send("Performance.enable")
        ready, cpu = [], []
        for _ in range(_STARTS):
            before = _processor_seconds(opened)
            opened.go(page.as_uri())
            ready.append(int(opened.value("document.documentElement.dataset.ready")))
            cpu.append(round(1000 * (_processor_seconds(opened) - before)))
        _use(opened)
        filters, draws = opened.value("timing.filter"), opened.value("timing.draw")
        of_processor = _filter_processor_ms(opened)
        assert not opened.problems, opened.problems
    return {
        "ready ms": sorted(ready),
        "of that processor ms": sorted(cpu),
        "filters": len(filters),
        "filter ms median, 90th percentile": [_median(filters), round(statistics.quantiles(filters, n=10)[8], 1)],
        "of that processor ms, mean": of_processor,
        "draws": len(draws),
        "draw ms median, 99th percentile": [_median(draws), round(statistics.quantiles(draws, n=100)[98], 1)],
    }


def _processor_seconds(page: Page) -> float:
    """What the process of the page has used so far."""
    metrics = page.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "ProcessTime"))


# Of each filter the middle third of its bins, then nearly all of them; back to all after each.
_EACH_FILTER = """(() => {
  let count = 0;
  for (const [from, to] of [[0.3, 0.6], [0.1, 0.9]]) for (const filter of filters) {
    if (!filter.isShown || filter.bins < 4) continue;
    const bins = span(0, filter.bins - 1).filter((bin) => bin >= from * filter.bins && bin < to * filter.bins);
    for (const chosen of [bins, null]) { setBins(filter, chosen); recount(); count++; }
  }
  return count;
})()"""


def _filter_processor_ms(page: Page) -> float:
    """What a filter takes without drawing, on average; other programs on the machine do not count in it."""
    page.value("showView('gallery')")
    before = _processor_seconds(page)
    count = page.value(_EACH_FILTER)
    return round(1000 * (_processor_seconds(page) - before) / count, 2)


def _median(values: list[float]) -> float:
    return round(statistics.median(values), 2)


def _use(page: Page) -> None:
    """Choose and drag in filters, then scroll through frames and instances."""
    page.value("(timing.filter.length = 0, timing.draw.length = 0)")
    for round in range(_ROUNDS):
        page.click(f"#side .choice:nth-child({round % 3 + 1})")
        bars = page.value("[...document.querySelectorAll('#side .bins')].map((b) => b.children.length)")
        for plot, count in enumerate(bars[:4], 1):
            x, y = page.middle_of(
                f"#side section:has(.bins):nth-of-type({plot + 3}) .bins button:nth-child({count // 2})"
            )
            page.drag([(x, y), (x + 20, y), (x + 40, y)])
        page.press("Escape")
    page.value("timing.draw.length = 0")
    for key in ("", "v"):
        if key:
            page.press(key)
        for _ in range(60):
            page.wheel(760, 500, 400)
            page.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


if __name__ == "__main__":
    main()
