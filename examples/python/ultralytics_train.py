"""Train Ultralytics YOLO on a dataset of Labelpass: python examples/python/ultralytics_train.py DATASET OUTPUT

The dataset is exported for YOLO, divided into train and val, with hard links to its images. Without --model a small
network is trained from scratch; `--model yolo11n.pt` starts from weights that Ultralytics downloads.
"""

import argparse
from pathlib import Path
from typing import Any

import labelpass
from ultralytics import YOLO


def export_for_yolo(folder: str, output: Path, task: str) -> Path:
    """Export a dataset, say what became of it, and give the place of its data.yaml."""
    exported = labelpass.open(folder).export(f"yolo_{task}", output, splits="train=80,val=20")
    print("\n".join(exported.lines()))
    (place,) = exported.folders.values()
    return place / "data.yaml"


def train(folder: str, output: Path, task: str = "detect", model: str = "yolo11n.yaml", **options: Any) -> Any:
    """Train, and give what Ultralytics says of the result.

    Args:
        folder: of the dataset.
        output: for the export and the trained network.
        task: detect, or another one that Labelpass has a format yolo_TASK for.
        model: a network without weights (.yaml) or with them (.pt).
        options: of YOLO.train.
    """
    data = export_for_yolo(folder, output, task)
    return YOLO(model, task=task).train(data=data, project=output / "runs", **options)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train Ultralytics YOLO on a dataset of Labelpass")
    parser.add_argument("dataset", help="folder of the dataset")
    parser.add_argument("output", type=Path, help="folder for the export and the trained network")
    parser.add_argument("--task", default="detect", help="detect (default), segment, pose, obb or depth")
    parser.add_argument("--model", default="yolo11n.yaml", help="yolo11n-seg.yaml is one for segment")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--imgsz", type=int, default=640, help="longer side of the images in pixels")
    arguments = parser.parse_args()
    train(
        arguments.dataset,
        arguments.output,
        arguments.task,
        arguments.model,
        epochs=arguments.epochs,
        imgsz=arguments.imgsz,
    )
