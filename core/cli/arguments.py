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


def add_numbers(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--frames",
        dest="numbers",
        metavar="RANGES",
        help="Only the frames with these numbers, such as 1-10,20; a frame's number is at the end of its file's name",
    )


def add_categories(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--categories",
        type=Path,
        metavar="FILE",
        help="Category table, JSON or TOML, that decides which object belongs to which category, instead of the one in "
        "the scene records",
    )


def add_scene_folder(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--scene",
        type=Path,
        metavar="DIR",
        help="Folder of the scene records that Labelpass wrote in Blender, or of the dataset that holds them "
        "(default: the one in --output, if there is one); without them, only what the EXR files say is known",
    )


def add_sequence(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--sequence", metavar="NAME", help="Name of one sequence for all frames, instead of the names of their folders"
    )


def add_shard(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--shard",
        metavar="I/N",
        help="Only the share of one machine of several: 3/10 is the third of ten",
    )
