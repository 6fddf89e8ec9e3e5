"""Arguments that several commands have."""

import argparse
from pathlib import Path
from typing import TypeAlias

from .setting_options import OneSentenceParser

Commands: TypeAlias = "argparse._SubParsersAction[OneSentenceParser]"


def add_frames(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "frames", nargs="+", type=Path, metavar="FRAMES", help="EXR files, or folders that hold them at any depth"
    )


def add_pass_names(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--pass",
        dest="pass_names",
        action="append",
        default=[],
        metavar="NAME=PASS",
        help="Pass in the layer or part NAME of the files, or in the files whose folder or name is NAME, such as "
        "mask=object_index; where names do not say which pass they hold; may be repeated",
    )


def add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="Folder of the dataset: the --output of annotate")
