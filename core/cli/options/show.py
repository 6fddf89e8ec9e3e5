"""The options of `labelpass show`."""

import argparse
from pathlib import Path

from ...settings.shown_pictures import OF_INSTANCES, SHOWN
from ..arguments import Commands
from ..setting_options import examples

_EACH, _EACH_OF_SHEET = 800, 400


def add(commands: Commands) -> None:
    show = commands.add_parser(
        "show",
        usage="labelpass show DATASET FRAME [options]\n       labelpass show DATASET --sheet N [options]",
        help="Draw what is known of a frame into one picture, to look at",
        description=(
            "Draws one picture of all that is known of a frame, side by side: image, boxes, masks, depth with a\n"
            "scale, flow with its wheel, and every other map. Or a sheet of several frames, evenly taken."
        ),
        epilog=examples(
            [
                "labelpass show dataset 0001",
                "labelpass show dataset shots/a/0001 --pictures boxes,depth --size 1920 --output check.png",
                "labelpass show dataset --sheet 24",
            ]
        ),
    )
    show.add_argument("folder", type=Path, metavar="DATASET", help="Folder of the dataset")
    show.add_argument(
        "frame", nargs="?", metavar="FRAME", help="Path of the frame, such as shots/a/0001, its number, or its image"
    )
    show.add_argument("--sheet", type=int, metavar="N", help="Draw so many frames, evenly taken, instead of one")
    own = [f"  {name}: {shows}" for name, shows in OF_INSTANCES.items()]
    maps = f"  {', '.join(name for name in SHOWN if name not in OF_INSTANCES)}: dense maps"
    show.add_argument(
        "--pictures",
        type=_names,
        default=[],
        metavar="NAMES",
        help="\n".join(
            [
                "What to draw, separated by commas (default: all that the frame has; of a sheet boxes)",
                *own,
                maps,
            ]
        ),
    )
    show.add_argument(
        "--size",
        type=int,
        metavar="PIXELS",
        help=f"Longer side of each picture (default: {_EACH}; of a sheet {_EACH_OF_SHEET})",
    )
    show.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="PNG, JPEG or WebP file to write, outside of the dataset (default: FRAME-show.png in the current folder; "
        "of a sheet DATASET-show.png)",
    )
    show.add_argument("--overwrite", action="store_true", help="Replace the file if it is there already")
    show.set_defaults(size_of_each=_EACH, size_of_sheet=_EACH_OF_SHEET)


def _names(text: str) -> list[str]:
    given = [name.strip() for name in text.split(",") if name.strip()]
    for name in given:
        if name not in SHOWN:
            raise argparse.ArgumentTypeError(f"{name!r} is not one of {', '.join(SHOWN)}")
    return given
