"""What others do to get boxes and masks from a label image, as their documentation or their authors write it."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask

from core.base.box import Box
from core.masks.runs import LabelArray, Mask


def masks_by_pycocotools(labels: LabelArray, wanted: Iterable[int]) -> list[Mask]:
    """The usual way to COCO masks: a full-frame binary mask of each object, encoded by pycocotools.

    Args:
        labels: (H, W) uint32, in C or in Fortran order.
        wanted: the labels that occur; finding them is not part of this.
    """
    masks = []
    for label in wanted:
        binary = np.asfortranarray(labels == label).view(np.uint8)
        rle = coco_mask.encode(binary)
        x, y, width, height = coco_mask.toBbox(rle).astype(int).tolist()
        box = Box(x, y, x + width, y + height)
        masks.append(Mask(label, box, int(coco_mask.area(rle)), rle["counts"].decode("ascii")))
    return masks


def boxes_by_where(labels: LabelArray) -> list[tuple[int, Box]]:
    """The loop that tutorials on Blender's object index show: boxes only, no masks."""
    boxes = []
    for label in np.unique(labels):
        if label != 0:
            rows, columns = np.where(labels == label)
            box = Box(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
            boxes.append((int(label), box))
    return boxes


def floor(labels: LabelArray) -> npt.NDArray[np.intp]:
    """What any scan in numpy takes at least: compare each pixel with the one above it, list where they differ."""
    return np.flatnonzero(labels[1:] != labels[:-1])
