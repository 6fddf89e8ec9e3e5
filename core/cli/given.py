"""What several commands do with their options, and how they end."""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..base.console import print_line
from ..base.errors import InputError, UsageError
from ..frames.dataset_plan import DatasetPlan
from ..frames.frame_files import FrameFiles
from ..run.annotation_run import Summary
from ..settings.render_pass import Pass
from ..settings.settings import Settings
from .setting_options import given_settings


def check_folder(output: Path) -> None:
    if not output.is_dir():
        raise InputError(f"{output} is not a folder; give the folder of the dataset, which holds its records")


def settings_of(options: argparse.Namespace, plan: DatasetPlan | None) -> Settings:
    """The settings of a run: what the user gave, then what the dataset's plan says, then the defaults."""
    given = given_settings(options)
    return plan.settings_with(given) if plan else Settings.from_json(given)


def finish(summary: Summary) -> int:
    for line in summary.lines():
        print_line(line)
    return summary.exit_code


def pass_names(pairs: Iterable[str]) -> dict[str, Pass]:
    names = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            names[name] = Pass(value)
        except ValueError as error:
            known = ", ".join(pass_.value for pass_ in Pass)
            raise UsageError(
                f"--pass {pair} does not name a pass; write for example mask=object_index (passes: {known})"
            ) from error
    return names


def check_pass_names(frames: Sequence[FrameFiles], options: argparse.Namespace) -> None:
    """Raises UsageError where a name of --pass is not in the files; without --pass no file is opened."""
    if options.pass_names:
        from ..exr.pass_names import check_names

        check_names(frames)
