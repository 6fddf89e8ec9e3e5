"""What the settings want to be known of instances besides their masks: poses, keypoints, and all that is hidden."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from .amodal import Part, find_amodal
from .instances import Amodal, Instance
from .keypoints import Keypoint, KeypointPlace, SeenSurfaces, find_keypoints
from .naming import NamedLabels
from .placements import Placement, place_surfaces
from .poses import Pose, find_poses
from .raster import Projection
from .render_pass import Pass
from .scene_geometry import SceneGeometry, Surface, read_meshes
from .seen_frame import SeenFrame


def add_details(frame: SeenFrame, instances: Sequence[Instance]) -> tuple[list[Instance], list[str]]:
    """The instances with what the settings want, and sentences on what they cannot have.

    Raises:
        SceneError: geometry that the scene record refers to is missing or damaged.
        PassError, ExrError: the depth cannot be read.
    """
    poses, no_pose = _poses(frame, instances)
    keypoints, no_keypoints = _keypoints(frame, instances)
    amodal, no_amodal = _amodal(frame, instances)
    detailed = [
        dataclasses.replace(one, pose=pose, keypoints=points, amodal=whole)
        for one, pose, points, whole in zip(instances, poses, keypoints, amodal, strict=True)
    ]
    return detailed, no_pose + no_keypoints + no_amodal


def _named(frame: SeenFrame) -> dict[int, NamedLabels]:
    """Label of an instance's mask -> what it stands for."""
    return {one.in_image[0]: one for one in frame.named if not one.ignored}


def _told_apart(frame: SeenFrame, named: NamedLabels) -> list[int]:
    """The surfaces of an instance that was told apart from others, by their numbers in the geometry; else none."""
    return [number for label in named.in_image for number in frame.split.surfaces.get(label, ())]


def _poses(frame: SeenFrame, instances: Sequence[Instance]) -> tuple[list[Pose | None], list[str]]:
    nothing: list[Pose | None] = [None] * len(instances)
    scene = frame.scene
    if not frame.job.settings.poses or not instances:
        return nothing, []
    if scene is None or not scene.placements:
        return nothing, [
            "There are no poses, since no scene record says where the objects are; export from Blender with "
            "Poses and 3D Boxes turned on"
        ]
    if scene.camera is None:
        return nothing, ["There are no poses, since the frame has no one camera"]
    named = _named(frame)
    placements = {placement.name: placement for placement in scene.placements}
    members = []
    copies = [(one, numbers) for one in instances if (numbers := _told_apart(frame, named[one.mask.label]))]
    copied = _copies(frame, copies) if copies else {}
    for one in instances:
        own = copied.get(one.mask.label)
        members.append((one.name, [place.name for place in own] if own else named[one.mask.label].objects))
        placements |= {place.name: place for place in own or ()}
    return find_poses(members, placements, scene.camera, scene.unit_scale)


def _copies(frame: SeenFrame, copies: Sequence[tuple[Instance, Sequence[int]]]) -> dict[int, list[Placement]]:
    """Label of an instance's mask -> where its surfaces are, for instances that were told apart by them."""
    geometry = _geometry(frame)
    if geometry is None:
        return {}
    surfaces = {one.mask.label: [geometry.surfaces[number] for number in numbers] for one, numbers in copies}
    meshes = read_meshes(_scene_file(frame), {one.mesh for found in surfaces.values() for one in found})
    return {one.mask.label: place_surfaces(one.name, surfaces[one.mask.label], meshes) for one, _ in copies}


def _keypoints(frame: SeenFrame, instances: Sequence[Instance]) -> tuple[list[tuple[Keypoint, ...] | None], list[str]]:
    nothing: list[tuple[Keypoint, ...] | None] = [None] * len(instances)
    names = {category.name: category.keypoints for category in frame.categories if category.keypoints}
    if not any(one.category in names for one in instances):
        return nothing, []
    scene = frame.scene
    if scene is None or scene.camera is None or Projection.of(scene.camera) is None:
        return nothing, [
            "There are no keypoints, since only a scene record with a perspective or orthographic camera says where "
            "they are; export from Blender"
        ]
    places: dict[str, list[KeypointPlace]] = defaultdict(list)
    for place in scene.keypoints:
        places[place.name].append(place)
    has_depth = Pass.DEPTH in frame.passes
    depth = np.where(frame.surfaces.seen, frame.surfaces.in_pass, np.inf).astype(np.float64) if has_depth else None
    seen = SeenSurfaces(frame.runs.image(), depth)
    named = _named(frame)
    found = [
        find_keypoints(
            names[one.category],
            named[one.mask.label].objects,
            [one.mask.label],
            places,
            scene.camera,
            seen,
            scene.unit_scale,
        )
        if one.category in names
        else None
        for one in instances
    ]
    notes = []
    if not has_depth:
        notes.append(
            "Without a Depth pass a keypoint counts as visible where its instance is; turn the pass on to know more"
        )
    return found, notes


def _amodal(frame: SeenFrame, instances: Sequence[Instance]) -> tuple[list[Amodal | None], list[str]]:
    nothing: list[Amodal | None] = [None] * len(instances)
    if not frame.job.settings.amodal or not instances:
        return nothing, []
    geometry = _geometry(frame)
    if geometry is None or frame.scene is None:
        return nothing, [
            "There are no amodal masks, since no scene record has the geometry; export from Blender with Amodal Masks "
            "turned on"
        ]
    projection = Projection.of(frame.scene.camera) if frame.scene.camera else None
    if projection is None:
        kind = f"of a {frame.scene.camera.type} camera" if frame.scene.camera else "without one camera"
        return nothing, [f"There are no amodal masks {kind}; they are of perspective and orthographic ones"]
    parts = [
        Part(number, surface.mesh, surface.matrix)
        for number, found in enumerate(_surfaces(frame, geometry, instances))
        for surface in found
        if surface.mesh
    ]
    meshes = read_meshes(_scene_file(frame), {part.mesh for part in parts})
    number_of = {one.mask.label: number for number, one in enumerate(instances)}
    visible = frame.runs.united({label: number_of.get(label, -1) + 1 for label in frame.runs.labels()})
    whole = find_amodal(visible, parts, meshes, projection)
    shaped = {part.instance for part in parts}
    flat = [one.name for number, one in enumerate(instances) if number not in shaped]
    notes = []
    if flat:
        others = f" and {len(flat) - 1} more" if len(flat) > 1 else ""
        notes.append(
            f"No amodal mask of {flat[0]!r}{others}: Blender gave no triangles of it (hair, volumes and instances that "
            "were told apart as connected pieces have none)"
        )
    return [whole.get(number) if number in shaped else None for number in range(len(instances))], notes


def _surfaces(frame: SeenFrame, geometry: SceneGeometry, instances: Sequence[Instance]) -> Iterator[list[Surface]]:
    """The surfaces that each instance is made of, seen or not."""
    by_object: dict[str, list[Surface]] = defaultdict(list)
    for surface in geometry.surfaces:
        by_object[surface.object].append(surface)
    named = _named(frame)
    for instance in instances:
        one = named[instance.mask.label]
        found = [geometry.surfaces[number] for number in _told_apart(frame, one)]
        # Of objects that share a label with others only those copies count that are this instance's.
        if found or instance.resolved is None:
            shared = {surface.object for surface in found}
            found += [surface for name in one.objects if name not in shared for surface in by_object[name]]
        yield found


def _geometry(frame: SeenFrame) -> SceneGeometry | None:
    if frame.scene is None or frame.scene.geometry is None:
        return None
    return SceneGeometry.read(_scene_file(frame), frame.scene.geometry)


def _scene_file(frame: SeenFrame) -> Path:
    assert frame.job.scene is not None  # where there is a scene record, there is its path
    return frame.job.scene
