"""Compressed counts against pycocotools' own encoder and decoder."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from core.masks.rle import decode_columns, decode_counts, encode_counts, mask_extents

# pycocotools reserves six characters a count, so it is not an oracle from 2^29 on.
LARGEST = (1 << 29) - 1
COUNTS = st.one_of(
    st.integers(0, 40),
    st.integers(0, LARGEST),
    # Where a count or a difference takes one character more.
    st.sampled_from([value for bits in range(4, 29, 5) for value in ((1 << bits) - 1, 1 << bits, (1 << bits) + 1)]),
)


def encode(masks: list[list[int]]) -> list[bytes]:
    counts = np.array([count for mask in masks for count in mask], dtype=np.int64)
    lengths = np.array([len(mask) for mask in masks], dtype=np.int64)
    return [text.encode("ascii") for text in encode_counts(counts, lengths)]


def pycocotools_encode(counts: list[int]) -> bytes:
    return coco_mask.frPyObjects({"size": [1, sum(counts)], "counts": counts}, 1, sum(counts))["counts"]


@given(st.lists(st.lists(COUNTS, min_size=1, max_size=12), min_size=1, max_size=6))
def test_equals_pycocotools(masks: list[list[int]]) -> None:
    assert encode(masks) == [pycocotools_encode(counts) for counts in masks]


def test_first_three_counts_of_every_mask_are_not_differences() -> None:
    masks = [[7], [1, 2], [100, 200, 300], [100, 200, 300, 400], [5, 6, 7, 8, 9]]

    assert encode(masks) == [pycocotools_encode(counts) for counts in masks]


def test_differences_of_both_signs_at_every_length() -> None:
    steps = [sign * ((1 << bits) + off) for bits in range(4, 25, 5) for off in (-1, 0, 1) for sign in (1, -1)]
    for step in steps:
        counts = [1, 1 << 26, 3, (1 << 26) + step, 5]
        assert encode([counts]) == [pycocotools_encode(counts)], step


def test_no_masks() -> None:
    assert encode([]) == []


def decode(texts: list[str]) -> list[list[int]]:
    counts, lengths = decode_counts(texts)
    assert counts.dtype == lengths.dtype == np.int64
    return [mask.tolist() for mask in np.split(counts, np.cumsum(lengths)[:-1])] if texts else []


def pixels(counts: list[int], shape: tuple[int, int]) -> np.ndarray:
    flat = np.repeat(np.arange(len(counts)) % 2, counts)
    return flat.reshape(shape, order="F").astype(np.uint8)


@given(st.lists(st.lists(COUNTS, min_size=1, max_size=12), min_size=1, max_size=6))
def test_reads_what_pycocotools_writes(masks: list[list[int]]) -> None:
    assert decode([pycocotools_encode(counts).decode("ascii") for counts in masks]) == masks


@given(st.integers(1, 9), st.integers(1, 9), st.data())
def test_masks_are_those_that_pycocotools_decodes(height: int, width: int, data: st.DataObject) -> None:
    bits = st.lists(st.booleans(), min_size=height * width, max_size=height * width)
    images = [np.array(data.draw(bits), dtype=np.uint8).reshape(height, width, order="F") for _ in range(3)]
    texts = [coco_mask.encode(np.asfortranarray(image))["counts"].decode("ascii") for image in images]

    for text, counts in zip(texts, decode(texts), strict=True):
        judged = coco_mask.decode({"size": [height, width], "counts": text.encode("ascii")})
        assert np.array_equal(pixels(counts, (height, width)), judged)


def test_decodes_no_masks_and_masks_without_counts() -> None:
    assert decode([]) == []
    assert decode([""]) == [[]]
    assert decode(["", "0", "", "12", ""]) == [[], [0], [], [1, 2], []]


@given(st.lists(st.text(alphabet=[chr(code) for code in range(40, 118)], max_size=20), max_size=4))
def test_any_text_is_decoded_or_refused(texts: list[str]) -> None:
    try:
        masks = decode(texts)
    except ValueError:
        return
    assert [decode([text])[0] for text in texts] == masks
    assert decode([text.decode("ascii") for text in encode(masks)]) == masks


@pytest.mark.parametrize("texts", [["P"], ["1", "P", "1"], ["/"], ["p0"], ["ü"], ["N"], ["P" * 12 + "1"], ["1111N"]])
def test_what_are_no_run_lengths_is_refused(texts: list[str]) -> None:
    with pytest.raises(ValueError):
        decode_counts(texts)


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32 - 1), st.integers(0, 11), st.integers(0, 11))
def test_columns_are_those_of_pycocotools(height: int, width: int, seed: int, one: int, other: int) -> None:
    mask = np.random.default_rng(seed).integers(0, 2, (height, width), dtype=np.uint8)
    text = coco_mask.encode(np.asfortranarray(mask))["counts"].decode("ascii")
    first, end = sorted((min(one, width), min(other, width)))

    assert (decode_columns(text, height, first, end) == mask[:, first:end].astype(bool)).all()


def test_columns_of_a_mask_of_another_size() -> None:
    text = coco_mask.encode(np.zeros((4, 3), np.uint8, order="F"))["counts"].decode("ascii")

    with pytest.raises(ValueError, match="not of the image's size"):
        decode_columns(text, 4, 0, 5)


@given(st.lists(st.tuples(st.integers(1, 7), st.integers(1, 7), st.integers(0, 3)), max_size=4), st.data())
def test_extents_are_those_of_pycocotools(frames: list[tuple[int, int, int]], data: st.DataObject) -> None:
    """Of the masks of several frames at once, which do not overlap in a frame."""
    texts, of_frame, areas, boxes = [], [], [], []
    for number, (height, width, count) in enumerate(frames):
        labels = st.lists(st.integers(0, count), min_size=height * width, max_size=height * width)
        image = np.array(data.draw(labels), np.uint8).reshape(height, width)
        for label in range(1, count + 1):
            encoded = coco_mask.encode(np.asfortranarray(image == label))
            x, y, wide, high = coco_mask.toBbox(encoded).astype(int).tolist()
            texts.append(encoded["counts"].decode("ascii"))
            of_frame.append(number)
            areas.append(int(coco_mask.area(encoded)))
            boxes.append([x, y, x + wide, y + high])
    sizes = np.array([frame[:2] for frame in frames], np.int64).reshape(-1, 2)

    found = mask_extents(texts, np.array(of_frame, np.int64), sizes[:, 0], sizes[:, 1])

    assert found[0].tolist() == areas
    assert found[1].tolist() == boxes


def test_extents_of_masks_that_overlap() -> None:
    one, two = (coco_mask.encode(np.asfortranarray(np.eye(3, k=k, dtype=np.uint8)))["counts"].decode() for k in (0, 1))
    size = np.array([3, 3])
    mask_extents([one, two], np.array([0, 0]), size[:1], size[:1])
    mask_extents([one, one], np.array([0, 1]), size, size)
    with pytest.raises(ValueError, match="two masks overlap"):
        mask_extents([one, two, one], np.array([0, 0, 0]), size[:1], size[:1])
    with pytest.raises(ValueError, match="not of the image's size"):
        mask_extents([one], np.array([0]), size[:1] + 1, size[:1])
