"""LABELPASS.md: the page in each export that says what is in it, what is not, and how to load it."""

from collections.abc import Sequence

from ..base.phrases import counted, shown
from ..base.version import VERSION
from ..settings.settings import Media
from .export_writer import ExportTarget, ExportWriter

_MOST_CATEGORIES = 1000


def about_page(writer: ExportWriter, notes: Sequence[str]) -> bytes:
    """The page of a format that is complete.

    Args:
        writer: of the format.
        notes: sentences on the whole export.
    """
    target, format = writer.target, writer.format
    lines = [
        f"# {format.label}",
        "",
        f"{format.help}.",
        "",
        f"Exported by Labelpass {VERSION}. The format is described at <{format.source}>.",
        "",
        "## What is in it",
        "",
        "| split | images |",
        "| --- | --- |",
        *(f"| {split} | {size} |" for split, size in target.split_sizes.items()),
        "",
        *_categories(target),
        "",
        *([_MEDIA[target.settings.media], ""] if writer.has_images else []),
        writer.about.strip(),
        "",
        "## What it does not hold",
        "",
        *([f"- {line}" for line in (*writer.losses.lines(), *notes)] or ["Nothing was lost."]),
    ]
    return ("\n".join(map(shown, "\n".join(lines).split("\n"))) + "\n").encode("utf-8")


_MEDIA = {
    Media.LINK: (
        "Images are hard links to those of the dataset where the disk allows it. Do not change them in place: that "
        "would change the dataset's images too."
    ),
    Media.COPY: "Images are copies of those of the dataset.",
    Media.NONE: "The images are left out (`--media none`); files name them as if they were there.",
}


def _categories(target: ExportTarget) -> list[str]:
    """A table of them, with the number that formats without ids of their own use."""
    if not target.categories:
        return ["The dataset has no category."]
    rows = [
        f"| {number} | {category.id} | {_cell(category.title)} |"
        for number, category in enumerate(target.categories[:_MOST_CATEGORIES])
    ]
    more = len(target.categories) - len(rows)
    rest = ["", f"And {counted(more, 'category')} more."] if more else []
    return ["| class, from 0 | category id | category |", "| --- | --- | --- |", *rows, *rest]


def _cell(text: str) -> str:
    """Text in a table's cell, in which a bar or a line break would begin another one."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "\\<")
