"""The numbers of a dataset as `labelpass stats` gives them: a text to read, JSON with keys that stay, and hints."""

import itertools
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..base.phrases import counted, listed
from ..drawing.text_labels import short_name
from ..settings.settings import SplitBy
from .splits import Splits
from .statistics import (
    AREAS,
    FEWEST_PIXELS,
    LEAST_VISIBLE,
    LONGEST,
    NARROWEST,
    PER_FRAME,
    SIDES,
    VISIBILITY,
    Statistics,
)

STATISTICS_VERSION = 1

# Of the text: its width, how many categories and splits it lists, and the widths of names, numbers and bars.
_COLUMNS = 100
_MOST_CATEGORIES = 40
_MOST_SPLITS = 5
_NAME, _NUMBER, _BAR = 38, 10, 38
_DESCRIBED = {
    "track": "tracks",
    "pose": "poses",
    "keypoints": "keypoints",
    "amodal": "amodal masks",
    "parts": "parts",
    "soft_mask": "soft masks",
}
# Said even if there are none.
_ASKED_FOR = ("frames with dark images",)
_REASONS = {
    "narrow": f"a side shorter than {NARROWEST} pixels",
    "few_pixels": f"a mask of fewer than {FEWEST_PIXELS} pixels",
    "long": f"sides of more than {LONGEST} to 1",
    "hidden": f"less than {LEAST_VISIBLE:.0%} visible",
}
# What leaves such boxes out; no setting does for others.
_FILTERS = {
    "narrow": f"Minimum Side (--min-side {NARROWEST})",
    "few_pixels": f"Minimum Area (--min-area {FEWEST_PIXELS})",
    "hidden": f"Minimum Visibility (--min-visibility {LEAST_VISIBLE})",
}
# Source: https://docs.ultralytics.com/yolov5/tutorials/tips_for_best_training_results, 0 to 10 % background images.
_MOST_EMPTY = 0.1


class Report:
    """A dataset in numbers, to be read by a person or a program.

    Args:
        statistics: what was counted.
        splits: by which it was counted.
    """

    def __init__(self, statistics: Statistics, splits: Splits) -> None:
        self._found, self._splits = statistics, splits

    def as_json(self) -> dict[str, Any]:
        """Keys are as docs/datasets.md says; a later version only adds some, or has another number."""
        found, names = self._found, self._splits.names
        return {
            "statistics_version": STATISTICS_VERSION,
            "splits": {
                "shares": dict(self._splits.shares),
                "by": self._splits.by.value,
                "seed": self._splits.seed,
            },
            "frames": {
                "count": found.frames.total(),
                "by_split": _by_split(found.frames, names),
                "sequences": found.sequences,
                "empty": found.empty.total(),
                "empty_by_split": _by_split(found.empty, names),
                "without_image": found.without_image,
                "dark": found.dark,
                "unreadable_images": found.unreadable,
                "with_notes": found.with_notes,
                "sizes": [
                    {"width": width, "height": height, "frames": count}
                    for (width, height), count in sorted(found.sizes.items())
                ],
                "by_instances": _bins(PER_FRAME, found.per_frame),
                "left_out": found.left_out,
                "problems": list(found.problems),
            },
            "instances": {
                "count": found.instances,
                "by_category": [
                    {
                        "id": category.id,
                        "name": category.title,
                        "supercategory": category.supercategory,
                        "count": of.instances.total(),
                        "frames": of.frames,
                        "by_split": _by_split(of.instances, names),
                    }
                    for category in found.categories
                    for of in [found.of_category[category.name]]
                ],
                "by_area": dict(zip(AREAS, found.areas.tolist(), strict=True)),
                "by_shorter_side": _bins(SIDES, found.sides),
                "by_visibility": _bins(VISIBILITY, found.visibility),
                "at_border": found.at_border,
                "with": {name: found.described[name] for name in _DESCRIBED},
                "dropped": dict(sorted(found.dropped.items())),
                "ignore_regions": found.ignored,
            },
            "boxes": {
                "count": found.boxes,
                "not_learned": found.unlearnable,
                "reasons": {reason: found.reasons[reason] for reason in _REASONS},
            },
            "hints": list(self.hints()),
        }

    def lines(self) -> list[str]:
        """A text of at most 100 columns."""
        found = self._found
        frames = counted(found.frames.total(), "frame")
        sizes = [f"{width} x {height}" for (width, height), _ in found.sizes.most_common()]
        lines = [
            f"{frames} in {counted(found.sequences, 'sequence')}, {counted(found.instances, 'instance')}; "
            f"{_first(sizes)} pixels",
            "",
            *self._tables(),
            "",
            *self._sizes(),
        ]
        for hint in self.hints():
            lines += textwrap.wrap(f"Hint: {hint}", _COLUMNS, subsequent_indent="  ", break_on_hyphens=False)
        return lines

    def _tables(self) -> Iterator[str]:
        """Frames and instances by split and category."""
        found, names = self._found, self._splits.names[:_MOST_SPLITS]
        yield _row("", [*names, "all"])
        yield _row("frames", [found.frames[name] for name in names], found.frames.total())
        yield _row("  without an instance", [found.empty[name] for name in names], found.empty.total())
        instances = {name: sum(of.instances[name] for of in found.of_category.values()) for name in names}
        yield _row("instances", list(instances.values()), found.instances)
        of_category = found.of_category
        by_number = sorted(found.categories, key=lambda one: (-of_category[one.name].instances.total(), one.title))
        for category in by_number[:_MOST_CATEGORIES]:
            of = of_category[category.name]
            name = " ".join(category.title.split())
            yield _row(f"  {name}", [of.instances[split] for split in names], of.instances.total())
        if len(by_number) > _MOST_CATEGORIES:
            yield f"  ... and {len(by_number) - _MOST_CATEGORIES} other categories, which --json lists"
        if len(self._splits.names) > _MOST_SPLITS:
            yield f"  Of {len(self._splits.names)} splits the first {_MOST_SPLITS} are shown; --json lists all"

    def _sizes(self) -> Iterator[str]:
        found = self._found
        yield from _bars("frames by number of instances", _ranges(PER_FRAME), found.per_frame)
        area_names = ("small, below 32 x 32 pixels", "medium, below 96 x 96", "large")
        yield from _bars("instances by area, as COCO has it", area_names, found.areas)
        yield from _bars("instances by the shorter side of the box, pixels", _ranges(SIDES), found.sides)
        if found.visibility.any():
            names = [f"{100 * low:.0f} to {100 * low + 10:.0f} %" for low in VISIBILITY]
            yield from _bars("instances by how much is visible", names, found.visibility)
        yield _row("instances at the border", [], found.at_border)
        for name, words in _DESCRIBED.items():
            if found.described[name]:
                yield _row(f"  with {words}", [], found.described[name])
        if found.ignored:
            yield _row("regions to ignore", [], found.ignored)
        if found.dropped.total():
            yield _row("dropped by filters", [], found.dropped.total())
        rows: list[tuple[str, int | None]] = [
            ("frames without an image", found.without_image),
            ("frames with dark images", found.dark),
            ("images that cannot be read", found.unreadable),
            ("frames with notes", found.with_notes),
            ("records of other sequences", found.left_out),
        ]
        for words, count in rows:
            if count or (words in _ASKED_FOR and count is not None):
                yield _row(words, [], count)
        yield _row("boxes that no detector learns", [], found.unlearnable, found.boxes)
        for reason, words in _REASONS.items():
            if found.reasons[reason]:
                yield _row(f"  {words}", [], found.reasons[reason], found.boxes)

    def hints(self) -> Iterator[str]:
        """What the user may want to do about it, a sentence each."""
        found, frames = self._found, self._found.frames.total()
        for reason, words in _REASONS.items():
            if count := found.reasons[reason]:
                way_out = (
                    f"{_FILTERS[reason]} leaves such instances out"
                    if reason in _FILTERS
                    else "no filter leaves them out, but rules of the category table can ignore their objects"
                )
                yield f"{counted(count, 'box')} with {words}: {way_out}"
        if found.instances and not found.described["amodal"]:
            yield "How much of each instance is visible is not known: Amodal Masks (--amodal) write it"
        if found.empty.total() > _MOST_EMPTY * frames:
            yield (
                f"{found.empty.total()} of {frames} frames have no instance; more than {_MOST_EMPTY:.0%} of such "
                "frames teach a detector little"
            )
        if found.dark:
            are = "is" if found.dark == 1 else "are"
            yield f"{counted(found.dark, 'image')} {are} hardly brighter than black; check the lights and the exposure"
        without = [one.title for one in found.categories if not found.of_category[one.name].frames]
        if without:
            yield f"No instance of {_names(without)}: a category that is never seen is not learned"
        yield from self._uneven_splits()

    def _uneven_splits(self) -> Iterator[str]:
        found, names = self._found, self._splits.names
        filled = [name for name in names if found.frames[name]]
        if sentence := self._splits.empty_split([found.frames[name] for name in names]):
            yield sentence
        for split in filled:
            lacks = [
                one.title
                for one in found.categories
                if found.of_category[one.name].frames and not found.of_category[one.name].instances[split]
            ]
            if lacks:
                way_out = "another --split-seed" if self._splits.by is SplitBy.FRAME else "--split-by frame"
                yield f"The split {split} has no instance of {_names(lacks)}; add frames, or try {way_out}"


def _by_split(counts: Mapping[str, int], names: Iterable[str]) -> dict[str, int]:
    return {name: counts[name] for name in names}


def _bins(edges: Sequence[float], counts: Any) -> list[dict[str, Any]]:
    """Each with where it begins."""
    return [{"from": low, "count": count} for low, count in zip(edges, counts.tolist(), strict=True)]


def _row(name: str, numbers: Sequence[int | str], total: int | None = None, of: int = 0) -> str:
    """A name and numbers below each other, and what part of a whole the last one is."""
    cut = name if len(name) <= _NAME else name[: _NAME - 1] + "…"
    cells = [*numbers, *([] if total is None else [total])]
    text = f"{cut:<{_NAME}}" + "".join(
        f"{cell:>{_NUMBER},}" if isinstance(cell, int) else f"{cell[: _NUMBER - 1]:>{_NUMBER}}" for cell in cells
    )
    return text + (f"  {_percent(total or 0, of)}" if of else "")


def _bars(title: str, names: Sequence[str], counts: Any) -> Iterator[str]:
    """A line for each bin between the first and the last that is not empty, with its part of all as a bar."""
    total = int(counts.sum())
    filled = [number for number, count in enumerate(counts.tolist()) if count]
    if not filled:
        return
    yield title
    for number in range(filled[0], filled[-1] + 1):
        count = int(counts[number])
        bar = "#" * round(_BAR * count / total)
        yield f"{_row(f'  {names[number]}', [], count, total)}  {bar}".rstrip()


def _percent(count: int, of: int) -> str:
    return f"{100 * count / of:5.1f} %"


def _ranges(edges: Sequence[int]) -> list[str]:
    """Bins of whole numbers in words."""
    ends = [str(low) if low == high - 1 else f"{low} to {high - 1}" for low, high in itertools.pairwise(edges)]
    return [*ends, f"{edges[-1]} and more"]


def _names(names: Sequence[str]) -> str:
    return _first([repr(short_name(name)) for name in names])


def _first(words: Sequence[str]) -> str:
    """Words as a person says them, and of many how many more there are."""
    return listed([*words[:3], f"{len(words) - 3} more"] if len(words) > 3 else words)
