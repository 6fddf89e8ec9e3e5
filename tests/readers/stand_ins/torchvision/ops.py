"""As https://pytorch.org/vision/stable/generated/torchvision.ops.nms.html describes it."""

import torch


def nms(boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float) -> torch.Tensor:
    """Indices of the boxes that are kept, by falling score: none overlaps a kept one of a higher score too much.

    Args:
        boxes: (N, 4), x0, y0, x1, y1.
        scores: (N,).
        iou_threshold: the largest IoU of two that are kept.
    """
    area = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    waiting, kept = scores.argsort(descending=True), []
    while waiting.numel():
        best, waiting = waiting[0], waiting[1:]
        kept.append(best)
        low, high = (
            torch.maximum(boxes[best, :2], boxes[waiting, :2]),
            torch.minimum(boxes[best, 2:], boxes[waiting, 2:]),
        )
        shared = (high - low).clamp(min=0).prod(1)
        waiting = waiting[shared / (area[best] + area[waiting] - shared) <= iou_threshold]
    return torch.stack(kept) if kept else torch.zeros(0, dtype=torch.long)
