"""Which frames an export is about: the render in memory, the files on disk, or frames that are rendered first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..core.errors import InputError, OutputError, UsageError
from ..core.frames import FrameFiles, find_frames
from ..core.render_pass import PassFile
from . import compat


@dataclass(frozen=True)
class PlannedFrame:
    """A frame to export.

    Attributes:
        frame: frame number in the scene.
        files: its EXR files; None for the render in memory, and for a frame that is rendered first.
        name: of the frame in the dataset.
        problem: a sentence on why it cannot be exported, "" if it can.
    """

    frame: int
    files: FrameFiles | None
    name: str
    problem: str = ""


def scene_frames(scene: bpy.types.Scene) -> list[int]:
    """The frame numbers that an animation render of the scene makes."""
    return list(range(scene.frame_start, scene.frame_end + 1, scene.frame_step))


def plan_render(scene: bpy.types.Scene, frames: Sequence[int]) -> list[PlannedFrame]:
    """Frames that come out of Blender's memory, named as their files would be."""
    return [PlannedFrame(frame, None, _name_of_file(scene, frame)) for frame in frames]


def plan_files(scene: bpy.types.Scene, frames: Sequence[int], folder: Path | None) -> list[PlannedFrame]:
    """Frames that were rendered to EXR files before.

    Args:
        scene: whose output settings say where the files are.
        frames: the frame numbers that are wanted.
        folder: take the files from here instead.

    Returns:
        A plan for each of the frames that has files, and one with a problem for all those that have none.

    Raises:
        InputError: there is no file for any of them.
        UsageError: the files' names clash.
    """
    found = _files_by_frame(scene, frames, folder)
    if not found:
        where = folder or frame_file(scene, frames[0])
        raise InputError(
            f"There is no EXR file of the frames {_span(frames)} (looked for {where}); render the animation with the "
            "file format OpenEXR MultiLayer first, or choose the folder of the frames"
        )
    plans = [PlannedFrame(frame, files, files.path) for frame in frames for files in found.get(frame, ())]
    missing = [frame for frame in frames if frame not in found]
    if missing:
        which = f"{'frame' if len(missing) == 1 else 'the frames'} {_span(missing)}"
        problem = f"There is no EXR file of {which}; render it, or leave it out of the frame range"
        plans.append(PlannedFrame(missing[0], None, which, problem))
    return plans


class WrittenFiles:
    """Finds the files of frames that a render has just written, without going through its folders for each frame."""

    def __init__(self) -> None:
        self._like: list[FrameFiles] = []

    def of(self, scene: bpy.types.Scene, frame: int) -> list[FrameFiles]:
        """The files of a frame, as plan_files would find them afterwards.

        Raises:
            InputError: there is none.
            UsageError: the files' names clash.
        """
        if self._like and not compat.writes_multilayer(scene):
            expected = [files.of_frame(frame) for files in self._like]
            if all(file.path.is_file() for files in expected for file in files.files):
                return expected
        found = _files_by_frame(scene, [frame], None).get(frame, [])
        if not found:
            raise InputError(
                "The render writes no EXR file with passes; set the file format OpenEXR MultiLayer in the output "
                "properties"
            )
        self._like = found
        return found


def output_folder(scene: bpy.types.Scene, plan: Sequence[PlannedFrame], folder: Path | None) -> Path:
    """The dataset's folder: the one that the settings of the scene name, else the one beside the frames.

    Raises:
        OutputError, UsageError: it is relative to a .blend file that was never saved.
    """
    output: Path = scene.labelpass.chosen_folder("output") or folder_of_frames(scene, plan, folder)
    if not output.is_absolute():
        raise OutputError("The output folder is relative to a .blend file that is not saved; save it first")
    return output


def folder_of_frames(scene: bpy.types.Scene, plan: Sequence[PlannedFrame], folder: Path | None) -> Path:
    """The folder beside the frames: where an export goes unless the user says otherwise.

    Raises:
        UsageError: the frames are written relative to a .blend file that was never saved.
    """
    if folder is not None:
        return folder
    files = [file.path for planned in plan if planned.files for file in planned.files.files]
    if len(plan) and len(files) > len(plan):  # one file a pass, in folders beside each other
        return Path(*_common_parts([file.parent.parts for file in files]))
    if files:
        return files[0].parent
    target = frame_file(scene, scene.frame_current).parent
    if not target.is_absolute():
        raise UsageError("The output path is relative to a .blend file that is not saved; save it, or choose a folder")
    return target


def frame_file(scene: bpy.types.Scene, frame: int) -> Path:
    """The file that an animation render writes for a frame."""
    return Path(bpy.path.abspath(scene.render.frame_path(frame=frame)))


def frame_pattern(scene: bpy.types.Scene) -> tuple[str, str]:
    """The output path in two parts: the folder as the user wrote it, with the slash at its end, and the files' name
    without a suffix, with "#" where the frame number goes."""
    path = scene.render.filepath
    name = bpy.path.basename(path)
    folder = path.removesuffix(name)
    name = name.removesuffix(scene.render.file_extension)
    return folder, name if "#" in name else f"{name}####"


def _name_of_file(scene: bpy.types.Scene, frame: int) -> str:
    """The name of a frame's file without its suffix; the number alone where all frames go into one file."""
    if scene.render.is_movie_format:
        return f"{frame:04}"
    name = frame_file(scene, frame).name
    return name.removesuffix(scene.render.file_extension) if scene.render.use_file_extension else name


def _files_by_frame(scene: bpy.types.Scene, frames: Sequence[int], folder: Path | None) -> dict[int, list[FrameFiles]]:
    """The files of each frame number, in the given folder or where the scene writes them."""
    if folder is not None:
        return _by_number(find_frames([folder]))
    found: dict[int, list[FrameFiles]] = {}
    if not compat.writes_multilayer(scene):
        folders = {
            folder for node in compat.file_outputs(scene) if (folder := compat.file_output_folder(node)).is_dir()
        }
        found = _by_number(find_frames(sorted(folders))) if folders else {}
    if not found:
        for frame in frames:
            path = frame_file(scene, frame)
            if path.suffix.lower() == ".exr" and path.is_file():
                found[frame] = [FrameFiles("", frame, path.stem, (PassFile(path),))]
    return found


def _by_number(frames: Iterable[FrameFiles]) -> dict[int, list[FrameFiles]]:
    found: dict[int, list[FrameFiles]] = {}
    for frame in frames:
        found.setdefault(frame.frame, []).append(frame)
    return found


def _common_parts(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    common = []
    for parts in zip(*paths, strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return tuple(common)


def _span(frames: Sequence[int]) -> str:
    """The ranges of some ascending frame numbers: "3, 7 to 9"."""
    ranges: list[list[int]] = []
    for frame in frames:
        if ranges and frame == ranges[-1][-1] + 1:
            ranges[-1][1:] = [frame]
        else:
            ranges.append([frame])
    return ", ".join(" to ".join(map(str, ends)) for ends in ranges)
