"""Rows about the camera and the lights."""

import math
from dataclasses import dataclass

import bpy
import numpy as np

from ....core.base.errors import SceneError
from ....core.random_frames.directions import Shell
from ....core.random_frames.distributions import uniform
from ....core.random_frames.rotations import UP
from ....core.random_frames.streams import Floats
from ....core.random_frames.viewpoints import (
    UNIFORMS_PER_CAMERA,
    UNIFORMS_PER_LIGHT,
    CameraRules,
    LightRules,
    chosen_few,
    light,
    view,
)
from ...random_rows import LabelpassRandomRow
from ...scene.identity import by_name
from ...scene.scene_reader import image_size
from ..drawing import Base, Draw
from ..keyed import Keyed
from ..movers import Mover, movers_of, transform


@dataclass(frozen=True)
class AroundTarget:
    """A camera around things.

    Attributes:
        row: identity of the row.
        camera: the original object.
        outer: as in Mover.
        targets: what it looks at the middle of.
        only: those that it has to show; none where any of the targets will do.
        rules: of the row.
    """

    row: str
    camera: bpy.types.Object
    outer: Floats
    targets: tuple[Mover, ...]
    only: tuple[Mover, ...]
    rules: CameraRules

    @classmethod
    def of(cls, base: Base, row: LabelpassRandomRow) -> "AroundTarget":
        camera = camera_of(base.scene)
        targets = movers_of([row.around], base.shapes) if row.around else base.movers(row)
        if not targets:
            raise SceneError(f"{row.around.name!r} has no mesh that renders show; choose another target for the camera")
        rules = CameraRules(
            Shell(
                (row.distance_min, row.distance_max),
                (row.elevation_min, row.elevation_max),
                (row.azimuth_min, row.azimuth_max),
            ),
            (row.roll_min, row.roll_max),
            (row.lens_min, row.lens_max),
            row.aim,
            _sensor_of(base.scene, camera.data),
        )
        only = tuple(targets) if row.around else ()
        return cls(row.name, camera, outer_of(camera), tuple(targets), only, rules)

    def draw(self, draw: Draw) -> None:
        u = draw.uniforms(self.row, "", UNIFORMS_PER_CAMERA)
        found = view(self.rules, u, draw.middle_of(self.targets))
        world = np.zeros((len(u), 4, 4))
        world[:, :3, :3], world[:, :3, 3], world[:, 3, 3] = found.rotation, found.location, 1.0
        draw.keyed += transform(self.camera, np.linalg.inv(self.outer) @ world, "location rotation")
        draw.keyed.append(Keyed(self.camera.data, "lens", found.lens[:, None]))
        draw.named |= {f"{self.camera.name}.{name}": values for name, values in found.drawn.items()}
        draw.named[f"{self.camera.name}.location"] = found.location


@dataclass(frozen=True)
class LensOfCamera:
    """The focal length alone."""

    row: str
    camera: bpy.types.Object
    lens: tuple[float, float]

    @classmethod
    def of(cls, base: Base, row: LabelpassRandomRow) -> "LensOfCamera":
        return cls(row.name, camera_of(base.scene), (row.lens_min, row.lens_max))

    def draw(self, draw: Draw) -> None:
        lens = uniform(draw.uniforms(self.row, "", 1), *self.lens)
        draw.keyed.append(Keyed(self.camera.data, "lens", lens))
        draw.named[f"{self.camera.name}.lens"] = lens[:, 0]


@dataclass(frozen=True)
class _Light:
    """A light as it is before anything varies.

    Attributes:
        object: the original object.
        matrix, outer: (4, 4) to the world, of it and of what its own transform is in.
        energy: of its data.
    """

    object: bpy.types.Object
    matrix: Floats
    outer: Floats
    energy: float

    @property
    def is_sun(self) -> bool:
        return bool(self.object.data.type == "SUN")

    def away(self, middle: Floats) -> Floats:
        """(3,) unit vector from what it lights to where it is, or where it shines from."""
        found: Floats = self.matrix[:3, 2] if self.is_sun else self.matrix[:3, 3] - middle
        length = np.linalg.norm(found)
        return found / length if length else np.array(UP)


@dataclass(frozen=True)
class LightsAround:
    """Lights around what they light."""

    row: str
    lights: tuple[_Light, ...]
    middle: Floats
    rules: LightRules
    number: tuple[int, int]

    @classmethod
    def of(cls, base: Base, row: LabelpassRandomRow) -> "LightsAround":
        members = set(row.collection.all_objects) if row.collection else set(base.scene.objects)
        lights = tuple(
            _Light(ob, np.array(ob.matrix_world, float), outer_of(ob), ob.data.energy)
            for ob in lights_of(base.scene)
            if ob in members
        )
        if not lights:
            raise SceneError("There is no light that a row of lights could vary; add one, or remove the row")
        points = [shape.world_points for shape in base.shapes if _is_labelled(base, shape.owner)]
        middle = np.concatenate(points).mean(axis=0) if points else np.zeros(3)
        kelvin = (row.kelvin_min, row.kelvin_max) if row.use_kelvin else None
        rules = LightRules((row.energy_min, row.energy_max), kelvin, row.light_angle)
        most = min(row.lights_max, len(lights))
        return cls(row.name, lights, middle, rules, (min(row.lights_min, most), most))

    def draw(self, draw: Draw) -> None:
        lit = chosen_few(draw.uniforms(self.row, "", 1 + len(self.lights)), *self.number)
        known = set()
        for number, one in enumerate(self.lights):
            ob, data = one.object, one.object.data
            u = draw.uniforms(self.row, ob.name_full, UNIFORMS_PER_LIGHT)
            found = light(self.rules, u, one.away(self.middle))
            world = np.zeros((len(lit), 4, 4))
            world[:, :3, :3], world[:, 3, 3] = found.turned @ one.matrix[:3, :3], 1.0
            start = one.matrix[:3, 3]
            world[:, :3, 3] = start if one.is_sun else self.middle + found.turned @ (start - self.middle)
            what = "rotation" if one.is_sun else "location rotation"
            draw.keyed += transform(ob, np.linalg.inv(one.outer) @ world, what)
            draw.named[f"{ob.name}.location"] = world[:, :3, 3]
            if self.number[0] < len(self.lights):
                draw.keyed.append(Keyed(ob, "hide_render", (~lit[:, number]).astype(float)[:, None]))
                draw.named[f"{ob.name}.present"] = lit[:, number].astype(float)
            if data in known:  # several lights may have the same data
                continue
            known.add(data)
            draw.keyed.append(Keyed(data, "energy", (one.energy * found.energy)[:, None]))
            draw.named[f"{ob.name}.energy"] = one.energy * found.energy
            if found.colour is not None and found.kelvin is not None:
                draw.keyed.append(Keyed(data, "color", found.colour))
                draw.named[f"{ob.name}.kelvin"] = found.kelvin


def camera_of(scene: bpy.types.Scene) -> bpy.types.Object:
    """The camera of a scene; raises SceneError where it has none."""
    if scene.camera is None or scene.camera.type != "CAMERA":
        raise SceneError("The scene has no camera that a row could vary; add one and make it the active camera")
    return scene.camera


def lights_of(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """The lights that renders show, sorted by name."""
    return sorted((ob for ob in scene.objects if ob.type == "LIGHT" and not ob.hide_render), key=by_name)


def outer_of(ob: bpy.types.Object) -> Floats:
    """(4, 4) from what the object's own transform is in, such as its parent, to the world; constraints do not count."""
    if ob.parent is None:
        return np.eye(4)
    evaluated = ob.evaluated_get(bpy.context.evaluated_depsgraph_get())
    if any(not constraint.mute for constraint in ob.constraints):
        found: Floats = np.array(evaluated.parent.matrix_world @ ob.matrix_parent_inverse, float)
    else:
        found = np.array(evaluated.matrix_world, float) @ np.linalg.inv(np.array(evaluated.matrix_basis, float))
    return found


def _sensor_of(scene: bpy.types.Scene, camera: bpy.types.Camera) -> tuple[float, float]:
    """Width and height in millimetres of what the image shows of the sensor."""
    width, height = image_size(scene)
    render = scene.render
    width, height = width * render.pixel_aspect_x, height * render.pixel_aspect_y
    by_width = camera.sensor_fit == "HORIZONTAL" or (camera.sensor_fit == "AUTO" and width >= height)
    if camera.sensor_fit == "VERTICAL":
        return camera.sensor_height * width / height, camera.sensor_height
    if by_width:
        return camera.sensor_width, camera.sensor_width * height / width
    return camera.sensor_width * width / height, camera.sensor_width


def _is_labelled(base: Base, ob: bpy.types.Object) -> bool:
    return any(one.object == ob and one.category is not None for one in base.labelled)


def angle_of(vector: Floats) -> tuple[float, float, float]:
    """Distance, elevation and azimuth of a vector."""
    distance = float(np.linalg.norm(vector))
    return distance, math.asin(vector[2] / distance) if distance else 0.0, math.atan2(vector[1], vector[0])
