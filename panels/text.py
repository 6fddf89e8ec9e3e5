"""Text in a sidebar."""

import textwrap

import bpy

# Of the width of the sidebar, at a resolution scale of 1: what margins and an icon take, and an average letter.
_MARGIN_PIXELS = 75
_LETTER_PIXELS = 6.1
_SHORTEST_LINE = 16


def draw_text(context: bpy.types.Context, layout: bpy.types.UILayout, text: str, icon: str) -> None:
    """A sentence over as many lines as it needs."""
    width = context.region.width / context.preferences.system.ui_scale
    letters = max(_SHORTEST_LINE, int((width - _MARGIN_PIXELS) / _LETTER_PIXELS))
    column = layout.column(align=True)
    for number, line in enumerate(textwrap.wrap(text, letters)):
        column.label(text=line, icon=icon if number == 0 else "BLANK1", translate=False)
