"""Runs inside Blender (-P, after enable.py in the module): changes and tells all settings of the scene.

    ... -P settings.py -- change SCENE.blend      changes every one of them, and saves the scene there
    ... -P settings.py -- tell                    those of the loaded scene

Either way the values are printed as JSON behind "SETTINGS ".
"""

import json
import sys
from typing import Any

import bpy

_TOLD = ("STRING", "ENUM", "BOOLEAN", "INT", "FLOAT")


def properties(group: bpy.types.PropertyGroup) -> list[bpy.types.Property]:
    """Those that are stored: the others are further ways to change these."""
    stored = [prop for prop in group.bl_rna.properties if not prop.is_skip_save]
    found = [prop for prop in stored if prop.identifier not in ("rna_type", "name")]
    assert found
    return found


def change(group: bpy.types.PropertyGroup) -> None:
    """Set every property to another value than its default."""
    for prop in properties(group):
        if prop.type == "POINTER" and isinstance(getattr(group, prop.identifier), bpy.types.PropertyGroup):
            change(getattr(group, prop.identifier))
        elif prop.type == "POINTER":
            setattr(group, prop.identifier, data_block(prop))
        elif prop.type == "COLLECTION":
            change(getattr(group, prop.identifier).add())
        else:
            setattr(group, prop.identifier, other_than_default(prop))


def other_than_default(prop: bpy.types.Property) -> Any:
    if prop.type == "STRING":
        return f"//other_{prop.identifier}"
    if prop.type == "ENUM":
        values = [item.identifier for item in prop.enum_items if item.identifier != prop.default]
        return {values[-1]} if prop.is_enum_flag else values[-1]
    if prop.type == "BOOLEAN":
        return not prop.default
    if prop.is_array:
        return [prop.hard_max] * prop.array_length
    return prop.hard_max if prop.default == prop.hard_min + 1 else prop.hard_min + 1


def data_block(prop: bpy.types.Property) -> bpy.types.ID:
    """One of the kind that a property points at."""
    kinds = {"Object": bpy.data.objects, "Collection": bpy.data.collections}
    return kinds.get(prop.fixed_type.identifier, bpy.data.scenes)[0]


def values(group: bpy.types.PropertyGroup) -> dict[str, Any]:
    told = {}
    for prop in properties(group):
        value = getattr(group, prop.identifier)
        if prop.type == "POINTER":
            value = values(value) if isinstance(value, bpy.types.PropertyGroup) else value and value.name
        elif prop.type == "COLLECTION":
            value = [values(item) for item in value]
        else:
            assert prop.type in _TOLD, prop.identifier
            value = list(value) if getattr(prop, "is_array", False) else value
        told[prop.identifier] = sorted(value) if isinstance(value, set) else value
    return told


arguments = sys.argv[sys.argv.index("--") + 1 :]
settings = bpy.context.scene.labelpass
if arguments[0] == "change":
    before = values(settings)
    change(settings)
    same = [name for name, value in values(settings).items() if value == before[name]]
    assert not same, same
    bpy.ops.wm.save_as_mainfile(filepath=arguments[1])
print("SETTINGS", json.dumps(values(settings)))
