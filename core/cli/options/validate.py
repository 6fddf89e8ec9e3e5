"""The options of `labelpass validate`."""

from pathlib import Path

from ..arguments import Commands, add_folder
from ..setting_options import examples


def add(commands: Commands) -> None:
    validate = commands.add_parser(
        "validate",
        help="Check whether a dataset agrees with itself",
        description=(
            "Reads every file of a dataset to its end and checks whether they agree with each other: masks, boxes,\n"
            "poses, depth, flow, the COCO file. Names each frame that does not."
        ),
        epilog=examples(["labelpass validate dataset", "labelpass validate dataset --formats"]),
    )
    add_folder(validate)
    validate.add_argument(
        "--formats",
        dest="exports",
        nargs="?",
        type=Path,
        const=Path(),
        metavar="DIR",
        help="Also compare the formats that labelpass export wrote with the records, file by file; DIR is the folder "
        "of the exports (default: exports in the dataset's folder)",
    )
