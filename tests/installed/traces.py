"""Runs inside Blender: what there is of Labelpass in it, found without knowing what Labelpass registers."""

import gc
import sys
import threading
import types
from pathlib import Path

import bpy

NAME = "labelpass"


def traces() -> list[str]:
    """Everything by which Blender could come upon Labelpass: nothing before it is enabled and after it is disabled."""
    gc.collect()
    return [*_types(), *_properties(), *_operators(), *_callbacks(), *_draw_handlers(), *_keys(), *_others()]


def strays() -> list[str]:
    """Modules of the extension that are loaded under other names than Blender gave it."""
    (package,) = [name for name in sys.modules if name.startswith("bl_ext.") and name.endswith(f".{NAME}")]
    folder = Path(sys.modules[package].__file__).parent
    found = []
    for name, module in sys.modules.items():
        inside = Path(getattr(module, "__file__", None) or "").is_relative_to(folder)
        if (inside or NAME in name) and name != package and not name.startswith(f"{package}."):
            found.append(name)
    return found


def _is_ours(thing: object) -> bool:
    return NAME in (getattr(thing, "__module__", None) or "").split(".")


def _types() -> list[str]:
    return [f"type {name}" for name in dir(bpy.types) if NAME in name.lower()]


def _properties() -> list[str]:
    kinds = [kind for name in dir(bpy.types) if isinstance(kind := getattr(bpy.types, name), type)]
    return [f"{kind.__name__}.{name}" for kind in kinds for name in vars(kind) if NAME in name.lower()]


def _operators() -> list[str]:
    return [f"operator {name}" for name in dir(getattr(bpy.ops, NAME))]


def _callbacks() -> list[str]:
    """Handlers, timers, and what is drawn in the panels, menus and headers of others."""
    found = []
    for name in dir(bpy.app.handlers):
        handlers = getattr(bpy.app.handlers, name)
        if isinstance(handlers, list):
            found += [f"handler {name}: {handler.__qualname__}" for handler in handlers if _is_ours(handler)]
    for function in gc.get_objects():
        if isinstance(function, types.FunctionType) and _is_ours(function) and bpy.app.timers.is_registered(function):
            found.append(f"timer {function.__qualname__}")
    for name in dir(bpy.types):
        draw = getattr(getattr(bpy.types, name), "draw", None)
        found += [
            f"drawn in {name}: {ours.__qualname__}" for ours in getattr(draw, "_draw_funcs", ()) if _is_ours(ours)
        ]
    return found


def _draw_handlers() -> list[str]:
    """Blender has no list of them; whoever adds one keeps the capsule that he needs for removing it."""
    modules = [(name, module) for name, module in sys.modules.items() if NAME in name.split(".")]
    held = [(f"{name}.{key}", value) for name, module in modules for key, value in vars(module).items()]
    held += [(name, item) for name, value in held if isinstance(value, list | tuple | dict) for item in list(value)]
    held += [(name, item) for name, value in held if isinstance(value, dict) for item in value.values()]
    return [f"draw handler {name}" for name, value in held if type(value).__name__ == "PyCapsule"]


def _keys() -> list[str]:
    configuration = bpy.context.window_manager.keyconfigs.addon
    keymaps = configuration.keymaps if configuration else ()
    return [f"key of {item.idname}" for keymap in keymaps for item in keymap.keymap_items if NAME in item.idname]


def _others() -> list[str]:
    found = [f"thread {thread.name}" for thread in threading.enumerate() if _is_ours(getattr(thread, "_target", None))]
    found += [f"thread of {thread.name}" for thread in threading.enumerate() if _is_ours(thread)]
    temporary = Path(bpy.app.tempdir).parent
    return found + [f"folder {folder}" for folder in temporary.glob(f"{NAME}-*")]
