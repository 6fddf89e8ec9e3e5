"""What is told of masks, of many frames at once, against looking at each instance by itself."""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.masks.runs import find_masks
from core.records.frame_record import FrameRecord
from core.report.facts.mask_facts import MaskFacts, mask_facts
from tests.builders import plain_instance, plain_record

Labels = npt.NDArray[np.uint32]
Image = npt.NDArray[np.uint8]
_PLACES = (np.arange(24) + 0.5) / 24


def record_of(labels: Labels) -> FrameRecord:
    masks = find_masks(labels)
    instances = tuple(plain_instance(f"thing.{mask.label}", "thing", mask=mask, labels=(mask.label,)) for mask in masks)
    return plain_record(width=labels.shape[1], height=labels.shape[0], instances=instances)


@st.composite
def frames(draw: st.DrawFn) -> tuple[Labels, Image | None]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    coarse = rng.integers(0, draw(st.integers(1, 5)), (-(-height // 4), -(-width // 4)), np.uint32)
    labels = coarse.repeat(4, axis=0).repeat(4, axis=1)[:height, :width].copy()
    labels[rng.random(labels.shape) < draw(st.sampled_from([0, 0.1]))] = 0
    image = rng.integers(0, 256, (height, width, 3), np.uint8)
    return labels, image if draw(st.integers(0, 4)) else None


def pieces_of(mask: npt.NDArray[np.bool_]) -> int:
    """By filling them one after the other."""
    left, count = mask.copy(), 0
    while left.any():
        count += 1
        ahead = [tuple(np.argwhere(left)[0])]
        while ahead:
            y, x = ahead.pop()
            if 0 <= y < left.shape[0] and 0 <= x < left.shape[1] and left[y, x]:
                left[y, x] = False
                ahead += [(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)]
    return count


def looks_of(mask: npt.NDArray[np.bool_], image: Image) -> tuple[float, float]:
    """Mean colours at 24 x 24 places in and around the box, within the mask and without it."""
    rows, columns = np.nonzero(mask)
    x0, y0, x1, y1 = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    margin = max(max(x1 - x0, y1 - y0) // 4, 4)
    left, right = max(x0 - margin, 0), min(x1 + margin, mask.shape[1])
    top, bottom = max(y0 - margin, 0), min(y1 + margin, mask.shape[0])
    places = np.ix_((top + _PLACES * (bottom - top)).astype(int), (left + _PLACES * (right - left)).astype(int))
    own, colours = mask[places], image[places].astype(float)
    if not own.any():
        return np.nan, np.nan
    mean = colours[own].mean(axis=0)
    apart = np.linalg.norm(mean - colours[~own].mean(axis=0)) / (255 * 3**0.5) if not own.all() else np.nan
    return float(apart), float(mean @ [0.299, 0.587, 0.114]) / 255


def assert_same(facts: MaskFacts, seen: list[tuple[Labels, Image | None]]) -> None:
    expected = [
        (pieces_of(labels == label), *(looks_of(labels == label, image) if image is not None else (np.nan, np.nan)))
        for labels, image in seen
        for label in np.unique(labels[labels > 0]).tolist()
    ]
    pieces, stands_out, light = np.array(expected).reshape(-1, 3).T
    assert facts.pieces.tolist() == pieces.tolist()
    np.testing.assert_allclose(facts.stands_out, stands_out, atol=1e-9)
    np.testing.assert_allclose(facts.light, light, atol=1e-9)


@given(st.lists(frames(), min_size=1, max_size=4))
def test_many_frames_are_as_each_by_itself(seen: list[tuple[Labels, Image | None]]) -> None:
    seen = [one for one in seen if one[0].any()]
    if seen:
        assert_same(mask_facts([record_of(labels) for labels, _ in seen], [image for _, image in seen]), seen)


def _overlapping(record: FrameRecord) -> FrameRecord:
    first, *others = record.instances
    other = dataclasses.replace(others[0], mask=first.mask)
    return dataclasses.replace(record, instances=(first, other, *others[1:]))


def _cut_off(record: FrameRecord) -> FrameRecord:
    first, *others = record.instances
    mask = dataclasses.replace(first.mask, rle=first.mask.rle[:-1])
    return dataclasses.replace(record, instances=(dataclasses.replace(first, mask=mask), *others))


@pytest.mark.parametrize("damage", [_overlapping, _cut_off])
def test_a_damaged_frame_tells_nothing_of_itself_and_takes_nothing_from_others(damage: Any) -> None:
    labels = np.repeat(np.arange(1, 4, dtype=np.uint32), 8)[None, :].repeat(20, axis=0)
    labels[:, 7:9] = 0
    image = np.random.default_rng(0).integers(0, 256, (20, 24, 3), np.uint8)
    record = record_of(labels)
    facts = mask_facts([record, damage(record), record], [image, image, image])
    assert facts.pieces.tolist() == [1, 1, 1, 0, 0, 0, 1, 1, 1]
    assert np.isnan(facts.light).tolist() == [False] * 3 + [True] * 3 + [False] * 3
    both = MaskFacts(*(np.delete(values, [3, 4, 5]) for values in vars(facts).values()))
    assert_same(both, [(labels, image)] * 2)
