"""Thin operators: they read the scene, hand the work to core's workers, and report."""

from . import category_list, export, last_render, overlay, properties

_MODULES = (properties, export, last_render, category_list, overlay)


def register() -> None:
    for module in _MODULES:
        module.register()


def unregister() -> None:
    for module in reversed(_MODULES):
        module.unregister()
