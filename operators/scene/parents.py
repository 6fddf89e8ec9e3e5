"""An object and what is above it."""

from collections.abc import Iterator

import bpy


def with_parents(ob: bpy.types.Object) -> Iterator[bpy.types.Object]:
    """The object, its parent, the parent of that, and so on."""
    line: bpy.types.Object | None = ob
    while line:
        yield line
        line = line.parent
