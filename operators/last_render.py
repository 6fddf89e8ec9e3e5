"""Which frame the render in Blender's memory shows: Blender itself does not say, and the timeline may have moved on."""

import atexit
import time

import bpy
from bpy.app.handlers import persistent

from ..core.errors import SceneError

_last: tuple[str, int, float] | None = None


def frame_of_last_render(scene: bpy.types.Scene) -> int:
    """The frame number of the last render.

    Raises:
        SceneError: nothing was rendered since the file was opened, or another scene was.
    """
    if _last is None:
        raise SceneError("Nothing has been rendered yet; render an image (F12), or set Source to Files on Disk")
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


_HANDLERS = ((bpy.app.handlers.render_post, _on_render), (bpy.app.handlers.load_pre, _on_load))


def register() -> None:
    for handlers, handler in _HANDLERS:
        handlers.append(handler)
    atexit.register(_remove_handlers)  # bpy 4.5 as a module hangs at exit where handlers are left


def unregister() -> None:
    atexit.unregister(_remove_handlers)
    _remove_handlers()
    _on_load()


def _remove_handlers() -> None:
    for handlers, handler in _HANDLERS:
        if handler in handlers:
            handlers.remove(handler)
