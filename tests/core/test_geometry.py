"""Rendered frames against what the camera and the objects' places say, by closed forms and not by code of core."""

import math

import numpy as np
import numpy.typing as npt
import pytest

from core.exr.passes import Passes
from core.labels.label_image import labels_from_index
from core.masks.runs import find_masks
from core.scene.camera import Camera
from core.settings.render_pass import Pass
from tests.builders import plain_camera, rendered_camera

Matrix = npt.NDArray[np.float64]

# Seen whole in every frame, see tests/data/README.md.
SPHERES = ("Ball.Near", "Ball.Free")
FAR_CLIP = 1000.0


def sphere_outline(camera: Camera, centre: list[float], radius: float) -> tuple[float, float, float, float]:
    """x0, y0, x1, y1 of a sphere's projection: the dual conic C* = P Q* P^T of the dual quadric Q*.

    A line u touches the conic where u^T C* u = 0; for the lines x = const and y = const that is a quadratic equation.
    Source: Hartley and Zisserman, Multiple View Geometry, 2nd edition, 8.3.
    """
    place = np.eye(4)
    place[:3, 3] = centre
    quadric = place @ np.diag([radius**2, radius**2, radius**2, -1.0]) @ place.T
    projection = np.asarray(camera.k) @ np.asarray(camera.world_to_camera)[:3]
    conic = projection @ quadric @ projection.T

    def extremes(axis: int) -> tuple[float, float]:
        middle = conic[axis, 2] / conic[2, 2]
        half = math.sqrt(middle**2 - conic[axis, axis] / conic[2, 2])
        return middle - half, middle + half

    (x0, x1), (y0, y1) = extremes(0), extremes(1)
    return x0, y0, x1, y1


def test_outline_of_a_sphere_by_hand() -> None:
    """On the axis, the outline is a circle of tan(asin(radius / distance)); the formula above must know."""
    half = 100 * math.tan(math.asin(0.5 / 2))

    assert sphere_outline(plain_camera(), [0, 0, 2], 0.5) == pytest.approx((32 - half, 24 - half, 32 + half, 24 + half))


@pytest.mark.parametrize("fixture", ["multilayer", "stereo", "stereo_individual", "fileoutput", "halfdepth"])
def test_box_of_a_sphere(version: str, fixture: str, rendered_of, facts) -> None:
    """A box of pixels is at most one pixel from the outline on each side, for what is whole in the image."""
    frames = rendered_of(version, fixture)
    assert len(frames) == (1 if fixture == "halfdepth" else 2)
    for number, rendered in enumerate(frames):
        view = ("left", "right")[number] if fixture == "stereo_individual" else rendered.view
        camera = rendered_camera(facts, rendered.frame, view)
        passes = Passes(rendered.files, rendered.view_layer, rendered.view)
        boxes = {mask.label: mask.box for mask in find_masks(labels_from_index(passes.read(Pass.OBJECT_INDEX)))}
        for thing in facts["objects"]:
            if thing["name"] not in SPHERES:
                continue
            matrix = facts["frames"][str(rendered.frame)]["matrix_world"][thing["name"]]
            outline = sphere_outline(camera, [row[3] for row in matrix[:3]], thing["radius"])
            assert outline[0] >= 0
            assert outline[1] >= 0
            assert outline[2] <= facts["width"]
            assert outline[3] <= facts["height"]
            box = boxes[thing["pass_index"]]
            assert (box.x0, box.y0, box.x1, box.y1) == pytest.approx(outline, abs=1.0), (rendered.view, thing["name"])


def test_box_of_a_sphere_is_not_biased(version: str, rendered_of, facts) -> None:
    """A shift of half a pixel, the usual mistake, would stay within the one pixel above but not in the mean."""
    shifts = []
    for rendered in (*rendered_of(version, "multilayer"), *rendered_of(version, "stereo")):
        camera = rendered_camera(facts, rendered.frame, rendered.view)
        passes = Passes(rendered.files, rendered.view_layer, rendered.view)
        boxes = {mask.label: mask.box for mask in find_masks(labels_from_index(passes.read(Pass.OBJECT_INDEX)))}
        for thing in facts["objects"]:
            if thing["name"] in SPHERES:
                matrix = facts["frames"][str(rendered.frame)]["matrix_world"][thing["name"]]
                x0, y0, x1, y1 = sphere_outline(camera, [row[3] for row in matrix[:3]], thing["radius"])
                box = boxes[thing["pass_index"]]
                shifts.append(((box.x0 + box.x1 - x0 - x1) / 2, (box.y0 + box.y1 - y0 - y1) / 2))
    assert len(shifts) == 8
    assert np.abs(np.mean(shifts, axis=0)).max() < 0.25


WITH_POSITION = ["multilayer", "stereo", "border"]


@pytest.mark.parametrize("fixture", WITH_POSITION)
def test_position_reprojects_to_the_pixels_centre(version: str, fixture: str, rendered_of, facts) -> None:
    for rendered in rendered_of(version, fixture):
        passes = Passes(rendered.files, rendered.view_layer, rendered.view)
        position = passes.read(Pass.POSITION).astype(np.float64)
        rows, columns = np.nonzero(passes.read(Pass.DEPTH) < FAR_CLIP)
        assert len(rows) > 500
        if fixture == "border":
            x0, y0, x1, y1 = facts["border_pixels_x0_y0_x1_y1"]
            assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (x0, y0, x1, y1)

        projected = rendered_camera(facts, rendered.frame, rendered.view).project(position[rows, columns])

        assert np.abs(projected[:, 0] - (columns + 0.5)).max() < 0.01
        assert np.abs(projected[:, 1] - (rows + 0.5)).max() < 0.01


@pytest.mark.parametrize("fixture", WITH_POSITION)
def test_depth_is_planar(version: str, fixture: str, rendered_of, facts) -> None:
    """The z of the Position pass in camera space, not the length of the ray."""
    for rendered in rendered_of(version, fixture):
        passes = Passes(rendered.files, rendered.view_layer, rendered.view)
        depth = passes.read(Pass.DEPTH).astype(np.float64)
        surface = depth < FAR_CLIP
        position = passes.read(Pass.POSITION).astype(np.float64)[surface]
        camera = rendered_camera(facts, rendered.frame, rendered.view)

        z = camera.project(position)[:, 2]

        assert np.abs(depth[surface] / z - 1).max() < 1e-4
        matrix = np.asarray(camera.world_to_camera)
        length = np.linalg.norm(position @ matrix[:3, :3].T + matrix[:3, 3], axis=1)
        assert (length / z).max() > 1.02  # so that the other kind of depth would be noticed


def test_no_surface_is_beyond_the_far_clip(rendered) -> None:
    """What draws and writes depth relies on it: background is 1e10, or 1e11 outside of a border."""
    depth = Passes(rendered.files, rendered.view_layer, rendered.view).read(Pass.DEPTH)

    surface = depth < FAR_CLIP
    assert np.count_nonzero(surface) > 0
    assert depth[surface].min() > 0.1
    assert (depth[~surface] >= 1e9).all()
