"""Which frame the render in Blender's memory shows: Blender itself does not say, and the timeline may have moved on."""

import time

import bpy
from bpy.app.handlers import persistent

from ...core.base.errors import SceneError
from ..handlers import Handlers

NOTHING_RENDERED = "Nothing has been rendered yet; render an image (F12), or set Source to Files on Disk"

_last: tuple[str, int, float] | None = None


def frame_of_last_render(scene: bpy.types.Scene) -> int:
    """The frame number of the last render.

    Raises:
        SceneError: nothing was rendered since the file was opened, or another scene was.
    """
    if _last is None:
        raise SceneError(NOTHING_RENDERED)
    name, frame, _ = _last
    if name != scene.name:
        raise SceneError(f"The last render is of the scene {name!r}; render this one, or set Source to Files on Disk")
    return frame


def time_of_last_render() -> float | None:
    """When the last render ended, in seconds as of a file's time; None where nothing was rendered."""
    return None if _last is None else _last[2]


@persistent
def _on_render(scene: bpy.types.Scene, *_: object) -> None:
    global _last
    _last = scene.name, scene.frame_current, time.time()


@persistent
def _on_load(*_: object) -> None:
    global _last
    _last = None


_HANDLERS = Handlers((bpy.app.handlers.render_post, _on_render), (bpy.app.handlers.load_pre, _on_load))


def register() -> None:
    _HANDLERS.add()


def unregister() -> None:
    _HANDLERS.remove()
    _on_load()
