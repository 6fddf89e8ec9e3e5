"""Panels: layout only, drawn from properties."""

from . import sidebar


def register() -> None:
    sidebar.register()


def unregister() -> None:
    sidebar.unregister()
