"""The commands of `labelpass` and their options, for argparse."""

import argparse
from pathlib import Path

from ..base.version import VERSION
from ..run.exit_codes import ExitCode
from .setting_options import OneSentenceParser, add_settings, examples


def make_parser() -> OneSentenceParser:
    parser = OneSentenceParser(
        prog="labelpass",
        usage="labelpass COMMAND ...",
        description="Turns the render passes in Blender's EXR files into training data for computer vision.",
        epilog=_words() + "\n\n" + _exit_codes(),
    )
    parser.add_argument("--version", action="version", version=f"labelpass {VERSION}", help="Show the version")
    commands = parser.add_subparsers(
        prog="labelpass",
        title="commands, in the order in which they are used",
        description="labelpass COMMAND --help explains a command",
        required=True,
        dest="command",
        metavar="COMMAND",
    )
    _add_passes(commands)
    _add_annotate(commands)
    _add_merge(commands)
    _add_validate(commands)
    return parser


def _add_passes(commands: "argparse._SubParsersAction[OneSentenceParser]") -> None:
    passes = commands.add_parser(
        "passes",
        help="List what is in EXR files: view layers, stereo views, passes",
        description="Lists the view layers, stereo views, passes and Cryptomattes of EXR files.",
        epilog=examples(["labelpass passes renders/0001.exr"]),
    )
    _add_frames(passes)
    _add_pass_names(passes)


def _add_annotate(commands: "argparse._SubParsersAction[OneSentenceParser]") -> None:
    annotate = commands.add_parser(
        "annotate",
        usage="labelpass annotate FRAMES [FRAMES ...] --output DIR [options]",
        help="Write a record, a training image and preview pictures for each frame",
        description=(
            "For each frame, writes a record of its instances, a training image, preview pictures, and what else is\n"
            "asked for. Running it again does only what is missing or has changed. Then labelpass merge writes the\n"
            "dataset's COCO file from all records."
        ),
        epilog="labelpass --help explains the words.\n\n"
        + examples(
            [
                "labelpass annotate renders/ --output dataset",
                "labelpass annotate renders/ --output dataset --scene exported --maps depth_png,normals_npy",
                "labelpass annotate renders/ --output dataset --frames 1-250,300 --no-pictures --workers 4",
            ]
        ),
    )
    files = annotate.add_argument_group("files and folders")
    _add_frames(files)
    files.add_argument("--output", required=True, type=Path, metavar="DIR", help="Folder of the dataset")
    files.add_argument(
        "--frames",
        dest="numbers",
        metavar="RANGES",
        help="Only the frames with these numbers, such as 1-10,20; a frame's number is at the end of its file's name",
    )
    files.add_argument(
        "--scene",
        type=Path,
        metavar="DIR",
        help="Folder of the scene records that Labelpass wrote in Blender, or of the dataset that holds them "
        "(default: the one in --output, if there is one); without them, only what the EXR files say is known",
    )
    files.add_argument(
        "--categories",
        type=Path,
        metavar="FILE",
        help="Category table, JSON or TOML, that decides which object belongs to which category, instead of the one in "
        "the scene records",
    )
    files.add_argument(
        "--sequence", metavar="NAME", help="Name of one sequence for all frames, instead of the names of their folders"
    )
    _add_pass_names(files)
    add_settings(annotate, blender=False, merge=False)


def _add_merge(commands: "argparse._SubParsersAction[OneSentenceParser]") -> None:
    merge = commands.add_parser(
        "merge",
        usage="labelpass merge DIR [options]",
        help="Write the dataset's COCO file from all records",
        description=(
            "Writes annotations/instances.json (COCO) and dataset.json from all records, and maps that need two\n"
            "frames, if annotate was asked for some."
        ),
        epilog=examples(["labelpass merge dataset", "labelpass merge dataset --cameras json,colmap"]),
    )
    _add_folder(merge)
    add_settings(merge, blender=False, frames=False)


def _add_validate(commands: "argparse._SubParsersAction[OneSentenceParser]") -> None:
    validate = commands.add_parser(
        "validate",
        help="Check whether a dataset agrees with itself",
        description=(
            "Reads every file of a dataset to its end and checks whether they agree with each other: masks, boxes,\n"
            "poses, depth, flow, the COCO file. Names each frame that does not."
        ),
        epilog=examples(["labelpass validate dataset"]),
    )
    _add_folder(validate)


def _add_frames(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "frames", nargs="+", type=Path, metavar="FRAMES", help="EXR files, or folders that hold them at any depth"
    )


def _add_pass_names(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--pass",
        dest="pass_names",
        action="append",
        default=[],
        metavar="NAME=PASS",
        help="Pass in the layer or part NAME of the files, or in the files whose folder or name is NAME, such as "
        "mask=object_index; where names do not say which pass they hold; may be repeated",
    )


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="Folder of the dataset: the --output of annotate")


def _words() -> str:
    return """words:
  pass          one of the images in an EXR file: colours, depth, which object each pixel shows
  pass index    whole number that you give to an object in Blender; the pass Object Index holds it
  Cryptomatte   passes that separate objects (or materials) by their names, with how much of a pixel each covers
  instance      one thing with a mask and a box in the dataset: an object, or several that belong together
  view layer    the passes of one render of the scene; a file may hold several
  record        JSON file with all that is known of a frame; dataset formats are written from records
  scene record  JSON file with what Blender knew of a frame: names, categories, camera, shapes;
                Labelpass writes them in Blender, and without them less is known
  sequence      frames that belong together like those of a video, named after their folder"""


def _exit_codes() -> str:
    lines = [f"  {code.value:<4}{code.meaning}" for code in ExitCode]
    return "\n".join(["exit codes:", *lines])
