"""The settings as command-line options: for the `labelpass` command and for the headless script."""

import argparse
import dataclasses
import textwrap
from collections.abc import Callable, Collection, Iterable, Sequence
from enum import Enum
from typing import Any, NoReturn

from ..base.choice import Choice
from ..run.exit_codes import ExitCode
from ..settings.map_table import DenseMap, MapKind
from ..settings.settings import Settings, Stage, Topic

_INDENT = "  "
_ABOUT = {
    Stage.FRAMES: "each frame",
    Stage.MERGE: "all frames together",
    Stage.EXPORT: "formats for training",
}


class OneSentenceParser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one sentence, without repeating how all of them are written."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"formatter_class": _HelpFormatter, "allow_abbrev": False, **options, "add_help": False})
        self.add_argument("-h", "--help", action="help", help="Show this help and exit")

    def error(self, message: str) -> NoReturn:
        self.exit(ExitCode.USAGE, f"labelpass: {message}; see {self.prog} --help\n")


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the line breaks of help texts; what a line indents, its continuation indents more."""

    def __init__(self, prog: str, **options: Any) -> None:
        super().__init__(prog, max_help_position=26, **options)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return [part for line in text.splitlines() for part in _wrapped(line, width)]


def _wrapped(line: str, width: int) -> list[str]:
    deeper = 2 * _INDENT if line.startswith(_INDENT) else ""
    return textwrap.wrap(line, width, subsequent_indent=deeper, break_on_hyphens=False)


class _Elsewhere(argparse.Action):
    """An option that another command has: it says so."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        parser.error(f"{option} {self.const}")


def add_settings(
    parser: argparse.ArgumentParser, stages: Collection[Stage] = tuple(Stage), blender: bool = True
) -> None:
    """An option for each setting, named and explained as in the sidebar. What the user leaves out is absent.

    Args:
        parser: where to add them.
        stages: which of them are wanted, by what they are about.
        blender: whether a scene is open, so that those that are about it mean something. It stores settings, and what
            is left out is not the default but what the scene says.
    """
    groups: dict[Topic, argparse._ArgumentGroup] = {}
    for field in dataclasses.fields(Settings):
        option = f"--{field.name.replace('_', '-')}"
        if field.metadata["needs_blender"] and not blender:
            elsewhere = "is about the scenes of a .blend; give it to export_annotations.py"
        elif (stage := field.metadata["stage"]) not in stages:
            elsewhere = f"is about {_ABOUT[stage]}; give it to labelpass {stage.value}"
        else:
            topic = field.metadata["topic"]
            if topic not in groups:
                groups[topic] = parser.add_argument_group(topic.value)
            groups[topic].add_argument(option, default=argparse.SUPPRESS, **_how(field, shows_default=not blender))
            continue
        options = [option, f"--no-{option[2:]}"] if isinstance(field.default, bool) else [option]
        parser.add_argument(
            *options,
            action=_Elsewhere,
            nargs=0 if isinstance(field.default, bool) else "?",
            const=elsewhere,
            default=argparse.SUPPRESS,
            help=argparse.SUPPRESS,
        )


def add_some_settings(parser: argparse._ActionsContainer, names: Collection[str]) -> None:
    """An option for each of some settings, by their names, for a command that is about nothing else."""
    for field in dataclasses.fields(Settings):
        if field.name in names:
            option = f"--{field.name.replace('_', '-')}"
            parser.add_argument(option, default=argparse.SUPPRESS, **_how(field, shows_default=True))


def _how(field: "dataclasses.Field[Any]", shows_default: bool) -> dict[str, Any]:
    """The arguments of add_argument for a setting."""
    text, default = field.metadata["help"], field.default
    stands_for = field.metadata["stands_for"]
    how: dict[str, Any]
    if isinstance(default, bool):
        how, said = {"action": argparse.BooleanOptionalAction}, "on" if default else "off"
    elif several := field.metadata["several_of"]:
        how, said = {"type": _several(several), "metavar": stands_for}, ""
        lines = _maps() if field.name == "maps" else _choices(several)
        text = "\n".join([f"{text}; any of these, separated by commas:", *lines])
    elif isinstance(default, Enum):
        how, said = {"choices": [choice.value for choice in type(default)], "metavar": "CHOICE"}, str(default.value)
        text = "\n".join([text, *_choices(type(default))])
    else:
        how = {"type": type(default), "metavar": stands_for or ("NAME" if isinstance(default, str) else "N")}
        said = str(default)
    if said and shows_default:
        first, *others = text.split("\n")
        text = "\n".join([f"{first} (default: {said})", *others])
    return {**how, "help": text.replace("%", "%%")}


def _choices(choices: Iterable[Any]) -> list[str]:
    return [f"{_INDENT}{choice.value}: {choice.help}" for choice in choices]


def _maps() -> list[str]:
    """A line for each kind of map, with its formats."""
    names = {kind: ", ".join(map.value for map in DenseMap if map.kind is kind) for kind in MapKind}
    return [f"{_INDENT}{names[kind]}: {kind.shows[0].upper()}{kind.shows[1:]}" for kind in MapKind]


def _several(choices: Sequence[Choice]) -> Callable[[str], list[str]]:
    """Reads values separated by commas; nothing at all for none."""

    def values(text: str) -> list[str]:
        given = [name.strip() for name in text.split(",") if name.strip()]
        for name in given:
            if name not in [choice.value for choice in choices]:
                raise argparse.ArgumentTypeError(f"{name!r} is not one of {', '.join(choices)}")
        return given

    return values


def given_settings(options: argparse.Namespace) -> dict[str, Any]:
    """The settings that the user gave on the command line."""
    names = {field.name for field in dataclasses.fields(Settings)}
    return {name: value for name, value in vars(options).items() if name in names}


def examples(commands: Sequence[str]) -> str:
    """The end of a help text that shows some commands."""
    return "\n".join(["examples:", *(f"{_INDENT}{command}" for command in commands)])
