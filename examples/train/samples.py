"""Images with their boxes in memory, of a split of an export in the format coco; and false labels for the controls."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image


@dataclass(frozen=True)
class Samples:
    """The images of a split.

    Attributes:
        annotations: the COCO file.
        names: of the categories, in the order of their ids.
        category_ids: id of each category in the COCO file.
        image_ids: id of each image in it, (N).
        images: (N, 3, H, W) uint8.
        boxes: of each image, (n, 4) float32: x0, y0, x1, y1 in pixels.
        classes: of each image, (n,) int64: places in `names`.
    """

    annotations: Path
    names: list[str]
    category_ids: list[int]
    image_ids: list[int]
    images: torch.Tensor
    boxes: list[torch.Tensor]
    classes: list[torch.Tensor]

    def __len__(self) -> int:
        return len(self.image_ids)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the images."""
        return self.images.shape[2], self.images.shape[3]


def read_samples(export: Path, split: str) -> Samples:
    """The images of a split.

    Args:
        export: folder of an export in the format coco.
        split: such as "train".
    """
    path = export / f"annotations/instances_{split}.json"
    coco = json.loads(path.read_text(encoding="utf-8"))
    categories = sorted(coco["categories"], key=lambda category: category["id"])
    class_of = {category["id"]: place for place, category in enumerate(categories)}
    found: dict[int, list[dict[str, Any]]] = {image["id"]: [] for image in coco["images"]}
    for annotation in coco["annotations"]:
        if not annotation["iscrowd"]:
            found[annotation["image_id"]].append(annotation)
    pixels = [np.asarray(Image.open(export / "images" / split / image["file_name"])) for image in coco["images"]]
    return Samples(
        path,
        [category["name"] for category in categories],
        list(class_of),
        list(found),
        torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).contiguous(),
        [_corners([one["bbox"] for one in annotations]) for annotations in found.values()],
        [torch.tensor([class_of[one["category_id"]] for one in annotations]) for annotations in found.values()],
    )


def _corners(boxes: list[list[float]]) -> torch.Tensor:
    """x, y, width, height -> x0, y0, x1, y1."""
    corners = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
    corners[:, 2:] += corners[:, :2]
    return corners


def permuted(samples: Samples, seed: int) -> Samples:
    """Each image with the labels of another one: nothing in the pixels says where the boxes are."""
    order = list(range(len(samples)))
    random.Random(seed).shuffle(order)
    source = dict(zip(order, order[1:] + order[:1], strict=True))  # one cycle, so no image keeps its own
    return replace(
        samples,
        boxes=[samples.boxes[source[place]] for place in range(len(samples))],
        classes=[samples.classes[source[place]] for place in range(len(samples))],
    )


def shifted(samples: Samples, seed: int, pixels: float = 8.0) -> Samples:
    """All boxes too far to the right and too low, as by a mistake in the labels that is easily overlooked."""
    return replace(samples, boxes=[boxes + pixels for boxes in samples.boxes])


# Each takes the samples and the seed of the training.
CONTROLS: dict[str, Callable[[Samples, int], Samples]] = {"permuted": permuted, "shifted": shifted}
