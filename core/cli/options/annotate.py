"""The options of `labelpass annotate`."""

from pathlib import Path

from ...settings.settings import Stage
from ..arguments import (
    Commands,
    add_categories,
    add_frames,
    add_numbers,
    add_pass_names,
    add_scene_folder,
    add_sequence,
    add_shard,
)
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
                "labelpass annotate renders/ --output dataset --shard 3/10",
            ]
        ),
    )
    files = annotate.add_argument_group("files and folders")
    add_frames(files)
    files.add_argument("--output", required=True, type=Path, metavar="DIR", help="Folder of the dataset")
    add_numbers(files)
    add_shard(files)
    add_scene_folder(files)
    add_categories(files)
    add_sequence(files)
    add_pass_names(files)
    add_settings(annotate, blender=False, stages=[Stage.FRAMES])
