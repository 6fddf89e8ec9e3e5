"""Keeps the panel's list of categories up to date, a moment after the scene has changed.

Only with a window: a background process has no panel, and bpy 4.5 as a module hangs at exit with handlers registered.
"""

from collections import Counter

import bpy
from bpy.app.handlers import persistent

from ..core.errors import SceneError
from .redraw import redraw_sidebars
from .scene_reader import object_entries, own_objects

_SECONDS_AFTER_CHANGE = 0.5


def refresh_categories() -> float | None:
    """Read the categories of the current scene into the panel's list; returns when to try again, as timers want it."""
    context = bpy.context
    if any(window.screen.is_animation_playing for window in context.window_manager.windows):
        return _SECONDS_AFTER_CHANGE
    state = context.window_manager.labelpass
    state.categories.clear()
    state.categories_problem = ""
    try:
        objects = sorted(own_objects(context.scene), key=lambda ob: ob.name)
        table = object_entries(context.scene, objects)
    except SceneError as error:
        state.categories_problem = str(error)
        redraw_sidebars(context)
        return None
    counts = Counter(entry.category for entry in table.entries)
    for category in table.categories:
        item = state.categories.add()
        item.name, item.objects = category.name, counts[category.name]
    state.background_objects = counts[None]
    redraw_sidebars(context)
    return None


@persistent
def _on_change(*_: object) -> None:
    if not bpy.app.timers.is_registered(refresh_categories):
        bpy.app.timers.register(refresh_categories, first_interval=_SECONDS_AFTER_CHANGE)


_HANDLERS = (bpy.app.handlers.depsgraph_update_post, bpy.app.handlers.load_post)


def register() -> None:
    if bpy.app.background:
        return
    for handlers in _HANDLERS:
        handlers.append(_on_change)
    _on_change()


def unregister() -> None:
    for handlers in _HANDLERS:
        if _on_change in handlers:
            handlers.remove(_on_change)
    if bpy.app.timers.is_registered(refresh_categories):
        bpy.app.timers.unregister(refresh_categories)
