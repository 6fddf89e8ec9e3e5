"""Sentences and paths in a sidebar, which has no lines of its own."""

import re
import textwrap

import bpy

# Of the width of the sidebar, at a resolution scale of 1: what margins and an icon take, and an average letter.
_MARGIN_PIXELS = 75
_LETTER_PIXELS = 6.1
_SHORTEST_LINE = 16
_LETTERS_OF_ICON = 5


def draw_text(
    context: bpy.types.Context, layout: bpy.types.UILayout, text: str, icon: str = "BLANK1", alert: bool = False
) -> None:
    """A sentence over as many lines as it needs."""
    _draw_lines(layout, textwrap.wrap(text, _letters(context)), icon, alert)


def draw_path(context: bpy.types.Context, layout: bpy.types.UILayout, path: str) -> None:
    """A path over as many lines as it needs, which is broken after slashes."""
    most = _letters(context) + _LETTERS_OF_ICON
    lines = [""]
    for piece in re.findall(r"[^/\\]*[/\\]?", path):
        if len(lines[-1]) + len(piece) > most and lines[-1]:
            lines.append("")
        lines[-1] += piece
    _draw_lines(layout, [part for line in lines for part in textwrap.wrap(line, most)], "NONE")


def _letters(context: bpy.types.Context) -> int:
    """How many letters of average width have room beside an icon."""
    width = context.region.width / context.preferences.system.ui_scale
    return max(_SHORTEST_LINE, int((width - _MARGIN_PIXELS) / _LETTER_PIXELS))


def _draw_lines(layout: bpy.types.UILayout, lines: list[str], icon: str, alert: bool = False) -> None:
    column = layout.column(align=True)
    column.alert = alert
    column.scale_y = 0.8
    for number, line in enumerate(lines):
        beside = icon if number == 0 or icon == "NONE" else "BLANK1"
        column.label(text=line, icon=beside, translate=False)
