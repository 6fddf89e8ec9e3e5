"""Values of all frames as keyframes, and back to the values and the animation of before.

Each data block gets an action of ours in the place of its own. It is a copy of that one, so that what no row varies
moves on, and it holds what Remove needs: the action of before, and the values that the block had. So all of it is
saved with the .blend, undone with the step, and gone with the action.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import bpy
import numpy as np

from ...core.base.errors import LabelpassError
from ...core.random_frames.streams import Floats, Integers
from .. import compat
from .keyed import Keyed, check_keyable, get_value, set_value

_BEFORE, _ACTION, _POINTER = "labelpass_before", "labelpass_action", "labelpass_pointer "
# A mark on data blocks that a row has made, which go with its keyframes.
MADE = "labelpass_random"
_CONSTANT = 0


class Keyframes:
    """The keyframes of one bake: as few as hold all values, since each takes 72 bytes of a .blend.

    Args:
        scene: that they belong to.
        frames: (F,) their numbers, ascending.
    """

    def __init__(self, scene: bpy.types.Scene, frames: Integers) -> None:
        self._scene = scene
        self._frames = frames
        self._curves: dict[tuple[bpy.types.ID, str, int], bpy.types.FCurve] = {}

    @property
    def count(self) -> int:
        """How many keys there are."""
        return sum(len(curve.keyframe_points) for curve in self._curves.values())

    def write(self, keyed: Sequence[Keyed]) -> None:
        """Give properties their values, in the place of those that were written before.

        Raises:
            SceneError: a property cannot have keyframes.
        """
        for one in keyed:
            if (one.block, one.path, one.indices[0]) not in self._curves:
                self._make_curves(one)
            for column, index in enumerate(one.indices):
                self._fill(self._curves[one.block, one.path, index], one.values[:, column])

    def _make_curves(self, one: Keyed) -> None:
        check_keyable(one.block, one.path)
        _remember(self._scene, one.block, one.path)
        for index in one.indices:
            self._curves[one.block, one.path, index] = compat.new_curve(one.block, one.path, index)

    def _fill(self, curve: bpy.types.FCurve, values: Floats) -> None:
        """Give a curve (F,) values: a key wherever the value is another one, which holds until the next key."""
        numbers = values.astype(np.float32)
        changes = np.append(True, numbers[1:] != numbers[:-1])
        points = curve.keyframe_points
        if len(points) != np.count_nonzero(changes):
            points.clear()
            points.add(int(np.count_nonzero(changes)))
            points.foreach_set("interpolation", np.full(len(points), _CONSTANT, np.int32))
        keys = np.column_stack((self._frames[changes], numbers[changes])).astype(np.float32)
        points.foreach_set("co", keys.ravel())
        curve.update()


def replace_value(scene: bpy.types.Scene, block: bpy.types.ID, path: str, value: Any) -> None:
    """Set a property for as long as the random keyframes are there."""
    check_keyable(block, path)
    _remember(scene, block, path)
    set_value(block, path, value)


def replace_pointer(scene: bpy.types.Scene, block: bpy.types.ID, path: str, value: bpy.types.ID) -> None:
    """The same for a property that is a data block."""
    check_keyable(block, path)
    action = _take_over(scene, block)
    known = json.loads(action[_BEFORE])
    if path not in known["pointers"]:
        known["pointers"].append(path)
        before = block.path_resolve(path)
        if before is not None:
            action[_POINTER + path] = before
        action[_BEFORE] = json.dumps(known)
    set_value(block, path, value)


def _remember(scene: bpy.types.Scene, block: bpy.types.ID, path: str) -> None:
    """Keep what a property is now in the action that takes it over."""
    action = _take_over(scene, block)
    known = json.loads(action[_BEFORE])
    if path not in known["values"]:
        known["values"][path] = get_value(block, path)
        action[_BEFORE] = json.dumps(known)


def _take_over(scene: bpy.types.Scene, block: bpy.types.ID) -> bpy.types.Action:
    """The action of ours that animates a data block, made if there is none yet."""
    animation = block.animation_data or block.animation_data_create()
    if animation.action is None or _BEFORE not in animation.action:
        before, slot = animation.action, compat.slot_of(animation)
        action = before.copy() if before else bpy.data.actions.new(f"Random {block.name}")
        action.name = f"Random {block.name}"
        if before:
            action[_ACTION] = before
        action[_BEFORE] = json.dumps({"scene": scene.name, "slot": slot, "values": {}, "pointers": []})
        compat.set_action(animation, action, slot)
    return animation.action


def remove_keyframes(scene: bpy.types.Scene) -> int:
    """Give back to everything what it had before; returns how many data blocks that were."""
    count = 0
    for block in _animated_blocks():
        animation = block.animation_data
        action = animation.action if animation else None
        if action is None or _BEFORE not in action:
            continue
        known = json.loads(action[_BEFORE])
        if known["scene"] != scene.name and known["scene"] in bpy.data.scenes:
            continue
        before = action.get(_ACTION)
        pointers = {path: action.get(_POINTER + path) for path in known["pointers"]}
        compat.set_action(animation, before, known["slot"])
        bpy.data.actions.remove(action)
        if before is None and not animation.drivers and not animation.nla_tracks:
            block.animation_data_clear()
        for path, value in {**pointers, **known["values"]}.items():
            try:
                set_value(block, path, value)
            except (LabelpassError, AttributeError, KeyError):
                continue  # the user has removed it since
        count += 1
    for image in list(bpy.data.images):
        if MADE in image and not image.users:
            bpy.data.images.remove(image)
    return count


def _animated_blocks() -> Iterator[bpy.types.ID]:
    """All data blocks of the file that can be animated, node trees of materials and so on included."""
    for prop in bpy.data.bl_rna.properties:
        if prop.type != "COLLECTION":
            continue
        for block in list(getattr(bpy.data, prop.identifier)):
            if hasattr(block, "animation_data"):
                yield block
            tree = getattr(block, "node_tree", None)
            if tree is not None and tree.is_embedded_data:
                yield tree
