"""Frames in words: many of them as ranges, and a sentence that is true of many said once."""

import re
from collections.abc import Iterable, Sequence

from .frame_files import NUMBERED

# A file of any frame, as Blender writes it in output paths, and one whose name has no number.
_ANY_NUMBER = "####"
_ANY_NAME = "*"
# From so many on, numbers at equal distances are given by the first two and the last.
_FEWEST_OF_SERIES = 4


def frame_ranges(frames: Iterable[int | range]) -> str:
    """Frame numbers, or ranges of them that may be immense, as --frames takes them: "1-250, 300"."""
    runs: list[list[int]] = []
    for first, last in sorted((one, one) if isinstance(one, int) else (one[0], one[-1]) for one in frames):
        if runs and first <= runs[-1][1] + 1:
            runs[-1][1] = max(runs[-1][1], last)
        else:
            runs.append([first, last])
    return ", ".join(f"{first}-{last}" if last > first else f"{first}" for first, last in runs)


def without_files(frames: Sequence[int | range]) -> tuple[str, str]:
    """What to call frames that are wanted and have no file, and the sentence on them."""
    numbers = frame_ranges(frames)
    alone = re.fullmatch(r"-?\d+", numbers)
    name, them = (f"frame {numbers}", "it") if alone else (f"the frames {numbers}", "them")
    return name, f"There is no EXR file of {name}; render {them} first, or leave {them} out"


def listed_frames(names: Iterable[str]) -> str:
    """Names of frames in words: "shot_0001-0250, 0300", or "0001, 0011, ..., 0491" where every tenth is meant."""
    shots: dict[tuple[str, str], list[str]] = {}
    others: list[str] = []
    for name in sorted(set(names)):
        if match := NUMBERED.fullmatch(name):
            shots.setdefault((match["prefix"], match["view"] or ""), []).append(match["digits"])
        else:
            others.append(name)
    texts = [prefix + ", ".join(_series(digits, view)) for (prefix, view), digits in shots.items()]
    return "; ".join(texts + others)


def frames_in_words(names: Sequence[str]) -> str:
    """One frame by its name, several by their number and names: "251 frames (shot_0001-0250, 0300)"."""
    return names[0] if len(names) == 1 else f"{len(names)} frames ({listed_frames(names)})"


def said_once(sentences: Iterable[tuple[str, str]]) -> list[tuple[list[str], str]]:
    """Group sentences on frames that say the same, whichever frame's file they name.

    Args:
        sentences: frames, as FrameFiles.path, and a sentence on each.

    Returns:
        The frames of each group and its sentence, in the order of the first frames. A sentence on several frames names
        the files of any of them: "renders/shot_####.exr".
    """
    groups: dict[str, list[tuple[str, str]]] = {}
    for frame, sentence in sorted(sentences):
        groups.setdefault(_of_any_frame(frame, sentence), []).append((frame, sentence))
    found = []
    for general, members in groups.items():
        frames = list(dict.fromkeys(frame for frame, _ in members))
        found.append((frames, members[0][1] if len({one for _, one in members}) == 1 else general))
    return found


def lines_said_once(sentences: Iterable[tuple[str, str]]) -> list[str]:
    """As said_once, each sentence that several frames share with their names before it."""
    return [
        sentence if len(frames) == 1 else f"{frames_in_words(frames)}: {sentence}"
        for frames, sentence in said_once(sentences)
    ]


def _of_any_frame(frame: str, sentence: str) -> str:
    """A sentence with the frame's own number, or name where it has none, taken out of the names of files."""
    name = frame.rpartition("/")[2]
    match = NUMBERED.fullmatch(name)
    if match:
        own, any_other = rf"(?<!\d)0*{int(match['digits'])}", _ANY_NUMBER
    else:
        own, any_other = rf"(?<=[/\\]){re.escape(name)}", _ANY_NAME
    return re.sub(rf"{own}(?=(?:_[A-Za-z]+)?\.[A-Za-z]\w*(?![\w/\\]))", any_other, sentence)


def _series(digits: Sequence[str], view: str) -> Iterable[str]:
    """The numbers of one shot in words: each by itself, as a range, or as a series with equal distances."""
    numbers = sorted(digits, key=lambda text: (int(text), text))
    place = 0
    while place < len(numbers):
        end = _end_of_series(numbers, place)
        first, last = numbers[place], numbers[end]
        step = int(numbers[min(place + 1, end)]) - int(first)
        if step == 1:
            yield f"{first}{view}-{last}{view}"
        elif step and end - place + 1 >= _FEWEST_OF_SERIES:
            yield from (f"{first}{view}", f"{numbers[place + 1]}{view}", "...", f"{last}{view}")
        else:
            end = place
            yield f"{first}{view}"
        place = end + 1


def _end_of_series(numbers: Sequence[str], start: int) -> int:
    """The last place up to which numbers follow each other at equal distances, written with as many digits."""
    end = start
    while end + 1 < len(numbers):
        step = int(numbers[end + 1]) - int(numbers[end])
        if len(numbers[end + 1]) != max(len(numbers[end]), len(str(int(numbers[end + 1])))):
            break
        if step == 0 or step != int(numbers[start + 1]) - int(numbers[start]):
            break
        end += 1
    return end
