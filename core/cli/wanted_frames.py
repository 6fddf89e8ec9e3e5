"""Which frames of which files a command is about: `annotate` and `plan` find them alike."""

import argparse
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import InputError, LabelpassError
from ..base.phrases import counted
from ..frames.dataset_plan import DatasetPlan
from ..frames.frame_files import FrameFiles, find_frames, frames_with_numbers, parse_frame_ranges
from ..frames.frame_messages import listed_frames, without_files
from ..frames.shard import Shard
from ..settings.settings import Settings
from .given import check_pass_names, pass_names

FramesToDo = Sequence[tuple[FrameFiles, Settings]]


@dataclass(frozen=True)
class WantedFrames:
    """The frames of a command, each with the settings that find it in its files.

    Attributes:
        frames: one for each sequence that is made of the files.
        bad: files that cannot be opened, which is to be reported where failures are.
        declared: those that say of which sequences the dataset is made: all, whichever of them the command is about.
        without_files: numbers that the user gave and no file has.
        missing: planned frames of the same sequences that have no file.
        unplanned: how many frames are not in the plan, and are left out.
        own: folders whose EXR files are no frames, but maps that Labelpass has written.
    """

    frames: FramesToDo
    bad: FramesToDo = ()
    declared: FramesToDo = ()
    without_files: Sequence[range] = ()
    missing: Sequence[str] = ()
    unplanned: int = 0
    own: Sequence[Path] = ()

    def failed(self) -> Mapping[str, str]:
        """What to call frames that are not there -> a sentence on them."""
        found = dict([without_files(self.without_files)]) if self.without_files else {}
        for frame in self.missing:
            found[frame] = "It is planned, and has no EXR file; render it first, or give the folder that holds it"
        return found

    def notes(self) -> Mapping[str, list[str]]:
        """What to call frames or folders that are left out -> sentences on why."""
        notes = {
            str(folder): ["Its EXR files are maps that Labelpass has written, so they are no frames"]
            for folder in self.own
        }
        if self.unplanned:
            name = counted(self.unplanned, "frame")
            notes[name] = ["Left out, since the plan of the dataset does not have them"]
        return notes


def find_wanted(options: argparse.Namespace, settings: Settings, plan: DatasetPlan | None = None) -> WantedFrames:
    """The frames that the arguments of a command mean.

    Args:
        options: with `frames` (paths), `numbers`, `pass_names`, `sequence` and, where a command has it, `shard`.
        settings: which say what sequences are made of each file.
        plan: of the dataset, if it has one.

    Raises:
        InputError: none of them has a file.
        UsageError: the arguments make no sense.
    """
    numbers = parse_frame_ranges(options.numbers) if options.numbers else []
    shard = Shard.parse(options.shard) if getattr(options, "shard", None) else None
    own: list[Path] = []
    found = find_frames(options.frames, pass_names(options.pass_names), options.sequence, own.append)
    absent: list[range] = []
    if numbers:
        found, absent = frames_with_numbers(found, numbers)
        if not found:
            raise InputError(without_files(absent)[1])
    check_pass_names(found, options)
    frames, bad = _variants(found, settings)
    wanted = WantedFrames(frames, bad, frames, absent, own=own)
    if plan:
        wanted = _planned(wanted, plan, numbers, shard)
    elif shard:
        wanted = dataclasses.replace(wanted, frames=shard.share(frames), bad=shard.share(bad))
    return wanted


def _planned(wanted: WantedFrames, plan: DatasetPlan, numbers: Sequence[range], shard: Shard | None) -> WantedFrames:
    """The planned ones of some frames; of a shard, those in its share of the plan, wherever the files are."""
    planned = list(plan.frames)
    known = set(planned)
    share = set(shard.share(planned)) if shard else known
    frames = [one for one in wanted.frames if one[0].path in share]
    found = {files.path for files, _ in wanted.frames}
    if not known & found and not wanted.bad:
        raise InputError(
            f"None of these frames is in the plan of the dataset ({listed_frames(planned[:3])}, ...); give the folder "
            "that was planned, or plan again"
        )
    # Without numbers all of the share is wanted, as far as it is of sequences that this run is about; bad files may be
    # any frame of it.
    sequences = {files.sequence for files, _ in wanted.frames}
    of_run = plan.frames.of_sequences(sequences) if not numbers and not wanted.bad else ()
    missing = [path for path in of_run if path in share and path not in found]
    return dataclasses.replace(
        wanted,
        frames=frames,
        bad=wanted.bad if shard is None else shard.share(wanted.bad),
        missing=missing,
        unplanned=len(found - known),
    )


def _variants(frames: Sequence[FrameFiles], settings: Settings) -> tuple[FramesToDo, FramesToDo]:
    """The frames of all sequences that are wanted, each with the settings that find it in its files; and bad frames."""
    if not settings.all_view_layers and not settings.all_views:
        return [(frame, settings) for frame in frames], []
    from ..exr.variants import variants_of

    variants: list[tuple[FrameFiles, Settings]] = []
    bad: list[tuple[FrameFiles, Settings]] = []
    for frame in frames:
        try:
            variants += variants_of(frame, settings)
        except LabelpassError:
            bad.append((frame, settings))  # it will fail again where failures are reported
    return variants, bad
