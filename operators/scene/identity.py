"""Names that stand for one thing each: Blender's own are unique only within one library."""

from collections import Counter

import bpy

_LISTS = {"OBJECT": "objects", "COLLECTION": "collections", "MATERIAL": "materials", "SCENE": "scenes"}


class Identities:
    """Gives each thing of a file a name that no other of its kind has.

    That is the thing's own name, or, where it is linked and the file has another one of that name, the one with its
    library as Blender writes it: "Body [car.blend]". All things of the file count, seen or not, so that the name is the
    same in every frame.
    """

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}

    def of(self, thing: bpy.types.ID) -> str:
        """Of an original thing: an object, a collection, a material or a scene."""
        if thing.library is None:
            return str(thing.name)
        kind = thing.id_type
        if kind not in self._counts:
            self._counts[kind] = Counter(one.name for one in getattr(bpy.data, _LISTS[kind]))
        return str(thing.name_full if self._counts[kind][thing.name] > 1 else thing.name)


def by_name(thing: bpy.types.ID) -> tuple[str, bool, str]:
    """A key to sort things of one kind by: their names, of those that share one what is local first."""
    return thing.name, thing.library is not None, thing.name_full
