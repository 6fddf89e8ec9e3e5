"""The options of `labelpass annotate`."""

from pathlib import Path

from ...settings.settings import Stage
from ..arguments import Commands, add_frames, add_pass_names
from ..setting_options import add_settings, examples


def add(commands: Commands) -> None:
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
    add_frames(files)
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
    add_pass_names(files)
    add_settings(annotate, blender=False, stages=[Stage.FRAMES])
