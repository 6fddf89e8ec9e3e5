"""Which pass index each object shall have, so that the Object Index pass separates instances."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

# Blender's largest; 0 is background.
LARGEST_INDEX = 32767


@dataclass(frozen=True)
class IndexedObject:
    """An object with its pass index.

    Attributes:
        name: of the object.
        pass_index: that it has now.
        instance: what it is a part of; equal for the objects of one instance, None for background.
        editable: False where its index cannot be changed, because it is linked from another file.
    """

    name: str
    pass_index: int
    instance: tuple[str, str] | None
    editable: bool = True


@dataclass(frozen=True)
class IndexPlan:
    """Pass indices for objects.

    Attributes:
        indices: one for each object, in their order; those that cannot be changed keep theirs.
        instances: how many instances have an index that no other has.
        left_over: how many instances remain background because there are no more indices.
        stuck: how many objects of instances remain background because their index 0 cannot be changed.
        shared: a sentence on an index that two instances, or one and background, still share; "" where none do.
    """

    indices: tuple[int, ...]
    instances: int
    left_over: int
    stuck: int
    shared: str


def plan_indices(objects: Sequence[IndexedObject]) -> IndexPlan:
    """Give every instance a pass index of its own, and background the index 0.

    An instance with objects that cannot be changed takes the index of theirs, if no other instance has it. The others
    are numbered from 1 in the order in which they come, past the indices that cannot be changed.

    Args:
        objects: all objects that leave pixels; the same objects in the same order give the same indices, whatever they
            have now.
    """
    owners: dict[int, set[tuple[str, str] | None]] = defaultdict(set)
    for ob in objects:
        if not ob.editable and ob.pass_index:
            owners[ob.pass_index].add(ob.instance)
    index_of: dict[tuple[str, str], int] = {}
    for index in sorted(owners, reverse=True):  # the smallest wins
        if len(owners[index]) == 1:
            (owner,) = owners[index]
            if owner is not None:
                index_of[owner] = index

    free = (index for index in range(1, LARGEST_INDEX + 1) if index not in owners)
    for ob in objects:
        if ob.instance is not None and ob.editable and ob.instance not in index_of:
            index_of[ob.instance] = next(free, 0)
    indices = tuple(
        (0 if ob.instance is None else index_of[ob.instance]) if ob.editable else ob.pass_index for ob in objects
    )
    return IndexPlan(
        indices,
        instances=sum(index > 0 for index in index_of.values()),
        left_over=sum(index == 0 for index in index_of.values()),
        stuck=sum(not ob.editable and ob.instance is not None and ob.pass_index == 0 for ob in objects),
        shared=next(shared_indices(objects, indices), ""),
    )


def shared_indices(objects: Iterable[IndexedObject], indices: Iterable[int] | None = None) -> Iterator[str]:
    """Sentences on instances that share a pass index with another, or with background, in the order of the indices.

    Args:
        objects: all that leave pixels.
        indices: take these instead of those that the objects have.
    """
    of_index: dict[int, dict[tuple[str, str] | None, str]] = defaultdict(dict)
    objects = list(objects)
    for ob, index in zip(objects, (ob.pass_index for ob in objects) if indices is None else indices, strict=True):
        of_index[index].setdefault(ob.instance, ob.name)
    of_index.pop(0, None)
    for index, found in sorted(of_index.items()):
        if len(found) > 1:
            first, second, *others = sorted(found.values())
            more = f" and {len(others)} more" if others else ""
            yield f"{first!r} and {second!r}{more} share the pass index {index}"
