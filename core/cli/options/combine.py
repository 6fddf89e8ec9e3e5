"""The options of `labelpass combine`."""

from pathlib import Path

from ...settings.settings import Stage
from ..arguments import Commands
from ..setting_options import add_settings, examples


def add(commands: Commands) -> None:
    combine = commands.add_parser(
        "combine",
        usage="labelpass combine DATASET [DATASET ...] --output DIR [options]",
        help="Bring several datasets into one",
        description=(
            "Brings the frames of several datasets into another one, and merges that. Files are hard links where the\n"
            "disk allows it, and no dataset is changed. Running it again adds the frames that are new. What\n"
            "contradicts each other is named before anything is written: frames of one name, ids of categories, units."
        ),
        epilog=examples(
            [
                "labelpass combine machine1 machine2 --output dataset",
                "labelpass combine day=street night=street_at_night --output dataset",
                "labelpass combine new --output dataset",
            ]
        ),
    )
    combine.add_argument(
        "datasets",
        nargs="+",
        metavar="DATASET",
        help="Folder of a dataset; or NAME=FOLDER, which puts its frames into the sequence NAME, for datasets whose "
        "frames have the same names",
    )
    combine.add_argument(
        "--output", required=True, type=Path, metavar="DIR", help="Folder of the dataset to make, or to add to"
    )
    combine.add_argument(
        "--new-ids",
        action="store_true",
        help="Number the categories anew where the datasets have different ids, as far as no category table fixes them",
    )
    add_settings(combine, blender=False, stages=[Stage.MERGE])
