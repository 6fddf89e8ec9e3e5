"""Register a dataset of Labelpass with detectron2: python examples/python/detectron2_register.py DATASET

detectron2 then finds it by its name. Masks are exact run lengths, which it reads with

    cfg.DATASETS.TRAIN = ("frames",)
    cfg.INPUT.MASK_FORMAT = "bitmask"
    cfg.MODEL.ROI_HEADS.NUM_CLASSES = len(MetadataCatalog.get("frames").thing_classes)

Source: detectron2, docs/tutorials/datasets.md, "Standard Dataset Dicts".
"""

import argparse
from typing import Any

import labelpass

XYXY_ABS = 0  # detectron2.structures.BoxMode.XYXY_ABS: x0, y0, x1, y1 in pixels


def frame_dict(frame: labelpass.Frame, class_of: dict[int, int]) -> dict[str, Any]:
    """A frame as detectron2 describes one.

    Args:
        frame: which one.
        class_of: id of a category -> its place in thing_classes.
    """
    return {
        "file_name": str(frame.image_file),
        "image_id": frame.path,
        "height": frame.height,
        "width": frame.width,
        "annotations": [
            {
                "bbox": [*instance.box],
                "bbox_mode": XYXY_ABS,
                "category_id": class_of[instance.category_id],
                "segmentation": {"size": [frame.height, frame.width], "counts": instance.rle},
                "iscrowd": 0,
            }
            for instance in frame.instances
        ],
    }


def frame_dicts(dataset: labelpass.Dataset) -> list[dict[str, Any]]:
    """All frames. detectron2 counts classes from 0 without gaps, in the order of thing_classes."""
    class_of = {category.id: place for place, category in enumerate(dataset.categories) if category.id is not None}
    return [frame_dict(frame, class_of) for frame in dataset.frames()]


def register(name: str, folder: str) -> None:
    """Make a dataset known to detectron2 under a name."""
    from detectron2.data import DatasetCatalog, MetadataCatalog

    dataset = labelpass.open(folder)
    DatasetCatalog.register(name, lambda: frame_dicts(dataset))
    MetadataCatalog.get(name).set(thing_classes=[category.name for category in dataset.categories])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Register a dataset of Labelpass with detectron2, and describe it")
    parser.add_argument("dataset", help="folder of the dataset")
    parser.add_argument("--name", default="frames", help="what detectron2 is going to call it")
    arguments = parser.parse_args()
    register(arguments.name, arguments.dataset)

    from detectron2.data import DatasetCatalog

    for described in DatasetCatalog.get(arguments.name):
        print(f"{described['file_name']}: {len(described['annotations'])} instances")
