"""Where the documentation is that comes with the extension."""

from pathlib import Path

_DOCS = Path(__file__).resolve().parents[1] / "docs"


def first_page() -> str:
    """The address of the page to begin with, for a browser: HTML in the extension, Markdown in a checkout."""
    page = _DOCS / "labels.html"
    return (page if page.is_file() else page.with_suffix(".md")).as_uri()
