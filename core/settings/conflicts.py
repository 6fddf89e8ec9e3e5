"""Settings that cannot work together, and those that cannot work without scene records: said once, before any frame.

What is in the files decides on the rest, which only shows frame by frame.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from ..base.errors import SceneError, UsageError
from ..base.phrases import GET_SCENE_RECORDS, listed
from .export_table import ExportFormat, ExportNeed
from .map_table import DenseMap, MapKind
from .settings import LabelSource, Settings

# What formats need of records, and which of it a setting decides on.
_TURNED_ON: Mapping[ExportNeed, Callable[[Settings], bool]] = {
    ExportNeed.POSES: lambda settings: settings.poses,
    ExportNeed.AMODAL: lambda settings: settings.amodal,
    ExportNeed.DEPTH_PNG: lambda settings: DenseMap.DEPTH_PNG in settings.maps,
}
# These do not label objects, and place and shape are known of objects only.
_NOT_OF_OBJECTS = (LabelSource.MATERIAL_INDEX, LabelSource.CRYPTO_MATERIAL, LabelSource.CRYPTO_ASSET)


def contradictions(settings: Settings) -> Iterator[str]:
    """A sentence on each pair of settings that gives nothing with any files."""
    labels = settings.labels
    if settings.soft_masks and labels.is_index:
        yield (
            f"Soft masks come from a Cryptomatte and not from {labels.label}; set Label Pass to Cryptomatte Object, or "
            "turn Soft Masks off"
        )
    if settings.cryptomatte and labels.is_index:
        yield (
            f"Labels cannot come from both {labels.label} and the Cryptomatte {settings.cryptomatte!r}; set Label Pass "
            "to Automatic, or leave Cryptomatte empty"
        )
    if labels in _NOT_OF_OBJECTS and (of_objects := _of_objects(settings)):
        yield (
            f"{_not_available(of_objects)} for {_kind(labels)}, which {labels.label} labels; set Label Pass to "
            f"Cryptomatte Object, or do without {'it' if len(of_objects) == 1 else 'them'}"
        )
    if not settings.poses and any(map.kind is MapKind.NOCS for map in settings.maps):
        yield "NOCS maps are in the axes of poses, and poses are off; turn Poses and 3D Boxes on, or leave NOCS out"
    yield from missing_splits(settings.formats, [part.partition("=")[0].strip() for part in settings.splits.split(",")])
    for format in settings.formats:
        for need in format.needs:
            if need in _TURNED_ON and not _TURNED_ON[need](settings):
                yield f"{format.label} needs {need.what}; {need.way_out}, or leave {format.label} out"


def missing_splits(formats: Sequence[ExportFormat], splits: Sequence[str]) -> Iterator[str]:
    """A sentence on each format whose readers cannot do without a split that is not there."""
    given = {split.lower() for split in splits}
    for format in formats:
        if missing := [split for split, names in format.splits.items() if not given.intersection(names)]:
            yield (
                f"The format {format} needs the splits {listed(list(format.splits))}, and there is no "
                f"{' and no '.join(missing)}; give splits such as train=80,val=20 (--splits)"
            )


def check_together(settings: Settings) -> None:
    """Raises UsageError where settings cannot work together."""
    for sentence in contradictions(settings):
        raise UsageError(sentence)


def check_without_scene_records(settings: Settings, where: str) -> None:
    """Raises SceneError where something is wanted that is not available without scene records.

    Args:
        settings: the user's choices.
        where: the place that was looked at for scene records.
    """
    wanting = _of_objects(settings) + [map.label for map in settings.maps if map.kind.needs_camera]
    if wanting:
        raise SceneError(
            f"{_not_available(wanting)} without scene records, and there are none in {where}; {GET_SCENE_RECORDS}"
        )


def _not_available(names: list[str]) -> str:
    return f"{listed(names)} {'is' if len(names) == 1 else 'are'} not available"


def _kind(labels: LabelSource) -> str:
    return "assets" if labels is LabelSource.CRYPTO_ASSET else "materials"


def _of_objects(settings: Settings) -> list[str]:
    """What is wanted that only the shapes and places of objects say."""
    wanted = {
        "Poses and 3D Boxes": settings.poses,
        "Amodal Masks": settings.amodal,
        "Minimum Visibility": settings.min_visibility > 0,
    }
    return [name for name, is_wanted in wanted.items() if is_wanted]
