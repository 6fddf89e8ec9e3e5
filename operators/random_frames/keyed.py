"""Properties that get a value for each frame, wherever they are."""

import re
from dataclasses import dataclass
from typing import Any

import bpy

from ...core.base.errors import SceneError
from ...core.random_frames.streams import Floats

# The last step of a path: the name of a property, or that of a custom one.
_LAST_STEP = re.compile(r'^(?:(?P<head>.*?)\.)?(?P<name>\w+)$|^(?P<holder>.*?)\["(?P<key>(?:[^"\\]|\\.)*)"\]$')


@dataclass(frozen=True)
class Keyed:
    """A property and its values.

    Attributes:
        block: the data block that it is in, which may be the node tree of a material.
        path: from there.
        values: (F, N), of its N numbers, or of the one that is meant.
        component: the one that is meant; -1 for all of them.
    """

    block: bpy.types.ID
    path: str
    values: Floats
    component: int = -1

    @property
    def indices(self) -> range:
        """Indices of the curves."""
        first = max(0, self.component)
        return range(first, first + self.values.shape[1])


def split_path(path: str) -> tuple[str, str, bool]:
    """Path of what holds a property, its name, and whether it is a custom property."""
    found = _LAST_STEP.match(path)
    if found is None:
        raise SceneError(f"There is no property {path!r}; remove its row")
    if found["key"] is not None:
        return found["holder"], found["key"], True
    return found["head"] or "", found["name"], False


def get_value(block: bpy.types.ID, path: str) -> Any:
    """A value that JSON has; lists of numbers for vectors."""
    holder, name, is_custom = _holder(block, path)
    value = holder[name] if is_custom else getattr(holder, name)
    return list(value) if hasattr(value, "__len__") and not isinstance(value, str) else value


def set_value(block: bpy.types.ID, path: str, value: Any) -> None:
    """The inverse of get_value()."""
    holder, name, is_custom = _holder(block, path)
    if is_custom:
        holder[name] = value
    else:
        setattr(holder, name, value)


def _holder(block: bpy.types.ID, path: str) -> tuple[Any, str, bool]:
    head, name, is_custom = split_path(path)
    try:
        return (block.path_resolve(head) if head else block), name, is_custom
    except ValueError as error:
        raise SceneError(f"{block.name!r} has no {head!r} any more; remove the row that varies it") from error


def check_keyable(block: bpy.types.ID, path: str) -> None:
    """Raises SceneError where keyframes of a property would do nothing."""
    if not block.is_editable:
        raise SceneError(f"{block.name_full!r} is linked and cannot have keyframes; make a library override of it")
    animation = block.animation_data
    if animation and any(driver.data_path == path for driver in animation.drivers):
        raise SceneError(f"{path!r} of {block.name!r} has a driver, which keyframes do not change; remove one of them")
