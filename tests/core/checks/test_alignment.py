"""Masks that are moved against the geometry are found, and how far; those that are not are left alone."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from core.base.dataset_folder import DatasetFolder
from core.checks.checked_frame import CheckedFrame
from core.checks.instances.alignment import check_alignment
from core.masks.runs import Mask, find_masks
from core.records.instance import Amodal
from tests.builders import plain_instance, plain_record

Bools = npt.NDArray[np.bool_]
HEIGHT, WIDTH = 200, 260
# Centre and radius of balls that hide nothing of each other, and one at the border.
BALLS = ((60, 60, 25), (150, 120, 30), (90, 200, 12), (4, 130, 20))


def ball(row: float, column: float, radius: float) -> Bools:
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    inside: Bools = np.hypot(y - row, x - column) < radius
    return inside


def mask_of(pixels: Bools) -> Mask:
    (mask,) = find_masks(pixels.astype(np.uint32))
    return mask


def problems_of(tmp_path: Path, seen: list[Bools], there: list[Bools]) -> list[str]:
    """Of a frame in which so much is seen of what is there."""
    instances = []
    for number, (pixels, geometry) in enumerate(zip(seen, there, strict=True)):
        mask, whole = mask_of(pixels), mask_of(geometry | pixels)
        amodal = Amodal(whole.rle, whole.box, whole.area, whole.area, mask.area)
        instances.append(plain_instance(f"Ball {number}", "ball", mask=mask, amodal=amodal))
    record = plain_record(width=WIDTH, height=HEIGHT, instances=tuple(instances))
    return list(check_alignment(CheckedFrame(DatasetFolder(tmp_path), record)))


@pytest.mark.parametrize(
    ("right", "down", "words"),
    [
        (1, 0, "1 pixel to the right"),
        (-2, 0, "2 pixels to the left"),
        (0, 3, "3 pixels down"),
        (0, -1, "1 pixel up"),
        (2, -1, "2 pixels to the right and 1 pixel up"),
        (-1, 1, "1 pixel to the left and 1 pixel down"),
        (7, 0, "7 pixels to the right"),
    ],
)
def test_moved_masks(tmp_path: Path, right: int, down: int, words: str) -> None:
    there = [ball(*where) for where in BALLS]
    seen = [ball(row + down, column + right, radius) for row, column, radius in BALLS]

    (problem,) = problems_of(tmp_path, seen, there)

    assert problem.startswith(f"The masks lie {words} of where the camera sees the geometry; ")


@pytest.mark.parametrize("seed", range(20))
def test_masks_whose_edges_are_decided_by_chance(tmp_path: Path, seed: int) -> None:
    """As those of one sample a pixel, wherever in the pixel that is, also the same place in each."""
    chance = np.random.default_rng(seed)
    there = [ball(*where) for where in BALLS]
    if seed % 2:
        y, x = chance.uniform(-0.5, 0.5, (2, HEIGHT, WIDTH))
        rows, columns = np.mgrid[:HEIGHT, :WIDTH] + 0.5
        seen = [np.hypot(rows + y - row, columns + x - column) < radius for row, column, radius in BALLS]
    else:
        down, right = chance.uniform(-0.4, 0.4, 2)
        seen = [ball(row + down, column + right, radius) for row, column, radius in BALLS]

    assert problems_of(tmp_path, seen, there) == []


def test_what_is_hidden_from_one_side_is_not_moved(tmp_path: Path) -> None:
    """A fence in front of the lower half of everything."""
    there = [ball(*where) for where in BALLS]
    seen = [pixels & (np.arange(HEIGHT) < row)[:, None] for pixels, (row, _, _) in zip(there, BALLS, strict=True)]

    assert problems_of(tmp_path, seen, there) == []


def test_too_little_to_tell(tmp_path: Path) -> None:
    """One or two instances may be hidden by something that looks like that."""
    there, seen = [ball(*where) for where in BALLS[:2]], [ball(row, column + 1, r) for row, column, r in BALLS[:2]]
    assert problems_of(tmp_path, seen, there) == []
    assert problems_of(tmp_path, [], []) == []


def test_moved_masks_of_many_instances(tmp_path: Path) -> None:
    """More than are looked at, which agree as few do."""
    rows, columns = range(20, HEIGHT - 15, 20), range(20, WIDTH - 15, 20)
    there = [ball(row, column, 9) for row in rows for column in columns]
    moved = [ball(row, column + 1, 9) for row in rows for column in columns]

    (problem,) = problems_of(tmp_path, moved, there)

    assert "1 pixel to the right" in problem
    assert problems_of(tmp_path, there, there) == []
