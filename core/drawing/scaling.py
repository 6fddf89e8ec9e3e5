"""Annotations as they are in a picture of another size than the frame's."""

import dataclasses
from collections.abc import Iterable

from ..base.box import Box
from ..records.instance import Instance
from ..scene.camera import Camera, Matrix


def scaled_boxes(instances: Iterable[Instance], scale: float) -> list[Instance]:
    """Instances with their boxes as in a picture that is `scale` times as large, of a pixel at least."""
    return [
        dataclasses.replace(one, mask=dataclasses.replace(one.mask, box=_scaled_box(one.mask.box, scale)))
        for one in instances
    ]


def _scaled_box(box: Box, scale: float) -> Box:
    x0, y0, x1, y1 = (round(edge * scale) for edge in (box.x0, box.y0, box.x1, box.y1))
    return Box(x0, y0, max(x1, x0 + 1), max(y1, y0 + 1))


def scaled_camera(camera: Camera, scale: float) -> Camera:
    """A perspective or orthographic camera of a picture that is `scale` times as large."""
    return dataclasses.replace(camera, k=_larger(camera.k, scale), parallel_k=_larger(camera.parallel_k, scale))


def _larger(matrix: Matrix | None, scale: float) -> Matrix | None:
    """K for a picture of another size: rows x and y times its scale."""
    if matrix is None:
        return None
    x, y, last = matrix
    return tuple(scale * value for value in x), tuple(scale * value for value in y), last
