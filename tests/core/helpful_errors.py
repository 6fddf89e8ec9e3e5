"""What an error of Labelpass is like: a sentence for a person, with a way out."""

import re
from pathlib import Path

import pytest

from core.base.errors import LabelpassError

# The last part of the sentence tells the user what to do.
_WAY_OUT = re.compile(
    r"[;,.:] (?:(?:so|and|or|In Blender) )?"
    r"(?:annotate|check|choose|export|give|make|render|set|turn|use|write)\b[^;:]*[^.!\s]$",
    re.IGNORECASE,
)


def assert_helps(error: pytest.ExceptionInfo[LabelpassError] | LabelpassError, *paths: Path) -> None:
    """The error is one sentence for a person: it names the files and ends in what to do about it."""
    text = str(error.value if isinstance(error, pytest.ExceptionInfo) else error)
    for path in paths:
        assert str(path) in text
    assert "\n" not in text
    assert "Traceback" not in text
    assert _WAY_OUT.search(text), text
