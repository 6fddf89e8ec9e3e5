"""The rasteriser against closed forms, and against rays that are sent through every pixel's centre."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.box import Box
from core.geometry.rasteriser import Projection, ScreenTriangles, find_spans, fragments, nearest, project_triangles
from tests.builders import pinhole, plain_camera

HEIGHT, WIDTH = 24, 32
IDENTITY = np.eye(4)
NEAR = 0.5
PINHOLE = Projection(np.array([[30.0, 0, 16], [0, 28.0, 12], [0, 0, 1]]), IDENTITY, False, NEAR)
PARALLEL = Projection(np.array([[5.0, 0, 16], [0, 5.0, 12], [0, 0, 1]]), IDENTITY, True, NEAR)
PROJECTIONS = pytest.mark.parametrize("projection", [PINHOLE, PARALLEL], ids=["pinhole", "parallel"])

Array = np.ndarray


def rays(projection: Projection) -> tuple[Array, Array]:
    """Origins and directions, (H * W, 3) each; the direction's z is 1, so that a ray's parameter is the depth."""
    row, column = np.divmod(np.arange(HEIGHT * WIDTH), WIDTH)
    k = projection.k
    x, y = (column + 0.5 - k[0, 2]) / k[0, 0], (row + 0.5 - k[1, 2]) / k[1, 1]
    zero, one = np.zeros_like(x), np.ones_like(x)
    if projection.parallel:
        return np.stack((x, y, zero), axis=1), np.stack((zero, zero, one), axis=1)
    return np.stack((zero, zero, zero), axis=1), np.stack((x, y, one), axis=1)


def hits(points: Array, triangle: Array, projection: Projection) -> tuple[Array, Array]:
    """Depth of one triangle in each pixel by Cramer's rule (infinite where it is missed), and where that is sure."""
    origin, direction = rays(projection)
    a, b, c = points[triangle]
    matrix = np.stack((np.broadcast_to(b - a, direction.shape), np.broadcast_to(c - a, direction.shape), -direction), 2)
    determinant = np.linalg.det(matrix)
    flat = np.abs(determinant) < 1e-9
    matrix[flat] = np.eye(3)
    u, v, t = np.linalg.solve(matrix, (origin - a)[:, :, None])[:, :, 0].T
    margin = np.minimum.reduce((np.abs(u), np.abs(v), np.abs(1 - u - v), np.abs(t - projection.near)))
    hit = (u > 0) & (v > 0) & (u + v < 1) & (t > projection.near) & ~flat
    return np.where(hit, t, np.inf), (margin > 1e-7) & ~flat


@st.composite
def soups(draw: st.DrawFn) -> tuple[Array, Array]:
    """Points before and behind the camera, and triangles of them."""
    coordinate = st.floats(-4, 4, width=32)
    points = draw(st.lists(st.tuples(coordinate, coordinate, st.floats(-1, 6, width=32)), min_size=3, max_size=8))
    corner = st.integers(0, len(points) - 1)
    triangles = draw(st.lists(st.tuples(corner, corner, corner), min_size=1, max_size=6))
    return np.array(points, np.float64), np.array(triangles)


@PROJECTIONS
@given(soup=soups())
def test_nearest_is_what_rays_hit(projection: Projection, soup: tuple[Array, Array]) -> None:
    points, triangles = soup
    depth, seen = nearest(points, triangles, projection, HEIGHT, WIDTH)

    found = [hits(points, triangle, projection) for triangle in triangles]
    depths, sure = np.stack([one[0] for one in found]), np.all([one[1] for one in found], axis=0)
    first = depths.min(axis=0)
    apart = np.sort(depths, axis=0)
    ties = np.isclose(apart[0], apart[1], rtol=1e-7) if len(triangles) > 1 else np.zeros(first.shape, dtype=bool)
    number = np.where(np.isinf(first), -1, depths.argmin(axis=0))

    assert np.allclose(depth.ravel()[sure], first[sure], rtol=1e-6)
    assert (seen.ravel() == number)[sure & ~(ties & np.isfinite(first))].all()


@PROJECTIONS
def test_plane_has_its_closed_form(projection: Projection) -> None:
    """A tilted plane that the near plane cuts: n . p = d, so z = (d - n . o) / (n . r) along each ray."""
    normal, distance = np.array([0.1, 0.8, 0.6]), 1.5
    along = np.linalg.svd(normal[None])[2][1:]
    points = normal * distance + np.array([[-40, -40], [40, -40], [40, 40], [-40, 40]]) @ along
    depth, _ = nearest(points, np.array([[0, 1, 2], [0, 2, 3]]), projection, HEIGHT, WIDTH)

    origin, direction = rays(projection)
    expected = (distance * (normal @ normal) - origin @ normal) / (direction @ normal)
    before = (expected >= NEAR) & (expected < 20)

    assert before.sum() > 50
    assert np.allclose(depth.ravel()[before], expected[before], rtol=1e-12)
    assert not (depth < NEAR).any()


def ball(rings: int, radius: float, centre: tuple[float, float, float]) -> tuple[Array, Array]:
    """A ball of (rings, 2 rings) quadrangles, cut in two each."""
    polar, around = np.meshgrid(
        np.linspace(0, np.pi, rings + 1), np.linspace(0, 2 * np.pi, 2 * rings + 1), indexing="ij"
    )
    points = np.stack((np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)), axis=-1)
    number = np.arange(polar.size).reshape(polar.shape)
    a, b, c, d = number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]
    quads = [np.stack(corners, axis=-1).reshape(-1, 3) for corners in ((a, b, c), (a, c, d))]
    return points.reshape(-1, 3) * radius + centre, np.concatenate(quads)


@PROJECTIONS
def test_ball_has_its_closed_form(projection: Projection) -> None:
    """The nearer root of |o + t r - c|^2 = R^2; flat faces lie inside of the ball by no more than their sagitta."""
    rings, radius, centre = 96, 1.5, np.array([0.3, -0.2, 4.0])
    depth, _ = nearest(*ball(rings, radius, tuple(centre)), projection, HEIGHT, WIDTH)

    origin, direction = rays(projection)
    a = (direction * direction).sum(axis=1)
    b = ((origin - centre) * direction).sum(axis=1)
    root = b * b - a * (((origin - centre) ** 2).sum(axis=1) - radius**2)
    exact = np.where(root > 0, (-b - np.sqrt(np.maximum(root, 0))) / a, np.inf)
    well_inside = root > 0.2 * root.max()

    sagitta = radius * (1 - np.cos(np.pi / rings))
    error = depth.ravel()[well_inside] - exact[well_inside]
    assert well_inside.sum() > 100
    assert error.min() > -1e-9
    assert error.max() < 5 * sagitta
    # Seen and not seen differ in the outermost pixels only.
    assert np.count_nonzero(np.isfinite(depth.ravel()) != (root > 0)) <= 4


def screen(x: Array, y: Array) -> ScreenTriangles:
    """Triangles as they are in the image; (T, 3) coordinates."""
    return ScreenTriangles(x.T.copy(), y.T.copy(), np.ones(x.T.shape), np.arange(len(x)))


@given(
    st.lists(st.tuples(st.integers(-40, 300), st.integers(-40, 230)), min_size=9, max_size=9),
)
def test_surface_without_gaps_and_overlaps(moves: list[tuple[int, int]]) -> None:
    """A grid of triangles over the image, its inner points anywhere, folded or not: every pixel is covered as often up
    as down, and in all exactly once if turns count with their sign."""
    grid = np.stack(np.meshgrid(np.linspace(-1, WIDTH + 1, 5), np.linspace(-1, HEIGHT + 1, 5)), axis=-1)
    grid[1:4, 1:4] = np.array(moves).reshape(3, 3, 2) / 8  # eighths, so that many centres lie on edges and corners
    a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]
    corners = np.concatenate([np.stack(three, axis=2).reshape(-1, 3, 2) for three in ((a, b, c), (a, c, d))])
    turns = np.sign(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])).astype(int)
    triangles = screen(corners[..., 0], corners[..., 1])
    covered = np.zeros(HEIGHT * WIDTH, dtype=int)
    for found in fragments(triangles, Box(0, 0, WIDTH, HEIGHT)):
        np.add.at(covered, found.pixel, turns[found.triangle])

    assert (covered == 1).all()


@given(st.lists(st.tuples(st.integers(-30, 60), st.integers(-30, 60)), min_size=3, max_size=3))
def test_pixels_are_those_whose_centres_are_inside(corners: list[tuple[int, int]]) -> None:
    """By half-planes in whole numbers, also beyond the image; centres on an edge may go either way."""
    (ax, ay), (bx, by), (cx, cy) = corners
    window = Box(-35, -33, 70, 68)
    found = {
        (row, column)
        for spans in find_spans(screen(np.array([[ax, bx, cx]]) / 2, np.array([[ay, by, cy]]) / 2), window)
        for row, start, stop in zip(spans.row.tolist(), spans.start.tolist(), spans.stop.tolist(), strict=True)
        for column in range(start, stop)
    }

    inside, touched = set(), set()
    for row in range(window.y0, window.y1):
        for column in range(window.x0, window.x1):
            px, py = 2 * column + 1, 2 * row + 1
            sides = [
                (x1 - x0) * (py - y0) - (y1 - y0) * (px - x0)
                for x0, y0, x1, y1 in ((ax, ay, bx, by), (bx, by, cx, cy), (cx, cy, ax, ay))
            ]
            if min(sides) > 0 or max(sides) < 0:
                inside.add((row, column))
            elif min(sides) >= 0 or max(sides) <= 0:
                touched.add((row, column))
    assert inside <= found <= inside | touched


@pytest.mark.parametrize("at_once", [1, 7, 1000])
def test_batches_make_no_difference(at_once: int) -> None:
    points, triangles = ball(6, 1.5, (0.0, 0.0, 4.0))
    projected = project_triangles(points, triangles, PINHOLE)
    window = Box(3, 2, 29, 20)

    def all_of(size: int) -> list[Array]:
        parts = list(fragments(projected, window, size))
        return [np.concatenate([getattr(part, name) for part in parts]) for name in ("triangle", "pixel", "nearness")]

    for some, whole in zip(all_of(at_once), all_of(1 << 20), strict=True):
        assert np.array_equal(some, whole)


@pytest.mark.parametrize("at_once", [1, 7, 200])
def test_batches_of_rows_make_no_difference(at_once: int) -> None:
    """Some triangles have no row in the window, and some no pixel in a row."""
    points, triangles = ball(9, 1.5, (0.4, 0.0, 4.0))
    projected = project_triangles(points, triangles, PINHOLE)
    window = Box(3, 2, 29, 20)

    def all_of(size: int) -> list[Array]:
        parts = list(find_spans(projected, window, size))
        assert (len(parts) > 1) == (size < 1 << 20)
        names = ("triangle", "row", "start", "stop")
        return [np.concatenate([getattr(part, name) for part in parts]) for name in names]

    for some, whole in zip(all_of(at_once), all_of(1 << 20), strict=True):
        assert np.array_equal(some, whole)


def test_memory_of_thin_triangles() -> None:
    """20,000 blades from the top of the image to its bottom, of which most cover no pixel's centre in most rows: the
    rows of all of them would take 2 GB at once."""
    count, height = 20_000, 600
    random = np.random.default_rng(4)
    foot = random.uniform(0, 800, count)
    x = np.stack((foot, foot + 0.02, foot + random.uniform(-30, 30, count)))
    y = np.stack((np.full(count, height), np.full(count, height), np.zeros(count))).astype(float)
    blades = ScreenTriangles(x, y, np.ones((3, count)), np.arange(count))

    tracemalloc.start()
    try:
        pixels = sum(found.pixel.size for found in fragments(blades, Box(0, 0, 800, height)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    # Half of a blade's width on average, in each row.
    assert pixels == pytest.approx(count * height * 0.01, rel=0.05)
    assert peak < 100e6


def test_window_beyond_the_image_counts_all_pixels_of_an_object() -> None:
    """What is needed for how much of an object is outside of the image."""
    points = np.array([[-2.0, -2, 4], [2, -2, 4], [2, 2, 4], [-2, 2, 4]]) + np.array([4.0, 0, 0])
    projected = project_triangles(points, np.array([[0, 1, 2], [0, 2, 3]]), PINHOLE)
    inside, everywhere = (
        sum(found.pixel.size for found in fragments(projected, window))
        for window in (Box(0, 0, WIDTH, HEIGHT), Box(-100, -100, 200, 200))
    )
    assert everywhere == 30 * 28
    # Columns from 16 + 30 * 2 / 4 = 31 on, one of which is in the image; rows from 12 - 14, all of them.
    assert inside == HEIGHT


def test_nothing() -> None:
    none = np.zeros((0, 3))
    depth, seen = nearest(none, np.zeros((0, 3), dtype=int), PINHOLE, 4, 5)
    assert np.isinf(depth).all() and (seen == -1).all()
    behind = np.array([[0.0, 0, -1], [1, 0, -1], [0, 1, -1]])
    assert project_triangles(behind, np.array([[0, 1, 2]]), PINHOLE).size == 0


def test_cameras() -> None:
    k = pinhole(9.0, 3.0, 2.0)
    perspective, parallel = (Projection.of(plain_camera(type, k)) for type in ("perspective", "orthographic"))
    assert perspective and not perspective.parallel and parallel and parallel.parallel
    assert Projection.of(plain_camera("panoramic")) is None
    x, y, nearness = perspective.to_image(np.array([1.0, 2.0, 4.0]))
    assert (x, y, perspective.depth(nearness)) == (9 / 4 + 3, 18 / 4 + 2, 4)
    x, y, nearness = parallel.to_image(np.array([1.0, 2.0, 4.0]))
    assert (x, y, parallel.depth(nearness)) == (12, 20, 4)
