"""The headless way in: arguments after "--" override what the .blend stores; the exit code says how it went."""

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import bpy

from ..core.base.console import print_line
from ..core.base.errors import UsageError
from ..core.base.phrases import counted
from ..core.cli.setting_options import OneSentenceParser, add_settings, examples, given_settings
from ..core.frames.frame_files import parse_frame_ranges
from ..core.run.exit_codes import exit_code_of
from ..core.run.interrupts import first_ctrl_c_only
from ..core.run.progress import Progress
from ..core.settings.category_files import read_table
from ..core.settings.settings import Settings
from . import properties
from .export.export_plan import ExportPlan, Way, plan_export
from .export.export_run import ExportRun
from .export.frame_run import PATIENT_SECONDS
from .export.result import print_result
from .labelling.missing_files import find_missing
from .scene.scene_reader import own_objects


def main(arguments: Sequence[str]) -> int:
    """Export the loaded scene.

    Args:
        arguments: those of the user.

    Returns:
        The exit code, see core/run/exit_codes.py.
    """
    options = _parser().parse_args(arguments)
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


def _parser() -> argparse.ArgumentParser:
    parser = OneSentenceParser(
        prog="blender -b SCENE.blend -P export_annotations.py --",
        usage="blender -b SCENE.blend -P export_annotations.py -- [options]",
        description=(
            "Exports annotations of rendered frames, or renders them first. Each option is a setting of the sidebar.\n"
            "What you leave out is taken from the .blend."
        ),
        epilog=examples(
            [
                "blender -b scene.blend -P export_annotations.py -- --render --output dataset",
                "blender -b scene.blend -P export_annotations.py -- --from renders --frames 1-250,300 --maps depth_png",
            ]
        ),
    )
    files = parser.add_argument_group("files and folders")
    files.add_argument("--render", action="store_true", help="Render the frames first, into the scene's own output")
    files.add_argument(
        "--from", dest="folder", type=Path, metavar="DIR", help="Folder of EXR files (default: the scene's own output)"
    )
    files.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="Folder of the dataset (default: as stored, otherwise next to the frames)",
    )
    files.add_argument(
        "--frames", metavar="RANGES", help="Only these frames, such as 1-10,20 (default: the scene's frame range)"
    )
    files.add_argument(
        "--sequence",
        metavar="NAME",
        help="Name of the sequence of all frames, instead of the names of their folders (default: as stored), so that "
        "frames of several scenes with the same names go into one dataset",
    )
    files.add_argument(
        "--categories", type=Path, metavar="FILE", help="Category table, JSON or TOML, instead of the one in the .blend"
    )
    files.add_argument(
        "--merge",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="Write the dataset's COCO file when all frames are done; on a farm leave it to 'labelpass merge'",
    )
    add_settings(parser, blender=True)
    return parser


def _export(scene: bpy.types.Scene, options: argparse.Namespace) -> int:
    stored = scene.labelpass
    settings = Settings.from_json({**stored.core_settings().as_json(), **given_settings(options)})
    table = read_table(options.categories) if options.categories else None
    frames = None
    if options.frames:
        frames = _frame_numbers(options.frames)
    if options.render and options.folder:
        raise UsageError(
            "--render renders into the scene's own output, so --from has no meaning with it; leave out one of the two"
        )
    folder = options.folder.resolve() if options.folder else stored.chosen_folder("frames_folder")
    output = options.output.resolve() if options.output else None
    sequence = stored.sequence if options.sequence is None else options.sequence
    way, folder = (Way.RENDER, None) if options.render else (Way.FILES, folder)
    plan = plan_export(scene, settings, way, frames, folder, output, options.merge, table, sequence)

    for sentence in _about_missing_files(plan):
        print_line(f"Labelpass: {sentence}", wrong=True)
    run = ExportRun(plan)
    progress = Progress(plan.total, time.monotonic())
    try:
        while not run.step(PATIENT_SECONDS):
            if run.summary.frames != progress.done:
                progress.update(run.summary.frames, time.monotonic())
                print_line(f"Labelpass: {progress.text()}, {counted(run.summary.instances, 'instance')}")
    except KeyboardInterrupt:
        run.stop()
    print_result(run.summary)
    return run.summary.exit_code


def _about_missing_files(plan: ExportPlan) -> Iterator[str]:
    """Sentences on what the scenes of an export lack; frames that are there already have their images."""
    for name in dict.fromkeys(planned.scene for planned in plan.frames):
        scene = bpy.data.scenes[name]
        missing = find_missing(scene, own_objects(scene))
        yield from missing.about_libraries()
        yield from missing.about_images() if plan.render else ()


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
