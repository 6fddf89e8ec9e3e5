"""What is drawn over an image, against the label image and the masks that it comes from."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as coco_mask

from core.base.box import Box
from core.base.errors import RecordError
from core.categories.palette import category_colours
from core.drawing.overlay import box_frames, largest_on_screen, make_overlay
from core.drawing.previews.boxes import draw_boxes
from core.drawing.text_labels import first_free, places_for_name
from core.records.frame_record import FrameRecord
from core.records.instance import Instance
from core.settings.category_table import Category
from tests.builders import instances_in, plain_instance, plain_mask, plain_record

SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 12))


def record(instances: Sequence[Instance], height: int, width: int, name: str = "a") -> FrameRecord:
    categories = tuple(map(Category, "xyz"))
    return plain_record(
        frame=0, name=name, width=width, height=height, categories=categories, instances=tuple(instances)
    )


def record_of_labels(labels: np.ndarray) -> FrameRecord:
    return record(instances_in(labels, "xyz", "object {}"), *labels.shape)


@given(SHAPES.flatmap(lambda shape: arrays(np.uint32, shape, elements=st.integers(0, 6))))
def test_every_pixel_has_the_number_of_its_instance(labels: np.ndarray) -> None:
    frame = record_of_labels(labels)
    overlay = make_overlay(frame)

    assert overlay.numbers.shape == labels.shape and overlay.numbers.dtype == np.float32
    masks = {instance.name: instance.mask for instance in frame.instances}
    for number, name in enumerate(overlay.names, start=1):
        size = [frame.height, frame.width]
        judged = coco_mask.decode({"size": size, "counts": masks[name].rle.encode("ascii")})
        assert np.array_equal(overlay.numbers == number, judged)
        box = masks[name].box
        assert overlay.boxes[number - 1].tolist() == [box.x0, box.y0, box.x1, box.y1]
    assert np.array_equal(overlay.numbers == 0, labels == 0)
    areas = [masks[name].area for name in overlay.names]
    assert areas == sorted(areas, reverse=True)


def test_a_frame_without_instances() -> None:
    overlay = make_overlay(record([], 2, 3))

    assert overlay.boxes.shape == (0, 4) and overlay.numbers.tolist() == [[0, 0, 0], [0, 0, 0]]
    assert [part.shape for part in box_frames(overlay.boxes)] == [(0, 2), (0, 2), (0, 3)]
    assert largest_on_screen(np.empty((0, 4)), (9, 9), 1, 5).tolist() == []


def test_masks_that_cannot_be_are_refused() -> None:
    whole, half = plain_mask(Box(0, 0, 2, 2), rle="04"), plain_mask(Box(0, 0, 1, 2), label=2, rle="022")
    other_size, no_text, broken = (plain_mask(label=2, rle=rle) for rle in ("01", "", "P"))
    for masks in ([whole, half], [other_size], [no_text], [broken]):
        with pytest.raises(RecordError, match=r"damaged .*; annotate the frame again"):
            make_overlay(record([plain_instance("i", "x", mask=mask) for mask in masks], 2, 2))


def test_colours_are_those_of_the_pictures() -> None:
    labels = np.zeros((400, 600), dtype=np.uint32)
    labels[50:300, 50:200], labels[50:300, 400:500] = 1, 2
    frame = record_of_labels(labels)
    picture = draw_boxes(np.zeros((400, 600, 3), dtype=np.uint8), frame.instances, ["x", "y", "z"])

    overlay = make_overlay(frame)

    for box, colour in zip(overlay.boxes, overlay.colours, strict=True):
        assert tuple(picture[box[3] - 1, box[2] - 1]) == colour  # the corner is far from the name
    assert overlay.colours == tuple(category_colours(["x", "y", "z"])[name] for name in "yz")


def test_a_box_is_a_frame_around_the_outline_of_its_pixels() -> None:
    width, scale = 2, 10
    corners, sides, triangles = box_frames(np.array([(1, 2, 4, 5), (0, 0, 1, 1)], dtype=np.int32))
    drawn = corners * scale + sides * width

    assert triangles.shape == (16, 3) and triangles.max() == 15
    y, x = np.mgrid[:60, :60] + 0.5
    covered = np.zeros((60, 60), dtype=int)
    for triangle in drawn[triangles]:
        (ax, ay), (bx, by), (cx, cy) = triangle
        turns = [
            (qx - px) * (y - py) - (qy - py) * (x - px)
            for (px, py), (qx, qy) in (((ax, ay), (bx, by)), ((bx, by), (cx, cy)), ((cx, cy), (ax, ay)))
        ]
        # A point on a diagonal is in one of the two triangles.
        covered += np.all([turn > 1e-6 for turn in turns], axis=0) | np.all([turn < -1e-6 for turn in turns], axis=0)
    expected = np.zeros((60, 60), dtype=int)
    for x0, y0, x1, y1 in ((10, 20, 40, 50), (0, 0, 10, 10)):
        frame = np.zeros((60, 60), dtype=int)
        frame[max(0, y0 - 1) : y1 + 1, max(0, x0 - 1) : x1 + 1] = 1
        frame[y0 + 1 : y1 - 1, x0 + 1 : x1 - 1] = 0
        expected += frame
    corners_of_lines = 4 * 4 * 2  # whose pixels lie on diagonals
    assert (covered > expected).sum() == 0
    assert (covered != expected).sum() <= corners_of_lines


def test_which_boxes_get_a_name() -> None:
    boxes = np.array(
        [(0, 0, 5, 5), (10, 10, 30, 20), (-50, 0, 20, 40), (200, 0, 260, 60), (10, 10, 20, 30)], dtype=np.float64
    )
    assert largest_on_screen(boxes, (100, 100), 10, 9).tolist() == [2, 1, 4]
    assert largest_on_screen(boxes, (100, 100), 10, 2).tolist() == [2, 1]
    assert largest_on_screen(boxes, (300, 100), 1, 9).tolist() == [3, 2, 1, 4, 0]


def test_places_of_a_name_stay_in_the_picture_and_avoid_others() -> None:
    places = places_for_name((90, 2, 120, 50), (30, 10), (100, 80))
    assert (places[:, 0] >= 0).all() and (places[:, 2] <= 100).all()
    assert (places[:, 1] >= 0).all() and (places[:, 3] <= 80).all()
    assert places[0].tolist() == [70, 0, 100, 10]
    assert first_free(places, np.empty((0, 4), dtype=np.int64)) == 0
    assert first_free(places, places[:1]) == 3
    assert first_free(places, np.array([(0, 0, 100, 80)])) is None
