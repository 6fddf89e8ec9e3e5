"""The options of the headless script: files, rendering, and each setting of the sidebar."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import bpy

from ..core.base.errors import UsageError
from ..core.base.phrases import counted
from ..core.cli.arguments import add_shard
from ..core.cli.setting_options import OneSentenceParser, add_settings, examples
from .rendering.trial import ENGINES, Trial, read_resolution


def options_parser() -> argparse.ArgumentParser:
    """Reads the arguments behind the dashes. What the user leaves out comes from the .blend."""
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
                "blender -b scene.blend -P export_annotations.py -- --render --set-up-passes --resolution 25% "
                "--samples 16 --frames 1-3 --output trial",
                "blender -b scene.blend -P export_annotations.py -- --render --random-frames 200 --seed 1",
                "blender -b scene.blend -P export_annotations.py -- --from renders --frames 1-250,300 --maps depth_png",
                "blender -b scene.blend -P export_annotations.py -- --render --output dataset --shard 3/10",
            ]
        ),
    )
    files = parser.add_argument_group("files and folders")
    files.add_argument(
        "--render", action="store_true", help="Render the frames first, into the folder renders of the dataset"
    )
    files.add_argument(
        "--from",
        dest="folder",
        type=Path,
        metavar="DIR",
        help="Folder of EXR files (default: those that --render left in the dataset, otherwise the scene's own output)",
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
        default=None,
        help="Write the dataset's COCO file when all frames are done (default: on, with --shard off); on a farm leave "
        "it to 'labelpass merge'",
    )
    farm = parser.add_argument_group("several machines that make one dataset")
    farm.add_argument(
        "--plan",
        action="store_true",
        help="Only write plan.json into --output: the frames that these options mean, categories with their ids, and "
        "settings, which all machines then take from it",
    )
    add_shard(farm)
    _add_render_options(parser)
    _add_random_options(parser)
    add_settings(parser, blender=True)
    return parser


def _add_render_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("rendering, with --render; the .blend stays as it is")
    group.add_argument(
        "--set-up-passes",
        action="store_true",
        default=None,
        help="Do what the button Set Up Passes does: turn on the passes that are needed and off",
    )
    group.add_argument(
        "--resolution", metavar="SIZE", help="WIDTHxHEIGHT in pixels, or a part of the scene's own such as 25%%"
    )
    group.add_argument("--samples", type=int, metavar="N", help="Samples of each pixel")
    group.add_argument("--engine", choices=list(ENGINES), help="Render engine: cycles or eevee", metavar="ENGINE")
    group.add_argument("--camera", metavar="NAME", help="Camera object, also where markers would choose another one")
    group.add_argument(
        "--overwrite",
        action=argparse.BooleanOptionalAction,
        help="Render frames again whose EXR file is in the dataset (default: as stored)",
    )
    group.add_argument(
        "--discard-passes",
        action="store_true",
        default=None,
        help="Remove the EXR file of each frame when its record, image and maps are there and were read once more",
    )


def _add_random_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("random frames, with --render; the .blend stays as it is")
    group.add_argument(
        "--random-frames",
        type=int,
        metavar="N",
        help="Bake N frames first, by the rows of the panel Random Frames; a scene without rows gets the usual ones. "
        "They begin at the scene's first frame. Of --frames and --shard only those are baked and rendered",
    )
    group.add_argument("--seed", type=int, metavar="N", help="Seed of the random frames (default: as stored)")


def random_frame_numbers(scene: bpy.types.Scene, count: int, wanted: Sequence[int] | None) -> list[int]:
    """The random frames of a run.

    Args:
        scene: whose frame range they begin with.
        count: how many there are in all.
        wanted: those that the user has named; None takes all.

    Raises:
        UsageError: there are none.
    """
    if count < 1:
        raise UsageError(f"There cannot be {count} random frames; give 1 or more")
    every = range(scene.frame_start, scene.frame_start + count)
    if beyond := sorted(set(wanted or ()) - set(every)):
        raise UsageError(
            f"{beyond[0]} is not one of the {counted(count, 'random frame')}, {every[0]} to {every[-1]}; check --frames"
        )
    return sorted(set(wanted or every))


def trial_of(options: argparse.Namespace) -> Trial:
    """What the user wants rendered in another way than the scene says.

    Raises:
        UsageError: an option does not make sense, or nothing is rendered.
    """
    if not options.render:
        given = [name for name in _FOR_RENDERS if getattr(options, name) is not None]
        if given:
            raise UsageError(f"--{given[0].replace('_', '-')} is about rendering; give --render too, or leave it out")
    if options.seed is not None and options.random_frames is None:
        raise UsageError("--seed is about random frames; give --random-frames too, or leave it out")
    if options.seed is not None and options.seed < 0:
        raise UsageError(f"{options.seed} is not a seed; give 0 or more")
    if options.samples is not None and options.samples < 1:
        raise UsageError(f"There cannot be {options.samples} samples; give 1 or more")
    resolution = None if options.resolution is None else read_resolution(options.resolution)
    return Trial(resolution, options.samples, options.engine, options.camera, options.overwrite)


_FOR_RENDERS = (
    "set_up_passes",
    "resolution",
    "samples",
    "engine",
    "camera",
    "overwrite",
    "discard_passes",
    "random_frames",
)
