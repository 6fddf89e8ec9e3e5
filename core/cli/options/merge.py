"""The options of `labelpass merge`."""

from ...settings.settings import Stage
from ..arguments import Commands, add_folder
from ..setting_options import add_settings, examples


def add(commands: Commands) -> None:
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
    add_folder(merge)
    add_settings(merge, blender=False, stages=[Stage.MERGE])
