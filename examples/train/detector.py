"""A small detector without anchors: a heat map of centres for each class, and a box at each place of it.

Source: Zhou, Wang and Krähenbühl, "Objects as Points", 2019, and for the four distances of a box Tian, Shen, Chen and
He, "FCOS: Fully Convolutional One-Stage Object Detection", 2019.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STRIDE = 4  # pixels of the image for each cell of the heat map
WIDTHS = 16, 32, 64, 96, 128
NECK = 32
PRIOR = 0.01  # the heat that an untrained network sees everywhere
CENTRE = 0.1  # spread of a centre, as a part of the box
INSIDE = 0.6  # cells whose heat is higher learn the box


def convolution(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class Block(nn.Module):
    """Two convolutions and a way around them."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.first = convolution(inputs, outputs, 3, stride)
        self.second = nn.Sequential(nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs))
        same = inputs == outputs and stride == 1
        self.around = nn.Identity() if same else nn.Conv2d(inputs, outputs, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.second(self.first(x)) + self.around(x))


class Detector(nn.Module):
    """(N, 3, H, W) from 0 to 1 -> heat (N, classes, H / 4, W / 4) before the sigmoid, and boxes (N, 4, H / 4, W / 4):
    how far left, top, right and bottom are from the middle of the cell, in cells."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.stem = convolution(3, WIDTHS[0], 5, 2)
        self.down = nn.ModuleList(Block(a, b, 2) for a, b in pairwise(WIDTHS))
        self.side = nn.ModuleList(nn.Conv2d(width, NECK, 1) for width in WIDTHS[1:])
        self.up = nn.ModuleList(convolution(NECK, NECK) for _ in WIDTHS[2:])
        self.heat_head = nn.Sequential(convolution(NECK, NECK), nn.Conv2d(NECK, classes, 1))
        self.box_head = nn.Sequential(convolution(NECK, NECK), nn.Conv2d(NECK, 4, 1))
        nn.init.constant_(self.heat_head[-1].bias, math.log(PRIOR / (1 - PRIOR)))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        x, levels = self.stem(images - 0.5), []
        for block, side in zip(self.down, self.side, strict=True):
            x = block(x)
            levels.append(side(x))
        x = levels.pop()
        for up in self.up:
            level = levels.pop()
            x = up(level + F.interpolate(x, size=level.shape[2:]))
        return self.heat_head(x), F.softplus(self.box_head(x))


@dataclass(frozen=True)
class Targets:
    """What a detector should say of some images.

    Attributes:
        heat: (N, classes, h, w), 1 in the cell of a centre.
        boxes: (N, 4, h, w), as of the detector.
        inside: (N, h, w) bool, the cells that have a box.
    """

    heat: Tensor
    boxes: Tensor
    inside: Tensor


def targets_of(boxes: Tensor, classes: Tensor, count: int, size: tuple[int, int]) -> Targets:
    """The targets of images with boxes.

    Args:
        boxes: (N, M, 4) x0, y0, x1, y1 in pixels.
        classes: (N, M) their classes; -1 where an image has fewer boxes.
        count: of classes.
        size: height and width of the images.
    """
    height, width = size[0] // STRIDE, size[1] // STRIDE
    x = torch.arange(width).view(1, 1, 1, -1)
    y = torch.arange(height).view(1, 1, -1, 1)
    x0, y0, x1, y1 = (boxes / STRIDE)[..., None, None].unbind(2)
    at_x, at_y = ((x0 + x1) / 2).floor().clamp(0, width - 1), ((y0 + y1) / 2).floor().clamp(0, height - 1)
    spread_x, spread_y = ((x1 - x0) * CENTRE).clamp(min=0.7), ((y1 - y0) * CENTRE).clamp(min=0.7)
    near = torch.exp(-(((x - at_x) / spread_x) ** 2 + ((y - at_y) / spread_y) ** 2) / 2)
    near = torch.where(classes[..., None, None] >= 0, near, 0.0)
    heat = torch.stack([(near * (classes == one)[..., None, None]).amax(1) for one in range(count)], 1)
    best, which = near.max(1)
    sides = torch.stack(torch.broadcast_tensors(x + 0.5 - x0, y + 0.5 - y0, x1 - x - 0.5, y1 - y - 0.5), 2)
    chosen = sides.gather(1, which[:, None, None].expand(-1, 1, 4, -1, -1))[:, 0]
    return Targets(heat, chosen, (best > INSIDE) & (chosen > 0).all(1))


def loss_of(heat: Tensor, boxes: Tensor, targets: Targets) -> Tensor:
    """Focal loss of the heat, and generalised IoU of the boxes."""
    p, log_p, log_not = heat.sigmoid(), F.logsigmoid(heat), F.logsigmoid(-heat)
    centre = targets.heat > 0.999
    focal = torch.where(centre, (1 - p) ** 2 * log_p, (1 - targets.heat) ** 4 * p**2 * log_not)
    heat_loss = -focal.sum() / centre.sum().clamp(min=1)
    if not targets.inside.any():
        return heat_loss
    predicted, true = (one.permute(0, 2, 3, 1)[targets.inside] for one in (boxes, targets.boxes))
    return heat_loss + 2 * (1 - _generalised_iou(predicted, true)).mean()


def _generalised_iou(a: Tensor, b: Tensor) -> Tensor:
    """Of boxes around the same points, (n, 4) left, top, right, bottom -> (n,)."""

    def area(sides: Tensor) -> Tensor:
        return (sides[:, 0] + sides[:, 2]) * (sides[:, 1] + sides[:, 3])

    both, hull = area(torch.minimum(a, b)), area(torch.maximum(a, b))
    either = area(a) + area(b) - both
    return both / either - (hull - either) / hull


@dataclass(frozen=True)
class Detections:
    """What was found in an image, best first.

    Attributes:
        boxes: (n, 4) x0, y0, x1, y1 in pixels.
        classes: (n,).
        scores: (n,) from 0 to 1.
    """

    boxes: Tensor
    classes: Tensor
    scores: Tensor


@torch.no_grad()
def detect(model: Detector, images: Tensor, most: int = 30, least: float = 0.05) -> list[Detections]:
    """Find things in images.

    Args:
        images: (N, 3, H, W) uint8.
        most: detections in an image.
        least: the lowest score.
    """
    model.eval()
    return [
        found
        for some in images.split(16)
        for found in detections_of(*model(some.float() / 255), most=most, least=least)
    ]


def detections_of(heat: Tensor, boxes: Tensor, most: int, least: float) -> list[Detections]:
    """What the output of a detector says: a thing wherever the heat of its class is highest among the cells around."""
    heat = heat.sigmoid()
    heat = heat * (F.max_pool2d(heat, 3, 1, 1) == heat)
    scores, places = heat.flatten(1).topk(most)
    height, width = heat.shape[2:]
    classes, cells = places // (height * width), places % (height * width)
    middle = torch.stack([cells % width, cells // width], 2) + 0.5
    sides = boxes.flatten(2).transpose(1, 2).gather(1, cells[..., None].expand(-1, -1, 4))
    corners = torch.cat([middle - sides[..., :2], middle + sides[..., 2:]], 2) * STRIDE
    return [
        Detections(box[score > least], one[score > least], score[score > least])
        for box, one, score in zip(corners, classes, scores, strict=True)
    ]
