"""Why a render would not give some kinds of dense maps, and the lines of the checklist on that."""

from collections.abc import Iterator

from ..settings.map_table import DenseMap, MapKind
from ..settings.render_pass import Pass
from ..settings.settings import Settings
from .finding import Finding, Fix, Status, Subject, stopper
from .needed_passes import (
    labelled_layer,
)
from .render_setup import RenderSetup, ViewLayerSetup


def missing_maps(setup: RenderSetup, settings: Settings) -> dict[MapKind, str]:
    """Kind of map -> why a render of this scene would not give it, and the way out."""
    layer = labelled_layer(setup, settings)
    reasons = {kind: _why_missing(setup, layer, kind) for kind in MapKind} if layer else {}
    return {kind: reason for kind, reason in reasons.items() if reason}


def _why_missing(setup: RenderSetup, layer: ViewLayerSetup, kind: MapKind) -> str:
    impossible = [pass_.title for pass_ in kind.passes if not setup.can_render(pass_)]
    if impossible:
        return f"{setup.engine} has no {impossible[0]} pass"
    if setup.random_frames and kind in _OF_TWO_FRAMES:
        return (
            "Random Frames are baked, which have nothing to do with each other, so nothing moves from one to the next; "
            "leave this map out"
        )
    if Pass.VECTOR in kind.passes and setup.motion_blur:
        return "Motion Blur is on, and Blender then leaves the Vector pass empty; turn it off"
    if Pass.VECTOR in kind.passes and setup.camera_type == "orthographic":
        return (
            "The camera is orthographic, and when such a camera moves the Vector pass is wrong; choose Flow by Step, "
            "with Flow Step 1 or -1"
        )
    if Pass.VECTOR in kind.passes and setup.camera_type == "custom":
        return "The camera is a custom one, and its Vector pass holds no motion; leave this map out"
    if DenseMap.SURFACES_NPZ in _needed_for(kind) and setup.motion_blur:
        return "Motion Blur is on, which leaves no depth to find surfaces by; turn it off"
    if setup.has_ray_depth and kind is MapKind.DEPTH:
        return f"The camera is {setup.camera_type}, and its Depth pass is the distance from it; choose Ray Depth"
    if setup.has_ray_depth and _needed_for(kind) & _OF_PLANAR_DEPTH:
        return f"The camera is {setup.camera_type}, and this map needs a perspective or orthographic one; leave it out"
    off = [pass_.title for pass_ in kind.passes if pass_ not in layer.passes]
    if off:
        return f"{' and '.join(off)} {'is' if len(off) == 1 else 'are'} off in the view layer {layer.name!r}"
    return ""


# What is made of depth along the camera's axis, or of points found by it.
_OF_PLANAR_DEPTH = {DenseMap.DEPTH_NPY, DenseMap.SURFACES_NPZ, DenseMap.POINTS_PLY, DenseMap.NOCS_NPY}


# What says where things are in another frame.


_OF_TWO_FRAMES = {
    MapKind.FLOW_FORWARD,
    MapKind.FLOW_BACKWARD,
    MapKind.OCCLUSION_FORWARD,
    MapKind.OCCLUSION_BACKWARD,
    MapKind.FLOW_STEP,
    MapKind.OCCLUSION_STEP,
}


def _needed_for(kind: MapKind) -> set[DenseMap]:
    """The maps of a kind, and those that they are made of."""
    return {one for map in DenseMap if map.kind is kind for one in (map, *map.made_of)}


def check_maps(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> Iterator[Finding]:
    kinds = list(dict.fromkeys(map.kind for map in settings.maps))
    good = []
    for kind in kinds:
        if reason := _why_missing(setup, layer, kind):
            fixable = any(pass_ not in layer.passes and setup.can_render(pass_) for pass_ in kind.passes)
            yield stopper(
                Subject.MAPS,
                f"No {kind.title}",
                f"No maps of {kind.title}: {reason}",
                Fix.MAP_PASSES if fixable else None,
            )
        else:
            good.append(kind.title)
    if good:
        yield Finding(
            Status.GOOD,
            Subject.MAPS,
            good[0] if len(good) == 1 else f"{len(good)} kinds",
            f"Dense maps: {', '.join(good)}",
        )
