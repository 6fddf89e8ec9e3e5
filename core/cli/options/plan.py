"""The options of `labelpass plan`."""

from pathlib import Path

from ..arguments import (
    Commands,
    add_categories,
    add_frames,
    add_numbers,
    add_pass_names,
    add_scene_folder,
    add_sequence,
)
from ..setting_options import add_settings, examples


def add(commands: Commands) -> None:
    plan = commands.add_parser(
        "plan",
        usage="labelpass plan FRAMES [FRAMES ...] --output DIR [options]",
        help="Write down what several machines have to do alike, before the first of them begins",
        description=(
            "Writes plan.json into the folder of the dataset: all its frames, its categories with their ids, and the\n"
            "settings. Then each machine runs labelpass annotate with its --shard and without other options. merge\n"
            "and export fail until every planned frame is there. Planning other sequences adds them to the plan."
        ),
        epilog=examples(
            [
                "labelpass plan renders/ --output dataset --categories categories.json --maps depth_png",
                "labelpass annotate renders/ --output dataset --shard 3/10",
                "labelpass merge dataset",
            ]
        ),
    )
    files = plan.add_argument_group("files and folders")
    add_frames(files)
    files.add_argument("--output", required=True, type=Path, metavar="DIR", help="Folder of the dataset")
    add_numbers(files)
    add_scene_folder(files)
    add_categories(files)
    add_sequence(files)
    add_pass_names(files)
    add_settings(plan, blender=False)
