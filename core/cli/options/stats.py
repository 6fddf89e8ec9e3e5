"""The options of `labelpass stats`."""

from ..arguments import Commands, add_folder
from ..setting_options import add_some_settings, examples


def add(commands: Commands) -> None:
    stats = commands.add_parser(
        "stats",
        usage="labelpass stats DIR [options]",
        help="Count what is in a dataset, and say where a filter would help",
        description=(
            "Counts frames and instances by category and split, sizes, what is at the border or hidden, empty frames,\n"
            "and boxes that no detector learns; with hints."
        ),
        epilog=examples(
            [
                "labelpass stats dataset",
                "labelpass stats dataset --images --splits train=80,val=10,test=10",
                "labelpass stats dataset --json > statistics.json",
            ]
        ),
    )
    add_folder(stats)
    stats.add_argument("--json", action="store_true", help="Print JSON for programs instead of a text")
    stats.add_argument(
        "--images", action="store_true", help="Read every training image too, to count those that are dark"
    )
    add_some_settings(stats, ["splits", "split_by", "split_seed"])
