"""Where the scene records of some frames are."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from ..base.dataset_folder import DatasetFolder
from ..base.errors import InputError
from ..frames.dataset_plan import DatasetPlan
from ..frames.frame_files import FrameFiles, find_frames, joined_path
from ..scene.scene_record import scene_path
from .given import pass_names


def scene_folder(
    options: argparse.Namespace, dataset: DatasetFolder, frames: Sequence[FrameFiles], plan: DatasetPlan | None = None
) -> tuple[Path | None, Callable[[FrameFiles], str]]:
    """The folder of the scene records: inside the one that was given or planned, or in the output where Blender put it.

    Returns:
        The folder, None where there is none; and what the path of a frame is in it: where a folder was given, it may
        be of an export without the sequence that these frames have now.

    Raises:
        InputError: none of the frames has one in the folder that was given.
    """
    given: Path | None = options.scene or (dataset.path / plan.scenes if plan and plan.scenes else None)
    if given is None:
        return (dataset.scenes if any(dataset.scenes.rglob("*.json")) else None), _path_of
    if not given.is_dir():
        raise InputError(f"{given} is not a folder; give the folder of the scene records that Blender wrote")
    ways = [_path_of]
    if options.sequence is not None:
        found = find_frames(options.frames, pass_names(options.pass_names))
        before = {frame.files: frame.sequence for frame in found}
        ways.append(lambda frame: joined_path(before.get(frame.files, ""), frame.variant, frame.name))
        ways.append(lambda frame: joined_path(frame.variant, frame.name))
    for path_of in ways:
        for frame in frames:
            for folder in (DatasetFolder(given).scenes, given):
                if scene_path(folder, path_of(frame)).exists():
                    return folder, path_of
    if not frames:
        return given, _path_of  # all are damaged, which is reported with the failures
    raise InputError(
        f"{given} holds no scene record of these frames; give the folder of their dataset that Labelpass exported in "
        f"Blender, or the folder {DatasetFolder(given).scenes.name} in it"
    )


def _path_of(frame: FrameFiles) -> str:
    return frame.path
