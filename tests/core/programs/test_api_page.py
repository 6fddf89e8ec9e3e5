"""docs/api.md is what tools/api_page.py makes of the docstrings, and has all of them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools import api_page

CHECKOUT = Path(__file__).resolve().parents[3]


def test_page_is_up_to_date() -> None:
    text = api_page.PAGE.read_text(encoding="utf-8")
    assert text == api_page.page(), "run python tools/api_page.py"
    done = subprocess.run([sys.executable, "tools/api_page.py", "--check"], cwd=CHECKOUT)
    assert done.returncode == 0


def test_every_public_name_has_a_heading() -> None:
    headings = re.findall(r"^### `(?:labelpass\.)?(\w+)`$", api_page.page(), re.MULTILINE)
    names = re.search(r"__all__ = \[(.*?)\]", (CHECKOUT / "__init__.py").read_text(encoding="utf-8"), re.DOTALL)
    assert names
    assert sorted(headings) == sorted(set(re.findall(r'"(\w+)"', names[1])) - {"__version__"})


def test_a_name_that_is_missing_or_there_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    for sections, what in (({**api_page.SECTIONS, "More": "Nothing"}, "'Nothing'"), ({"All": "open"}, "'Amodal'")):
        monkeypatch.setattr(api_page, "SECTIONS", sections)
        with pytest.raises(ValueError, match=f"the public names differ by .*{what}"):
            api_page.page()


def test_what_it_makes_of_a_docstring() -> None:
    module = api_page.public_modules()["read_passes"]
    blocks = list(api_page._function("labelpass.read_passes", module.definition("read_passes"), module, level=3))
    text = "\n".join(blocks)
    assert "    files: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],\n    *,\n" in text
    assert "\n- `view`: the name of a stereo view;" in text
    assert max(map(len, text.splitlines())) <= api_page.LONGEST_LINE
