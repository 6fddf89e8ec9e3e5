"""Instances that share a label: the label image with a label of its own for each of them.

Where the scene record has geometry, surface_search.py finds the instance in each pixel. Where the frame has no depth,
or one that motion has blurred, or the camera is neither a pinhole nor parallel, connected pieces have to do.
"""

import dataclasses
import itertools
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.errors import SceneError
from ..categories.grouping import group_objects
from ..categories.namesakes import shared_name
from ..exr.passes import Passes
from ..geometry.placed_mesh import PlacedMesh
from ..geometry.rasteriser import Projection
from ..geometry.surface_search import FoundSurfaces, find_surfaces
from ..masks.connected_components import connected_pieces
from ..masks.runs import LabelArray, Runs
from ..scene.scene_geometry import SceneGeometry, Surface, read_meshes
from ..scene.scene_record import SceneEntry, SceneRecord, category_of_name
from ..settings.render_pass import Pass
from ..settings.settings import Grouping, LabelSource
from .label_image import LabelImage
from .naming import NamedLabels, SeparatedEntries
from .track_ids import track_id

# Of the pixels of a label; more of them off every surface say that the geometry is not that of the render.
_MOST_OFF = 0.05
# So few pixels of a label that are on and next to none of its surfaces are of no instance, however few the label has.
_FEWEST_LEFT = 4

Names = frozenset[str]


class Resolved(Enum):
    """How an instance was separated from those that share its label."""

    GEOMETRY = "geometry"
    COMPONENTS = "components"


@dataclass(frozen=True)
class SeparatedInstance:
    """An instance with a label of its own.

    Attributes:
        entry: what it is, as an entry of the scene with a name of its own: that of the object or group and a number.
        labels: ascending, those in the frame's files that it carries together with others.
        track_id: the same in all frames of the sequence; None where it is not known which instance it is.
        resolved: how it was separated.
    """

    entry: SceneEntry
    labels: tuple[int, ...]
    track_id: int | None
    resolved: Resolved


@dataclass(frozen=True)
class SeparatedLabels:
    """A label image after instances were separated.

    Attributes:
        labels: (H, W) uint32.
        instances: new label -> what it is. Other labels are as before.
        left: label -> the objects that what is left of it can be. Labels that are as before are not in it.
        surfaces: label -> numbers of the surfaces in the scene's geometry that have it, also of what is left; empty
            where connected pieces had to do.
        notes: sentences on what the user should know.
    """

    labels: LabelArray
    instances: Mapping[int, SeparatedInstance] = field(default_factory=dict)
    left: Mapping[int, Names] = field(default_factory=dict)
    surfaces: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def entries(self) -> SeparatedEntries:
        """What the labels stand for."""
        return SeparatedEntries({label: one.entry for label, one in self.instances.items()}, self.left)

    def as_in_files(self, named: NamedLabels) -> NamedLabels:
        """Named labels of the image with the labels that the frame's files have for them."""
        own = [self.instances[label] for label in named.labels if label in self.instances]
        if not own:
            return named
        labels = {label for label in named.labels if label not in self.instances}.union(*(one.labels for one in own))
        alone = own[0] if len(named.labels) == 1 else None
        return dataclasses.replace(
            named,
            labels=tuple(sorted(labels)),
            painted=named.labels,
            track_id=alone.track_id if alone else None,
            resolved=own[0].resolved.value,
        )


def separate_instances(
    image: LabelImage, runs: Runs, passes: Passes, scene: SceneRecord, scene_file: Path, grouping: Grouping
) -> SeparatedLabels:
    """Give each instance of the scene a label of its own.

    Args:
        image: the label image of a frame.
        runs: its runs.
        passes: of the frame.
        scene: its scene record.
        scene_file: path of that; the geometry lies next to it.
        grouping: which objects are one instance.

    Raises:
        SceneError: the geometry is missing or damaged, or objects that share a Cryptomatte id cannot be separated and
            must be.
        PassError, ExrError: the depth cannot be read.
    """
    if scene.geometry is None or image.source not in (LabelSource.OBJECT_INDEX, LabelSource.CRYPTO_OBJECT):
        return SeparatedLabels(image.labels)
    geometry = SceneGeometry.read(scene_file, scene.geometry)
    shared = {
        label: numbers
        for label, numbers in surfaces_by_label(geometry, image, runs.labels(), scene).items()
        if _is_shared([geometry.surfaces[number] for number in numbers], image)
    }
    if not shared:
        return SeparatedLabels(image.labels)
    table = _Owners(geometry.surfaces, scene, grouping, by_name=not image.is_index)
    problem, depth, projection = _depth(passes, scene)
    if depth is None or projection is None:
        return _separate_by_pieces(image, runs, shared, table, problem)
    for numbers in shared.values():
        table.check_surfaces(numbers)
    order = {label: place for place, label in enumerate(sorted(shared))}
    numbers = [number for label in order for number in shared[label]]
    label_of = [label for label in order for _ in shared[label]]
    surfaces = [geometry.surfaces[number] for number in numbers]
    placed = [PlacedMesh(order[label], one.mesh, one.matrix) for label, one in zip(label_of, surfaces, strict=True)]
    numbered = runs.united({label: order.get(label, -1) + 1 for label in runs.labels()})
    wanted = numbered.image().astype(np.int32) - 1
    found = find_surfaces(depth, wanted, placed, read_meshes(scene_file, {one.mesh for one in surfaces}), projection)
    found_or_stray = _without_strays(image.labels, found, wanted, len(order))
    separated = _separate_by_surface(
        dataclasses.replace(image, labels=found_or_stray),
        runs,
        found,
        label_of,
        surfaces,
        [table[number] for number in numbers],
    )
    numbers_of = {label: tuple(numbers[place] for place in places) for label, places in separated.surfaces.items()}
    return dataclasses.replace(separated, surfaces=numbers_of, notes=_notes(found, wanted, placed, surfaces))


def _is_shared(surfaces: Sequence[Surface], image: LabelImage) -> bool:
    """Whether surfaces with one label are not meant to be one: copies, or, with one name, objects of several libraries.

    Objects that share a pass index were given it.
    """
    if len(surfaces) > 1 and any(one.is_instance for one in surfaces):
        return True
    return not image.is_index and len({one.object for one in surfaces}) > 1


def surfaces_by_label(
    geometry: SceneGeometry, image: LabelImage, present: Collection[int], scene: SceneRecord
) -> dict[int, list[int]]:
    """Label -> numbers of the surfaces with triangles that carry it, for some labels of objects in the image.

    What has no label of its own is among the label 0.
    """
    if image.is_index:
        label_of = {entry.name: entry.pass_index for entry in scene.objects.entries}
    else:
        of_name = {image.name_of(label): label for label in present}
        label_of = of_name | {entry.name: of_name.get(entry.own_name, 0) for entry in scene.objects.entries}
    seen = set(present)
    found: dict[int, list[int]] = defaultdict(list)
    for number, surface in enumerate(geometry.surfaces):
        label = label_of.get(surface.object, 0)
        if label in seen and surface.mesh:
            found[label].append(number)
    return dict(found)


@dataclass(frozen=True)
class _Owner:
    """Which instance a surface is of; surfaces with an equal one are the same instance."""

    entry: SceneEntry
    track_id: int | None


_Key = tuple[str, str, tuple[int, ...], int]


class _Owners:
    """Which instance each surface is of.

    An instance is named after its object, or its group, and numbered in the order of instancers and persistent ids.

    Args:
        by_name: whether the labels are made of names, so that objects of several libraries can share one. Each of these
            is an instance without a number, unless there are copies of it.
    """

    def __init__(self, surfaces: Sequence[Surface], scene: SceneRecord, grouping: Grouping, by_name: bool) -> None:
        self._surfaces = surfaces
        self._counts = Counter(surface.object for surface in surfaces)
        self._alike = _of_several_libraries(scene, self._counts) if by_name else {}
        groups = group_objects(scene, grouping)
        self._groups = {entry.name: (entry, group) for entry, group in groups.entries}
        self._joined = groups.joined
        repeated: Counter[tuple[str, str, tuple[int, ...]]] = Counter()
        keys = [self._key(surface, repeated) for surface in surfaces]
        of_group: Counter[str] = Counter()
        numbers: dict[_Key, int] = {}
        for key in sorted({key for key in keys if key is not None}):
            of_group[key[0]] += 1
            numbers[key] = of_group[key[0]]
        self._owners = [self._owner(surface, key, numbers) for surface, key in zip(surfaces, keys, strict=True)]

    def __getitem__(self, number: int) -> _Owner | None:
        """That of a surface by its number; None for an object that stands for itself."""
        return self._owners[number]

    def of_label(self, numbers: Iterable[int], problem: str) -> SceneEntry | None:
        """What all surfaces of a label are, by the objects that carry it; None if that is not the same for all.

        Raises:
            SceneError: objects of one name from several libraries are not the same; `problem` is why they cannot be
                separated.
        """
        names = sorted({self._surfaces[number].object for number in numbers})
        pairs = [self._entry_of(name) for name in names]
        first, group = pairs[0]
        if first.name in self._alike:
            if clash := shared_name(pairs, problem, Pass.OBJECT_INDEX.title):
                raise SceneError(clash)
            if group is first:
                return dataclasses.replace(first, name=first.own_name)
        return group if len({(one.category, one.ignored) for _, one in pairs}) == 1 else None

    def _owner(self, surface: Surface, key: _Key | None, numbers: Mapping[_Key, int]) -> _Owner | None:
        _, group = self._entry(surface)
        if surface.object in self._alike and (key is None or self._is_single(surface)):
            return _Owner(group, None)
        if key is not None:
            return _Owner(numbered(group, numbers[key]), track_id(*key))
        # What joins all copies is itself, unless the label is that of another object.
        return _Owner(group, None) if surface.source != surface.object else None

    def check_surfaces(self, numbers: Iterable[int]) -> None:
        """Raises SceneError where the label of some surfaces is also that of another thing without any."""
        names = {self._surfaces[number].object for number in numbers}
        for name in sorted(names & self._alike.keys()):
            if not names.issuperset(self._alike[name]):
                pairs = [self._entry_of(one) for one in self._alike[name]]
                if clash := shared_name(pairs, "hair and points have no surfaces", Pass.OBJECT_INDEX.title):
                    raise SceneError(clash)

    def _is_single(self, surface: Surface) -> bool:
        """Whether it is all that carries the labels of its object."""
        return self._counts[surface.object] == 1 and surface.source == surface.object

    def _entry(self, surface: Surface) -> tuple[SceneEntry, SceneEntry]:
        """The object that a surface is an instance of, and its group; itself where it is in none."""
        return self._groups.get(surface.source) or self._entry_of(surface.object)

    def _entry_of(self, name: str) -> tuple[SceneEntry, SceneEntry]:
        unknown = SceneEntry(name, 0, category_of_name(name))
        return self._groups.get(name, (unknown, unknown))

    def _key(self, surface: Surface, repeated: Counter[tuple[str, str, tuple[int, ...]]]) -> _Key | None:
        """What is equal for the surfaces of one instance; None for what is not to be separated."""
        if not surface.is_instance:
            return None
        entry, group = self._entry(surface)
        if entry.name in self._joined:
            return None
        if group is not entry:
            # The parts of a car are one instance, but only with those of the same copy of the car.
            return group.name, surface.instancer, surface.path[:-1] if surface.is_member else surface.path, 0
        alike = entry.name, surface.instancer, surface.path
        repeated[alike] += 1  # where several instances were given one id, their order separates them
        return *alike, repeated[alike]


def _of_several_libraries(scene: SceneRecord, objects: Collection[str]) -> dict[str, list[str]]:
    """Those of some objects that have the same name in Blender as others of them -> all of that name."""
    alike: dict[str, list[str]] = defaultdict(list)
    for entry in scene.objects.entries:
        has_label = not entry.facts.unlabelled or entry.facts.unlabelled_part
        if entry.name in objects and has_label and not entry.facts.copy_of:
            alike[entry.own_name].append(entry.name)
    return {name: names for names in alike.values() if len(names) > 1 for name in names}


def numbered(entry: SceneEntry, number: int) -> SceneEntry:
    """One of the instances of an object or group."""
    return dataclasses.replace(entry, name=f"{entry.name} #{number}")


def _depth(passes: Passes, scene: SceneRecord) -> tuple[str, npt.NDArray[np.floating[Any]] | None, Projection | None]:
    """Planar depth and projection of the frame, or a sentence on why they are of no use."""
    projection = Projection.of(scene.camera) if scene.camera else None
    if projection is None:
        kind = f"the camera is {scene.camera.type}" if scene.camera else "there are several cameras at once"
        return kind, None, None
    if scene.camera and scene.camera.motion_blur:
        return "motion blur leaves no depth to rely on (turn it off, or render the passes without it)", None, None
    if Pass.DEPTH in passes:
        return "", passes.read(Pass.DEPTH), projection
    if Pass.POSITION in passes:
        position = passes.read(Pass.POSITION).astype(np.float32, copy=False)
        forward = projection.world_to_camera[2].astype(np.float32)
        return "", position @ forward[:3] + forward[3], projection
    return "the frame has no Depth pass (turn it on in View Layer Properties > Passes > Data)", None, None


def _without_strays(labels: LabelArray, found: FoundSurfaces, wanted: npt.NDArray[np.int32], count: int) -> LabelArray:
    """The label image with background where a few pixels are left of a label whose other pixels have a surface.

    A sample between the pixels' centres may meet what has no other pixel; what is left is not the object that stands
    for itself, wherever that is.

    Args:
        labels: (H, W) uint32, as they are in the files.
        found: the surfaces.
        wanted: (H, W) int32, the number of each label that is to be separated, below `count`; else -1.
    """
    left = (wanted >= 0) & (found.surface < 0)
    if not left.any():
        return labels
    pixels, rest = (np.bincount(wanted[which], minlength=count) for which in (wanted >= 0, left))
    few = (rest < pixels) & (rest <= np.maximum(_MOST_OFF * pixels, _FEWEST_LEFT))
    return np.where(left & few[wanted], np.uint32(0), labels)


def _separate_by_surface(
    image: LabelImage,
    runs: Runs,
    found: FoundSurfaces,
    label_of: Sequence[int],
    surfaces: Sequence[Surface],
    owners: Sequence[_Owner | None],
) -> SeparatedLabels:
    """Args: label_of, surfaces and owners are in the order of the numbers in `found`, and so are its surfaces."""
    fresh = _fresh_labels(runs)
    new_labels = np.array(label_of, dtype=np.uint32)
    new_of: dict[_Owner, int] = {}
    carried: dict[int, set[int]] = defaultdict(set)
    themselves: dict[int, set[str]] = {label: set() for label in label_of}
    for place, (label, owner) in enumerate(zip(label_of, owners, strict=True)):
        if owner is None:
            themselves[label].add(surfaces[place].object)
            continue
        if owner not in new_of:
            new_of[owner] = next(fresh)
        new_labels[place] = new_of[owner]
        carried[new_of[owner]].add(label)
    labels = image.labels.copy()
    known = found.surface >= 0
    labels[known] = new_labels[found.surface[known]]
    objects_of: dict[int, set[str]] = defaultdict(set)
    for label, one in zip(label_of, surfaces, strict=True):
        objects_of[label].add(one.object)
    # What is left of an id of several objects may be any of them.
    mixed = [label for label, objects in objects_of.items() if len(objects) > 1 and not image.is_index]
    labels[~known & np.isin(image.labels, np.array(mixed, dtype=np.uint32))] = 0
    instances = {
        new: SeparatedInstance(one.entry, tuple(sorted(carried[new])), one.track_id, Resolved.GEOMETRY)
        for one, new in new_of.items()
    }
    for label, one in zip(label_of, surfaces, strict=True):
        if not themselves[label]:  # where nothing was found, the first object has to do
            themselves[label].add(one.object)
    having: dict[int, list[int]] = defaultdict(list)
    for place, new in enumerate(new_labels.tolist()):
        having[new].append(place)
    return SeparatedLabels(
        labels,
        instances,
        {label: frozenset(names) for label, names in themselves.items()},
        {label: tuple(places) for label, places in having.items()},
    )


def _notes(
    found: FoundSurfaces, wanted: npt.NDArray[np.int32], placed: Sequence[PlacedMesh], surfaces: Sequence[Surface]
) -> tuple[str, ...]:
    """A sentence on each label with many pixels on the surface of nothing."""
    count = 1 + max(one.number for one in placed)
    pixels = np.bincount(wanted[wanted >= 0], minlength=count)
    off = np.bincount(wanted[(wanted >= 0) & ~found.on_surface], minlength=count)
    name_of = {one.number: surface.object for one, surface in zip(reversed(placed), reversed(surfaces), strict=True)}
    return tuple(
        f"{off[label] / pixels[label]:.0%} of the pixels of {name!r} lie on none of its copies; make the "
        "viewport show what the render shows (amount of particles, subdivision levels, visibility), or export the "
        "scene as it was rendered"
        for label, name in sorted(name_of.items())
        if off[label] > _MOST_OFF * pixels[label]
    )


def _separate_by_pieces(
    image: LabelImage, runs: Runs, shared: Mapping[int, list[int]], table: _Owners, problem: str
) -> SeparatedLabels:
    """Each connected piece of a shared label is an instance of the object that carries it."""
    groups = {label: group for label, numbers in shared.items() if (group := table.of_label(numbers, problem))}
    if not groups:
        return SeparatedLabels(image.labels)
    chosen = np.flatnonzero(np.isin(runs.label, np.array(sorted(groups), dtype=np.uint32)))
    some = Runs(runs.label[chosen], runs.column[chosen], runs.row[chosen], runs.length[chosen], runs.height, runs.width)
    piece = connected_pieces(some)
    fresh = _fresh_labels(runs)
    instances: dict[int, SeparatedInstance] = {}
    new_labels: list[int] = []
    counts: Counter[str] = Counter()
    for label in some.label[np.unique(piece, return_index=True)[1]].tolist():
        group = groups[label]
        counts[group.name] += 1
        new_labels.append(next(fresh))
        entry = numbered(group, counts[group.name])
        instances[new_labels[-1]] = SeparatedInstance(entry, (label,), None, Resolved.COMPONENTS)
    labels = image.labels.copy()
    pieces = dataclasses.replace(some, label=np.array(new_labels, dtype=np.uint32)[piece]).image()
    np.copyto(labels, pieces, where=pieces > 0)
    note = (
        f"Copies that share a label were separated only as connected pieces, since {problem}: copies that touch are "
        "one, and a copy that is cut in two is two"
    )
    return SeparatedLabels(labels, instances, notes=(note,))


def _fresh_labels(runs: Runs) -> Iterator[int]:
    """Labels that do not occur, ascending from 1."""
    present = set(runs.labels())
    return (label for label in itertools.count(1) if label not in present)
