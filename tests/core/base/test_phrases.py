"""Sentences in which names from files stand: never very long, and nothing that a terminal would obey."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.console import print_line
from core.base.errors import InputError, NoSuchPass
from core.base.phrases import in_short, shortened, shown, some_of


@given(st.text(st.characters(exclude_categories=())))
def test_nothing_that_a_terminal_obeys(text: str) -> None:
    line = shown(text)
    assert not any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in line)
    # The classes of letters that turn the direction of writing.
    turning = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
    assert not turning & {unicodedata.bidirectional(letter) for letter in line}
    assert shown(line) == line


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("\x1b]0;owned\x07\x1b[31m", r"\x1b]0;owned\x07\x1b[31m"),
        ("a\u202egnp.exe", r"a\u202egnp.exe"),
        ("two\nlines\r", r"two\nlines\r"),
        ("\udcff", r"\udcff"),
        ("Straße 東京 עברית 👩\u200d🚀", "Straße 東京 עברית 👩\u200d🚀"),
        (r"C:\new", r"C:\new"),
    ],
)
def test_names_in_a_terminal(name: str, line: str) -> None:
    assert shown(name) == line


def test_lines_stay_lines(capsys: pytest.CaptureFixture[str]) -> None:
    print_line("one\x1b[2J\ntwo\u2066")
    print_line("three\x9b", wrong=True)
    assert capsys.readouterr() == ("one\\x1b[2J\ntwo\\u2066\n", "three\\x9b\n")


@given(st.text(), st.integers(0, 10_000))
def test_sentences_are_never_very_long(text: str, times: int) -> None:
    sentence = shortened(f"There is {text * times}; choose another one")
    assert len(sentence) < 2100
    assert sentence.startswith("There is ")
    assert sentence.endswith("; choose another one")


def test_errors_are_never_very_long() -> None:
    for kind in (InputError, NoSuchPass):
        assert len(str(kind("x" * 10_000_000))) < 2100
    assert str(InputError("Short")) == "Short"


def test_some_of_very_many_names() -> None:
    assert some_of(["a", "b"]) == "a, b"
    assert some_of([]) == ""
    assert some_of({str(n): None for n in range(100_000)}).endswith(", 18, 19 and 99980 more")


def test_a_popup_has_what_is_wrong_and_fits() -> None:
    said = in_short("There is no EXR file of frame 1 (looked for /renders/frame_0001.exr); render the animation")
    assert said == "There is no EXR file of frame 1"
    assert in_short("Nothing is rendered yet; press Render and Export") == "Nothing is rendered yet"
    assert len(in_short("word " * 100)) <= 90
