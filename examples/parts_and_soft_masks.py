"""Look at parts and soft masks of a dataset: python examples/parts_and_soft_masks.py DATASET PICTURE.png

The dataset is one that was exported with Parts and Soft Masks. The picture shows the first image that has instances,
its parts in colours, and next to it the top of one instance cut out by the hard mask and, below, by the soft mask.
Nothing but the COCO file, the image and its soft masks is read, as training code would do it.
"""

import argparse
import colorsys
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

ZOOM = 4
SHOWN = 60  # pixels of the cut-out
BEHIND = (235, 235, 240)


def main(dataset: Path, picture: Path) -> None:
    coco = COCO(dataset / "annotations/instances.json")
    annotations = annotations_of_an_image(coco)
    image = coco.imgs[annotations[0]["image_id"]]
    with Image.open(dataset / image["file_name"]) as file:
        pixels = np.asarray(file.convert("RGB")).astype(float)

    with_parts = pixels * 0.45
    for annotation in annotations:
        for part in annotation["parts"]:
            inside = coco_mask.decode(part["segmentation"]).astype(bool)
            hue = part["part_category_id"] * 0.618 % 1  # neighbouring ids far apart
            with_parts[inside] += 0.55 * 255 * np.array(colorsys.hsv_to_rgb(hue, 0.75, 1))

    # The one of most parts, and the largest of these.
    chosen = max(annotations, key=lambda annotation: (len(annotation["parts"]), annotation["area"]))
    x, y, width, _ = chosen["bbox"]
    left, top = x + width // 2 - SHOWN // 2, y - SHOWN // 8
    place = np.s_[max(0, top) : top + SHOWN, max(0, left) : left + SHOWN]
    masks = coco.annToMask(chosen).astype(float), soft_mask(dataset, image, chosen) / 255
    cut_outs = [cut_out(pixels, weights)[place] for weights in masks]
    side = np.vstack([np.kron(one, np.ones((ZOOM, ZOOM, 1))) for one in cut_outs])

    height = max(len(with_parts), len(side))
    columns = [np.pad(one, ((0, height - len(one)), (0, 8), (0, 0)), constant_values=255) for one in (with_parts, side)]
    Image.fromarray(np.hstack(columns).clip(0, 255).astype(np.uint8)).save(picture)


def annotations_of_an_image(coco: COCO) -> list[dict[str, Any]]:
    """Those of the first image with instances. Regions to ignore (iscrowd 1) have no parts and no soft mask."""
    for image in coco.getImgIds():
        annotations = coco.loadAnns(coco.getAnnIds(image, iscrowd=False))
        if annotations:
            if all("parts" in annotation and "soft_mask" in annotation for annotation in annotations):
                return annotations
            sys.exit("This dataset has no parts or no soft masks; export it with Parts and Soft Masks on")
    sys.exit("This dataset has no instances")


def soft_mask(dataset: Path, image: dict, annotation: dict) -> np.ndarray:
    """(height, width) float, from 0 to 255, of the whole image."""
    x, y, width, height = annotation["soft_mask"]["bbox"]
    full = np.zeros((image["height"], image["width"]))
    with np.load(dataset / annotation["soft_mask"]["file_name"]) as soft_masks:
        full[y : y + height, x : x + width] = soft_masks[annotation["soft_mask"]["array"]]
    return full


def cut_out(pixels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """An instance before a plain background."""
    return pixels * weights[..., None] + np.array(BEHIND) * (1 - weights[..., None])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Draw parts and soft masks of a dataset that was exported with both")
    parser.add_argument("dataset", type=Path, help="folder of the dataset")
    parser.add_argument("picture", type=Path, help="PNG file to write")
    arguments = parser.parse_args()
    main(arguments.dataset, arguments.picture)
