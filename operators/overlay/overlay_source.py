"""Which frame record belongs to the image that an Image Editor shows.

A frame of several view layers or stereo views has a record for each. Blender does not say by name which of them an
editor shows (it counts them, the compositor's picture included where there is one), so the user chooses in the panel.
"""

import contextlib
from dataclasses import dataclass
from pathlib import Path

import bpy

from ...core.base.errors import LabelpassError, UsageError
from ...core.records.record_search import FoundRecord, existing_records, find_records
from ..export.export_plan import sequences_of
from ..export.sources import folder_of_frames, plan_render
from ..rendering.display_images import RENDER_RESULT
from ..rendering.last_render import frame_of_last_render, time_of_last_render

_NO_RECORD = "No annotations of this image were found; export them first, or choose their folder as the output"
_RENDERING = "A render is running"
_NO_IMAGE = "This editor shows no image"
_NO_FILE = "This image is neither a file nor a render, so it has no annotations"
# A record is written a moment after its image. File systems may keep whole seconds only.
_SECONDS_OF_GRACE = 2.0


@dataclass(frozen=True)
class ShownImage:
    """What an Image Editor shows.

    Attributes:
        file: of an opened image; None for a render in memory.
        rendered: when that render ended; None for a file.
        problem: a sentence on why it cannot have a record, "" if it can.
    """

    file: Path | None = None
    rendered: float | None = None
    problem: str = ""


def shown_image(image: bpy.types.Image | None, user: bpy.types.ImageUser) -> ShownImage:
    """What an editor shows, at the frame that it shows; cheap enough for every redraw."""
    if image is None:
        return ShownImage(problem=_NO_IMAGE)
    if image.name == RENDER_RESULT and image.type == "RENDER_RESULT":
        if bpy.app.is_job_running("RENDER"):
            return ShownImage(problem=_RENDERING)
        return ShownImage(rendered=time_of_last_render())
    if image.source not in {"FILE", "SEQUENCE"} or not image.filepath:
        return ShownImage(problem=_NO_FILE)
    return ShownImage(file=Path(image.filepath_from_user(image_user=user)))


@dataclass(frozen=True)
class RecordOfImage:
    """What belongs to a shown image.

    Attributes:
        record: the one to draw; None where there is none.
        note: a sentence on why there is none, or on what the user should know about it; "" for nothing.
        sequences: what the user can choose from, as in FoundRecord.variant; empty where there is no choice.
    """

    record: FoundRecord | None
    note: str = ""
    sequences: tuple[str, ...] = ()


def record_of(shown: ShownImage, scene: bpy.types.Scene, sequence: str = "") -> RecordOfImage:
    """The record of an image.

    Args:
        shown: what an editor shows.
        scene: that of the editor's window.
        sequence: the one that the user has chosen; the first where the image has none of that name.
    """
    if shown.problem:
        return RecordOfImage(None, shown.problem)
    try:
        if shown.file is not None:
            found = find_records(shown.file, _outputs(scene), scene.labelpass.sequence)
            changed = shown.file.stat().st_mtime
        else:
            found = _records_of_render(scene)
            changed = shown.rendered or 0.0
        if not found:
            return RecordOfImage(None, _NO_RECORD)
        record = next((one for one in found if one.variant == sequence), found[0])
        sequences = tuple(one.variant for one in found) if len(found) > 1 else ()
        written, _ = record.records.stamp(record.frame) or (0, 0)
        is_old = written / 1e9 + _SECONDS_OF_GRACE < changed
        note = "The image is newer than its annotations; export them again" if is_old else ""
        return RecordOfImage(record, note, sequences)
    except LabelpassError as error:
        return RecordOfImage(None, str(error))
    except OSError:
        return RecordOfImage(None, _NO_RECORD)


def _records_of_render(scene: bpy.types.Scene) -> list[FoundRecord]:
    """The records of the render in memory, in the first folder that has any; LabelpassError where that is not known."""
    settings, frame = scene.labelpass.core_settings(), frame_of_last_render(scene)
    (planned,) = plan_render(scene, [frame], sequences_of(scene, settings), settings, scene.labelpass.sequence)
    variants = [(one.files.path, one.files.variant) for one in planned.variants]
    for output in _outputs(scene):
        if found := existing_records(output, variants):
            return found
    return []


def _outputs(scene: bpy.types.Scene) -> list[Path]:
    """The folders that may hold the records: of the last export, chosen by the user, next to the frames."""
    last = bpy.context.window_manager.labelpass.output
    folders = [Path(last) if last else None, scene.labelpass.chosen_folder("output")]
    with contextlib.suppress(UsageError):  # the scene has no place for its frames yet
        folders.append(folder_of_frames(scene, [], scene.labelpass.chosen_folder("frames_folder")))
    return list(dict.fromkeys(folder for folder in folders if folder is not None))
