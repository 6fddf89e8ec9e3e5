"""Thin operators: they read the scene, hand the work to core's workers, and report."""

from . import properties
from .export import export, formats, report, while_rendering
from .labelling import category_buttons, pass_indices, preview, selection
from .overlay import overlay
from .preflight import mending, panel_data, set_up_passes
from .random_frames import buttons, vary
from .rendering import last_render

_MODULES = (
    properties,
    export,
    formats,
    report,
    set_up_passes,
    mending,
    pass_indices,
    selection,
    preview,
    category_buttons,
    last_render,
    while_rendering,
    panel_data,
    overlay,
    buttons,
    vary,
)


def register() -> None:
    for module in _MODULES:
        module.register()


def unregister() -> None:
    for module in reversed(_MODULES):
        module.unregister()
