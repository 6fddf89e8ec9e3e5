"""The options of `labelpass report`."""

from pathlib import Path

from ..arguments import Commands, add_folder
from ..setting_options import add_some_settings, examples


def add(commands: Commands) -> None:
    report = commands.add_parser(
        "report",
        usage="labelpass report DIR [options]",
        help="Write a page to look at before training: all frames, charts, and what is wrong first",
        description=(
            "Writes report/index.html into the dataset: a gallery of all frames and instances, charts that filter it,\n"
            "and what stands out, with the setting that mends it. It opens in any browser, without a network.\n"
            "figures.json next to it has the same figures for programs."
        ),
        epilog=examples(
            [
                "labelpass report dataset",
                "labelpass report dataset --validate --splits train=80,val=10,test=10 --split-by sequence",
                "labelpass report dataset --output look --no-maps",
                "labelpass report dataset --limits limits.json",
            ]
        ),
    )
    add_folder(report)
    report.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="Folder to write, which finds images where they are now (default: report in the dataset's folder)",
    )
    report.add_argument(
        "--validate", action="store_true", help="Run all checks of labelpass validate too, and show what they find"
    )
    report.add_argument(
        "--no-maps", dest="draws_maps", action="store_false", help="Draw no pictures of depth, normals and flow"
    )
    report.add_argument(
        "--limits",
        type=Path,
        metavar="FILE",
        help='From where on something is a fault, such as {"min_instances": 30}; docs/report.md lists all limits, and '
        "the figures.json of a report may be given too",
    )
    add_some_settings(report, ["splits", "split_by", "split_seed"])
