"""Thin operators: they read the scene, hand the work to core's workers, and report."""

from . import category_list, export, properties

_MODULES = (properties, export, category_list)


def register() -> None:
    for module in _MODULES:
        module.register()


def unregister() -> None:
    for module in reversed(_MODULES):
        module.unregister()
