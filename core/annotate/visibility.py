"""How much of each instance is seen: its amodal mask, where the settings want that or go by it."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Sequence

from ..base.errors import SceneError
from ..base.phrases import GET_SCENE_RECORDS
from ..geometry.placed_mesh import PlacedMesh
from ..geometry.rasteriser import Projection
from ..labels.labelled_frame import LabelledFrame
from ..scene.scene_geometry import SceneGeometry, Surface, read_meshes
from .amodal_masks import find_amodal


def add_amodal(frame: LabelledFrame) -> LabelledFrame:
    """The frame with all that belongs to its instances, seen or not, and sentences on those of which not all is known.

    Raises:
        SceneError: geometry that the scene record refers to is missing or damaged, or a minimum visibility is set and
            nothing is known of the frame to go by.
    """
    settings, instances = frame.job.settings, frame.instances
    if not settings.needs_amodal or not instances:
        return frame
    geometry, camera = frame.geometry, frame.scene.camera if frame.scene else None
    projection = Projection.of(camera) if camera else None
    if geometry is None:
        return _without(frame, "no scene record has the geometry", export_again=True)
    if projection is None:
        what = f"the camera is {camera.type}" if camera else "the frame has no single camera"
        return _without(frame, f"{what} (they need a perspective or orthographic one)")

    surfaces = list(_surfaces(frame, geometry))
    # Only the geometry of shared labels is there where the export had no other use for it.
    plain = [number for number, one in enumerate(instances) if one.resolved is None]
    unlisted = [number for number in plain if not surfaces[number]]
    if plain and unlisted == plain and settings.min_visibility:
        return _without(frame, "the scene record does not have the geometry of all objects", export_again=True)
    placed = [
        PlacedMesh(number, surface.mesh, surface.matrix)
        for number, found in enumerate(surfaces)
        for surface in found
        if surface.mesh
    ]
    meshes = read_meshes(frame.scene_file, {one.mesh for one in placed})
    number_of = {one.mask.label: number for number, one in enumerate(instances)}
    visible = frame.runs.united({label: number_of.get(label, -1) + 1 for label in frame.runs.labels()})
    whole = find_amodal(visible, placed, meshes, projection)
    shaped = {one.number for one in placed}
    flat = [number for number in range(len(instances)) if number not in shaped and number not in unlisted]
    notes = [
        f"{_what_lacks(frame, numbers)}: {why}"
        for numbers, why in (
            (
                flat,
                "Blender gave no triangles (hair, volumes and copies that were separated as connected pieces have "
                "none)",
            ),
            (
                unlisted,
                "the scene record has no geometry for it; make the viewport show what the render shows, and export "
                "again from Blender",
            ),
        )
        if numbers
    ]
    known = [whole.get(number) if number in shaped else None for number in range(len(instances))]
    return frame.with_instances(
        (dataclasses.replace(one, amodal=all_of) for one, all_of in zip(instances, known, strict=True)), notes
    )


def _without(frame: LabelledFrame, why: str, export_again: bool = False) -> LabelledFrame:
    """The frame without amodal masks, or an error: a filter that cannot be applied must not keep everything."""
    settings = frame.job.settings
    name = "Minimum Visibility" if settings.min_visibility else "Amodal Masks turned on"
    export = f"export from Blender with {name}" if frame.scene else GET_SCENE_RECORDS
    if not settings.min_visibility:
        note = f"There are no amodal masks, since {why}{f'; {export}' if export_again else ''}"
        return frame.with_instances(frame.instances, [note])
    way_out = f"{export}, or set it to 0" if export_again else "set it to 0"
    raise SceneError(f"Minimum Visibility needs amodal masks, and {why}; {way_out}")


def _what_lacks(frame: LabelledFrame, numbers: Sequence[int]) -> str:
    first = repr(frame.instances[numbers[0]].name)
    names = f"{first} and {len(numbers) - 1} more" if len(numbers) > 1 else first
    if frame.job.settings.amodal:
        return f"No amodal mask of {names}"
    return f"Minimum Visibility keeps {names}"


def _surfaces(frame: LabelledFrame, geometry: SceneGeometry) -> Iterator[list[Surface]]:
    """The surfaces that each instance is made of, seen or not."""
    by_object: dict[str, list[Surface]] = defaultdict(list)
    for surface in geometry.surfaces:
        by_object[surface.object].append(surface)
    for instance in frame.instances:
        one = frame.named_of[instance.mask.label]
        found = [geometry.surfaces[number] for number in frame.surfaces_of(one)]
        # Of objects that share a label with others only those copies count that are this instance's.
        if found or instance.resolved is None:
            shared = {surface.object for surface in found}
            found += [surface for name in one.objects if name not in shared for surface in by_object[name]]
        yield found
