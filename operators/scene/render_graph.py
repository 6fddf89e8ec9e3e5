"""The depsgraph of a render: the scene with everything that only a render shows, and without what only a viewport does.

Blender makes one for each render, and hands it to handlers of `frame_change_post`. Outside of a render Python gets at
the viewport's depsgraphs alone. But Blender's OBJ exporter can be told to evaluate the scene as a render does, and
evaluating calls handlers of `depsgraph_update_post` with that depsgraph. An animation that ends before its first frame
writes no file, so this costs one evaluation and changes nothing. Alembic's would do too, but some builds lack it.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType
from typing import Any, TypeVar

import bpy

from ..handlers import Handler

T = TypeVar("T")

# Blender prints this name on a terminal, though there never is such a file.
_NAME = "Labelpass reads the scene"


class NoRenderGraphError(Exception):
    """This Blender does not evaluate the scene as a render does."""


def in_render_graph(scene: bpy.types.Scene, layer: bpy.types.ViewLayer, read: Callable[[bpy.types.Depsgraph], T]) -> T:
    """Read from the scene what a render of its current frame would see; neither the scene nor its handlers notice.

    Args:
        scene: the original scene.
        layer: one of its view layers.
        read: called with a depsgraph that is gone afterwards.

    Returns:
        What `read` returns.

    Raises:
        NoRenderGraphError: Blender lacks the exporter, or refuses.
        Exception: what `read` raises.
    """
    results: list[T] = []
    problems: list[BaseException] = []

    def on_update(_: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
        if depsgraph.mode != "RENDER" or results or problems:
            return
        try:
            results.append(read(depsgraph))
        except BaseException as error:  # Blender would print and forget it
            problems.append(error)

    refusal = ""
    with _in_a_window(), bpy.context.temp_override(scene=scene, view_layer=layer):
        bpy.context.evaluated_depsgraph_get()  # Blender (4.2 to 5.2) crashes in operators on a scene that has none
        with without_handlers(), _no_active_object_in_a_mode(layer), _added(on_update):
            try:
                _evaluate_as_a_render()
            except (AttributeError, RuntimeError, TypeError) as error:
                refusal = str(error)
    if problems:
        raise problems[0]
    if not results:
        raise NoRenderGraphError(refusal)
    return results[0]


def settle(depsgraph: bpy.types.Depsgraph) -> None:
    """Evaluate what handlers have changed since, as Blender does after the last handler of `frame_change_post`.

    Blender first forgets what the frame has changed, and so this has to be called before all other handlers as well:
    else objects that are moved lose their modifiers, since their geometry is marked as changed and not evaluated again.

    An engine that keeps its data from frame to frame (Persistent Data) wants to know what has changed, so its depsgraph
    must not be settled.

    Args:
        depsgraph: of a render, in such a handler.
    """
    with without_handlers():
        depsgraph.update()


@contextmanager
def without_handlers() -> Iterator[None]:
    """Call no handler of a depsgraph's update from this thread; from others they are called as ever."""
    lists = (bpy.app.handlers.depsgraph_update_pre, bpy.app.handlers.depsgraph_update_post)
    for handlers in lists:
        handlers[:] = [_Deaf(handler) for handler in handlers]
    try:
        yield
    finally:
        for handlers in lists:
            handlers[:] = [one.handler if isinstance(one, _Deaf) else one for one in handlers]


class _Deaf:
    """A handler that is not called from the thread that made this."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self._thread = threading.get_ident()

    def __call__(self, *arguments: Any) -> None:
        if threading.get_ident() == self._thread:
            return
        # Blender itself gives functions of one argument no second one.
        single = isinstance(self.handler, FunctionType) and self.handler.__code__.co_argcount == 1
        self.handler(*arguments[: 1 if single else None])

    def __eq__(self, other: object) -> bool:
        """The handler is found under its own name, for instance when it removes itself."""
        return self.handler == (other.handler if isinstance(other, _Deaf) else other)

    def __hash__(self) -> int:
        return hash(self.handler)


@contextmanager
def _added(handler: Handler) -> Iterator[None]:
    bpy.app.handlers.depsgraph_update_post.append(handler)
    try:
        yield
    finally:
        bpy.app.handlers.depsgraph_update_post.remove(handler)


@contextmanager
def _no_active_object_in_a_mode(layer: bpy.types.ViewLayer) -> Iterator[None]:
    """The exporter would leave the mode of an active object that is being edited, sculpted or painted."""
    active = layer.objects.active
    if active is None or active.mode == "OBJECT":
        yield
        return
    layer.objects.active = None
    try:
        yield
    finally:
        layer.objects.active = active


@contextmanager
def _in_a_window() -> Iterator[None]:
    """Timers have none in their context, and the exporter wants one.

    To override it together with the scene would mix up the scenes of both, and Blender (4.2 to 5.2) crashes.
    """
    windows = bpy.context.window_manager.windows
    if bpy.context.window is not None or not windows:
        yield
        return
    with bpy.context.temp_override(window=windows[0]):
        yield


def _evaluate_as_a_render() -> None:
    path = Path(bpy.app.tempdir) / _NAME
    bpy.ops.wm.obj_export(
        filepath=str(path),
        check_existing=False,
        export_animation=True,
        start_frame=1,
        end_frame=0,
        export_eval_mode="DAG_EVAL_RENDER",
    )
