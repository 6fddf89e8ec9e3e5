"""Frames in words: what is written can be read back, and equal sentences are said once."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.frames.frame_files import parse_frame_ranges
from core.frames.frame_messages import frame_ranges, frames_in_words, lines_said_once, listed_frames, said_once


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["0001"], "0001"),
        (["0001", "0002"], "0001-0002"),
        (["0300", *(f"{number:04}" for number in range(1, 251))], "0001-0250, 0300"),
        (["shot_0001", "shot_0002", "shot_0004"], "shot_0001-0002, 0004"),
        (["a/0001", "a/0002", "b/0002"], "a/0001-0002; b/0002"),
        (["0001_L", "0002_L", "0001_R"], "0001_L-0002_L; 0001_R"),
        ([f"{number:04}" for number in range(1, 492, 10)], "0001, 0011, ..., 0491"),
        (["0001", "0003", "0005"], "0001, 0003, 0005"),
        (["0001", "0005", "0006", "0007"], "0001, 0005-0007"),
        (["9999", "10000", "10001"], "9999-10001"),
        (["1", "01", "2"], "01, 1-2"),
        (["kitchen", "bath", "v2_0004"], "v2_0004; bath; kitchen"),
        (["0001", "0001"], "0001"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_names_in_words(names: list[str], text: str) -> None:
    assert listed_frames(names) == text


def names_in(text: str) -> set[str]:
    """What a reader makes of the names: ranges, and series by the distance of their first two."""
    found: set[str] = set()
    for shot in text.split("; "):
        prefix = re.match(r"\D*", shot)[0]
        pieces = shot[len(prefix) :].split(", ")
        for place, piece in enumerate(pieces):
            ends = piece.split("-")
            if piece == "...":
                one, other, last = (int(pieces[place + step]) for step in (-2, -1, 1))
                numbers = range(one, last, other - one)
                width = len(pieces[place - 2])
            else:
                numbers, width = range(int(ends[0]), int(ends[-1]) + 1), len(ends[0])
            found |= {f"{prefix}{number:0{width}}" for number in numbers}
    return found


@given(
    st.sets(st.tuples(st.sampled_from(["", "shot_", "a/", "b/take_"]), st.integers(0, 40)), min_size=1),
    st.integers(1, 4),
)
def test_every_name_can_be_read_back(frames: set[tuple[str, int]], width: int) -> None:
    names = {f"{prefix}{number:0{width}}" for prefix, number in frames}

    assert names_in(listed_frames(names)) == names


@given(st.sets(st.integers(-50, 50), min_size=1))
def test_ranges_are_those_of_the_command_line(frames: set[int]) -> None:
    assert {frame for some in parse_frame_ranges(frame_ranges(frames)) for frame in some} == frames


def test_one_frame_and_several() -> None:
    assert frames_in_words(["shot_0001"]) == "shot_0001"
    assert frames_in_words(["shot_0002", "shot_0001"]) == "2 frames (shot_0001-0002)"


@pytest.mark.parametrize(
    ("sentence", "general"),
    [
        ("/r/shot_{:04}.exr has no pass", "/r/shot_####.exr has no pass"),
        ("/r/shot_{0:04}.exr and /r/z/shot_{0:04}.exr differ", "/r/shot_####.exr and /r/z/shot_####.exr differ"),
        ("Cannot read out/scenes/a/shot_{:04}.json: gone", "Cannot read out/scenes/a/shot_####.json: gone"),
        ("/r/Depth{:05}.exr is empty", "/r/Depth####.exr is empty"),
        ("C:\\r\\{}.exr is empty", "C:\\r\\####.exr is empty"),
        ("/r/shot_{:04}_L.exr, view layer 'A' has no pass", "/r/shot_####_L.exr, view layer 'A' has no pass"),
        ("The scale is 0.5 in version 1.2", "The scale is 0.5 in version 1.2"),
    ],
)
def test_sentences_that_differ_in_the_file_alone(sentence: str, general: str) -> None:
    frames = [f"a/shot_{number:04}" for number in (2, 1)]

    found = said_once((frame, sentence.format(int(frame[-4:]))) for frame in frames)

    assert found == [(["a/shot_0001", "a/shot_0002"], general)]


def test_files_without_a_number() -> None:
    found = said_once([("bath", "/r/bath.exr is empty"), ("hall", "/r/hall.exr is empty")])

    assert found == [(["bath", "hall"], "/r/*.exr is empty")]


@pytest.mark.parametrize(
    "other",
    [
        "/r/shot_0003.exr is empty",  # another frame's file, as where two frames are compared
        "/r/other_0002.exr is empty",
        "/r/shot_0002.exr is cut off",
        "/r0002.old/shot_0001.exr is empty",
        "10002 of the pixels are empty",
    ],
)
def test_sentences_that_differ_otherwise(other: str) -> None:
    found = said_once([("shot_0001", "/r/shot_0001.exr is empty"), ("shot_0002", other)])

    assert found == [(["shot_0001"], "/r/shot_0001.exr is empty"), (["shot_0002"], other)]


def test_one_frame_keeps_the_name_of_its_file() -> None:
    assert said_once([("7", "/r/7.exr is empty")]) == [(["7"], "/r/7.exr is empty")]
    same = [("left/7", "/r/7.exr is empty"), ("right/7", "/r/7.exr is empty")]
    assert said_once(same) == [(["left/7", "right/7"], "/r/7.exr is empty")]


def test_lines() -> None:
    sentences = [("b_2", "broken"), ("b_1", "broken"), ("a", "dark")]

    assert lines_said_once(sentences) == ["dark", "2 frames (b_1-2): broken"]
