"""Properties of objects that buttons change and give back."""

from collections.abc import Iterable
from typing import Any

import bpy


class Remembered:
    """A property of objects; what the user had is kept on each object, and so in the .blend, until it is restored.

    Args:
        name: of the property.
        key: of the custom property that keeps what the user had.
    """

    def __init__(self, name: str, key: str) -> None:
        self._name, self._key = name, key

    def change(self, ob: bpy.types.Object, value: Any) -> bool:
        """Give an object another value, and remember its own; returns whether it had another."""
        before = getattr(ob, self._name)
        if isinstance(value, tuple):
            before = tuple(before)
        if before == value:
            return False
        ob[self._key] = ob.get(self._key, before)
        setattr(ob, self._name, value)
        return True

    def changed(self, objects: Iterable[bpy.types.Object]) -> list[bpy.types.Object]:
        """Those that do not have what the user gave them."""
        return [ob for ob in objects if self._key in ob]

    def restore(self, objects: Iterable[bpy.types.Object]) -> int:
        """Give objects back what the user gave them; returns how many had something else."""
        found = self.changed(objects)
        for ob in found:
            setattr(ob, self._name, ob[self._key])
            del ob[self._key]
        return len(found)
