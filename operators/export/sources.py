"""Which frames an export is about: the render in memory, the files on disk, or frames that are rendered first."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy

from ...core.base.errors import InputError, OutputError, UsageError
from ...core.frames.frame_files import FrameFiles, find_frames, sequence_name
from ...core.frames.frame_messages import frame_ranges, without_files
from ...core.settings.render_pass import PassFile
from ...core.settings.settings import Settings
from .. import compat
from ..scene.stereo import file_suffix, views_of, writes_file_a_view


@dataclass(frozen=True)
class SceneSequence:
    """A sequence that a render of a scene holds.

    Attributes:
        view_layer, view: those to look for in the files; "" takes the first.
        described_layer: the view layer that its objects are in; "" for all that are rendered.
        described_view: the stereo view whose camera it has; "" where there are none.
        variant: as in FrameFiles.
    """

    view_layer: str = ""
    view: str = ""
    described_layer: str = ""
    described_view: str = ""
    variant: str = ""


@dataclass(frozen=True)
class PlannedVariant:
    """What a frame has for one sequence.

    Attributes:
        sequence: which one.
        files: its EXR files; of a frame that is not on disk yet, what it will be called.
        settings: the user's choices, with the view layer and the view of the sequence.
    """

    sequence: SceneSequence
    files: FrameFiles
    settings: Settings


@dataclass(frozen=True)
class PlannedFrame:
    """A frame to export.

    Attributes:
        scene: name of the scene.
        frame: frame number in it.
        variants: one for each sequence.
        name: of what has a problem.
        problem: a sentence on why it cannot be exported, "" if it can.
        on_disk: whether its files are there; else it comes out of Blender's memory.
    """

    scene: str
    frame: int
    variants: tuple[PlannedVariant, ...]
    name: str = ""
    problem: str = ""
    on_disk: bool = False


def scene_frames(scene: bpy.types.Scene) -> list[int]:
    """The frame numbers that an animation render of the scene makes."""
    return list(range(scene.frame_start, scene.frame_end + 1, scene.frame_step))


def plan_render(
    scene: bpy.types.Scene,
    frames: Sequence[int],
    sequences: Sequence[SceneSequence],
    settings: Settings,
    sequence: str = "",
) -> list[PlannedFrame]:
    """Frames that come out of Blender's memory, named as their files would be, in a sequence of some name."""
    plans = []
    for frame in frames:
        files = [
            FrameFiles(sequence_name(sequence), frame, _name_of_file(scene, path, frame), (PassFile(path),))
            for path in frame_files(scene, frame)
        ]
        plans.append(PlannedFrame(scene.name, frame, tuple(_variants(scene, files, sequences, settings))))
    return plans


def plan_files(
    scene: bpy.types.Scene,
    frames: Sequence[int],
    folder: Path | None,
    sequences: Sequence[SceneSequence],
    settings: Settings,
    sequence: str = "",
) -> list[PlannedFrame]:
    """Frames that were rendered to EXR files before.

    Args:
        scene: whose output settings say where the files are.
        frames: the frame numbers that are wanted.
        folder: take the files from here instead.
        sequences: what to make of each frame.
        settings: the user's choices.
        sequence: name of the sequence of all frames; "" takes the folders of their files.

    Returns:
        A plan for each of the frames that has files, and one with a problem for all those that have none.

    Raises:
        InputError: none of them has a file.
        UsageError: the files' names clash.
    """
    found = _files_by_frame(scene, frames, folder, sequence)
    if not found:
        where = folder or frame_file(scene, frames[0])
        raise InputError(
            f"There is no EXR file of the frames {frame_ranges(frames)} (looked for {where}); render the animation "
            "with the file format OpenEXR MultiLayer first, or choose the folder of the frames"
        )
    plans, missing = [], []
    for frame in frames:
        variants = tuple(_variants(scene, found.get(frame, ()), sequences, settings))
        if variants:
            plans.append(PlannedFrame(scene.name, frame, variants, on_disk=True))
        if {variant.sequence for variant in variants} != set(sequences):
            missing.append(frame)
    if missing:
        name, problem = without_files(missing)
        plans.append(PlannedFrame(scene.name, missing[0], (), name, problem))
    return plans


def _variants(
    scene: bpy.types.Scene, found: Iterable[FrameFiles], sequences: Sequence[SceneSequence], settings: Settings
) -> Iterator[PlannedVariant]:
    """What some files of a frame have for each sequence."""
    files = list(found)
    for sequence in sequences:
        own, common = [], files
        if sequence.described_view:
            suffixes = {view: file_suffix(scene, view) for view in views_of(scene)}
            own = [one for one in files if one.name.endswith(suffixes[sequence.described_view])]
            common = [one for one in files if not one.name.endswith(tuple(suffixes.values()))]
        # What is left of other output settings may lie next to what the scene writes now.
        mine = (own or common) if writes_file_a_view(scene) else (common or own)
        for one in mine:
            view = sequence.view if mine is common else ""
            choices = dataclasses.replace(settings, view_layer=sequence.view_layer, view=view)
            yield PlannedVariant(sequence, one.of_variant(sequence.variant), choices)


class WrittenFiles:
    """Finds the files of frames that a render has just written, without going through its folders for each frame."""

    def __init__(self) -> None:
        self._like: list[FrameFiles] = []

    def of(
        self, scene: bpy.types.Scene, frame: int, sequences: Sequence[SceneSequence], settings: Settings
    ) -> list[PlannedVariant]:
        """What a frame has for each sequence, as plan_files would find it afterwards.

        Raises:
            InputError: there is none.
            UsageError: the files' names clash.
        """
        return list(_variants(scene, self._files_of(scene, frame), sequences, settings))

    def _files_of(self, scene: bpy.types.Scene, frame: int) -> list[FrameFiles]:
        if self._like and not compat.writes_multilayer(scene):
            expected = [files.of_frame(frame) for files in self._like]
            if all(file.path.is_file() for files in expected for file in files.files):
                return expected
        found = _files_by_frame(scene, [frame], None, scene.labelpass.sequence).get(frame, [])
        if not found:
            raise InputError(
                "The render writes no EXR file with passes; set the file format OpenEXR MultiLayer in the output "
                "properties"
            )
        self._like = found
        return found


def output_folder(scene: bpy.types.Scene, plan: Sequence[PlannedFrame], folder: Path | None) -> Path:
    """The dataset's folder: the one that the settings of the scene name, else the one next to the frames.

    Raises:
        OutputError, UsageError: it is relative to a .blend file that was never saved.
    """
    output: Path = scene.labelpass.chosen_folder("output") or folder_of_frames(scene, plan, folder)
    if not output.is_absolute():
        raise OutputError("The output folder is relative to a .blend file that is not saved; save it first")
    return output


def folder_of_frames(scene: bpy.types.Scene, plan: Sequence[PlannedFrame], folder: Path | None) -> Path:
    """The folder next to the frames: where an export goes unless the user says otherwise.

    Raises:
        UsageError: the frames are written relative to a .blend file that was never saved.
    """
    if folder is not None:
        return folder
    parents = {file.path.parent for planned in plan for variant in planned.variants for file in variant.files.files}
    parents = parents or {frame_file(scene, scene.frame_current).parent}
    if not all(parent.is_absolute() for parent in parents):
        raise UsageError("The output path is relative to a .blend file that is not saved; save it, or choose a folder")
    # If each pass has a file of its own, or there are several scenes, the folders are next to each other.
    common = _common_parts([parent.parts for parent in parents])
    if len(parents) > 1 and len(common) < 2:
        raise UsageError("The frames have no folder in common; choose an output folder")
    return Path(*common)


def frame_file(scene: bpy.types.Scene, frame: int, view: str = "") -> Path:
    """The file that an animation render writes for a frame, or for one view of it; the first file of several."""
    if writes_file_a_view(scene):
        return Path(bpy.path.abspath(scene.render.frame_path(frame=frame, view=view or views_of(scene)[0])))
    return Path(bpy.path.abspath(scene.render.frame_path(frame=frame)))


def frame_files(scene: bpy.types.Scene, frame: int) -> list[Path]:
    """All files that an animation render writes for a frame, besides those of File Output nodes."""
    views = views_of(scene) if writes_file_a_view(scene) else [""]
    return [frame_file(scene, frame, view) for view in views]


def file_output_places(scene: bpy.types.Scene) -> list[str]:
    """The folders and names that the File Output nodes of a scene write to."""
    return [
        str(compat.file_output_folder(node) / name)
        for node in compat.file_outputs(scene)
        for name in compat.file_output_names(node)
    ]


def frame_pattern(scene: bpy.types.Scene) -> tuple[str, str]:
    """The output path in two parts: the folder as the user wrote it, with the slash at its end, and the files' name
    without a suffix, with "#" where the frame number goes."""
    path = scene.render.filepath
    name = bpy.path.basename(path)
    folder = path.removesuffix(name)
    name = name.removesuffix(scene.render.file_extension)
    return folder, name if "#" in name else f"{name}####"


def _name_of_file(scene: bpy.types.Scene, path: Path, frame: int) -> str:
    """The name of a frame's file without its suffix; the number alone where all frames go into one file."""
    if scene.render.is_movie_format:
        return f"{frame:04}"
    name = path.name
    return name.removesuffix(scene.render.file_extension) if scene.render.use_file_extension else name


def _files_by_frame(
    scene: bpy.types.Scene, frames: Sequence[int], folder: Path | None, sequence: str
) -> dict[int, list[FrameFiles]]:
    """The files of each frame number, in the given folder or where the scene writes them."""
    if folder is not None:
        return _by_number(find_frames([folder], sequence=sequence or None))
    found: dict[int, list[FrameFiles]] = {}
    if not compat.writes_multilayer(scene):
        folders = {
            folder for node in compat.file_outputs(scene) if (folder := compat.file_output_folder(node)).is_dir()
        }
        found = _by_number(find_frames(sorted(folders), sequence=sequence or None)) if folders else {}
    if not found:
        for frame in frames:
            paths = frame_files(scene, frame)
            files = [path for path in paths if path.suffix.lower() == ".exr" and path.is_file()]
            if files:
                name = sequence_name(sequence)
                found[frame] = [FrameFiles(name, frame, path.stem, (PassFile(path),)) for path in files]
    return found


def _by_number(frames: Iterable[FrameFiles]) -> dict[int, list[FrameFiles]]:
    found: dict[int, list[FrameFiles]] = {}
    for frame in frames:
        found.setdefault(frame.frame, []).append(frame)
    return found


def _common_parts(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    common: list[str] = []
    for parts in zip(*paths, strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return tuple(common)
