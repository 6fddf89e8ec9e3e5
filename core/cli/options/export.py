"""The options of `labelpass export`."""

from pathlib import Path

from ...settings.settings import Stage
from ..arguments import Commands, add_folder
from ..setting_options import add_settings, examples


def add(commands: Commands) -> None:
    export = commands.add_parser(
        "export",
        usage="labelpass export DIR --formats FORMATS [options]",
        help="Write the dataset in other formats, divided into splits",
        description=(
            "Writes a folder for each format, complete in itself and laid out as its readers expect: annotations and\n"
            "images, divided into splits. LABELPASS.md in it says what it holds, what not, and how to load it."
        ),
        epilog=examples(
            [
                "labelpass export dataset --formats coco,yolo_detect",
                "labelpass export dataset --formats coco --splits train=80,val=10,test=10 --split-by sequence",
            ]
        ),
    )
    add_folder(export)
    export.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="Folder in which each format gets a folder of its name (default: exports in the dataset's folder)",
    )
    add_settings(export, stages=[Stage.EXPORT], blender=False)
