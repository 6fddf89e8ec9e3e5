"""Things stand on their ground and clear of each other; cameras see what they look at."""

import math

import numpy as np
import pytest

from core.geometry.placed_mesh import PlacedMesh
from core.geometry.rasteriser import Projection
from core.random_frames.coarse_mesh import coarse
from core.random_frames.directions import Shell
from core.random_frames.ground import Ground
from core.random_frames.layout import Layout
from core.random_frames.placing import (
    UNIFORMS_PER_THING,
    InBox,
    OnGround,
    PlacingRules,
    Thing,
    Turning,
    hull_points,
    place,
)
from core.random_frames.streams import uniforms
from core.random_frames.viewpoints import UNIFORMS_PER_LIGHT, CameraRules, LightRules, light, view
from core.random_frames.visibility import NOBODY, is_inside, look
from core.scene.scene_geometry import Mesh

FRAMES = np.arange(300)
FIRST = np.zeros(300, int)
NOTHING = np.zeros((0, 2, 3))
CUBE = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
FACES = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
TRIANGLES = np.array([part for a, b, c, d in FACES for part in ((a, b, c), (a, c, d))], np.int32)
SQUARE = Mesh(np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32), np.array([[0, 1, 2], [0, 2, 3]]))


def board(half: float) -> Ground:
    ground = Ground.of(SQUARE.points.astype(float) * half + (0, 0, 2), SQUARE.triangles)
    assert ground is not None
    return ground


def numbers(thing: str, count: int = UNIFORMS_PER_THING) -> np.ndarray:
    return uniforms(3, FRAMES, FIRST, thing, count)


@pytest.mark.parametrize("turning", [Turning.UPRIGHT, Turning.LYING, Turning.ANY, Turning.KEEP])
def test_things_stand_on_the_ground_and_within_it(turning: Turning) -> None:
    thing = Thing("box", CUBE * (0.5, 0.2, 0.9) + (3, 0, 0))
    rules = PlacingRules(turning=turning, lying=0.5, scale=(0.5, 1.5))
    found = place(thing, rules, OnGround(board(4)), numbers("box"), Layout(len(FRAMES), NOTHING))
    assert found.present.all()
    points = np.einsum("fij,nj->fni", found.turned, thing.points) + found.location[:, None]
    assert np.allclose(points[:, :, 2].min(axis=1), 2)
    assert np.abs(points[:, :, :2]).max() <= 4.05
    if turning is Turning.LYING:
        lies = np.abs(found.turned[:, 2, 2]) < 1e-9
        assert 0.4 < lies.mean() < 0.6


def test_things_keep_clear_of_each_other_and_of_what_stands_still() -> None:
    obstacle = np.array([[[-1, -1, 2], [1, 1, 3]]], float)
    layout = Layout(len(FRAMES), obstacle)
    thing, rules = Thing("", CUBE * 0.4 + (0, 0, 5)), PlacingRules(0.8, gap=0.1)
    found = [place(thing, rules, OnGround(board(3)), numbers(f"thing {i}"), layout) for i in range(8)]
    placed = 0
    for number, one in enumerate(found):
        away = np.maximum(np.abs(one.middle[:, :2]) - 1, 0)
        assert (np.hypot(*away.T)[one.present] >= one.radius[one.present] + 0.1 - 1e-9).all()
        for other in found[:number]:
            both = one.present & other.present
            apart = np.hypot(*(one.middle - other.middle)[:, :2].T)
            assert (apart[both] >= (one.radius + other.radius + 0.1)[both] - 1e-9).all()
        placed += int(one.present.sum())
        assert not (one.present & one.crowded).any()
    assert placed > 6 * len(FRAMES), (
        "there is room for most of the eight, each of which is wanted in 80 % of the frames"
    )


def test_there_is_no_room_for_what_is_larger_than_the_ground() -> None:
    found = place(Thing("", CUBE * 5), PlacingRules(), OnGround(board(3)), numbers(""), Layout(len(FRAMES), NOTHING))
    assert found.crowded.all()
    assert not found.present.any()


def test_things_stay_within_a_volume() -> None:
    rules = PlacingRules(turning=Turning.ANY)
    found = place(
        Thing("", CUBE * 0.3), rules, InBox(np.diag([2.0, 2, 2, 1])), numbers(""), Layout(len(FRAMES), NOTHING)
    )
    points = np.einsum("fij,nj->fni", found.turned, CUBE * 0.3) + found.location[:, None]
    assert found.present.all()
    assert np.abs(points).max() <= 2 + 1e-9


def test_a_hull_is_as_high_as_its_mesh() -> None:
    turns = uniforms(1, np.arange(4000), np.zeros(4000, int), "", 2)
    z = 2 * turns[:, 0] - 1
    flat = np.sqrt(1 - z * z)
    ball = np.stack((flat * np.cos(6.3 * turns[:, 1]), flat * np.sin(6.3 * turns[:, 1]), z), axis=1)
    assert np.ptp(hull_points(ball), axis=0).min() > 1.99


def test_a_camera_sees_its_target_where_it_aims() -> None:
    rules = CameraRules(Shell((4, 9), (0.1, 1.2), (-3, 3)), (-0.3, 0.3), (30, 80), 0.5, (36, 24))
    middle = np.broadcast_to((1.0, 2.0, 3.0), (len(FRAMES), 3))
    found = view(rules, numbers("camera", 7), middle)
    in_camera = np.einsum("fji,fj->fi", found.rotation, middle - found.location)
    assert np.allclose(np.linalg.norm(in_camera, axis=1), found.drawn["distance"])
    assert (in_camera[:, 2] < 0).all()
    half = np.array([36, 24]) / 2 / found.lens[:, None]
    place = np.abs(in_camera[:, :2] / in_camera[:, 2:] / half)
    assert (np.abs(found.drawn["roll"]) < math.degrees(0.3) + 1e-9).all()
    assert place.max() < 0.5 * 1.6, "a roll turns the image, whose sides are 3 to 2"
    still = view(CameraRules(rules.shell, (0, 0), (50, 50), 0.0, (36, 24)), numbers("camera", 7), middle)
    in_camera = np.einsum("fji,fj->fi", still.rotation, middle - still.location)
    assert np.allclose(in_camera[:, :2], 0)
    assert np.allclose(still.rotation[:, 2, 0], 0), "it stands upright"


def test_lights_stay_above_what_they_light() -> None:
    rules = LightRules((0.5, 2), (3000, 6000), math.radians(120))
    away = np.array([0.6, 0, 0.8])
    found = light(rules, numbers("light", UNIFORMS_PER_LIGHT), away)
    moved = found.turned @ away
    assert moved[:, 2].min() >= 0.1 - 1e-9
    assert found.energy.min() >= 0.5 and found.energy.max() <= 2
    near = light(LightRules((1, 1), None, math.radians(30)), numbers("light", UNIFORMS_PER_LIGHT), away)
    assert (near.turned @ away @ away).min() >= math.cos(math.radians(30)) - 1e-9
    assert near.colour is None


def placed(number: int, mesh: str, location: tuple[float, float, float], size: float = 1.0) -> PlacedMesh:
    matrix = np.diag([size, size, size, 1.0])
    matrix[:3, 3] = location
    return PlacedMesh(number, mesh, matrix)


def test_how_much_is_seen_is_what_geometry_says() -> None:
    """Squares before a camera that looks along z: one hides half of another, and a third is half beyond the image."""
    projection = Projection(np.array([[100, 0, 100], [0, 100, 100], [0, 0, 1.0]]), np.eye(4), False, 0.1)
    meshes = {"square": SQUARE}
    found = look(
        [
            placed(0, "square", (0, 0, 10), 2),
            placed(NOBODY, "square", (1, 0, 5)),
            placed(1, "square", (-4, 4, 4)),
            placed(2, "square", (0, -9, 3)),
        ],
        meshes,
        projection,
        200,
        200,
    )
    assert found.shares == {0: 0.5, 1: 0.25}
    assert found.share_before(4.5) == pytest.approx(25 * 25 / 200**2)
    assert look([], {}, projection, 4, 6).depths.shape == (4, 6)


def test_inside_and_outside() -> None:
    rng = np.random.default_rng(1)
    for point in rng.uniform(-1.5, 1.5, (200, 3)):
        assert is_inside(point, CUBE, TRIANGLES) == bool((np.abs(point) < 1).all())


def test_a_coarse_mesh_is_where_the_fine_one_is() -> None:
    side = np.linspace(-1, 1, 80)
    x, y = (grid.ravel() for grid in np.meshgrid(side, side))
    points = np.column_stack((x, y, np.sqrt(np.maximum(0, 2 - x * x - y * y)))).astype(np.float32)
    first = (np.arange(79)[:, None] * 80 + np.arange(79)).ravel()
    triangles = np.concatenate(
        [np.column_stack((first, first + 1, first + 80)), np.column_stack((first + 1, first + 81, first + 80))]
    )
    found = coarse(Mesh(points, triangles.astype(np.int32)))
    assert len(found.triangles) < len(triangles) / 6
    assert np.abs(np.ptp(found.points, axis=0) - np.ptp(points, axis=0)).max() < 0.1
    assert coarse(SQUARE) is SQUARE
