"""Parts of instances: where the mask of an instance and the labels of another pass meet.

Both are cut into vertical runs, so the cost is that of the runs: no pixel is looked at again.
"""

import dataclasses
from collections import defaultdict

import numpy as np

from ..base.errors import PassError
from ..exr.cryptomatte import WHOLE
from ..exr.passes import Passes
from ..labels.label_image import LabelImage, read_labels
from ..labels.labelled_frame import LabelledFrame
from ..labels.naming import name_labels, named_by_scene
from ..masks.runs import Integers, LabelArray, Runs, find_runs, stable_order
from ..records.instance import Part
from ..scene.scene_record import SceneRecord
from ..settings.category_table import Category
from ..settings.settings import LabelSource, Parts

# Coverages are rounded, and filters make them wider than pixels.
_MORE_THAN_WHOLE = 1.01


def add_parts(frame: LabelledFrame) -> LabelledFrame:
    """The frame with the parts of its instances, where the settings want them.

    Raises:
        PassError: no pass separates such parts.
        SceneError: as name_labels.
    """
    wanted = frame.job.settings.parts
    if wanted is Parts.NONE:
        return frame
    image = read_part_labels(frame.passes, wanted, frame.image)
    parts_of, categories, notes = find_parts(frame.runs_of_instances(), frame.image, image, frame.scene)
    divided = [dataclasses.replace(one, parts=parts_of[one.mask.label]) for one in frame.instances]
    frame = dataclasses.replace(frame, part_categories=tuple(categories))
    if image is frame.image:
        return frame.with_instances(divided)  # its sidecars and notes are known
    frame = dataclasses.replace(frame, sidecars=(*frame.sidecars, *image.sidecars))
    return frame.with_instances(divided, (*image.notes, *notes))


def read_part_labels(passes: Passes, parts: Parts, image: LabelImage) -> LabelImage:
    """The label image that separates the parts.

    Args:
        passes: those of the frame.
        parts: what the parts are; not NONE.
        image: the label image of the instances, which may be the same one.

    Raises:
        PassError: such a pass is missing.
    """
    if image.source.pass_ in parts.passes:
        return image
    for pass_ in parts.passes:
        if pass_ in passes:
            return read_labels(passes, LabelSource.of(pass_))
    names = " or ".join(pass_.title for pass_ in parts.passes)
    raise PassError(
        f"{passes.where} has no pass that separates parts by {parts.label.lower()}; it has {passes.listing()}. Turn "
        f"on {names} in Blender under View Layer Properties > Passes and render again, or set Parts to None"
    )


def find_parts(
    runs: Runs, image: LabelImage, parts: LabelImage, scene: SceneRecord | None
) -> tuple[dict[int, tuple[Part, ...]], list[Category], list[str]]:
    """Divide instances into parts.

    Args:
        runs: those of the instances' masks, each under one label of its instance.
        image: the label image of the instances.
        parts: that of the parts.
        scene: the scene record, for names and categories.

    Returns:
        Label of the instance -> its parts sorted by name, the categories of parts in the scene (also those that this
        frame does not show), and sentences on what the user should know. What is background among the parts is in
        none of them.

    Raises:
        SceneError: as name_labels.
    """
    if scene and parts is not image:
        parts = named_by_scene(parts, scene)
    crossed, pairs = cross_runs(runs, find_runs(parts.labels))
    if parts is not image:
        pairs_kept = _without_neighbours(crossed, pairs, image, parts)
    else:
        pairs_kept = set(range(1, len(pairs) + 1))
    seen = sorted({label for number, (_, label) in enumerate(pairs, start=1) if number in pairs_kept})
    named, categories, notes = name_labels(seen, parts, scene, grouping=None)
    part_of = {label: one for one in named for label in one.labels}
    number_of: dict[tuple[int, str, str], int] = {}
    labels_of: dict[int, list[int]] = defaultdict(list)
    mapping = {}
    for number, (instance, label) in enumerate(pairs, start=1):
        part = part_of.get(label) if number in pairs_kept else None
        stands_for = number_of.setdefault((instance, part.name, part.category), number) if part else 0
        mapping[number] = stands_for
        labels_of[stands_for].append(label)
    mask_of = {mask.label: mask for mask in crossed.united(mapping).masks()}
    found: dict[int, list[Part]] = {label: [] for label in runs.labels()}
    for (instance, name, category), number in sorted(number_of.items()):
        labels = tuple(labels_of[number])
        found[instance].append(Part(name, category, labels, dataclasses.replace(mask_of[number], label=labels[0])))
    return {instance: tuple(parts) for instance, parts in found.items()}, categories, notes


def _without_neighbours(crossed: Runs, pairs: list[tuple[int, int]], image: LabelImage, parts: LabelImage) -> set[int]:
    """The pairs of instance and part that are not just neighbours.

    Where outlines run through a pixel, the strongest instance and the strongest part may be of two different things. A
    pair is certain if in one of its pixels the two cover more than the whole together, for then they must overlap. An
    instance that has no certain pair keeps all that it has.

    Returns:
        Numbers of pairs, from 1, as in the runs.
    """
    strengths = [one.strength for one in (image, parts) if one.strength is not None]
    if not strengths:
        return set(range(1, len(pairs) + 1))  # pass indices have no outlines within a pixel
    overlap = strengths[0] + strengths[1] > _MORE_THAN_WHOLE if len(strengths) == 2 else strengths[0] >= WHOLE
    # How many such pixels each run has, from sums down the columns.
    sums = np.zeros((crossed.height + 1, crossed.width), dtype=np.int32)
    np.cumsum(overlap, axis=0, dtype=np.int32, out=sums[1:])
    count = sums[crossed.row + crossed.length, crossed.column] - sums[crossed.row, crossed.column]
    certain = set(np.unique(crossed.label[count > 0]).tolist())
    sure_of = {pairs[number - 1][0] for number in certain}
    return {
        number for number, (instance, _) in enumerate(pairs, start=1) if number in certain or instance not in sure_of
    }


def cross_runs(one: Runs, other: Runs) -> tuple[Runs, list[tuple[int, int]]]:
    """The pixels where the runs of two label images of the same size meet.

    Returns:
        Runs whose labels count from 1, and for each of these labels that of the first image and that of the second;
        the pairs are ascending.
    """
    if one.label.size == 0 or other.label.size == 0:
        return Runs(one.label[:0], one.column[:0], one.row[:0], one.length[:0], one.height, one.width), []
    both = _in_order(one), _in_order(other)
    # Between two neighbouring places where any run begins or ends, nothing changes.
    places = np.unique(np.concatenate([place for start, end, _ in both for place in (start, end)]))
    begin, stop = places[:-1], places[1:]
    inside = np.ones(begin.size, dtype=bool)
    owners = []
    for start, end, label in both:
        run = np.searchsorted(start, begin, side="right") - 1
        inside &= (run >= 0) & (begin < end[run])
        owners.append(label[run])
    kept = np.flatnonzero(inside)
    first, second = (label[kept].astype(np.uint64) for label in owners)
    unique, number = np.unique((first << np.uint64(32)) | second, return_inverse=True)
    number = (number.ravel() + 1).astype(np.uint32)
    column, row = np.divmod(begin[kept], one.height)
    length = (stop - begin)[kept]
    order = stable_order(number)
    crossed = Runs(number[order], column[order], row[order], length[order], one.height, one.width)
    return crossed, [(int(code) >> 32, int(code) & 0xFFFFFFFF) for code in unique.tolist()]


def _in_order(runs: Runs) -> tuple[Integers, Integers, LabelArray]:
    """Start and end of each run in the column-major image, and its label, from left to right."""
    start = runs.column * runs.height + runs.row
    order = np.argsort(start, kind="stable")
    return start[order], (start + runs.length)[order], runs.label[order]
