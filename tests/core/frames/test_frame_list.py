"""Lists of frames: short, and exactly the frames that they were made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.frames.frame_list import FrameList

FOLDERS = st.sampled_from(["", "a", "shots/b", "1"])
NAMES = st.one_of(
    st.from_regex(r"(shot_|take1_|#|)\d{1,6}(_L|_right)?", fullmatch=True),
    st.text("ab_-#%é漢 .0123456789", min_size=1, max_size=12).filter(lambda name: name.strip(". ") == name),
    st.from_regex(r"\d{17,24}", fullmatch=True),
)


@given(st.lists(st.tuples(FOLDERS, NAMES)))
def test_a_list_holds_the_frames_that_it_was_made_of(frames: list[tuple[str, str]]) -> None:
    paths = [f"{folder}/{name}" if folder else name for folder, name in frames]
    made = FrameList.of(paths)
    assert sorted(made) == sorted(set(paths))
    assert len(made) == len(set(paths))
    assert FrameList.from_json(made.as_json()) == made
    assert made.sequences == {folder for folder, _ in frames}
    assert sorted(made.of_other_sequences(["a"])) == sorted({one for one in paths if one.rpartition("/")[0] != "a"})


def test_many_frames_are_a_row() -> None:
    made = FrameList.of(f"shots/a/shot_{number:07}" for number in range(1, 100_001))
    assert made.as_json() == [
        {"sequence": "shots/a", "prefix": "shot_", "digits": 7, "suffix": "", "numbers": "1-100000"}
    ]


@pytest.mark.parametrize(
    "row",
    [
        {"digits": 0},
        {"numbers": ""},
        {"numbers": "1-"},
        {"numbers": "-5--1"},
        {"numbers": "1\n"},
        {"digits": 10**9},
        {"digits": True},
        {"prefix": 3},
    ],
)
def test_what_is_not_a_list_of_frames_is_refused(row: dict[str, object]) -> None:
    whole = {"sequence": "a", "prefix": "shot_", "digits": 4, "suffix": "", "numbers": "1-3"}
    with pytest.raises((KeyError, TypeError, ValueError)):
        FrameList.from_json([whole | row])
