"""Train torchvision on a dataset of Labelpass: python examples/python/torchvision_train.py DATASET WEIGHTS

The dataset is divided into train and val. Any detection model of torchvision can be chosen, by its name there. It
starts without weights; with `--backbone DEFAULT` its backbone starts from those that torchvision downloads.
"""

import argparse
from pathlib import Path
from typing import Any

import labelpass
import torch
from torch.utils.data import DataLoader
from torch_dataset import FramesDataset, collate
from torchvision.models import get_model

SPLITS = "train=80,val=20"


def train(folder: str, weights: Path, model: str, epochs: int, rate: float = 2e-3, **options: Any) -> list[float]:
    """Train, write the weights, and give the mean loss of each epoch.

    Args:
        folder: of the dataset.
        weights: the file for them.
        model: name of a detection model, such as fcos_resnet50_fpn.
        epochs: how often each frame is seen.
        rate: of AdamW.
        options: of the model.
    """
    dataset = labelpass.open(folder)
    frames = FramesDataset(dataset.frames("train", SPLITS))
    loader = DataLoader(frames, batch_size=2, shuffle=True, collate_fn=collate)
    # torchvision counts classes without gaps, and 0 is the background.
    class_of = {category.id: place for place, category in enumerate(dataset.categories, start=1)}
    network = get_model(model, weights=None, num_classes=1 + len(class_of), **options).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate)
    means = []
    for epoch in range(1, epochs + 1):
        losses = []
        for images, targets in loader:
            for target in targets:
                target["labels"] = torch.tensor([class_of[one] for one in target["labels"].tolist()], dtype=torch.int64)
            loss = sum(network(images, targets).values())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        means.append(sum(losses) / len(losses))
        print(f"epoch {epoch}: loss {means[-1]:.3f}", flush=True)
    torch.save(network.state_dict(), weights)
    return means


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train a detector of torchvision on a dataset of Labelpass")
    parser.add_argument("dataset", help="folder of the dataset")
    parser.add_argument("weights", type=Path, help="file for the trained weights")
    parser.add_argument("--model", default="fcos_resnet50_fpn", help="a detection model of torchvision")
    parser.add_argument("--backbone", help="weights that its backbone starts with, such as DEFAULT")
    parser.add_argument("--epochs", type=int, default=20)
    arguments = parser.parse_args()
    train(arguments.dataset, arguments.weights, arguments.model, arguments.epochs, weights_backbone=arguments.backbone)
