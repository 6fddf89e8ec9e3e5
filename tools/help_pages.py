"""The docs as HTML pages, as the extension ships them: python tools/help_pages.py FOLDER

README.md, CHANGELOG.md and what users read of docs/ keep their places below FOLDER, and the links between them hold
there. A zip of the extension must not be large: pictures become WebP, and what is about the source of Labelpass stays
out.
"""

import html
import io
import posixpath
import re
import sys
from collections import Counter
from itertools import chain, pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from PIL import Image

CHECKOUT = Path(__file__).resolve().parents[1]
FIRST = "README.md"
ABOUT_THE_SOURCE = ("docs/benchmarks.md", "docs/contributing.md", "docs/how-it-works.md", "docs/testing.md")
ABOUT_THE_SOURCE += ("docs/design/", "docs/listing/")
# Pixels of a picture; STYLE shows fewer.
WIDEST = 900
STYLE = """
:root { color-scheme: light dark; }
body { max-width: 54rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.55 system-ui, sans-serif; }
nav { font-size: 0.9rem; }
img { max-width: 100%; }
pre { padding: 0.8rem; overflow-x: auto; background: #8882; border-radius: 0.3rem; }
code { font-size: 0.9em; }
table { border-collapse: collapse; }
th, td { padding: 0.3rem 0.6rem; border: 1px solid #8886; text-align: left; vertical-align: top; }
"""
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<nav><a href="{first}">Labelpass</a></nav>
<main>
{body}</main>
</body>
</html>
"""


def write_help_pages(folder: Path) -> None:
    """Write all pages below a folder, with the pictures that they show."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    pages = [Path(FIRST), Path("CHANGELOG.md")]
    pages += sorted(path.relative_to(CHECKOUT) for path in (CHECKOUT / "docs").rglob("*.md"))
    for page in pages:
        if page.as_posix().startswith(ABOUT_THE_SOURCE):
            continue
        tokens = parser.parse((CHECKOUT / page).read_text(encoding="utf-8"))
        title = _mark_headings(tokens)
        for picture in _adapt_links(tokens, page.parent):
            smaller = folder / page.parent / _name_of(picture)
            smaller.parent.mkdir(parents=True, exist_ok=True)
            smaller.write_bytes(_as_webp(CHECKOUT / page.parent / picture))
        body = parser.renderer.render(tokens, parser.options, {})
        first = "../" * len(page.parent.parts) + _name_of(FIRST)
        text = PAGE.format(title=html.escape(title), style=STYLE, first=first, body=body)
        target = folder / _name_of(str(page))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def _name_of(link: str) -> str:
    """Of what a link to a page or a picture leads to here."""
    return re.sub(r"\.png$", ".webp", re.sub(r"\.md(?=#|$)", ".html", link))


def _as_webp(picture: Path) -> bytes:
    """As small as it gets: of drawings and text that is without loss, of renders it is not."""
    exact, near = io.BytesIO(), io.BytesIO()
    with Image.open(picture) as image:
        image.thumbnail((WIDEST, image.height))
        image.save(near, "WEBP", quality=70)
        if 3 * near.tell() < picture.stat().st_size:  # without loss it gets nowhere near, and takes long
            return near.getvalue()
        image.save(exact, "WEBP", lossless=True)
    return min(exact, near, key=io.BytesIO.tell).getvalue()


def _mark_headings(tokens: list[Token]) -> str:
    """Give headings the anchors that links name, which are GitHub's; returns the first heading."""
    seen: Counter[str] = Counter()
    title = ""
    for opening, inline in pairwise(tokens):
        if opening.type != "heading_open":
            continue
        words = "".join(token.content for token in inline.children or ())
        title = title or words
        anchor = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        opening.attrSet("id", f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return title


def _adapt_links(tokens: list[Token], folder: Path) -> list[str]:
    """Let links of a page in a folder lead to the HTML pages, or nowhere; returns the pictures that are shown."""
    pictures = []
    leads_nowhere = False
    for token in chain.from_iterable(block.children or () for block in tokens):
        if token.type == "link_open":
            link = str(token.attrGet("href"))
            leads_nowhere = posixpath.normpath(folder / link).startswith(ABOUT_THE_SOURCE)
            if "://" not in link:
                token.attrSet("href", _name_of(link))
        if token.type in ("link_open", "link_close") and leads_nowhere:
            token.type, token.tag = "text", ""
        elif token.type == "image":
            pictures.append(str(token.attrGet("src")))
            token.attrSet("src", _name_of(pictures[-1]))
    return pictures


if __name__ == "__main__":
    write_help_pages(Path(sys.argv[1]))
