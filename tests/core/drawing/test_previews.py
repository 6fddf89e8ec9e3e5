"""Preview pictures: boxes where the masks are, depth colours in their order, and nothing that makes drawing fail."""

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.box import Box
from core.drawing.previews.boxes import draw_boxes
from core.drawing.previews.depth import draw_depth
from core.records.instance import Instance
from tests.builders import plain_instance, plain_mask

Bytes = npt.NDArray[np.uint8]
Colour = tuple[int, ...]

GREY = 64


def canvas(height: int, width: int) -> Bytes:
    return np.full((height, width, 3), GREY, np.uint8)


def instance(box: Box, name: str = "a", category: str = "thing") -> Instance:
    return plain_instance(name, category, mask=plain_mask(box))


def colours_on_border(picture: Bytes, box: Box) -> set[Colour]:
    edges = [
        picture[box.y0, box.x0 : box.x1],
        picture[box.y1 - 1, box.x0 : box.x1],
        picture[box.y0 : box.y1, box.x0],
        picture[box.y0 : box.y1, box.x1 - 1],
    ]
    return {tuple(pixel) for pixel in np.concatenate(edges).tolist()}


# --- Boxes ------------------------------------------------------------------------------------------------------------


def test_border_of_a_box_has_its_colour() -> None:
    """All four sides, on the first and last row and column of the object, not next to them."""
    box = Box(30, 60, 91, 107)

    picture = draw_boxes(canvas(200, 160), [instance(box)], ["thing"])

    (colour,) = colours_on_border(picture, box)
    assert colour != (GREY, GREY, GREY)
    # One line at this size: inside and just outside there is the image.
    assert (picture[61:106, 31:90] == GREY).all()
    assert (picture[107:, :] == GREY).all()
    assert (picture[60:107, :30] == GREY).all()
    assert (picture[60:107, 91:] == GREY).all()


def test_names_may_cover_a_part_of_the_picture_only() -> None:
    """Where there are many, those of the largest instances are there, and none hides another one."""
    rng = np.random.default_rng(3)
    corners = rng.integers(0, (300, 220), (200, 2)).tolist()
    boxes = [Box(x, y, x + 5 + n % 17, y + 5 + n % 13) for n, (x, y) in enumerate(corners)]
    some = [instance(box, f"a long name {n}", f"c{n}") for n, box in enumerate(boxes)]
    categories = [one.category for one in some]

    all_names = draw_boxes(canvas(240, 320), some, categories)
    few_names = draw_boxes(canvas(240, 320), some, categories, most_names=0.2)

    assert (all_names == GREY).all(axis=-1).mean() < 0.25
    without = draw_boxes(canvas(240, 320), some, categories, most_names=0)
    named = (few_names != without).any(axis=-1)
    assert 0.05 < named.mean() <= 0.2
    # Alone, a name has all the room that it needs.
    one = draw_boxes(canvas(240, 320), some[:1], categories)
    assert np.array_equal(draw_boxes(canvas(240, 320), some[:1], categories, most_names=0.2), one)


def test_name_stands_above_the_box_or_inside() -> None:
    for y0 in (60, 0):
        box = Box(30, y0, 130, 160)
        picture = draw_boxes(canvas(200, 160), [instance(box, "Name")], ["thing"])
        colour = picture[159, 30]
        above = (picture[:y0] == colour).all(axis=2).any()
        inside = (picture[y0 + 1 : y0 + 20, 31:129] == colour).all(axis=2).any()
        assert (above, inside) == ((True, False) if y0 else (False, True))


def test_one_colour_for_a_category() -> None:
    names = [f"category {number}" for number in range(12)]
    boxes = [Box(20 * number + 1, 40, 20 * number + 15, 70) for number in range(12)]
    objects = [instance(box, "x", name) for box, name in zip(boxes, names, strict=True)]
    twin = instance(Box(1, 120, 15, 150), "x", names[0])

    picture = draw_boxes(canvas(200, 260), [*objects, twin], names)

    colours = [tuple(picture[69, box.x0].tolist()) for box in boxes]
    assert len(set(colours)) == 12
    assert tuple(picture[149, 1].tolist()) == colours[0]
    # The place of a category decides, not what this frame happens to show.
    alone = draw_boxes(canvas(200, 260), [objects[7]], names)
    assert tuple(alone[69, boxes[7].x0].tolist()) == colours[7]


def test_neighbouring_categories_are_far_apart() -> None:
    names = [f"category {number}" for number in range(8)]
    boxes = [instance(Box(20 * number, 40, 20 * number + 15, 70), "x", name) for number, name in enumerate(names)]
    picture = draw_boxes(canvas(100, 200), boxes, names).astype(int)

    colours = [picture[69, 20 * number] for number in range(8)]
    for one, other in itertools.pairwise(colours):
        assert np.abs(one - other).sum() > 100


def test_image_is_not_changed() -> None:
    image = canvas(50, 50)
    image.flags.writeable = False

    assert np.array_equal(draw_boxes(image, [], []), image)
    assert not np.array_equal(draw_boxes(image, [instance(Box(1, 1, 9, 9))], ["thing"]), image)
    assert (image == GREY).all()


def test_small_box_over_the_line_of_a_large_one_stays_whole() -> None:
    small, large = Box(170, 80, 199, 100), Box(10, 20, 190, 190)
    for objects in (
        [instance(small, "s", "small"), instance(large, "l", "large")],
        [instance(large, "l", "large"), instance(small, "s", "small")],
    ):
        picture = draw_boxes(canvas(220, 220), objects, ["large", "small"])
        (colour,) = colours_on_border(picture, small)
        assert tuple(picture[189, 10].tolist()) not in (colour, (GREY, GREY, GREY))


@pytest.mark.parametrize(
    "box", [Box(0, 0, 1, 1), Box(63, 47, 64, 48), Box(0, 0, 64, 48), Box(0, 20, 64, 21), Box(5, 0, 6, 48)]
)
def test_boxes_at_the_edges(box: Box) -> None:
    picture = draw_boxes(canvas(48, 64), [instance(box)], ["thing"])

    assert picture.shape == (48, 64, 3)
    alone = draw_boxes(canvas(48, 64), [instance(Box(30, 30, 40, 40))], ["thing"])
    colour = tuple(alone[39, 30].tolist())
    # The name may lie over a box that touches the top; the rest is there.
    assert colour in colours_on_border(picture, box)
    if box.y1 - box.y0 > 1:
        assert tuple(picture[box.y1 - 1, box.x0].tolist()) == colour


def line_width(picture: Bytes, box: Box) -> int:
    """Of the lower side, in its middle."""
    column = picture[box.y0 : box.y1, (box.x0 + box.x1) // 2]
    drawn = (column == column[-1]).all(axis=1)[::-1]
    return int(np.argmin(drawn))


def test_thick_lines_of_large_images_stay_inside_the_box() -> None:
    box = Box(500, 700, 900, 1300)
    picture = draw_boxes(canvas(2160, 1000), [instance(box)], ["thing"])

    assert len(colours_on_border(picture, box)) == 1
    width = line_width(picture, box)
    assert 3 <= width <= 12
    assert (picture[1300:] == GREY).all()
    assert (picture[700:1300, :500] == GREY).all()
    assert (picture[700:1300, 900:] == GREY).all()
    assert (picture[700 + width : 1300 - width, 500 + width : 900 - width] == GREY).all()


@pytest.mark.parametrize("side", [1, 2, 3, 5])
def test_boxes_smaller_than_the_line(side: int) -> None:
    """An object of a few pixels in a 4K image: the line may lie round it, and goes no further than its own width."""
    box, large = Box(500, 700, 500 + side, 700 + side), Box(500, 700, 900, 1300)
    width = line_width(draw_boxes(canvas(2160, 1000), [instance(large)], ["thing"]), large)
    assert width > side

    picture = draw_boxes(canvas(2160, 1000), [instance(box)], ["thing"])

    (colour,) = colours_on_border(picture, box)
    assert colour != (GREY, GREY, GREY)
    assert (picture[700 + side + width :] == GREY).all()
    assert (picture[700 + side :, 500 + side + width :] == GREY).all()
    assert (picture[700 + side :, : 500 - width] == GREY).all()


def test_names_keep_clear_of_each_other() -> None:
    """Of two objects in the same place both names can be read: what one changes, the other does not cover."""
    box = Box(60, 90, 140, 150)

    def picture(one: str, other: str) -> Bytes:
        return draw_boxes(canvas(200, 200), [instance(box, one, "a"), instance(box, other, "b")], ["a", "b"])

    first = (picture("WWWW", "WWWW") != picture("iiii", "WWWW")).any(axis=2)
    second = (picture("WWWW", "WWWW") != picture("WWWW", "iiii")).any(axis=2)

    assert first.any()
    assert second.any()
    assert not (first & second).any()


NAMES = [
    "",
    " ",
    "\n",
    "two\nlines",
    "tab\tand\rreturn",
    "Würfel",
    "日本語のキューブ",
    "مكعب",
    "🙂🚗",
    "\u0301\u0302 combining",
    "\u200b\u202e\ufeff",
    "null\0byte",
    "\x01\x1b[31m",
    "\udcff",
    "x" * 63,
    "wörd " * 1000,
    "椅子" * 20,
    "שולחן عربي " * 5,
    "\U00020bb7" * 30,
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_any_name_can_be_drawn(name: str) -> None:
    """In its place, and never so large that it hides the image."""
    box = Box(30, 60, 91, 107)

    picture = draw_boxes(canvas(200, 400), [instance(box, name)], ["thing"])

    assert len(colours_on_border(picture, box)) == 1
    assert (picture[60:107, 31:90][1:-1] == GREY).all()
    assert (picture[:60] != GREY).any()
    assert (picture[:30] == GREY).all()


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (4, 4)], ids=str)
def test_tiny_images(size: tuple[int, int], name: str) -> None:
    picture = draw_boxes(canvas(*size), [instance(Box(0, 0, size[1], size[0]), name)], ["thing"])

    assert picture.shape == (*size, 3)
    assert (picture != GREY).any()


@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_random_boxes(height: int, width: int, data: st.DataObject) -> None:
    objects = []
    for number in range(data.draw(st.integers(0, 4))):
        x0, y0 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
        x1, y1 = data.draw(st.integers(x0 + 1, width)), data.draw(st.integers(y0 + 1, height))
        objects.append(instance(Box(x0, y0, x1, y1), data.draw(st.text(max_size=40)), f"c{number % 2}"))

    picture = draw_boxes(canvas(height, width), objects, ["c0", "c1"])

    assert picture.shape == (height, width, 3)
    assert (picture != GREY).any() == bool(objects)


def test_only_the_hundred_largest_have_their_names() -> None:
    """Each has a square of its own. But for the first row, a name stands above its square, in the one above it."""
    side = 40
    boxes = [Box(side * c, side * r, side * (c + 1), side * (r + 1)) for r in range(10) for c in range(12)]
    large = [instance(box, "a") for box in boxes[:100]]
    small = [plain_instance("a", "thing", mask=plain_mask(box, area=1)) for box in boxes[100:]]

    picture = draw_boxes(canvas(side * 10, side * 12), [*small, *large], ["thing"])

    inside = [picture[box.y0 + 2 : box.y1 - 2, box.x0 + 2 : box.x1 - 2] for box in boxes]
    assert [bool((part != GREY).any()) for part in inside] == [True] * 88 + [False] * 32


# --- Depth ------------------------------------------------------------------------------------------------------------


def lightness(picture: Bytes) -> npt.NDArray[np.float64]:
    """Rec. 709 luma, which rises all along the scale."""
    return picture.astype(np.float64) @ [0.2126, 0.7152, 0.0722]


def draw(depth, surface=None, unit: str = "m") -> tuple[Bytes, Bytes]:
    """The picture and the scale next to it."""
    depth = np.asarray(depth, np.float32)
    surface = np.ones(depth.shape, bool) if surface is None else np.asarray(surface)
    drawn = draw_depth(depth, surface, unit).colours()
    assert drawn.dtype == np.uint8
    assert drawn.shape[0] == depth.shape[0]
    assert drawn.shape[1] > depth.shape[1]
    return drawn[:, : depth.shape[1]], drawn[:, depth.shape[1] :]


def bar(scale: Bytes) -> tuple[int, int, Bytes]:
    """First row, row behind the last and colours of the scale's bar, found by its being the widest coloured block."""
    coloured = np.ptp(scale.astype(int), axis=2) > 20
    column = int(np.argmax(coloured.sum(axis=0)))
    rows = np.flatnonzero(coloured[:, column])
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    assert coloured[top:bottom, column].all()
    return top, bottom, scale[top:bottom, column]


def tick_rows(scale: Bytes) -> list[int]:
    """Rows of the lines right of the bar."""
    top, _, _ = bar(scale)
    coloured = np.ptp(scale.astype(int), axis=2) > 20
    right = int(np.flatnonzero(coloured[top])[-1]) + 1
    return np.flatnonzero((scale[:, right : right + 2] == 0).all(axis=(1, 2))).tolist()


@pytest.mark.parametrize(("height", "width"), [(65535, 8), (8, 65535), (1, 1), (65535, 1)])
def test_scale_of_any_shape_is_small(height: int, width: int) -> None:
    """A scale as wide as the image is high took 8.8 GB for an image of 64 x 65535."""
    picture, scale = draw(np.full((height, width), 3.0))
    assert picture.shape == (height, width, 3)
    assert scale.shape[1] < 100


def test_rows_do_not_show_how_they_are_drawn() -> None:
    depth = np.linspace(2, 12, 200)[:, None].repeat(30, axis=1)
    surface = np.arange(200)[:, None].repeat(30, axis=1) % 3 > 0
    picture, _ = draw(depth, surface)
    turned, _ = draw(depth[:, ::-1].T, surface[:, ::-1].T)
    assert np.array_equal(picture.transpose(1, 0, 2)[::-1], turned)


def test_nearer_is_brighter() -> None:
    depth = np.linspace(2, 12, 300)[None, :].repeat(200, axis=0)

    picture, _ = draw(depth)

    levels = lightness(picture[100])
    assert (np.diff(levels) <= 0).all()
    assert levels[0] - levels[-1] > 150
    assert len(np.unique(picture[100], axis=0)) > 200  # and not just a few steps
    assert np.array_equal(picture[0], picture[199])


def test_no_surface_is_a_colour_that_the_scale_has_not() -> None:
    depth = np.linspace(0.5, 80, 40 * 400).reshape(40, 400)
    surface = np.ones(depth.shape, bool)
    surface[::2, ::2] = False
    depth[::2, ::2] = 1e10
    depth[::4, ::4] = np.nan

    picture, _ = draw(depth, surface)

    (background,) = {tuple(pixel) for pixel in picture[~surface].tolist()}
    assert background not in {tuple(pixel) for pixel in picture[surface].tolist()}
    tall = draw(np.linspace(0.5, 80, 900)[:, None])[1]
    assert np.abs(bar(tall)[2].astype(int) - background).sum(axis=1).min() > 60


def test_no_surface_does_not_change_the_rest() -> None:
    depth = np.linspace(1, 5, 50)[None, :].repeat(60, axis=0).astype(np.float32)
    surface = np.ones(depth.shape, bool)
    expected, _ = draw(depth)
    for value in (1e10, 1e11, np.inf, np.nan, -1, 0):
        changed = depth.copy()
        changed[5, 5:40] = value
        surface[5, 5:40] = False
        picture, _ = draw(changed, surface)
        assert np.array_equal(picture[6:], expected[6:]), value


def test_scale_goes_with_the_picture() -> None:
    """The bar is the picture's own colours, near at the top; a ramp drawn next to it matches row by row."""
    rows = 400
    first_row, behind, colours = bar(draw(np.linspace(3, 9, rows)[:, None])[1])
    depth = np.full((rows, 1), 3.0)
    depth[first_row:behind, 0] = np.linspace(3, 9, behind - first_row)
    depth[behind:] = 9

    picture, scale = draw(depth)

    assert np.abs(picture[first_row:behind, 0].astype(int) - bar(scale)[2]).max() <= 4
    assert lightness(colours)[0] > lightness(colours)[-1]


@pytest.mark.parametrize(
    ("near", "far", "ticks"),
    [
        (0.0, 10.0, [0, 2, 4, 6, 8, 10]),
        (3.0, 9.0, [3, 4, 5, 6, 7, 8, 9]),
        (0.12, 0.47, [0.2, 0.3, 0.4]),
        (95.0, 1003.0, [200, 400, 600, 800, 1000]),
        (1e-4, 6e-4, [1e-4, 2e-4, 3e-4, 4e-4, 5e-4, 6e-4]),
    ],
)
def test_ticks_are_at_round_numbers(near: float, far: float, ticks: list[float]) -> None:
    _, scale = draw(np.linspace(near, far, 500)[:, None])
    top, bottom, _ = bar(scale)

    found = tick_rows(scale)

    expected = [top + (tick - near) / (far - near) * (bottom - top - 1) for tick in ticks]
    assert len(found) == len(expected)
    assert np.abs(np.array(found) - expected).max() <= 1


def test_unit_is_written() -> None:
    """Somewhere above the bar, and only there does the unit change the picture."""
    depth = np.linspace(1, 5, 300)[:, None]
    metres, units, nothing = (draw(depth, unit=unit)[1] for unit in ("m", "units", ""))
    top = bar(metres)[0]

    assert (metres[:top] != nothing[:top]).any()
    assert (metres[:top] != units[:top]).any()
    assert np.array_equal(metres[top:], nothing[top:])


def test_constant_depth() -> None:
    for value in (0.01, 1, 7.25, 1e4):
        picture, scale = draw(np.full((200, 30), value))
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) == 1
        assert lightness(picture).max() > 150  # the nearest there is
        assert tick_rows(scale)


@pytest.mark.parametrize("value", [1e10, np.nan, np.inf, 0])
def test_no_surface_at_all(value: float) -> None:
    picture, scale = draw(np.full((100, 30), value), np.zeros((100, 30), bool))

    assert len(np.unique(picture.reshape(-1, 3), axis=0)) == 1
    assert np.ptp(picture[0, 0].astype(int)) == 0  # grey
    assert bar(scale)


def test_one_surface_pixel() -> None:
    surface = np.zeros((100, 30), bool)
    surface[50, 7] = True

    picture, _ = draw(np.where(surface, 4.5, 1e10), surface)

    assert len(np.unique(picture.reshape(-1, 3), axis=0)) == 2


def test_few_far_pixels_do_not_take_the_scale() -> None:
    """A mountain at the horizon: the room in front keeps its shades, and the mountain is the darkest."""
    depth = np.linspace(1, 5, 10_000).reshape(100, 100)
    depth[0, :20] = 50_000

    picture, _ = draw(depth)

    levels = lightness(picture)
    assert levels[0, 30] - levels[99, 99] > 100
    assert (levels[0, :20] <= levels[99, 99]).all()


@pytest.mark.parametrize(("near", "far"), [(1e-6, 1e9), (1e-30, 1e-29), (0.001, 1e5), (999.99, 1000.01), (1e8, 9e8)])
def test_ranges_from_tiny_to_huge(near: float, far: float) -> None:
    depth = np.linspace(near, far, 200)[:, None].repeat(3, axis=1)

    picture, scale = draw(depth)

    levels = lightness(picture[:, 0])
    assert (np.diff(levels) <= 0).all()
    assert levels[0] > 150
    assert levels[-1] < 60
    assert 2 <= len(tick_rows(scale)) <= 12


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (5, 5), (30, 30)], ids=str)
def test_tiny_depth(size: tuple[int, int]) -> None:
    picture, _ = draw(np.linspace(1, 2, size[0] * size[1]).reshape(size))

    assert picture.shape == (*size, 3)


@given(
    st.lists(st.floats(0, 1e9, width=32), min_size=1, max_size=40),
    st.floats(0, 1),
)
def test_random_depth(values: list[float], share: float) -> None:
    """Whatever the values: nothing raises, order is kept, background is its own colour."""
    depth = np.array(values, np.float32)[:, None].repeat(2, axis=1)
    surface = np.zeros(depth.shape, bool)
    surface[: round(len(values) * share)] = True

    picture, _ = draw(depth, surface)

    seen = lightness(picture)[surface]
    order = np.argsort(depth[surface], kind="stable")
    assert (np.diff(seen[order]) <= 1e-6).all()
    background = {tuple(pixel) for pixel in picture[~surface].tolist()}
    assert len(background) <= 1
    assert not background & {tuple(pixel) for pixel in picture[surface].tolist()}
