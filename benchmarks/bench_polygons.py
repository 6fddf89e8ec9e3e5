"""Outlines and polygons of all objects of a frame from their masks: `core.masks.outlines`, `core.masks.polygons`."""

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask

from core.masks.outlines import find_outlines
from core.masks.polygons import exact_polygons
from core.masks.runs import LabelArray, Mask, find_masks, find_runs
from core.masks.yolo_polygons import yolo_polygons

from .report import Row, Section, faster, no_slower
from .scenes import FULL_HD, paint_labels
from .timing import compare, one_core

# Objects, and how many times the time of the scan all outlines may take.
_FRAMES = ((20, 2.5), (1000, 5))

Contours = list[list[npt.NDArray[np.int32]]]


def measure(folder: Path) -> Section:
    """From compressed masks, as a record holds them; the scan starts from the label image."""
    rows = [row for objects, target in _FRAMES for row in _one_frame(objects, target)]
    text = (
        f"The masks of a {FULL_HD} frame, as its record holds them, to outlines along pixel corners, to COCO polygons "
        "that pycocotools fills exactly, and to YOLO polygons. *Scan* is `find_runs`, which cuts the frame's label "
        "image into runs. OpenCV decodes each mask and finds its contours, which pycocotools does not fill exactly."
    )
    return Section("Polygons", text, rows)


def _one_frame(objects: int, target: float) -> list[Row]:
    labels = paint_labels(FULL_HD, objects)
    masks = find_masks(labels)
    texts = [mask.rle for mask in masks]
    _check(masks, texts)
    with one_core():
        timings = compare(
            {
                "scan": partial(find_runs, labels),
                "outlines": partial(find_outlines, texts, *labels.shape),
                "coco": partial(exact_polygons, texts, *labels.shape),
                "yolo": partial(yolo_polygons, texts, *labels.shape),
                "opencv": partial(_contours_by_opencv, texts, labels),
            }
        )
    cpu = {name: timing.cpu for name, timing in timings.items()}
    title = f"{objects} objects"
    return [
        no_slower(f"{title}: outlines", cpu["outlines"], "scan", cpu["scan"], target),
        no_slower(f"{title}: COCO polygons", cpu["coco"], "scan", cpu["scan"]),
        no_slower(f"{title}: YOLO polygons", cpu["yolo"], "scan", cpu["scan"]),
        faster(f"{title}: COCO polygons", cpu["coco"], "OpenCV, contours only", cpu["opencv"]),
    ]


def _contours_by_opencv(texts: list[str], labels: LabelArray) -> Contours:
    """Object by object, as converters do it."""
    found = []
    for text in texts:
        pixels = coco_mask.decode({"size": list(labels.shape), "counts": text})
        contours, _ = cv2.findContours(pixels, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
        found.append(list(contours))
    return found


def _check(masks: list[Mask], texts: list[str]) -> None:
    """Speed counts only if the polygons are exact."""
    for mask, polygons in zip(masks, exact_polygons(texts, FULL_HD.height, FULL_HD.width), strict=True):
        parts = coco_mask.frPyObjects([polygon.ravel().tolist() for polygon in polygons], FULL_HD.height, FULL_HD.width)
        if coco_mask.merge(parts)["counts"].decode("ascii") != mask.rle:
            raise SystemExit("pycocotools fills a polygon otherwise than its mask, so there is nothing to compare")
