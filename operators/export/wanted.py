"""What a user wants exported, from the sidebar or by arguments, and the plans for it: of files, and of renders.

Frames that are rendered for a dataset lie in its own folder, see own_output.py.
"""

import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import bpy

from ...core.base.dataset_folder import DatasetFolder
from ...core.frames.frame_files import joined_path, sequence_name
from ...core.frames.shard import Shard
from ...core.records.record_store import RecordStore, open_records
from ...core.settings.category_table import CategoryTable
from ...core.settings.settings import Settings
from .. import compat
from .export_plan import ExportPlan, Way, plan_export, renders_folder, scenes_of, sequences_of
from .own_output import frame_name, rendering_into
from .sources import frame_files, output_folder, scene_frames


@dataclass(frozen=True)
class Wanted:
    """What is to be exported, as plan_export() wants to know it."""

    scene: bpy.types.Scene
    settings: Settings
    frames: Sequence[int] | None
    folder: Path | None
    output: Path | None
    merge: bool
    table: CategoryTable | None
    sequence: str
    shard: Shard | None = None

    @property
    def scenes(self) -> list[bpy.types.Scene]:
        return scenes_of(self.scene, self.settings)

    def frames_of(self, scene: bpy.types.Scene) -> Sequence[int]:
        numbers = scene_frames(scene) if self.frames is None else self.frames
        return self.shard.share(numbers) if self.shard else numbers

    def renders_of(self, scene: bpy.types.Scene) -> Path:
        """Where --render puts the frames of a scene; needs the output."""
        assert self.output is not None
        return renders_folder(self.output, scene, self.settings, self.sequence)

    def plan(self, way: Way) -> ExportPlan:
        return plan_export(
            self.scene,
            self.settings,
            way,
            self.frames,
            self.folder,
            self.output,
            self.merge,
            self.table,
            self.sequence,
            self.shard,
        )


def wanted_by_settings(scene: bpy.types.Scene, frames: Sequence[int] | None = None) -> Wanted:
    """What the settings of a scene ask for, of its own renders.

    Args:
        scene: the one that the user looks at.
        frames: their numbers; None takes the frame range of each scene.

    Raises:
        LabelpassError: that cannot be done.
    """
    stored = scene.labelpass
    return Wanted(scene, stored.core_settings(), frames, None, None, True, None, stored.sequence)


def plan_of_files(wanted: Wanted) -> ExportPlan:
    """An export of frames that are there: those that were rendered into the dataset, else those of the scene's output.

    Raises:
        LabelpassError: that cannot be done.
    """
    if wanted.folder is None:
        inside = _with_output(wanted)
        with _rendering_into_dataset(inside):
            if any(path.is_file() for one in inside.scenes for path in _rendered_files(one, inside.frames_of(one))):
                return inside.plan(Way.FILES)
    return wanted.plan(Way.FILES)


def are_renders(plan: ExportPlan) -> bool:
    """Whether the files of a plan were rendered into its dataset."""
    renders = DatasetFolder(plan.output).renders
    files = (file for planned in plan.frames for variant in planned.variants for file in variant.files.files)
    return any(file.path.is_relative_to(renders) for file in files)


def plan_of_stills(wanted: Wanted, keep_passes: bool) -> ExportPlan:
    """An export of frames that are rendered one by one, see still_render.py, into the dataset.

    Frames that the dataset has are left out where it has some of them, but not all, and Redo is off.

    Args:
        wanted: what to export.
        keep_passes: whether the EXR files stay.

    Raises:
        LabelpassError: that cannot be done.
    """
    inside = _with_output(wanted)
    with _rendering_into_dataset(inside):
        plan = inside.plan(Way.RENDER)
    assert inside.output is not None
    records = open_records(DatasetFolder(inside.output))
    left = [planned for planned in plan.frames if not _has_all(records, [one.files.path for one in planned.variants])]
    frames = plan.frames if wanted.settings.redo or not left else left
    return dataclasses.replace(plan, frames=frames, discard_passes=not keep_passes)


def frames_left(wanted: Wanted) -> int:
    """How many frames plan_of_stills() would render, without a change to the scene for a moment; LabelpassError
    likewise."""
    dataset = DatasetFolder(wanted.output or output_folder(wanted.scene, (), None))
    names = tuple(tuple(name) for scene in wanted.scenes for name in _names(scene, wanted))
    if wanted.settings.redo:
        return len(names)
    folders = {frame.rpartition("/")[0] for one in names for frame in one}
    return _left(dataset, names, tuple(_changed(dataset.records / folder) for folder in sorted(folders))) or len(names)


@lru_cache(maxsize=4)
def _left(dataset: DatasetFolder, names: tuple[tuple[str, ...], ...], _: tuple[int, ...]) -> int:
    """How many of some frames lack a record; known as long as their folders have not changed."""
    records = open_records(dataset)
    return sum(not _has_all(records, one) for one in names)


def _changed(folder: Path) -> int:
    """When files were added to a folder or removed, in nanoseconds; 0 where it is not there."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def _has_all(records: RecordStore, frames: Sequence[str]) -> bool:
    return bool(frames) and all(records.stamp(frame) is not None for frame in frames)


def has_files(wanted: Wanted) -> bool:
    """Whether plan_of_files() would hardly find nothing at all; LabelpassError where there is no place for files."""
    inside = _with_output(wanted)
    return any(
        compat.file_outputs(scene)
        or _holds_any(inside.renders_of(scene), (f"{stem}.exr" for stem in _stems(scene, inside)))
        or any(_exr_files(scene, inside.frames_of(scene)))
        for scene in inside.scenes
    )


def _holds_any(folder: Path, names: Iterable[str]) -> bool:
    return folder.is_dir() and any((folder / name).is_file() for name in names)


def _exr_files(scene: bpy.types.Scene, frames: Sequence[int]) -> Iterator[Path]:
    """The EXR files that a scene's own output has written."""
    if frames and frame_files(scene, frames[0])[0].parent.is_dir():
        files = _rendered_files(scene, frames)
        yield from (path for path in files if path.suffix.lower() == ".exr" and path.is_file())


def _names(scene: bpy.types.Scene, wanted: Wanted) -> Iterator[list[str]]:
    """The paths in the dataset of each frame of a scene, one for each sequence."""
    variants = [one.variant for one in sequences_of(scene, wanted.settings)]
    folder = sequence_name(wanted.sequence)
    return ([joined_path(folder, variant, stem) for variant in variants] for stem in _stems(scene, wanted))


def _stems(scene: bpy.types.Scene, wanted: Wanted) -> Iterator[str]:
    """The names of a scene's frames, as their files in the dataset have them."""
    pattern = frame_name(scene)
    marks = re.findall("#+", pattern)[-1]  # which Blender replaces by the frame number
    before, _, after = pattern.rpartition(marks)
    return (f"{before}{str(frame).zfill(len(marks))}{after}" for frame in wanted.frames_of(scene))


def _with_output(wanted: Wanted) -> Wanted:
    return dataclasses.replace(wanted, output=wanted.output or output_folder(wanted.scene, (), None))


def _rendering_into_dataset(wanted: Wanted) -> ExitStack:
    """Let the scenes write into the dataset, for the length of a block; the output of `wanted` is known."""
    outputs = ExitStack()
    for scene in wanted.scenes:
        outputs.enter_context(rendering_into(scene, wanted.renders_of(scene)))
    return outputs


def _rendered_files(scene: bpy.types.Scene, frames: Iterable[int]) -> Iterator[Path]:
    return (path for frame in frames for path in frame_files(scene, frame))
