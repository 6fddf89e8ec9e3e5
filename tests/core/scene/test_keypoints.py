"""Keypoints: their place in the image, and whether a surface is in front, against spheres in closed form."""

import json

import numpy as np
import pytest

from core.scene.keypoints import ABSENT, Keypoint, SceneKeypoint, SeenPixels, Visibility, find_keypoints
from tests.builders import pinhole, plain_camera

WIDTH, HEIGHT, FOCAL = 320, 240, 400.0
CAMERA = plain_camera(k=pinhole(FOCAL, WIDTH / 2, HEIGHT / 2))


def spheres(*placed: tuple[float, float, float, float]) -> SeenPixels:
    """Label and depth of spheres (x, y, z, radius), label 1 for the first, at the centre of each pixel."""
    columns, rows = np.meshgrid(np.arange(WIDTH) + 0.5, np.arange(HEIGHT) + 0.5)
    rays = np.stack(((columns - WIDTH / 2) / FOCAL, (rows - HEIGHT / 2) / FOCAL, np.ones_like(rows)), axis=-1)
    label, depth = np.zeros((HEIGHT, WIDTH), np.uint32), np.full((HEIGHT, WIDTH), np.inf)
    for number, (x, y, z, radius) in enumerate(placed, start=1):
        middle = np.array((x, y, z))
        a, b, c = (rays**2).sum(-1), rays @ middle, middle @ middle - radius**2
        with np.errstate(invalid="ignore"):
            near = (b - np.sqrt(b * b - a * c)) / a
        nearer = near < depth  # False where the ray misses
        label[nearer], depth[nearer] = number, near[nearer]
    return SeenPixels(label, depth)


def keypoint(position, pixels: SeenPixels, label: int = 1, below: float = 0.0, unit_scale: float = 1.0) -> Keypoint:
    place = SceneKeypoint("tip", ("Ball",), tuple(map(float, position)), below)
    (found,) = find_keypoints(["tip"], ["Ball"], [label], {"tip": [place]}, CAMERA, pixels, unit_scale)
    return found


def test_points_of_a_sphere_face_the_camera_or_do_not() -> None:
    """Of points all over a sphere those are seen whose normal faces the camera."""
    middle, radius = np.array((0.3, -0.2, 6.0)), 1.0
    pixels = spheres((*middle, radius))
    normals = np.random.default_rng(1).normal(size=(2000, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    points = middle + radius * normals
    facing = -(normals * points).sum(1) / np.linalg.norm(points, axis=1)  # cosine of normal and view
    clear = np.abs(facing) > 0.15  # within a pixel of the outline it is not certain

    found = np.array([keypoint(point, pixels).visibility for point in points])

    assert (found[clear] == np.where(facing[clear] > 0, Visibility.VISIBLE, Visibility.OCCLUDED)).all()
    assert clear.sum() > 1500


def test_another_object_in_front() -> None:
    pixels = spheres((0, 0, 6, 1), (0.2, 0, 3, 0.2))

    assert keypoint((0.2, 0, 5.02), pixels).visibility == Visibility.OCCLUDED
    assert keypoint((-0.2, 0, 5.02), pixels).visibility == Visibility.VISIBLE


def test_a_joint_below_its_own_skin_is_seen_and_below_anothers_is_not() -> None:
    pixels = spheres((0, 0, 6, 1))

    assert keypoint((0, 0, 6), pixels, below=1.0).visibility == Visibility.VISIBLE
    assert keypoint((0, 0, 6), pixels, below=0.1).visibility == Visibility.OCCLUDED
    assert keypoint((0, 0, 6), pixels, label=2, below=1.0).visibility == Visibility.OCCLUDED


def test_without_depth_the_mask_decides() -> None:
    pixels = SeenPixels(spheres((0, 0, 6, 1)).label, None)

    assert keypoint((0, 0, 7), pixels).visibility == Visibility.VISIBLE
    assert keypoint((0, 0, 7), pixels, label=2).visibility == Visibility.OCCLUDED


def test_pixels_and_metres() -> None:
    found = keypoint((0.5, 0.25, 5), spheres(), unit_scale=0.01)

    assert found == Keypoint(160 + 40, 120 + 20, Visibility.VISIBLE, 0.05)


@pytest.mark.parametrize("position", [(0, 0, -5), (0, 0, 0.05), (5, 0, 5), (0, -5, 5), (2, 0, 5)])
def test_behind_the_camera_and_outside_the_image(position: tuple[float, float, float]) -> None:
    assert keypoint(position, spheres()) == ABSENT


@pytest.mark.parametrize("corner", [(-2, -1.5, 5), (1.9999, 1.4999, 5)])
def test_in_the_corners_of_the_image(corner: tuple[float, float, float]) -> None:
    pixels = spheres((0, 0, 20, 12))

    assert keypoint(corner, pixels).visibility == Visibility.VISIBLE


def test_order_of_the_category_and_what_is_absent() -> None:
    places = {"b": [SceneKeypoint("b", ("Ball",), (0.5, 0, 5), 0)], "a": [SceneKeypoint("a", ("Box",), (0, 0, 5), 0)]}

    found = find_keypoints(["a", "b", "c"], ["Ball"], [1], places, CAMERA, spheres(), 1.0)

    assert [one.visibility for one in found] == [0, 2, 0]


def test_what_belongs_to_the_instance_alone_comes_first() -> None:
    shared = SceneKeypoint("a", ("Ball", "Box"), (0, 0, 5), 0)
    own = SceneKeypoint("a", ("Ball",), (0.5, 0, 5), 0)

    (found,) = find_keypoints(["a"], ["Ball"], [1], {"a": [shared, own]}, CAMERA, spheres(), 1.0)

    assert found.x == 200


def test_json() -> None:
    found = keypoint((0.1, 0.2, 5), spheres((0, 0, 6, 1)))
    place = SceneKeypoint("a", ("Ball", "Box"), (0.5, 1, 2), 0.25)

    assert Keypoint.from_json(json.loads(json.dumps(found.as_json()))) == found
    assert SceneKeypoint.from_json(json.loads(json.dumps(place.as_json()))) == place
