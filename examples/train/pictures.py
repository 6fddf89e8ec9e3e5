"""A picture of what a detector finds."""

from collections.abc import Sequence

import torch
from PIL import Image, ImageDraw, ImageFont

from .detector import Detections
from .samples import Samples

SCALE = 2
LEAST = 0.3  # the lowest score that is drawn
COLORS = ("#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#008080")
_FONT = ImageFont.load_default(11)


def detection_sheet(samples: Samples, detections: Sequence[Detections], columns: int) -> Image.Image:
    """Images next to each other: labels as thin white boxes, detections in the colour of their class with the score."""
    height, width = (SCALE * side for side in samples.size)
    rows = -(-len(detections) // columns)
    sheet = Image.new("RGB", (columns * width, rows * height))
    for place, (pixels, true, found) in enumerate(zip(samples.images, samples.boxes, detections, strict=False)):
        tile = _tile(pixels, true, found, samples.names)
        sheet.paste(tile, (place % columns * width, place // columns * height))
    return sheet


def _tile(pixels: torch.Tensor, true: torch.Tensor, found: Detections, names: Sequence[str]) -> Image.Image:
    image = Image.fromarray(pixels.permute(1, 2, 0).numpy())
    image = image.resize((image.width * SCALE, image.height * SCALE), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for box in true.tolist():
        draw.rectangle([side * SCALE for side in box], outline="white")
    for box, place, score in zip(
        *(values.flip(0).tolist() for values in (found.boxes, found.classes, found.scores)), strict=True
    ):
        if score >= LEAST:
            x0, y0, x1, y1 = (side * SCALE for side in box)
            color = COLORS[place % len(COLORS)]
            draw.rectangle((x0, y0, x1, y1), outline=color, width=2)
            text, at = f"{names[place]} {score:.2f}", (max(x0, 0) + 2, max(y0, 0) + 1)
            draw.rectangle(draw.textbbox(at, text, font=_FONT), fill=color)
            draw.text(at, text, fill="white", font=_FONT)
    return image
