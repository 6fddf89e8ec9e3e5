"""What the settings want to be known of the instances that are kept, besides their masks: poses and keypoints."""

import dataclasses
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from ..base.phrases import GET_SCENE_RECORDS
from ..geometry.rasteriser import Projection
from ..labels.labelled_frame import LabelledFrame
from ..records.instance import Instance
from ..scene.keypoints import Keypoint, SceneKeypoint, SeenPixels, find_keypoints
from ..scene.placements import Placement, place_surfaces
from ..scene.poses import Pose, find_poses
from ..scene.scene_geometry import read_meshes
from ..settings.render_pass import Pass


def add_poses_and_keypoints(frame: LabelledFrame) -> LabelledFrame:
    """The frame with what the settings want of its instances, and sentences on what they cannot have.

    Raises:
        SceneError: geometry that the scene record refers to is missing or damaged.
        PassError, ExrError: the depth cannot be read.
    """
    poses, no_pose = _poses(frame)
    keypoints, no_keypoints = _keypoints(frame)
    detailed = (
        dataclasses.replace(one, pose=pose, keypoints=points) if pose is not None or points is not None else one
        for one, pose, points in zip(frame.instances, poses, keypoints, strict=True)
    )
    return frame.with_instances(detailed, no_pose + no_keypoints)


def _poses(frame: LabelledFrame) -> tuple[list[Pose | None], list[str]]:
    scene, instances = frame.scene, frame.instances
    nothing: list[Pose | None] = [None] * len(instances)
    if not frame.job.settings.poses or not instances:
        return nothing, []
    if scene is None or not scene.placements:
        way_out = "export from Blender with Poses and 3D Boxes turned on" if scene else GET_SCENE_RECORDS
        return nothing, [f"There are no poses, since no scene record says where the objects are; {way_out}"]
    if scene.camera is None:
        return nothing, ["There are no poses, since the frame has no single camera"]
    named = frame.named_of
    placements = {placement.name: placement for placement in scene.placements}
    members = []
    copies = [(one, numbers) for one in instances if (numbers := frame.surfaces_of(named[one.mask.label]))]
    copied = _copies(frame, copies) if copies else {}
    for one in instances:
        own = copied.get(one.mask.label)
        members.append((one.name, [place.name for place in own] if own else named[one.mask.label].objects))
        placements |= {place.name: place for place in own or ()}
    return find_poses(members, placements, scene.camera, scene.unit_scale)


def _copies(frame: LabelledFrame, copies: Sequence[tuple[Instance, Sequence[int]]]) -> dict[int, list[Placement]]:
    """Label of an instance's mask -> where its surfaces are, for instances that were separated by them."""
    geometry = frame.geometry
    if geometry is None:
        return {}
    surfaces = {one.mask.label: [geometry.surfaces[number] for number in numbers] for one, numbers in copies}
    meshes = read_meshes(frame.scene_file, {one.mesh for found in surfaces.values() for one in found})
    return {one.mask.label: place_surfaces(one.name, surfaces[one.mask.label], meshes) for one, _ in copies}


def _keypoints(frame: LabelledFrame) -> tuple[list[tuple[Keypoint, ...] | None], list[str]]:
    scene, instances = frame.scene, frame.instances
    nothing: list[tuple[Keypoint, ...] | None] = [None] * len(instances)
    names = {category.name: category.keypoints for category in frame.categories if category.keypoints}
    if not any(one.category in names for one in instances):
        return nothing, []
    if scene is None:
        return nothing, [f"There are no keypoints, since only a scene record says where they are; {GET_SCENE_RECORDS}"]
    if scene.camera is None or Projection.of(scene.camera) is None:
        return nothing, [
            "There are no keypoints, since the frame has no single perspective or orthographic camera; render it with "
            "one"
        ]
    places: dict[str, list[SceneKeypoint]] = defaultdict(list)
    for place in scene.keypoints:
        places[place.name].append(place)
    has_depth = Pass.DEPTH in frame.passes
    depth = np.where(frame.depth.seen, frame.depth.in_pass, np.inf).astype(np.float64) if has_depth else None
    seen = SeenPixels(frame.runs.image(), depth)
    named = frame.named_of
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
            "Without a Depth pass a keypoint counts as visible if its instance is seen there; turn the pass on to find "
            "hidden ones"
        )
    return found, notes
