"""What is seen of instances beyond the shape that Blender gives of them: particle hair, and displacement by materials.

Only the renderer has these surfaces. The masks show them, and 3D boxes and amodal masks are made of the rest.
"""

from ..labels.labelled_frame import LabelledFrame


def find_beyond_shape(frame: LabelledFrame) -> dict[str, str]:
    """Name of an instance -> what is seen of it beyond its shape, see Facts.beyond_shape."""
    if frame.scene is None:
        return {}
    of_object = {one.name: one.facts.beyond_shape for one in frame.scene.objects.entries if one.facts.beyond_shape}
    if not of_object:
        return {}
    found = {}
    for instance in frame.instances:
        kinds = {of_object.get(name, "") for name in frame.named_of[instance.mask.label].objects} - {""}
        if kinds:
            found[instance.name] = " and ".join(sorted(kinds))
    return found


def add_beyond_shape(frame: LabelledFrame) -> LabelledFrame:
    """The frame with sentences on the instances whose 3D box or amodal mask is smaller than what is seen of them."""
    beyond = find_beyond_shape(frame)
    with_pose = [one.name for one in frame.instances if one.pose and one.name in beyond]
    with_amodal = [one.name for one in frame.instances if one.amodal and one.name in beyond]
    parts = ["3D box"] * bool(with_pose) + ["hidden part of the amodal mask"] * bool(with_amodal)
    names: dict[str, list[str]] = {}
    for name in sorted({*with_pose, *with_amodal}):
        names.setdefault(beyond[name], []).append(name)
    notes = [
        f"The {' and the '.join(parts)} of {_some(those)} {'is' if len(parts) == 1 else 'are'} without the {kind}, of "
        "which Blender gives no shape"
        for kind, those in names.items()
    ]
    return frame.with_instances(frame.instances, notes)


def _some(names: list[str]) -> str:
    return repr(names[0]) if len(names) == 1 else f"{names[0]!r} and {len(names) - 1} more"
