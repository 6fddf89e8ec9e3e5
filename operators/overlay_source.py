"""Which frame record belongs to the image that an Image Editor shows."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..core.errors import LabelpassError, UsageError
from ..core.record import find_record, record_path
from .display_images import RENDER_RESULT
from .export_plan import sequences_of
from .last_render import frame_of_last_render, time_of_last_render
from .sources import folder_of_frames, plan_render

_NO_RECORD = "No annotations of this image were found; export them first, or choose their folder as the output"
_RENDERING = "A render is running"
_NO_IMAGE = "This editor shows no image"
_NO_FILE = "This image is no file and no render, so it has no annotations"
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


def record_of(shown: ShownImage, scene: bpy.types.Scene) -> tuple[Path | None, str]:
    """The file of the record, and a sentence: on why there is none, or on what the user should know about it."""
    if shown.problem:
        return None, shown.problem
    try:
        if shown.file is not None:
            path = find_record(shown.file, _outputs(scene))
            changed = shown.file.stat().st_mtime
        else:
            settings, frame = scene.labelpass.core_settings(), frame_of_last_render(scene)
            (planned,) = plan_render(scene, [frame], sequences_of(scene, settings), settings)
            names = [part.files.path for part in planned.parts]
            paths = [record_path(output, name) for output in _outputs(scene) for name in names]
            path = next((path for path in paths if path.is_file()), None)
            changed = shown.rendered or 0.0
        if path is None:
            return None, _NO_RECORD
        if path.stat().st_mtime + _SECONDS_OF_GRACE < changed:
            return path, "The image is newer than its annotations; export them again"
        return path, ""
    except LabelpassError as error:
        return None, str(error)
    except OSError:
        return None, _NO_RECORD


def _outputs(scene: bpy.types.Scene) -> list[Path]:
    """The folders that may hold the records: of the last export, chosen by the user, beside the frames."""
    last = bpy.context.window_manager.labelpass.output
    folders = [Path(last) if last else None, scene.labelpass.chosen_folder("output")]
    with contextlib.suppress(UsageError):  # the scene has no place for its frames yet
        folders.append(folder_of_frames(scene, [], scene.labelpass.chosen_folder("frames_folder")))
    return list(dict.fromkeys(folder for folder in folders if folder is not None))
