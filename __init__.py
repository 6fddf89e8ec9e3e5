"""Labelpass: training data for computer vision from the render passes of Blender.

Imports stand inside the functions, so that the core below this package works without Blender.
"""


def register() -> None:
    from . import operators, panels

    operators.register()
    panels.register()


def unregister() -> None:
    from . import operators, panels

    panels.unregister()
    operators.unregister()
