"""The settings as command-line options: for the `labelpass` command and for the headless script."""

import argparse
import dataclasses
from collections.abc import Callable
from enum import Enum
from typing import Any, NoReturn

from .choice import Choice
from .exit_codes import ExitCode
from .settings import Settings


class OneSentenceParser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one sentence, without repeating how all of them are written."""

    def error(self, message: str) -> NoReturn:
        self.exit(ExitCode.USAGE, f"labelpass: {message}; see {self.prog} --help\n")


def add_settings(
    parser: argparse.ArgumentParser, frames: bool = True, merge: bool = True, blender: bool = True
) -> None:
    """An option for each setting, named and explained as in the sidebar. What the user leaves out is absent.

    Args:
        parser: where to add them.
        frames: whether those that are about each frame are wanted.
        merge: whether those are that are about what is made of all records.
        blender: whether a scene is open, so that those that are about it mean something.
    """
    for field in dataclasses.fields(Settings):
        if not (merge if field.metadata["for_merge"] else frames):
            continue
        if field.metadata["needs_blender"] and not blender:
            continue
        option = f"--{field.name.replace('_', '-')}"
        text = field.metadata["help"]
        if isinstance(field.default, bool):
            parser.add_argument(option, action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS, help=text)
        elif several := field.metadata["several_of"]:
            names = ", ".join(choice.value for choice in several)
            parser.add_argument(
                option, type=_several(several), metavar="A,B", default=argparse.SUPPRESS, help=f"{text}; any of {names}"
            )
        elif isinstance(field.default, Enum):
            choices = [choice.value for choice in type(field.default)]
            parser.add_argument(
                option, choices=choices, default=argparse.SUPPRESS, help=f"{text} (default: {field.default.value})"
            )
        else:
            kind = type(field.default)
            metavar = "NAME" if kind is str else "N"
            parser.add_argument(option, type=kind, metavar=metavar, default=argparse.SUPPRESS, help=text)


def _several(choices: type[Choice]) -> Callable[[str], list[str]]:
    """Reads values with commas between them; nothing at all for none."""

    def values(text: str) -> list[str]:
        given = [name.strip() for name in text.split(",") if name.strip()]
        for name in given:
            if name not in [choice.value for choice in choices]:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(choices)}")
        return given

    return values


def given_settings(options: argparse.Namespace) -> dict[str, Any]:
    """The settings that the user gave on the command line."""
    names = {field.name for field in dataclasses.fields(Settings)}
    return {name: value for name, value in vars(options).items() if name in names}
