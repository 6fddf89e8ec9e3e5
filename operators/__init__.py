"""Thin operators: they read the scene, hand the work to core's workers, and report."""

from . import (
    category_buttons,
    export,
    last_render,
    overlay,
    panel_data,
    pass_indices,
    preview,
    properties,
    selection,
    set_up_passes,
    while_rendering,
)

_MODULES = (
    properties,
    export,
    set_up_passes,
    pass_indices,
    selection,
    preview,
    category_buttons,
    last_render,
    while_rendering,
    panel_data,
    overlay,
)


def register() -> None:
    for module in _MODULES:
        module.register()


def unregister() -> None:
    for module in reversed(_MODULES):
        module.unregister()
