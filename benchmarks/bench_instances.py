"""All instances with box, area and COCO mask from a label image: `core.masks.runs.find_masks`."""

from functools import partial
from pathlib import Path

import numpy as np

from core.masks.runs import LabelArray, Mask, find_masks

from .peers import boxes_by_where, floor, masks_by_pycocotools
from .report import Row, Section, faster, no_slower
from .scenes import FULL_HD, ULTRA_HD, Size, as_hashes, noise_labels, paint_labels
from .timing import compare, one_core

# Size, objects, and how many times faster than pycocotools and than the loop it should be.
_IMAGES = (
    (FULL_HD, 10, None, None),
    (FULL_HD, 100, 40, 100),
    (FULL_HD, 1000, 200, 350),
    (ULTRA_HD, 1000, None, None),
)


def measure(folder: Path) -> Section:
    """Render-like label images; making them, and finding out which labels occur, is excluded."""
    rows = [row for image in _IMAGES for row in _one_image(*image)]
    text = (
        "From one label image to all boxes, areas and compressed masks. pycocotools and the loop go through the image "
        "once for each object. The floor is one comparison of all pixels with those above, and a list of where they "
        "differ."
    )
    return Section("Instances from a label image", text, rows)


def _one_image(size: Size, objects: int, coco_target: float | None, loop_target: float | None) -> list[Row]:
    labels = paint_labels(size, objects)
    hashes = as_hashes(labels)
    present, present_hashes = _present(labels), _present(hashes)
    _check(labels, present)
    _check(hashes, present_hashes)
    with one_core():
        timings = compare(
            {
                "ours": partial(find_masks, labels),
                "hashes": partial(find_masks, hashes),
                "floor": partial(floor, labels),
                "pycocotools": partial(masks_by_pycocotools, labels, present),
                "columns": partial(masks_by_pycocotools, np.asfortranarray(labels), present),
                "pycocotools, hashes": partial(masks_by_pycocotools, hashes, present_hashes),
                "loop": partial(boxes_by_where, labels),
            }
        )
    cpu = {name: timing.cpu for name, timing in timings.items()}
    title = f"{size}, {objects} objects"
    return [
        faster(title, cpu["ours"], "pycocotools", cpu["pycocotools"], coco_target),
        faster(title, cpu["ours"], "loop, boxes only", cpu["loop"], loop_target),
        faster(title, cpu["ours"], "pycocotools, image transposed before", cpu["columns"]),
        no_slower(title, cpu["ours"], "floor", cpu["floor"]),
        faster(f"{title}, 32-bit hashes", cpu["hashes"], "pycocotools", cpu["pycocotools, hashes"], coco_target),
    ]


def measure_noise(folder: Path) -> Section:
    """Images with as many runs as there can be, to show how the time grows; no render looks like this."""
    rows = []
    for objects, block in ((100, 8), (100, 1), (1, 1)):
        labels = noise_labels(FULL_HD, objects, block)
        present = _present(labels)
        _check(labels, present)
        candidates = {
            "ours": partial(find_masks, labels),
            "pycocotools": partial(masks_by_pycocotools, labels, present),
        }
        with one_core():
            timings = compare(candidates, most_runs=5)
        runs = floor(labels).size + FULL_HD.width
        title = f"{FULL_HD}, {_plural(objects)} in squares of {block} px, {runs / 1e6:.2g} million runs"
        rows.append(faster(title, timings["ours"].cpu, "pycocotools", timings["pycocotools"].cpu))
    text = (
        "Random labels, including background. The time grows with the vertical runs of equal labels, not with the "
        "objects."
    )
    return Section("Noise", text, rows)


def _plural(objects: int) -> str:
    return "1 object" if objects == 1 else f"{objects} objects"


def _present(labels: LabelArray) -> list[int]:
    return [int(label) for label in np.unique(labels) if label]


def _check(labels: LabelArray, present: list[int]) -> None:
    """Speed counts only if the masks are the same; a few dozen of them tell."""
    some = set(present[:: max(1, len(present) // 40)])
    ours: list[Mask] = [mask for mask in find_masks(labels) if mask.label in some]
    if ours != masks_by_pycocotools(labels, sorted(some)):
        raise SystemExit("find_masks and pycocotools disagree, so there is nothing to compare")
