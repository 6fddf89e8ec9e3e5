"""A dataset of Labelpass for PyTorch: python examples/python/torch_dataset.py DATASET

`FramesDataset` gives each frame as torchvision's detection models take it. Its workers share no open file: each reads
the frames that it is asked for.
"""

import argparse
from typing import Any

import labelpass
import torch
from torch.utils.data import DataLoader, Dataset

Sample = tuple[torch.Tensor, dict[str, Any]]


class FramesDataset(Dataset[Sample]):
    """Frames as pairs of an image and what it shows.

    The image is (3, H, W) float32 from 0 to 1. The target has boxes, (N, 4) float32 x0, y0, x1, y1; labels, (N,) int64
    ids of categories, from 1; masks, (N, H, W) bool; area, (N,) int64; and the path of the frame.
    """

    def __init__(self, frames: labelpass.Frames) -> None:
        self.frames = frames

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> Sample:
        frame = self.frames[index]
        masks = torch.zeros((len(frame.instances), frame.height, frame.width), dtype=torch.bool)
        for mask, instance in zip(masks, frame.instances, strict=True):
            mask[:] = torch.from_numpy(instance.mask())
        boxes = [[*instance.box] for instance in frame.instances]
        target = {
            "boxes": torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),  # (0, 4) of a frame that shows none
            "labels": torch.tensor([instance.category_id for instance in frame.instances], dtype=torch.int64),
            "masks": masks,
            "area": torch.tensor([instance.area for instance in frame.instances], dtype=torch.int64),
            "path": frame.path,
        }
        return torch.from_numpy(frame.image().copy()).permute(2, 0, 1) / 255, target


def collate(samples: list[Sample]) -> tuple[list[torch.Tensor], list[dict[str, Any]]]:
    """Lists instead of one tensor: frames have different numbers of instances."""
    images, targets = zip(*samples, strict=True)
    return list(images), list(targets)


def main(folder: str, split: str | None, workers: int) -> None:
    dataset = labelpass.open(folder)
    frames = FramesDataset(dataset.frames(split, "train=80,val=20"))
    loader = DataLoader(frames, batch_size=2, shuffle=True, num_workers=workers, collate_fn=collate)
    names = {category.id: category.name for category in dataset.categories}
    for images, targets in loader:
        for image, target in zip(images, targets, strict=True):
            found = ", ".join(names[label] for label in target["labels"].tolist())
            print(f"{target['path']}: {tuple(image.shape)}, {found or 'nothing'}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Go through a dataset of Labelpass with a DataLoader")
    parser.add_argument("dataset", help="folder of the dataset")
    parser.add_argument("--split", help="train or val; all frames without it")
    parser.add_argument("--workers", type=int, default=2, help="processes that read frames")
    arguments = parser.parse_args()
    main(arguments.dataset, arguments.split, arguments.workers)
