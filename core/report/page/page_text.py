"""The page: its template, style and scripts, which lie in the folder `browser`, and the data in one file.

Names come from files of others, so they are data here and text there, and never become part of the page's own code:
the policy in its head lets nothing run but the scripts of this version, by their digests.
"""

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_MARK = re.compile(r"\{\{(\w+)\}\}")
_FOLDER = Path(__file__).parent / "browser"
# In the order in which they stand in the page; each uses those before it, and main.js starts all of them.
SCRIPTS = (
    "text",
    "data",
    "filtering/crossfilter",
    "filtering/filters",
    "filtering/selection",
    "frames/pictures",
    "frames/masks",
    "frames/gallery",
    "charts/histogram",
    "charts/categories",
    "charts/spheres",
    "charts/places",
    "charts/cards",
    "findings",
    "frames/layers",
    "frames/frame_view",
    "keys",
    "main",
)
# What would end the script that holds JSON, or end a line in it.
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def page_text(title: str, head: Mapping[str, Any], columns: str, texts: str) -> str:
    """The whole page.

    Args:
        title: of the dataset.
        head: what the page has to know first, as JSON.
        columns, texts: deflated, see columns.py.
    """
    style, script = _read("page.css"), "\n".join(_read(f"{name}.js") for name in SCRIPTS)
    parts = {
        "policy": f"script-src 'self' file: {_digest(script)}; style-src {_digest(style)}",
        "title": html.escape(title),
        "style": style,
        "head": _in_script(head),
        "columns": columns,
        "texts": texts,
        "script": script,
    }
    # All at once, since a name of the dataset may look like a mark.
    return _MARK.sub(lambda mark: parts[mark[1]], _read("page.html"))


def _in_script(data: Any) -> str:
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return "".join(_ESCAPED.get(character, character) for character in text)


def _digest(text: str) -> str:
    """As Content-Security-Policy wants it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
