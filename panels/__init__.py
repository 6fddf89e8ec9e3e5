"""Panels: layout only, drawn from properties."""

from . import overlay, sidebar


def register() -> None:
    sidebar.register()
    overlay.register()


def unregister() -> None:
    overlay.unregister()
    sidebar.unregister()
