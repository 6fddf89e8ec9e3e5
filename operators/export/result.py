"""How far a run is and what became of it, put where the panels find it and printed to the console."""

import os
import time
from pathlib import Path

import bpy

from ...core.base.console import print_line
from ...core.run.annotation_run import Summary
from ...core.run.progress import Progress
from ..redraw import redraw_sidebars


def show_started(context: bpy.types.Context, output: Path, total: int) -> None:
    """Show a run that begins.

    Args:
        context: any.
        output: the dataset's folder.
        total: how many frames there are.
    """
    state = context.window_manager.labelpass
    state.running, state.stop_requested = True, False
    state.output = str(output)
    state.done, state.total, state.failed, state.progress = 0, total, 0, ""


def show_progress(context: bpy.types.Context, progress: Progress, summary: Summary) -> bool:
    """Show how far a run is; returns whether that is news."""
    state = context.window_manager.labelpass
    progress.update(summary.frames, time.monotonic())
    if state.progress == progress.text():
        return False
    state.progress, state.done, state.failed = progress.text(), summary.frames, len(summary.failed)
    redraw_sidebars(context)
    return True


def show_start_failed(context: bpy.types.Context, error: str) -> None:
    """Into the panel: a report is soon gone, and the last run's numbers would stand for this one."""
    state = context.window_manager.labelpass
    _clear(state)
    state.lines.add().name = f"Failed: {error}"


def show_result(context: bpy.types.Context, summary: Summary) -> None:
    """Show a run that has ended."""
    state = context.window_manager.labelpass
    state.running = state.follows_render = state.stop_requested = False
    _clear(state)
    state.done = summary.frames
    for line in summary.outline():
        state.lines.add().name = line.replace(state.output + os.sep, "")
    for remark in summary.remarks_by_frame():
        item = state.remarks.add()
        item.name, item.text, item.failed = remark.where, remark.text, remark.failed


def clear_result(context: bpy.types.Context) -> None:
    """Show no run, since another render begins."""
    _clear(context.window_manager.labelpass)
    redraw_sidebars(context)


def print_result(summary: Summary) -> None:
    for line in summary.outline():
        _print(line, wrong=line in summary.problems)
    for remark in summary.remarks():
        _print(str(remark), wrong=remark.failed)


def _print(line: str, wrong: bool) -> None:
    print_line(f"Labelpass: {line}", wrong)


def _clear(state: bpy.types.PropertyGroup) -> None:
    state.lines.clear()
    state.remarks.clear()
    state.remark_index = 0
