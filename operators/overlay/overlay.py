"""The overlay in the Image Editor: boxes, names, masks, and more from the record of the frame that it shows.

A timer looks for what is to be shown, and prepares it; the draw handler draws only what is prepared.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
from bpy.app.handlers import persistent
from bpy.props import BoolProperty, FloatProperty, PointerProperty, StringProperty

from ...core.base.errors import RecordError
from ...core.drawing.overlay import Overlay, make_overlay
from ...core.frames.frame_files import joined_path
from ...core.records.record_search import FoundRecord
from ..handlers import Handlers, stop_timer
from .overlay_gpu import OverlayDrawing, Shaders, Switches
from .overlay_source import RecordOfImage, ShownImage, record_of, shown_image

_SECONDS_BETWEEN_LOOKS = 0.3
_MOST_KEPT = 8


def _on_switch(switches: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    if bpy.app.background:
        return
    _look_soon()
    for _, area, _ in _editors(context.window_manager):
        area.tag_redraw()


def _choices(_: bpy.types.PropertyGroup, context: bpy.types.Context, __: str) -> tuple[str, ...]:
    return sequences_of_image(context.space_data)


def _switch(name: str, description: str, default: bool = True) -> Any:
    """A property that says whether something is drawn."""
    return BoolProperty(name=name, description=description, default=default, options={"SKIP_SAVE"}, update=_on_switch)


class LabelpassOverlay(bpy.types.PropertyGroup):
    """WindowManager.labelpass_overlay: what is drawn over the image; a matter of looking, so no part of the file."""

    show: _switch("Show Overlay", "Draw the annotations of the shown frame over its image", default=False)
    boxes: _switch("Boxes", "Draw the box of each instance in the colour of its category")
    boxes_3d: _switch(
        "3D Boxes",
        "Draw the 3D box of each instance in the colour of its category, and its x, y and z axes in red, "
        "green and blue",
    )
    keypoints: _switch(
        "Keypoints",
        "Draw the keypoints of each instance with their skeleton; occluded ones are black",
    )
    amodal: _switch(
        "Amodal Outlines",
        "Draw the outline of each whole instance, with its hidden parts, in the colour of its category",
    )
    names: _switch("Names", "Draw the names of the largest instances; zoom in to see more of them")
    masks: _switch("Masks", "Colour the pixels of each instance")
    opacity: FloatProperty(
        name="Opacity",
        description="How much the masks cover the image; their outlines cover twice as much",
        default=0.3,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        options={"SKIP_SAVE"},
        update=_on_switch,
    )
    sequence: StringProperty(
        name="Sequence",
        description="View layer or stereo view whose annotations are drawn, if the image has several; empty takes the "
        "first",
        options={"SKIP_SAVE"},
        search=_choices,
        search_options=set(),
        update=_on_switch,
    )


class _Prepared:
    """A record that is ready to be drawn, or the reason why it is not."""

    def __init__(self, found: FoundRecord) -> None:
        self.overlay: Overlay | None = None
        self.problem = ""
        self._drawing: OverlayDrawing | None = None
        try:
            self.overlay = make_overlay(found.records.read(found.frame))
        except RecordError as error:
            self.problem = str(error)

    def drawing(self) -> OverlayDrawing | None:
        """What the GPU has of it; only while Blender draws."""
        global _shaders
        if self._drawing is None and self.overlay is not None:
            _shaders = _shaders or Shaders()
            self._drawing = OverlayDrawing(self.overlay, _shaders)
        return self._drawing


@dataclass(frozen=True)
class _Shown:
    """What an editor shows, and what is drawn over it."""

    image: ShownImage
    source: RecordOfImage
    prepared: _Prepared | None


_shaders: Shaders | None = None
_draw_handle: object = None
_shown: dict[int, _Shown] = {}  # by the editor's address
_kept: OrderedDict[tuple[str, tuple[int, int]], _Prepared] = OrderedDict()  # the last used at the end


def status_of(space: bpy.types.SpaceImageEditor) -> tuple[str, str]:
    """For the panel: which record is shown ("" for none), and a sentence on what the user should know ("" for none)."""
    if not space.overlay.show_overlays:
        return "", "Overlays are off in the header of this editor"
    shown = _shown.get(space.as_pointer())
    if shown is None:
        return "", ""
    if shown.prepared is None or shown.prepared.overlay is None:
        return "", shown.prepared.problem if shown.prepared else shown.source.note
    count, record = len(shown.prepared.overlay.names), shown.source.record
    name = joined_path(record.variant, Path(record.records.where(record.frame)).name)
    return f"{name}: {count} instance{'s' if count != 1 else ''}", shown.source.note


def sequences_of_image(space: bpy.types.SpaceImageEditor) -> tuple[str, ...]:
    """For the panel: the sequences of the shown image that the user can choose from; empty where there is no choice."""
    shown = _shown.get(space.as_pointer())
    return shown.source.sequences if shown else ()


def missing_of(space: bpy.types.SpaceImageEditor) -> dict[str, str]:
    """For the panel: switch -> a sentence on why the shown frame has nothing for it; only switches that have not."""
    shown = _shown.get(space.as_pointer())
    overlay = shown.prepared.overlay if shown is not None and shown.prepared is not None else None
    if overlay is None:
        return {}
    found = {
        "boxes_3d": overlay.without_boxes_3d,
        "keypoints": overlay.without_keypoints,
        "amodal": overlay.without_amodal,
    }
    return {switch: reason for switch, reason in found.items() if reason}


def look() -> float | None:
    """Prepare what all editors show; returns when to look again, as timers want it."""
    global _shown
    manager = bpy.context.window_manager
    editors = list(_editors(manager))
    shown = {}
    if manager.labelpass_overlay.show:
        shown = {space.as_pointer(): _look_at(scene, space) for scene, _, space in editors}
    for _, area, space in editors:
        if shown.get(space.as_pointer()) != _shown.get(space.as_pointer()):
            area.tag_redraw()
    _shown = shown
    return _SECONDS_BETWEEN_LOOKS if manager.labelpass_overlay.show else None


def _look_at(scene: bpy.types.Scene, space: bpy.types.SpaceImageEditor) -> _Shown:
    image = shown_image(space.image, space.image_user)
    source = record_of(image, scene, bpy.context.window_manager.labelpass_overlay.sequence)
    if source.record is None:
        return _Shown(image, source, None)
    prepared = _prepare(source.record)
    if prepared is None:  # removed since; the next look says so
        return _Shown(image, RecordOfImage(None), None)
    return _Shown(image, source, prepared)


def _prepare(found: FoundRecord) -> _Prepared | None:
    """The prepared record, from before if it is the same; None where it is gone."""
    stamp = found.records.stamp(found.frame)
    if stamp is None:
        return None
    key = found.records.where(found.frame), stamp
    prepared = _kept.pop(key, None) or _Prepared(found)
    _kept[key] = prepared
    while len(_kept) > _MOST_KEPT:
        _kept.popitem(last=False)
    return prepared


def _editors(
    manager: bpy.types.WindowManager,
) -> Iterator[tuple[bpy.types.Scene, bpy.types.Area, bpy.types.SpaceImageEditor]]:
    for window in manager.windows:
        for area in window.screen.areas:
            if area.type == "IMAGE_EDITOR":
                yield window.scene, area, area.spaces.active


def _look_soon() -> None:
    stop_timer(look)
    bpy.app.timers.register(look, persistent=True)


def _draw() -> None:
    context = bpy.context
    space, switches = context.space_data, context.window_manager.labelpass_overlay
    if not switches.show or not space.overlay.show_overlays:
        return
    shown = _shown.get(space.as_pointer())
    if shown is None or shown.image != shown_image(space.image, space.image_user):
        _look_soon()  # another frame, or another image
        return
    drawing = shown.prepared.drawing() if shown.prepared else None
    if drawing is not None:
        drawing.draw(
            context,
            Switches(
                switches.boxes,
                switches.boxes_3d,
                switches.amodal,
                switches.keypoints,
                switches.names,
                switches.masks,
                switches.opacity,
            ),
        )


@persistent
def _on_frame_change(*_: object) -> None:
    """Have the new frame ready before it is drawn. A render changes frames too, on a thread of its own."""
    if threading.current_thread() is threading.main_thread() and bpy.context.window_manager.labelpass_overlay.show:
        look()


_HANDLERS = Handlers((bpy.app.handlers.frame_change_post, _on_frame_change))


def register() -> None:
    global _draw_handle
    bpy.utils.register_class(LabelpassOverlay)
    bpy.types.WindowManager.labelpass_overlay = PointerProperty(type=LabelpassOverlay)
    if bpy.app.background:
        return  # without a window nothing is drawn
    _draw_handle = bpy.types.SpaceImageEditor.draw_handler_add(_draw, (), "WINDOW", "POST_PIXEL")
    _HANDLERS.add()


def unregister() -> None:
    global _draw_handle, _shaders
    _HANDLERS.remove()
    stop_timer(look)
    if _draw_handle is not None:
        bpy.types.SpaceImageEditor.draw_handler_remove(_draw_handle, "WINDOW")
        _draw_handle = None
    _shown.clear()
    _kept.clear()
    _shaders = None
    del bpy.types.WindowManager.labelpass_overlay
    bpy.utils.unregister_class(LabelpassOverlay)
