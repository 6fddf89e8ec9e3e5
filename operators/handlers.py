"""Blender's application handlers and timers of a module: there when it registers, gone when it unregisters."""

import atexit
from collections.abc import Callable
from typing import Any

import bpy

Handler = Callable[..., Any]


def stop_timer(function: Callable[[], float | None]) -> None:
    """Let a timer call a function no more, if it does."""
    if bpy.app.timers.is_registered(function):
        bpy.app.timers.unregister(function)


class Handlers:
    """Some handlers that come and go together.

    Args:
        pairs: a list of bpy.app.handlers, and the persistent function that belongs into it.
    """

    def __init__(self, *pairs: tuple[list[Handler], Handler]) -> None:
        self._pairs = pairs

    def add(self) -> None:
        for handlers, handler in self._pairs:
            if handler not in handlers:
                handlers.append(handler)
        atexit.register(self.remove)  # bpy 4.5 as a module hangs at exit where handlers are left

    def remove(self) -> None:
        atexit.unregister(self.remove)
        for handlers, handler in self._pairs:
            while handler in handlers:
                handlers.remove(handler)
