"""Keeps what the panels show of the scene up to date: categories, the table of objects, and the checklist of passes.

Only with a window, since a background process has no panel.
Many render settings change without a notification, so the few dozen that matter are looked at twice a second; the
objects are gone through only after something has changed them, and the longer that takes, the more rarely.
"""

import time
from collections.abc import Sequence

import bpy
from bpy.app.handlers import persistent

from ...core.base.errors import LabelpassError
from ...core.preflight.checklist import Finding, Status, check, missing_maps
from ...core.preflight.label_facts import LabelFacts
from ...core.preflight.needed_passes import index_0_is_background, labelled_layer
from ...core.settings.map_table import MapKind
from ..category_table import table_of
from ..handlers import Handlers, stop_timer
from ..labelling.labelled_objects import LabelledObjects, ObjectSummary, read_labelled_objects
from ..redraw import redraw_sidebars
from .render_setup import read_render_setup

_SECONDS_BETWEEN_LOOKS = 0.5
# So many times as long as the look before, but no longer than a user would wait for a table.
_PAUSE = 9
_LONGEST_PAUSE = 5.0

_objects: LabelledObjects | None = None
_objects_of: object = None
_shown: tuple[LabelledObjects, list[Finding], dict[MapKind, str], bool] | None = None


def refresh() -> float:
    """Bring the panels' data up to date with the scene; returns when to look again, as timers want it."""
    global _objects, _objects_of, _shown
    context = bpy.context
    if any(map(_is_busy, context.window_manager.windows)) or bpy.app.is_job_running("RENDER"):
        return _SECONDS_BETWEEN_LOOKS
    start = time.perf_counter()
    scene = context.scene
    decisive = _decisive(scene)
    if _objects is None or _objects_of != decisive:
        _objects, _objects_of = read_labelled_objects(scene), decisive
    facts = _objects.facts
    found = _objects, findings_of(scene, facts), missing_maps_of(scene, facts), makes_index_0_background(scene, facts)
    if found != _shown:
        _shown = found
        show(context.window_manager.labelpass, *found)
        redraw_sidebars(context)
    pause = min(_LONGEST_PAUSE, _PAUSE * (time.perf_counter() - start))
    return max(_SECONDS_BETWEEN_LOOKS, pause)


def _is_busy(window: bpy.types.Window) -> bool:
    """Whether an animation plays, or the user is moving something: all that must not stutter."""
    return window.screen.is_animation_playing or any(map(_transforms, window.modal_operators))


def _transforms(operator: bpy.types.Operator | None) -> bool:
    """Whether an operator that is under way moves something.

    Where its extension was disabled meanwhile it is still listed for a moment: as None (Blender 5), or as an operator
    without properties, of which nothing can be read (Blender 4).
    """
    try:
        return operator is not None and operator.bl_idname.startswith("TRANSFORM_OT_")
    except ValueError:
        return False


def _decisive(scene: bpy.types.Scene) -> object:
    """What decides on categories and instances besides the objects, and changes without a notification."""
    try:
        table: object = table_of(scene)
    except LabelpassError as error:
        table = str(error)
    return scene.name_full, scene.labelpass.grouping, scene.render.use_motion_blur, table


def findings_of(scene: bpy.types.Scene, labelled: LabelFacts) -> list[Finding]:
    """The checklist of a scene with its own settings."""
    try:
        settings = scene.labelpass.core_settings()
    except LabelpassError as error:
        return [Finding(Status.WRONG, str(error))]
    return check(read_render_setup(scene, labelled), settings, scene.labelpass.needs_files)


def missing_maps_of(scene: bpy.types.Scene, labelled: LabelFacts) -> dict[MapKind, str]:
    """Why a render of a scene would not give some kinds of maps."""
    try:
        settings = scene.labelpass.core_settings()
    except LabelpassError:
        return {}  # the checklist says so
    return missing_maps(read_render_setup(scene, labelled), settings)


def makes_index_0_background(scene: bpy.types.Scene, labelled: LabelFacts) -> bool:
    """Whether what has the pass index 0 is background of a render of a scene."""
    try:
        settings = scene.labelpass.core_settings()
    except LabelpassError:
        return False  # which the checklist tells
    setup = read_render_setup(scene, labelled)
    layer = labelled_layer(setup, settings)
    return layer is not None and index_0_is_background(setup, settings, layer)


def show(
    state: bpy.types.PropertyGroup,
    objects: LabelledObjects,
    findings: list[Finding],
    missing: dict[MapKind, str],
    by_index: bool = False,
) -> None:
    """Put it where the panels find it."""
    state.maps.clear()
    for kind, reason in missing.items():
        item = state.maps.add()
        item.name, item.reason = kind.value, reason
    state.categories.clear()
    for category in objects.categories:
        item = state.categories.add()
        item.colour = [value / 255 for value in objects.colours[category.name]]
        item.name, item.id, item.objects = category.name, category.id, category.objects
        item.origin = category.origin
    # Emptying and filling a table of thousands takes longer than to see that it is the same.
    rows = _rows(objects.objects, by_index)
    if [_row_of(item) for item in state.objects] != rows:
        state.objects.clear()
        for row in rows:
            item = state.objects.add()
            item.object, item.category, item.instance, item.origin, item.without_index = row
            item.name = " ".join(row[:3])
    state.unlisted_categories = ", ".join(objects.unlisted)
    state.categories_problem = objects.facts.problem
    state.background_objects = objects.facts.background
    state.findings.clear()
    for finding in findings:
        item = state.findings.add()
        item.name, item.status, item.fixable = finding.text, finding.status.value, finding.fix is not None


def _rows(objects: Sequence[ObjectSummary], by_index: bool) -> list[tuple[str, str, str, str, bool]]:
    """The rows of the table: what is background on top, else in the order of names."""
    rows = [
        (ob.name, ob.category, ob.instance, ob.origin, by_index and ob.category != "" and not ob.indexed)
        for ob in objects
    ]
    return sorted(rows, key=lambda row: row[1] != "" and not row[4])


def _row_of(item: bpy.types.PropertyGroup) -> tuple[str, str, str, str, bool]:
    return item.object, item.category, item.instance, item.origin, item.without_index


@persistent
def _on_change(*_: object) -> None:
    global _objects
    _objects = None


@persistent
def _on_load(*_: object) -> None:
    global _objects, _shown
    _objects = _shown = None


_HANDLERS = Handlers((bpy.app.handlers.depsgraph_update_post, _on_change), (bpy.app.handlers.load_post, _on_load))


def register() -> None:
    if bpy.app.background:
        return
    _HANDLERS.add()
    bpy.app.timers.register(refresh, first_interval=_SECONDS_BETWEEN_LOOKS, persistent=True)


def unregister() -> None:
    _HANDLERS.remove()
    stop_timer(refresh)
    _on_load()
