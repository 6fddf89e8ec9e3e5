"""Keeps what the panels show of the scene up to date: categories, the table of objects, and the checklist of passes.

Only with a window, since a background process has no panel.
Many render settings change without a notification, so the few dozen that matter are looked at twice a second; the
objects are gone through only after something has changed them, and the longer that takes, the more rarely.
"""

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ...core.base.errors import LabelpassError
from ...core.preflight.checklist import check
from ...core.preflight.finding import Finding, Mend, Status, Subject, check_lines, first_red
from ...core.preflight.label_facts import LabelFacts
from ...core.preflight.map_checks import missing_maps
from ...core.preflight.needed_passes import index_0_is_background, label_pass, labelled_layer
from ...core.settings.map_table import MapKind
from ...core.settings.render_pass import Pass
from ..category_table import table_of
from ..export.wanted import frames_left, has_files, wanted_by_settings
from ..handlers import Handlers, stop_timer
from ..labelling.labelled_objects import LabelledObjects, ObjectSummary, read_labelled_objects
from ..redraw import redraw_sidebars
from .render_setup import read_render_setup

_SECONDS_BETWEEN_LOOKS = 0.5
# So many times as long as the look before, but no longer than a user would wait for a table.
_PAUSE = 9
_LONGEST_PAUSE = 5.0


@dataclass
class _Looked:
    """What was found of a scene at the last look.

    Attributes:
        objects: None where they have to be gone through again.
        decisive: as _decisive(), when they were gone through.
        shown: what the panels show.
    """

    objects: LabelledObjects | None = None
    decisive: object = None
    shown: "ToShow | None" = None


@dataclass(frozen=True)
class ToShow:
    """What the panels are to show of a scene; the fields without a word here are as in LabelpassShown.

    Attributes:
        objects: its objects and categories.
        findings: its checklist.
        missing: as missing_maps() says.
        by_index: whether what has the pass index 0 is background.
    """

    objects: LabelledObjects
    findings: Sequence[Finding]
    missing: Mapping[MapKind, str]
    by_index: bool = False
    uses_indices: bool = False
    rendered: bool = False
    left: int = 0


_looked: dict[str, _Looked] = {}


def refresh() -> float:
    """Bring the panels' data up to date with the scenes of all windows; returns when to look again, as timers want
    it."""
    manager = bpy.context.window_manager
    if any(map(_is_busy, manager.windows)) or bpy.app.is_job_running("RENDER"):
        return _SECONDS_BETWEEN_LOOKS
    start = time.perf_counter()
    scenes = {window.scene.name_full: window for window in manager.windows}
    for name in _looked.keys() - scenes.keys():
        del _looked[name]
    news = [_look(name, window) for name, window in scenes.items()]
    for place in reversed(range(len(manager.labelpass.scenes))):
        if manager.labelpass.scenes[place].name not in scenes:
            manager.labelpass.scenes.remove(place)
    if any(news):
        redraw_sidebars(bpy.context)
    pause = min(_LONGEST_PAUSE, _PAUSE * (time.perf_counter() - start))
    return max(_SECONDS_BETWEEN_LOOKS, pause)


def _look(name: str, window: bpy.types.Window) -> bool:
    """Look at the scene of a window; returns whether there is news to show."""
    looked, scene = _looked.setdefault(name, _Looked()), window.scene
    decisive = _decisive(scene)
    if looked.objects is None or looked.decisive != decisive:
        with bpy.context.temp_override(window=window, scene=scene):  # what is evaluated is known of the context's scene
            looked.objects, looked.decisive = read_labelled_objects(scene), decisive
    to_show = look_at(scene, looked.objects)
    if to_show == looked.shown:
        return False
    looked.shown = to_show
    scenes = bpy.context.window_manager.labelpass.scenes
    show(scenes.get(name) or _added(scenes, name), to_show)
    return True


def _added(scenes: Any, name: str) -> bpy.types.PropertyGroup:
    item = scenes.add()
    item.name = name
    return item


def look_at(scene: bpy.types.Scene, objects: LabelledObjects) -> ToShow:
    """What the panels are to show of a scene and its objects."""
    facts = objects.facts
    findings = findings_of(scene, facts)
    try:
        settings = scene.labelpass.core_settings()
    except LabelpassError:
        return ToShow(objects, findings, {})  # the checklist says so
    setup = read_render_setup(scene, facts)
    layer = labelled_layer(setup, settings)
    rendered, left = scene.labelpass.source != "ANIMATION", 0
    if not rendered:
        with contextlib.suppress(LabelpassError):  # which the buttons say
            wanted = wanted_by_settings(scene)
            rendered, left = has_files(wanted), frames_left(wanted)
    return ToShow(
        objects,
        findings,
        missing_maps_of(scene, facts),
        layer is not None and index_0_is_background(setup, settings, layer),
        layer is not None and label_pass(setup, settings, layer) is Pass.OBJECT_INDEX,
        rendered,
        left,
    )


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
        return [Finding(Status.WRONG, Subject.SETTINGS, "Contradict", str(error), stops=True)]
    stored = scene.labelpass
    return check(read_render_setup(scene, labelled), settings, stored.needs_files, stored.source == "ANIMATION")


def missing_maps_of(scene: bpy.types.Scene, labelled: LabelFacts) -> dict[MapKind, str]:
    """Why a render of a scene would not give some kinds of maps."""
    try:
        settings = scene.labelpass.core_settings()
    except LabelpassError:
        return {}  # the checklist says so
    return missing_maps(read_render_setup(scene, labelled), settings)


def show(shown: bpy.types.PropertyGroup, to_show: ToShow) -> None:
    """Put it where the panels find it."""
    objects = to_show.objects
    shown.maps.clear()
    for kind, reason in to_show.missing.items():
        item = shown.maps.add()
        item.name, item.reason = kind.value, reason
    shown.categories.clear()
    for category in objects.categories:
        item = shown.categories.add()
        item.colour = [value / 255 for value in objects.colours[category.name]]
        item.name, item.id, item.objects = category.name, category.id, category.objects
        item.origin = category.origin
    # Emptying and filling a table of thousands takes longer than to see that it is the same.
    rows = _rows(objects.objects, to_show.by_index)
    if [_row_of(item) for item in shown.objects] != rows:
        shown.objects.clear()
        for row in rows:
            item = shown.objects.add()
            item.object, item.category, item.instance, item.origin, item.without_index = row
            item.name = " ".join(row[:3])
    shown.unlisted_categories = ", ".join(objects.unlisted)
    shown.categories_problem = objects.facts.problem
    shown.background_objects = objects.facts.background
    shown.uses_indices, shown.rendered, shown.left = to_show.uses_indices, to_show.rendered, to_show.left
    _show_findings(shown, to_show.findings)


def _show_findings(shown: bpy.types.PropertyGroup, findings: Sequence[Finding]) -> None:
    shown.findings.clear()
    for finding in findings:
        item = shown.findings.add()
        item.name, item.status, item.fixable = finding.text, finding.status.value, finding.fix is not None
    red = first_red(findings)
    shown.red, shown.stops = (red.text, red.stops) if red else ("", False)
    shown.mend = (red.mend if red else Mend.NONE).name
    shown.checks.clear()
    for line in check_lines(finding for finding in findings if finding is not red):
        item = shown.checks.add()
        item.name, item.status, item.value, item.text = line.subject.value, line.status.value, line.value, line.text


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
    for looked in _looked.values():
        looked.objects = None


@persistent
def _on_load(*_: object) -> None:
    _looked.clear()


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
