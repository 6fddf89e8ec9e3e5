"""The headless way in: arguments after "--" override what the .blend stores; the exit code says how it went."""

import argparse
import dataclasses
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import bpy

from ..core.base.console import print_line
from ..core.base.dataset_folder import DatasetFolder
from ..core.base.errors import UsageError
from ..core.base.files import check_writable
from ..core.base.phrases import counted, listed
from ..core.cli.setting_options import given_settings
from ..core.dataset.planning import plan_dataset, planned_categories
from ..core.frames.dataset_plan import DatasetPlan
from ..core.frames.frame_files import parse_frame_ranges
from ..core.frames.planned_draws import PlannedDraws
from ..core.frames.shard import Shard
from ..core.preflight.finding import Status
from ..core.run.annotation_run import DiskWatch
from ..core.run.exit_codes import ExitCode, exit_code_of
from ..core.run.interrupts import first_ctrl_c_only
from ..core.run.progress import Progress
from ..core.settings.category_files import read_table
from ..core.settings.settings import Settings
from . import properties
from .export.export_plan import ExportPlan, Way
from .export.export_run import ExportRun
from .export.frame_run import PATIENT_SECONDS
from .export.own_output import rendering_into
from .export.result import print_result
from .export.sources import frame_files
from .export.wanted import Wanted, are_renders, plan_of_files
from .headless_options import options_parser, random_frame_numbers, trial_of
from .labelling.missing_files import find_missing
from .preflight.before_render import check_before_render
from .preflight.setup_fixes import set_up_passes
from .random_frames.adding import add_default_rows
from .random_frames.bake import bake
from .rendering.trial import Trial, apply_trial
from .scene.identity import by_name
from .scene.random_draws import baked_seed
from .scene.scene_reader import own_objects, read_label_tables


def main(arguments: Sequence[str]) -> int:
    """Export the loaded scene.

    Args:
        arguments: those of the user.

    Returns:
        The exit code, see core/run/exit_codes.py.
    """
    options = options_parser().parse_args(arguments)
    stored = hasattr(bpy.types.Scene, "labelpass")
    if not stored:
        properties.register()  # the extension is not enabled, but the .blend may hold its settings
    try:
        with first_ctrl_c_only(for_good=False):
            return exit_code_of(lambda: _export(bpy.context.scene, options))
    finally:
        if not stored:
            properties.unregister()


def arguments_after_dashes(argv: Sequence[str]) -> list[str]:
    """What stands behind the first "--" of Blender's own command line."""
    return list(argv[argv.index("--") + 1 :]) if "--" in argv else []


def _export(scene: bpy.types.Scene, options: argparse.Namespace) -> int:
    stored = scene.labelpass
    if options.render and options.folder:
        raise UsageError(
            "--render renders the frames itself, so --from has no meaning with it; leave out one of the two"
        )
    trial = trial_of(options)
    folder = options.folder.resolve() if options.folder else stored.chosen_folder("frames_folder")
    output = options.output.resolve() if options.output else None
    shard = Shard.parse(options.shard) if options.shard else None
    wanted = Wanted(
        scene,
        _settings(scene, options, output),
        _frame_numbers(options.frames) if options.frames else None,
        None if options.render else folder,
        output,
        shard is None if options.merge is None else options.merge,
        read_table(options.categories) if options.categories else None,
        stored.sequence if options.sequence is None else options.sequence,
        shard,
    )
    count, seed = _random_frames(wanted, options)
    if count is not None:
        wanted = dataclasses.replace(wanted, frames=random_frame_numbers(scene, count, wanted.frames))
    if options.plan:
        return _plan_dataset(wanted, Way.RENDER if options.render else Way.FILES, count, seed)
    if count is not None:
        _bake(wanted, seed)
    if options.render:
        return _render_and_export(wanted, trial, bool(options.set_up_passes), bool(options.discard_passes))
    plan = plan_of_files(wanted)
    if wanted.folder is None and are_renders(plan):
        _say(f"Frames are those in {DatasetFolder(plan.output).renders}; --from takes others")
    for sentence in _about_missing_files(plan):
        _warn(sentence)
    return _run(plan)


def _settings(scene: bpy.types.Scene, options: argparse.Namespace, output: Path | None) -> Settings:
    """What the user gave, then what the plan of the dataset says, then what the .blend stores."""
    stored, given = scene.labelpass.core_settings(), given_settings(options)
    plan = DatasetPlan.read(DatasetFolder(output)) if output and not options.plan else None
    return plan.settings_with(given, stored) if plan else Settings.from_json({**stored.as_json(), **given})


def _random_frames(wanted: Wanted, options: argparse.Namespace) -> tuple[int | None, int]:
    """How many random frames are to be baked, None for none, and their seed: as given, as planned, or as stored.

    Raises:
        UsageError: they are not those that the dataset was planned with.
    """
    count, seed = options.random_frames, options.seed
    plan = DatasetPlan.read(DatasetFolder(wanted.output)) if wanted.output and not options.plan else None
    if plan and plan.draws and (draws := plan.draws_of(wanted.plan(Way.RENDER).paths)):
        if count is None and options.render and baked_seed(wanted.scene) is None:
            count = draws[0].count
        seed = draws[0].seed if seed is None else seed
        if count is not None:
            draws[0].check(seed, count)
    return count, wanted.scene.labelpass.random_frames.seed if seed is None else seed


def _plan_dataset(wanted: Wanted, way: Way, count: int | None, seed: int) -> int:
    """Write what machines have to agree on that make the dataset together.

    Args:
        wanted: the frames of all machines.
        way: where they come from.
        count, seed: of the random frames that each machine bakes; without a number those count that are baked.
    """
    if wanted.shard is not None:
        raise UsageError("--plan is about the frames of all machines; leave out --shard")
    plan = wanted.plan(way)
    dataset = DatasetFolder(plan.output)
    records = [read_label_tables(scene, sorted(own_objects(scene), key=by_name)) for scene in wanted.scenes]
    categories = planned_categories(dataset, wanted.settings, wanted.table, records)
    check_writable(plan.output)
    if count is None and (baked := baked_seed(wanted.scene)) is not None:
        count, seed = wanted.scene.labelpass.random_frames.baked, baked
    sequences = dict.fromkeys(path.rpartition("/")[0] for path in plan.paths) if count is not None else ()
    draws = [PlannedDraws(sequence, seed, count or 0) for sequence in sequences]
    written = plan_dataset(dataset, wanted.settings, wanted.table, categories, plan.paths, draws=draws)
    _say(written.in_words(dataset))
    for planned in plan.frames:
        if planned.problem:
            _warn(f"{planned.name}: {planned.problem}")
    return ExitCode.FAILED if any(planned.problem for planned in plan.frames) else ExitCode.DONE


def _bake(wanted: Wanted, seed: int) -> None:
    """Bake random frames for this run, of a shard its share of them."""
    if wanted.settings.all_scenes:
        raise UsageError("--random-frames is of one scene only; leave it out, or turn All Scenes off (--no-all-scenes)")
    stored, frames = wanted.scene.labelpass.random_frames, wanted.frames_of(wanted.scene)
    if not frames:
        return  # there are more shards than frames
    if not any(row.use for row in stored.rows):
        _say(f"Random frames vary {add_default_rows(wanted.scene)}, since the scene does not say what")
    report = bake(wanted.scene, frames, seed, list(stored.rows))
    for line in report.lines():
        _say(f"Random frames: {line}")


def _render_and_export(wanted: Wanted, trial: Trial, set_up: bool, discard_passes: bool) -> int:
    """Render into the dataset, after a look at what would come of it."""
    if trial.camera is not None and wanted.settings.all_scenes:
        raise UsageError("--camera is of one scene only; leave it out, or turn All Scenes off (--no-all-scenes)")
    if wanted.output is None:
        wanted = dataclasses.replace(wanted, output=wanted.plan(Way.RENDER).output)
    with ExitStack() as outputs:
        for scene in wanted.scenes:
            silent = outputs.enter_context(rendering_into(scene, wanted.renders_of(scene)))
            _say_changed(scene, "For this run", apply_trial(scene, trial))
            if silent:
                _say(f"File Output nodes write nothing in this run: {listed(silent)}")
            if set_up:
                changed = set_up_passes(scene, wanted.settings, needs_files=True)
                _say_changed(scene, "Set Up Passes, for this run", changed)
        plan = dataclasses.replace(wanted.plan(Way.RENDER), discard_passes=discard_passes)
        if not _is_worth_rendering(wanted, set_up):
            return ExitCode.FAILED
        _say(f"Frames are rendered into {DatasetFolder(plan.output).renders}")
        return _run(plan)


def _say_changed(scene: bpy.types.Scene, what: str, changes: Iterator[str]) -> None:
    """Carry out changes, and say what they were, also where one of them fails."""
    done: list[str] = []
    try:
        done.extend(changes)
    finally:
        if done:
            where = f" in {scene.name}" if len(bpy.data.scenes) > 1 else ""
            _say(f"{what}{where}: {'; '.join(done)}")


def _is_worth_rendering(wanted: Wanted, set_up: bool) -> bool:
    """Print the checklist of all that will be rendered; returns whether anything would have labels."""
    stops = fixable = False
    for scene in wanted.scenes:
        frames = [frame for frame in wanted.frames_of(scene) if not _is_kept(scene, frame)]
        findings = check_before_render(scene, frames, wanted.settings) if frames else []
        where = f"{scene.name}: " if len(wanted.scenes) > 1 else ""
        for finding in findings:
            if finding.status is Status.WRONG:
                _warn(f"{where}{finding.text}")
            elif finding.status is Status.NOTE:
                _say(f"Note: {where}{finding.text}")
        stops |= any(finding.stops for finding in findings)
        fixable |= any(finding.stops and finding.fix for finding in findings)
    if stops and fixable and not set_up:
        _warn("Nothing was rendered; --set-up-passes turns on what is missing, without a change to the .blend")
    return not stops


def _is_kept(scene: bpy.types.Scene, frame: int) -> bool:
    """Whether a frame will not be rendered, since its files are there."""
    return not scene.render.use_overwrite and all(path.is_file() for path in frame_files(scene, frame))


def _run(plan: ExportPlan) -> int:
    run = ExportRun(plan)
    progress, disk = Progress(plan.total, time.monotonic()), DiskWatch(plan.output, plan.total)
    try:
        while not run.step(PATIENT_SECONDS):
            if run.summary.frames != progress.done:
                progress.update(run.summary.frames, time.monotonic())
                _say(f"{progress.text()}, {counted(run.summary.instances, 'instance')}")
                if news := disk.news(run.summary, _rendered_bytes(plan)):
                    print_line(f"Labelpass: {news}", wrong=news.is_short)
    except KeyboardInterrupt:
        run.stop()
    print_result(run.summary)
    if run.discarded:
        for line in run.discarded.lines():
            _say(line)
    return run.summary.exit_code


def _rendered_bytes(plan: ExportPlan) -> float:
    """Of each frame, in EXR files that a run renders and leaves in the dataset; the mean of those that are there."""
    if not plan.render or plan.discard_passes:
        return 0.0
    files = {file.path for planned in plan.frames for variant in planned.variants for file in variant.files.files}
    sizes = [path.stat().st_size for path in files if path.is_file()]
    return sum(sizes) / len(sizes) * len(files) / plan.total if sizes else 0.0


def _about_missing_files(plan: ExportPlan) -> Iterator[str]:
    """Sentences on libraries that the scenes of an export lack; frames that are there already have their images."""
    for name in dict.fromkeys(planned.scene for planned in plan.frames):
        scene = bpy.data.scenes[name]
        yield from find_missing(scene, own_objects(scene)).about_libraries()


def _say(line: str) -> None:
    print_line(f"Labelpass: {line}")


def _warn(line: str) -> None:
    print_line(f"Labelpass: {line}", wrong=True)


def _frame_numbers(text: str) -> list[int]:
    """Each of the numbers once; raises UsageError for one that no frame of Blender has."""
    ranges = parse_frame_ranges(text)
    frame = bpy.types.Scene.bl_rna.properties["frame_current"]
    for some in ranges:
        if some[0] < frame.hard_min or some[-1] > frame.hard_max:
            raise UsageError(
                f"Blender has frames from {frame.hard_min} to {frame.hard_max}, but {some[0]}-{some[-1]} goes beyond; "
                "check --frames"
            )
    return list(dict.fromkeys(number for some in ranges for number in some))
