"""Settings that cannot work together, and those that cannot work without scene records: said once, before any frame.

What is in the files decides on the rest, which only shows frame by frame.
"""

from collections.abc import Iterator

from ..base.errors import SceneError, UsageError
from ..base.phrases import GET_SCENE_RECORDS, listed
from .map_table import MapKind
from .settings import LabelSource, Settings

# These do not label objects, and place and shape are known of objects only.
_NOT_OF_OBJECTS = (LabelSource.MATERIAL_INDEX, LabelSource.CRYPTO_MATERIAL, LabelSource.CRYPTO_ASSET)


def contradictions(settings: Settings) -> Iterator[str]:
    """A sentence on each pair of settings that gives nothing with any files."""
    labels = settings.labels
    if settings.soft_masks and labels.is_index:
        yield (
            f"Soft masks come from a Cryptomatte and not from {labels.label}; set Labels to Cryptomatte Object, or "
            "turn Soft Masks off"
        )
    if settings.cryptomatte and labels.is_index:
        yield (
            f"Labels cannot come from both {labels.label} and the Cryptomatte {settings.cryptomatte!r}; set Labels to "
            "Automatic, or leave Cryptomatte empty"
        )
    if labels in _NOT_OF_OBJECTS and (of_objects := _of_objects(settings)):
        yield (
            f"{_not_available(of_objects)} for {_kind(labels)}, which {labels.label} labels; set Labels to Cryptomatte "
            f"Object, or do without {'it' if len(of_objects) == 1 else 'them'}"
        )
    if not settings.poses and any(map.kind is MapKind.NOCS for map in settings.maps):
        yield "NOCS maps are in the axes of poses, and poses are off; turn Poses and 3D Boxes on, or leave NOCS out"


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
