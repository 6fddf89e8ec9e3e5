"""Train a detector on samples: random crops, flips and colours, a rate that rises and falls, and a mean of weights."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from .detector import Detector, loss_of, targets_of
from .samples import Samples

BATCH = 8
RATE = 3e-3
LEAST_LEFT = 0.3  # boxes that a crop leaves less of are left out


@dataclass(frozen=True)
class Epoch:
    """Where a training is.

    Attributes:
        number: of epochs that are done.
        loss: mean of the epoch.
        seconds: of processor time for all epochs so far.
        model: the mean of the weights of the latest steps.
    """

    number: int
    loss: float
    seconds: float
    model: Detector


def train(samples: Samples, epochs: int, seed: int) -> Iterator[Epoch]:
    """Train a detector, and give what it has become after each epoch.

    Args:
        samples: what it learns from.
        epochs: how often it sees each of them.
        seed: of weights, order and crops.
    """
    random = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    model = Detector(len(samples.names)).to(memory_format=torch.channels_last)
    mean = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.98), use_buffers=True)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=1e-3)
    steps = epochs * math.ceil(len(samples) / BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps, pct_start=0.2)
    boxes, classes = _padded(samples)
    seconds = 0.0
    for epoch in range(1, epochs + 1):
        began, losses = time.process_time(), []
        model.train()
        for chosen in torch.randperm(len(samples), generator=random).split(BATCH):
            images, its_boxes, its_classes = augmented(
                samples.images[chosen].float() / 255, boxes[chosen], classes[chosen], random
            )
            targets = targets_of(its_boxes, its_classes, len(samples.names), samples.size)
            loss = loss_of(*model(images.contiguous(memory_format=torch.channels_last)), targets)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
            optimizer.step()
            schedule.step()
            mean.update_parameters(model)
            losses.append(loss.item())
        seconds += time.process_time() - began
        yield Epoch(epoch, sum(losses) / len(losses), seconds, mean.module)


def _padded(samples: Samples) -> tuple[Tensor, Tensor]:
    """(N, M, 4) boxes and (N, M) classes, -1 where an image has fewer than M."""
    return (
        torch.nn.utils.rnn.pad_sequence(samples.boxes, batch_first=True),
        torch.nn.utils.rnn.pad_sequence(samples.classes, batch_first=True, padding_value=-1),
    )


def augmented(images: Tensor, boxes: Tensor, classes: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Images in another size, at another place, mirrored, and in other light, with their boxes.

    Args:
        images: (N, 3, H, W) from 0 to 1.
        boxes: (N, M, 4) x0, y0, x1, y1 in pixels.
        classes: (N, M), -1 where there is no box.
    """

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(len(images), *shape, generator=random)

    height, width = images.shape[2:]
    # From a place of the new image to one of the old, both from -1 to 1: old = scale * new + shift.
    zoom = torch.exp(uniform(math.log(0.8), math.log(1.3), 1))
    scale = torch.cat([(zoom * (2 * (uniform(0, 1, 1) < 0.5).float() - 1)), zoom], 1)
    shift = uniform(-1, 1, 2) * (0.1 + (1 - zoom).clamp(min=0))
    matrix = torch.cat([torch.diag_embed(scale), shift[..., None]], 2)
    grid = F.affine_grid(matrix, list(images.shape), align_corners=False)
    images = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    gain = uniform(0.6, 1.4, 1, 1, 1) * uniform(0.85, 1.15, 3, 1, 1)
    images = (images * gain + uniform(-0.08, 0.08, 1, 1, 1)).clamp(0, 1)

    half = torch.tensor([width, height]) / 2
    corners = (boxes.unflatten(2, (2, 2)) / half - 1 - shift[:, None, None]) / scale[:, None, None]
    corners = (corners + 1) * half
    whole = torch.cat([corners.amin(2), corners.amax(2)], 2)
    inside = whole.clamp(min=0).minimum(torch.tensor([width, height, width, height]))
    left = _area(inside) / _area(whole).clamp(min=1e-6)
    return images, inside, torch.where(left > LEAST_LEFT, classes, -1)


def _area(boxes: Tensor) -> Tensor:
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(-1)
