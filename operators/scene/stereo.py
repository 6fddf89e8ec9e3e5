"""Stereo views: which of them a render has, and from where each of them is seen.

Blender says only to a render engine where each view is seen from. What is here follows the manual (Render > Output >
Stereoscopy) and is checked in the tests by the Position pass of every mode.
"""

import math
from dataclasses import dataclass

import bpy
from mathutils import Matrix


@dataclass(frozen=True)
class Viewpoint:
    """From where a view is seen.

    Attributes:
        camera: evaluated object.
        to_world: from the axes of Blender's cameras, without scale.
        shift: by how much the image's middle is shifted to the right besides the camera's own shift: in focal lengths,
            of an orthographic camera in scene units.
    """

    camera: bpy.types.Object
    to_world: Matrix
    shift: float = 0.0


def views_of(scene: bpy.types.Scene) -> list[str]:
    """The names of the views that are rendered, in Blender's order; none unless it is a stereo render."""
    render = scene.render
    if not render.use_multiview:
        return []
    both = render.views_format == "STEREO_3D"
    return [view.name for view in render.views if view.use and (not both or view.name in ("left", "right"))]


def writes_file_a_view(scene: bpy.types.Scene) -> bool:
    """Whether each view is written into a file of its own."""
    return bool(views_of(scene)) and scene.render.image_settings.views_format == "INDIVIDUAL"


def file_suffix(scene: bpy.types.Scene, view: str) -> str:
    """What Blender adds to the name of a view's own file."""
    return str(scene.render.views[view].file_suffix)


def viewpoint_of(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph, view: str) -> Viewpoint | None:
    """
    Args:
        scene: the original scene, with a camera.
        depsgraph: evaluated at the frame.
        view: one of views_of(scene); "" for the camera itself.

    Returns:
        None where the view is not seen from one place.
    """
    render = scene.render
    original = scene.camera
    if view and render.views_format == "MULTIVIEW":
        original = _camera_of_view(scene, view)
    camera = original.evaluated_get(depsgraph)
    to_world = camera.matrix_world.normalized()  # Blender ignores the scale of a camera
    if not view or render.views_format == "MULTIVIEW":
        return Viewpoint(camera, to_world)
    stereo = camera.data.stereo
    if stereo.use_spherical_stereo and camera.data.type in ("PANO", "PERSP"):
        return None
    if stereo.pivot == view.upper():
        return Viewpoint(camera, to_world)
    # To the left or right, from the middle or from the other view.
    side = -1.0 if view == "left" else 1.0
    distance = stereo.interocular_distance
    if stereo.convergence_mode == "TOE":
        angle = math.atan(distance / 2 / stereo.convergence_distance)
        turn = Matrix.Rotation(side * angle, 4, "Y")
        if stereo.pivot == "CENTER":
            return Viewpoint(camera, to_world @ Matrix.Translation((side * distance / 2, 0.0, 0.0)) @ turn)
        # The other view looks straight ahead, so this one turns by its own angle and by that of the line between them.
        return Viewpoint(camera, to_world @ turn @ Matrix.Translation((side * distance, 0.0, 0.0)) @ turn)
    offset = side * distance / 2 if stereo.pivot == "CENTER" else side * distance
    to_world = to_world @ Matrix.Translation((offset, 0.0, 0.0))
    if stereo.convergence_mode == "PARALLEL":
        return Viewpoint(camera, to_world)
    # Blender counts in widths of the sensor, also where the height decides on the field of view.
    if camera.data.type == "ORTHO":
        width = camera.data.sensor_width
        return Viewpoint(
            camera, to_world, offset / stereo.convergence_distance * camera.data.lens / width * camera.data.ortho_scale
        )
    by_height = camera.data.sensor_fit == "VERTICAL"
    ratio = camera.data.sensor_height / camera.data.sensor_width if by_height else 1.0
    return Viewpoint(camera, to_world, offset / stereo.convergence_distance * ratio)


def _camera_of_view(scene: bpy.types.Scene, view: str) -> bpy.types.Object:
    """The camera that is called like the scene's, with the suffix of the view; the scene's where there is none."""
    name = scene.camera.name
    suffixes = [other.camera_suffix for other in scene.render.views if name.endswith(other.camera_suffix)]
    if not suffixes:
        return scene.camera
    base = name.removesuffix(max(suffixes, key=len))
    return scene.objects.get(base + scene.render.views[view].camera_suffix) or scene.camera
