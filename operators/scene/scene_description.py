"""All that Blender hands to the workers about a frame: the scene record, and the geometry that it refers to."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import bpy

from ...core.base.files import digest
from ...core.scene.scene_geometry import write_geometry
from ...core.scene.scene_record import SceneRecord
from ...core.settings.category_table import CategoryTable
from ...core.settings.settings import Instancing, Settings
from .readers.instances import InstanceGeometry, read_instances
from .readers.keypoints import read_keypoints
from .readers.placements import read_placements
from .scene_reader import from_view, own_objects, read_scene


@dataclass(frozen=True)
class SceneDescription:
    """One frame of the scene; plain data that outlives it.

    Attributes:
        record: the scene record.
        instances: geometry that the settings need, None where there is none or none is needed.
    """

    record: SceneRecord
    instances: InstanceGeometry | None = None

    def from_view(self, scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph, view: str) -> "SceneDescription":
        """The same as another stereo view shows it."""
        return dataclasses.replace(self, record=from_view(self.record, scene, depsgraph, view))

    def of_viewport(self) -> "SceneDescription":
        """The same, with a mark that it was read from a viewport's depsgraph."""
        return dataclasses.replace(self, record=dataclasses.replace(self.record, of_viewport=True))

    def write(self, path: Path) -> None:
        """Write the scene record and what belongs to it; raises OutputError where that cannot be done."""
        record = self.record
        if self.instances is not None:
            geometry = self.instances.geometry.as_bytes()
            write_geometry(path, geometry, self.instances.meshes)
            record = dataclasses.replace(record, geometry=digest(geometry))
        record.write(path)


def describe(
    scene: bpy.types.Scene,
    depsgraph: bpy.types.Depsgraph,
    settings: Settings,
    table: CategoryTable | None = None,
    view: str = "",
    every_layer: bool = False,
) -> SceneDescription:
    """Describe the frame that a depsgraph is evaluated at, with what the settings need; the rest is as for read_scene.

    Raises:
        SceneError: as read_scene does.
    """
    wants_geometry = settings.needs_every_surface or settings.instancing is Instancing.AUTO
    instances = read_instances(depsgraph, every_object=settings.needs_every_surface) if wants_geometry else None
    also, copied = (instances.objects, instances.copied) if instances else ((), ())
    record = read_scene(scene, depsgraph, table, view, every_layer, also, copied)
    if settings.poses:
        record = dataclasses.replace(record, placements=read_placements(scene, depsgraph, record.objects))
    if names := {name for category in record.table for name in category.keypoints}:
        places = read_keypoints(names, scene, own_objects(scene, depsgraph, every_layer), depsgraph)
        record = dataclasses.replace(record, keypoints=places)
    return SceneDescription(record, instances)
