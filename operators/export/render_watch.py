"""What a render that goes from frame to frame says of each of them, at the only moments when it can be known.

Blender calls handlers on the thread that renders, which is not the main thread where there is a window. So they only
read, and leave what they have read in a queue:

    render_init         a render begins
    render_pre          a frame begins
    frame_change_post   the render engine has evaluated the scene at that frame, in a depsgraph of its own; what
                        handlers change now is evaluated again afterwards, when Blender calls none
    render_write        the frame's files are there
    render_complete, render_cancel

Afterwards the scene stands at another frame.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import bpy
from bpy.app.handlers import persistent

from ...core.base.errors import LabelpassError, SceneError
from ...core.frames.frame_files import sequence_name
from ...core.settings.category_table import CategoryTable
from ...core.settings.conflicts import check_together
from ...core.settings.settings import Settings
from .. import compat
from ..handlers import Handlers
from ..rendering.display_images import Look
from ..scene.render_graph import settle
from ..scene.scene_description import SceneDescription
from .descriptions import Descriptions, describe_layer
from .export_plan import sequences_of
from .sources import (
    PlannedFrame,
    PlannedVariant,
    SceneSequence,
    WrittenFiles,
    frame_file,
    frame_files,
    output_folder,
    scene_frames,
)


@dataclass(frozen=True)
class WrittenFrame:
    """A frame that was rendered and written.

    Attributes:
        variants: what each sequence has of it, with what Blender knows of it.
        output: the dataset's folder.
        look: its colour management.
        total: how many records the animation makes.
        scene: its name.
        redo: whether it may replace a frame that was made of something else.
    """

    variants: tuple[tuple[PlannedVariant, SceneDescription], ...]
    output: Path
    look: Look
    total: int
    scene: str
    redo: bool


@dataclass(frozen=True)
class BadFrame:
    """A frame that was rendered and cannot be annotated.

    Attributes:
        names: of the frame in the dataset, or its number where it has no files.
        error: a sentence on why.
        output: the dataset's folder, None where that is not known.
        total, scene, redo: as in WrittenFrame.
    """

    names: tuple[str, ...]
    error: str
    output: Path | None = None
    total: int = 0
    scene: str = ""
    redo: bool = False


@dataclass(frozen=True)
class RenderBegan:
    """The user renders something: a frame, or an animation."""


@dataclass(frozen=True)
class RenderEnded:
    """The render is complete or was cancelled."""


Event = RenderBegan | WrittenFrame | BadFrame | RenderEnded
# Appended to by the thread that renders, taken from by the main thread.
events: deque[Event] = deque()

_on_event: Callable[[], None] = lambda: None  # noqa: E731


@dataclass(frozen=True)
class _Kept:
    """A depsgraph that Blender keeps until the frame is written, when it is described for some sequences."""

    depsgraph: bpy.types.Depsgraph
    layer: str
    sequences: Sequence[SceneSequence]

    def is_still(self, depsgraph: bpy.types.Depsgraph) -> bool:
        """Whether a depsgraph still is the kept one, and of the same view layer."""
        return bool(depsgraph == self.depsgraph) and depsgraph.view_layer.name == self.layer


@dataclass
class _Frame:
    """The frame that is being rendered."""

    scene: str
    number: int
    before: tuple[tuple[int, ...], ...]
    settings: Settings
    sequences: Sequence[SceneSequence]
    table: CategoryTable | None = None
    thread: int = field(default_factory=threading.get_ident)
    descriptions: Descriptions = field(default_factory=dict)
    look: Look | None = None
    kept: "_Kept | None" = None
    settles: bool = False  # whether what handlers change is evaluated when they are done
    cancelled: bool = False
    error: str = "Blender has rendered no view layer of the scene at this frame, so there is nothing to annotate"

    def is_evaluated(self, scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> bool:
        """Whether a depsgraph is that of this frame's render.

        Motion blur moves the engine to other times and back, and the viewport has depsgraphs of its own.
        """
        return (
            depsgraph.mode == "RENDER"
            and threading.get_ident() == self.thread
            and scene.name == self.scene
            and scene.frame_current == self.number
            and scene.frame_subframe == 0.0
        )

    def missing(self, depsgraph: bpy.types.Depsgraph) -> list[SceneSequence]:
        """The sequences that a depsgraph shows and that have no description yet."""
        layers = (depsgraph.view_layer.name, "")
        return [one for one in self.sequences if one.described_layer in layers and one not in self.descriptions]

    def of_all(self, sequences: Sequence[SceneSequence]) -> Descriptions:
        """The descriptions of some sequences; raises SceneError where one has none."""
        if not set(sequences) <= set(self.descriptions):
            raise SceneError(self.error)
        return self.descriptions


_frame: _Frame | None = None
_asked: _Frame | None = None  # what is rendered to be described, and no more
_written = WrittenFiles()


AskedFrame = _Frame


@contextmanager
def describing(
    scene: bpy.types.Scene, sequences: Sequence[SceneSequence], settings: Settings, table: CategoryTable | None
) -> Iterator[AskedFrame]:
    """Describe what is rendered in this block, which is the frame that a scene stands at, and do nothing else with it.

    Args:
        scene: the original scene.
        sequences: what to describe.
        settings: the user's choices.
        table: of categories; None takes the scene's own.

    Yields:
        What has the descriptions afterwards.
    """
    global _asked
    _asked = frame = _Frame(scene.name, scene.frame_current, (), settings, sequences, table)
    was_watching = _on_frame_change in bpy.app.handlers.frame_change_post
    _HANDLERS.add()
    try:
        yield frame
    finally:
        _asked = None
        if not was_watching:
            _HANDLERS.remove()


@persistent
def _on_init(*_: object) -> None:
    global _frame, _written
    _frame, _written = None, WrittenFiles()
    if _asked is None:
        _tell(RenderBegan())


@persistent
def _on_pre(scene: bpy.types.Scene, *_: object) -> None:
    global _frame
    _frame = _asked
    if _asked:
        _asked.thread = threading.get_ident()  # that of Blender's job, where it does not wait for the render
    if _asked or scene.labelpass.while_rendering:
        _surround_others()
    if _asked or not scene.labelpass.while_rendering:
        return
    try:
        settings = scene.labelpass.core_settings()
        check_together(settings)
        sequence_name(scene.labelpass.sequence)
    except LabelpassError as error:
        _tell(BadFrame((f"frame {scene.frame_current}",), str(error)))
    else:
        sequences = sequences_of(scene, settings)
        _frame = _Frame(scene.name, scene.frame_current, _state_of_files(scene), settings, sequences)


@persistent
def _before_others(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph, *_: object) -> None:
    """Prepare what is done after all other handlers."""
    if _frame is None or not _frame.is_evaluated(scene, depsgraph) or not _frame.missing(depsgraph):
        return
    is_first = bpy.app.handlers.frame_change_post[0] == _before_others
    _frame.settles = is_first and not scene.render.use_persistent_data and _has_others()
    if _frame.settles:
        settle(depsgraph)


@persistent
def _on_frame_change(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph, *_: object) -> None:
    if _frame is None:
        return
    if _frame.kept and depsgraph.mode == "RENDER" and not _frame.kept.is_still(depsgraph):
        _frame.kept, _frame.error = None, _NOT_KEPT  # Blender keeps the data of one view layer at a time
    if not _frame.is_evaluated(scene, depsgraph):
        return
    # Each view layer has a depsgraph; of one that is evaluated again, for another view, the first time counts.
    shown = _frame.missing(depsgraph)
    if not shown or not _is_last():
        return
    if not _has_others():
        _describe(_frame, scene, shown, depsgraph)
    elif _frame.settles:
        settle(depsgraph)
        _describe(_frame, scene, shown, depsgraph)
    elif not scene.render.use_persistent_data:
        _frame.error = _NOT_FIRST
    elif _frame.error != _NOT_KEPT:
        _frame.kept = _Kept(depsgraph, depsgraph.view_layer.name, shown)


_NOT_FIRST = (
    "A script has added a handler to frame_change_post while the frame was rendered, and what it moves cannot be read; "
    "let it add the handler before the render, or export the frames afterwards"
)
# What handlers change is evaluated after the last of them, and the data that persist must not be touched before.
_NOT_KEPT = (
    "Other scripts have handlers in frame_change_post, and with Persistent Data what they move cannot be read where "
    "several view layers or scenes are rendered; turn Persistent Data off, or export the frames afterwards"
)


def _describe(
    frame: _Frame, scene: bpy.types.Scene, sequences: Sequence[SceneSequence], depsgraph: bpy.types.Depsgraph
) -> None:
    try:
        frame.descriptions |= describe_layer(scene, sequences, frame.settings, frame.table, depsgraph)
        frame.look = frame.look or Look.of(depsgraph.scene_eval)
    except LabelpassError as error:
        frame.error = str(error)


def _surround_others() -> None:
    """Be called before and after all other handlers of a frame; not while these are called."""
    handlers = bpy.app.handlers.frame_change_post
    others = [handler for handler in handlers if handler not in (_before_others, _on_frame_change)]
    handlers[:] = [_before_others, *others, _on_frame_change]


def _is_last() -> bool:
    """Whether no handler comes after this one; else it will be called once more."""
    handlers = bpy.app.handlers.frame_change_post
    # Another one may want to be the last one too.
    if handlers[-1] == _on_frame_change or handlers.count(_on_frame_change) > _MOST_CALLS:
        return True
    handlers.append(_on_frame_change)
    return False


_MOST_CALLS = 5


def _has_others() -> bool:
    """Whether there are handlers that may change the scene: any but those of this extension."""
    own = __package__.removesuffix("operators.export")
    return any(
        not (getattr(handler, "__module__", None) or "").startswith(own)
        for handler in bpy.app.handlers.frame_change_post
    )


@persistent
def _on_write(scene: bpy.types.Scene, *_: object) -> None:
    global _frame
    frame, _frame = _frame, None
    if frame is None or (frame.scene, frame.number) != (scene.name, scene.frame_current):
        return
    if frame.kept:
        kept, frame.kept = frame.kept, None
        _describe(frame, scene, kept.sequences, kept.depsgraph)
    if _asked is None:
        _tell(_read_written(scene, frame))


@persistent
def _on_complete(scene: bpy.types.Scene, *_: object) -> None:
    if _frame is not None and _frame is _asked and _frame.kept:  # a still, which nothing is written of
        kept, _frame.kept = _frame.kept, None
        _describe(_frame, scene, kept.sequences, kept.depsgraph)
    _on_end()


@persistent
def _on_cancel(*_: object) -> None:
    if _asked is not None:
        _asked.cancelled = True
    _on_end()


def _on_end() -> None:
    global _frame
    _frame = None
    if _asked is None:
        _tell(RenderEnded())


def _read_written(scene: bpy.types.Scene, frame: _Frame) -> WrittenFrame | BadFrame:
    names: tuple[str, ...] = (f"frame {frame.number}",)
    try:
        if compat.writes_multilayer(scene) and _state_of_files(scene) == frame.before:
            raise SceneError(f"Blender has not written {frame_file(scene, frame.number)}; render it as an animation")
        variants = _written.of(scene, frame.number, frame.sequences, frame.settings)
        names = tuple(variant.files.path for variant in variants)
        output = output_folder(scene, [PlannedFrame(scene.name, frame.number, tuple(variants))], None)
    except LabelpassError as error:
        return BadFrame(names, str(error))
    described = tuple(
        (variant, frame.descriptions[variant.sequence])
        for variant in variants
        if variant.sequence in frame.descriptions
    )
    total = len(variants) * len(scene_frames(scene))
    if frame.look is None or len(described) < len(variants):
        return BadFrame(names, frame.error, output, total, frame.scene, frame.settings.redo)
    return WrittenFrame(described, output, frame.look, total, frame.scene, frame.settings.redo)


def _state_of_files(scene: bpy.types.Scene) -> tuple[tuple[int, ...], ...]:
    """What changes when the files of the frame are written anew; empty where there are none."""
    try:
        stats = [path.stat() for path in frame_files(scene, scene.frame_current)]
    except OSError:
        return ()
    return tuple((stat.st_ino, stat.st_size, stat.st_mtime_ns) for stat in stats)


def _tell(event: Event) -> None:
    events.append(event)
    _on_event()


_HANDLERS = Handlers(
    (bpy.app.handlers.render_init, _on_init),
    (bpy.app.handlers.render_pre, _on_pre),
    (bpy.app.handlers.frame_change_post, _before_others),
    (bpy.app.handlers.frame_change_post, _on_frame_change),
    (bpy.app.handlers.render_write, _on_write),
    (bpy.app.handlers.render_complete, _on_complete),
    (bpy.app.handlers.render_cancel, _on_cancel),
)


def start(on_event: Callable[[], None]) -> None:
    """Begin to watch.

    Args:
        on_event: called after each event, on the thread that renders.
    """
    global _on_event
    _on_event = on_event
    _HANDLERS.add()


def stop() -> None:
    _HANDLERS.remove()
    events.clear()
