"""The results as Markdown, and their place in docs/benchmarks.md."""

import os
import platform
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from core.base.version import VERSION

_BEGIN = "<!-- benchmarks: begin, written by benchmarks/run.py --write -->"
_END = "<!-- benchmarks: end -->"
_SECTIONS = re.compile(r"(?m)^(?=### )")
# Of the page's lines outside of tables, in letters.
_WIDTH = 118


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        what: what was measured.
        result: how long it took, or how much it is.
        reference: what it is compared with, and how long that took; "" for a figure by itself.
        ratio: of the two; "" likewise.
        target: what the ratio or the result should be; "" where the row only informs.
        met: whether it is; None without a target.
    """

    what: str
    result: str
    reference: str = ""
    ratio: str = ""
    target: str = ""
    met: bool | None = None

    def cells(self) -> tuple[str, ...]:
        met = {None: "", True: "yes", False: "**no**"}[self.met]
        return (self.what, self.result, self.reference, self.ratio, self.target, met)


@dataclass(frozen=True)
class Section:
    """Rows that belong together, with a sentence on how to read them."""

    title: str
    text: str
    rows: Sequence[Row]


def faster(what: str, ours: float, name: str, theirs: float, at_least: float | None = None) -> Row:
    """A row of "so many times faster"; seconds."""
    ratio = theirs / ours
    target, met = ("", None) if at_least is None else (f"at least {at_least:g}x", ratio >= at_least)
    return Row(what, duration(ours), f"{name} {duration(theirs)}", times(ratio), target, met)


def no_slower(what: str, ours: float, name: str, theirs: float, at_most: float | None = None) -> Row:
    """A row of "so many times the time of what cannot be avoided"; seconds."""
    ratio = ours / theirs
    target, met = ("", None) if at_most is None else (f"at most {at_most:g}x", ratio <= at_most)
    return Row(what, duration(ours), f"{name} {duration(theirs)}", f"{ratio:.2f}x the time", target, met)


def smaller(what: str, ours: int, name: str, theirs: int, below: int) -> Row:
    """A row of memory that should stay below a limit; bytes."""
    reference = f"{name} {megabytes(theirs)}"
    return Row(what, megabytes(ours), reference, times(theirs / ours), f"below {megabytes(below)}", ours < below)


def duration(seconds: float) -> str:
    return f"{_significant(seconds)} s" if seconds >= 1 else f"{_significant(seconds * 1e3)} ms"


def megabytes(size: int) -> str:
    return f"{_significant(size / 1e6)} MB"


def times(ratio: float) -> str:
    return f"{_significant(ratio)}x"


def _significant(value: float) -> str:
    """Three digits, which is more than a repetition confirms."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def as_markdown(machine: str, sections: Iterable[Section]) -> str:
    return "\n".join([_measured_on(machine), *map(section_as_markdown, sections)])


def _measured_on(machine: str) -> str:
    return "\n".join(_wrapped(f"Measured on: {machine}.")) + "\n"


def section_as_markdown(section: Section) -> str:
    lines = [f"### {section.title}", "", *_wrapped(section.text), ""]
    lines += ["| what | Labelpass | compared with | ratio | target | met |", "| --- | --- | --- | --- | --- | --- |"]
    lines += ["| " + " | ".join(row.cells()) + " |" for row in section.rows]
    return "\n".join(lines) + "\n"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def describe_machine() -> str:
    """Processor, system and versions, in one line."""
    packages = ", ".join(f"{name} {_version(name)}" for name in ("numpy", "OpenEXR", "Pillow", "pycocotools"))
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()} {platform.machine()}; "
        f"{platform.python_implementation()} {platform.python_version()}, {packages}; Labelpass {VERSION}"
    )


def describe_load() -> str:
    """How busy the machine is, as a sentence; "" where the system does not tell."""
    return f"Load average before: {os.getloadavg()[0]:.1f}." if hasattr(os, "getloadavg") else ""


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "of unknown version"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def write_section(page: Path, machine: str, section: Section) -> None:
    """Put a section in the place of the one with its title, or behind all others, and say where it was measured."""
    block = page.read_text(encoding="utf-8").partition(_BEGIN)[2].partition(_END)[0]
    parts = {text.partition("\n")[0]: text for text in _SECTIONS.split(block.strip())[1:]}
    written = section_as_markdown(section)
    parts[written.partition("\n")[0]] = written
    write_between_markers(page, "\n".join([_measured_on(machine), *(f"{text.rstrip()}\n" for text in parts.values())]))


def write_between_markers(page: Path, markdown: str, begin: str = _BEGIN, end: str = _END) -> None:
    """Replace what stands between two marker comments of a page."""
    before, found_begin, rest = page.read_text(encoding="utf-8").partition(begin)
    _, found_end, after = rest.partition(end)
    if not found_begin or not found_end:
        raise SystemExit(f"{page} lacks the lines {begin} and {end}; put them where the table should be")
    page.write_text(f"{before}{begin}\n\n{markdown}\n{end}{after}", encoding="utf-8", newline="\n")
