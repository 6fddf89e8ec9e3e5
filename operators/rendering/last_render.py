"""Which frame each Render Slot in Blender's memory shows: Blender itself does not say, and the timeline may have moved.

What is exported, and drawn over, is the slot that the Image Editors show.
"""

import time
from dataclasses import dataclass

import bpy
from bpy.app.handlers import persistent

from ...core.base.errors import SceneError
from ..handlers import Handlers

RENDER_RESULT = "Render Result"
NOTHING_RENDERED = "Nothing is rendered yet; press Render and Export, or F12 first"


@dataclass(frozen=True)
class _Rendered:
    """What a slot holds: the name of the scene, the frame, and when its render ended, as time.time()."""

    scene: str
    frame: int
    time: float


_slots: dict[int, _Rendered] = {}
_target = 0  # the slot of the render that is under way


def frame_of_last_render(scene: bpy.types.Scene) -> int:
    """The frame number of the render that is shown.

    Raises:
        SceneError: nothing was rendered since the file was opened, the slot is empty, or another scene was rendered.
    """
    if not _slots:
        raise SceneError(NOTHING_RENDERED)
    found = _slots.get(_shown_slot())
    if found is None:
        raise SceneError(_empty())
    if found.scene != scene.name:
        raise SceneError(f"The last render is of the scene {found.scene!r}; render this one first")
    return found.frame


def problem_of_slot(scene: bpy.types.Scene) -> str:
    """A sentence on why the slot that is shown is not a render of the scene, though another one is; "" if all is well,
    or nothing was rendered."""
    found = _slots.get(_shown_slot())
    if found is None:
        return _empty() if _slots else ""
    if found.scene != scene.name and any(other.scene == scene.name for other in _slots.values()):
        return f"The Render Slot that is shown holds the scene {found.scene!r}; choose another slot in the Image Editor"
    return ""


def is_rendered(scene: bpy.types.Scene) -> bool:
    """Whether there is a render of the scene to export."""
    found = _slots.get(_shown_slot())
    return found is not None and found.scene == scene.name


def time_of_last_render() -> float | None:
    """When the render that is shown ended, in seconds as of a file's time; None where the slot is empty."""
    found = _slots.get(_shown_slot())
    return None if found is None else found.time


def _shown_slot() -> int:
    """The number of the slot that is shown, and that the next render goes to."""
    image = bpy.data.images.get(RENDER_RESULT)
    return 0 if image is None else int(image.render_slots.active_index)


def _empty() -> str:
    slots = bpy.data.images[RENDER_RESULT].render_slots
    name = slots[slots.active_index].name or f"Slot {slots.active_index + 1}"
    return f"The Render Slot {name!r} is empty; render into it, or choose another one in the Image Editor"


@persistent
def _before_render(*_: object) -> None:
    global _target
    _target = _shown_slot()


@persistent
def _on_render(scene: bpy.types.Scene, *_: object) -> None:
    _slots[_target] = _Rendered(scene.name, scene.frame_current, time.time())


@persistent
def _on_load(*_: object) -> None:
    _slots.clear()


_HANDLERS = Handlers(
    (bpy.app.handlers.render_pre, _before_render),
    (bpy.app.handlers.render_post, _on_render),
    (bpy.app.handlers.load_pre, _on_load),
)


def register() -> None:
    _HANDLERS.add()


def unregister() -> None:
    _HANDLERS.remove()
    _on_load()
