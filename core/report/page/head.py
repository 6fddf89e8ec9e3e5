"""What the page has to know first: titles, colours, filters, findings, and the table of the columns."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from ...base.phrases import shown
from ...base.version import VERSION
from ...categories.palette import category_colours, own_colours
from ...settings.category_table import Category
from ..facts.gathering import Facts
from ..facts.views import FIELDS, RINGS
from ..judgement.finding import Finding, Of
from ..judgement.judge import Judgement
from .album import ACROSS, SIDE, TENTHS
from .columns import Column
from .filter import Filter
from .filters import CAMERAS, CENTRES

# Okabe and Ito, https://jfly.uni-koeln.de/color: told apart by eyes that see fewer colours too. Names stand next to
# them wherever colours mean something.
_SAFE = ("#d55e00", "#56b4e9", "#009e73", "#cc79a7", "#f0e442", "#0072b2", "#e69f00", "#595959")
# Likewise of splits, in the order of the user; also on a dark page.
SPLIT_COLOURS = ("#2f7de1", "#d98200", "#6f7680", "#8b5a2b")
# What stands for itself in the address of a file.
_PLAIN = re.compile(r"[A-Za-z0-9_./-]*")
_MOST_WORST = 48


def head(
    facts: Facts,
    judgement: Judgement,
    filters: Sequence[Filter],
    categories: Sequence[Category],
    title: str,
    layout: list[list[Any]],
    root: str,
) -> dict[str, Any]:
    """As JSON.

    Args:
        facts, judgement, filters, categories: of the dataset.
        title: of the dataset.
        layout: table of the columns.
        root: the address of the dataset's folder from the page, with a slash at its end.
    """
    return {
        "version": VERSION,
        "title": shown(title),
        "frames": len(facts.frames),
        "instances": len(facts.instances),
        "root": root,
        "sheet": {"across": ACROSS, "side": SIDE},
        "tenths": TENTHS,
        "categories": [
            {"name": shown(one.title), "colour": colour, "skeleton": one.skeleton, "stuff": one.stuff}
            for one, colour in zip(categories, colours_of(categories), strict=True)
        ],
        "splits": list(facts.splits),
        "splitColours": SPLIT_COLOURS,
        "sequences": [shown(name) for name in facts.sequences],
        "filters": [_filter(one) for one in filters],
        "views": {"rings": RINGS, "fields": FIELDS},
        "centres": CENTRES,
        "cameras": CAMERAS,
        "verdict": {
            "level": judgement.level.value,
            "headline": shown(judgement.headline),
            "summary": shown(judgement.summary),
            "options": " ".join(one.option for one in judgement.remedies),
            "fine": list(judgement.fine),
        },
        "findings": [_finding(one) for one in judgement.findings],
        "worst": [
            number
            for number in (-judgement.score).argsort(kind="stable")[:_MOST_WORST].tolist()
            if judgement.score[number]
        ],
        "columns": layout,
    }


def texts(facts: Facts) -> dict[str, Any]:
    """Names of frames and objects, notes on frames, and their images as addresses from the dataset's folder. Those that
    follow from the names of their frames, which is nearly all, are one suffix."""
    suffixes: dict[str, int] = {}
    kinds: list[int | str] = []
    for path, file in zip(facts.paths, facts.files, strict=True):
        suffix = file.removeprefix(f"images/{path}")
        plain = suffix != file and _PLAIN.fullmatch(file)
        kinds.append(suffixes.setdefault(suffix, len(suffixes)) if plain else address(file))
    one_kind = kinds[0] if kinds and all(kind == kinds[0] for kind in kinds) else None
    return {
        "paths": [shown(path) for path in facts.paths],
        "names": [shown(name) for name in facts.names],
        "suffixes": list(suffixes),
        "images": one_kind if isinstance(one_kind, int) else kinds,
        "notes": {number: [shown(text) for text in notes] for number, notes in facts.notes.items()},
    }


def item_columns(facts: Facts, judgement: Judgement) -> list[Column]:
    """The items of all findings, each worst first; and how much is wrong with each frame."""
    columns = [Column.rounded("frames.score", judgement.score, 250)]
    for number, one in enumerate(judgement.findings):
        if one.of is not Of.DATASET:
            columns.append(Column.whole(f"finding_{number}", one.items.astype(np.int64)))
    return columns


def address(path: str) -> str:
    """A path as a page writes it, also one whose name is not UTF-8."""
    return quote(path, safe="/", errors="surrogateescape")


def relative_address(folder: Path, to: Path) -> str:
    """The address of a folder from a page in another one, with a slash at its end."""
    try:
        return address(Path(os.path.relpath(to, folder)).as_posix()) + "/"
    except ValueError:  # another drive of Windows
        return to.resolve().as_uri() + "/"


def colours_of(categories: Sequence[Category]) -> list[str]:
    """Of each category: the user's own, else one of few that all eyes tell apart, else as in previews."""
    names = [category.name for category in categories]
    own = own_colours(categories)
    if len(categories) <= len(_SAFE):
        return [one.colour.lower() if one.colour else safe for one, safe in zip(categories, _SAFE, strict=False)]
    colours = category_colours(sorted(names), own)
    return ["#{:02x}{:02x}{:02x}".format(*colours[name]) for name in names]


def _filter(one: Filter) -> dict[str, Any]:
    return {**one.as_json(), "title": shown(one.title), "labels": [shown(label) for label in one.labels]}


def _finding(one: Finding) -> dict[str, Any]:
    remedy = one.remedy and {"label": one.remedy.label, "value": one.remedy.value, "option": one.remedy.option}
    return {
        "key": one.key,
        "of": one.of.value,
        "level": one.level.value,
        "count": one.count,
        "text": shown(one.text),
        "one": one.one,
        "why": shown(one.why),
        "way_out": one.way_out,
        "remedy": remedy,
        "within": one.within,
        "filter": one.filter,
    }
