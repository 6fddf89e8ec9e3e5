"""Which EXR files make a frame: single files, folders of them, and the one-file-a-pass output of File Output nodes."""

import dataclasses
import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath

from ..base.dataset_folder import is_own_folder
from ..base.errors import InputError, UsageError
from ..base.json_fields import LEFT_OUT, JsonObject
from ..settings.render_pass import Pass, PassFile, PassName

# The name of a frame: "shot_0012", and "shot_0012_L" of a stereo render with one file a view.
NUMBERED = re.compile(r"(?P<prefix>.*?)(?P<digits>\d+)(?P<view>_[A-Za-z]+)?", re.DOTALL)
# Blender's own suffixes of stereo files; those of other views are up to the user.
_VIEW_SUFFIXES = {"L": "left", "R": "right"}
# Where a name of a pass may begin: not within a word, so that "topaz0001" is not a file of the pass Z.
_WORD_START = re.compile(r"(?<![A-Za-z])(?=[A-Za-z])|(?<=[a-z])(?=[A-Z])")
_RANGE = re.compile(r"(-?\d+)(?:-(-?\d+))?")


@dataclass(frozen=True)
class FrameFiles(JsonObject):
    """The files of one frame.

    Attributes:
        sequence: the frame's folder below the one that was given, "" where it lies in that one itself.
        frame: frame number, 0 where the name has none.
        name: unique in the sequence; names the record, the image and the pictures.
        files: at least one.
        variant: the end of `sequence` that names the scene, view layer and view, where these files are made into
            several sequences, see sequences.py; "" where they are one.
        pass_names: what the user says of the names of layers and parts in the files.
    """

    sequence: str
    frame: int
    name: str
    files: tuple[PassFile, ...]
    variant: str = ""
    pass_names: tuple[PassName, ...] = field(default=(), metadata=LEFT_OUT)

    @property
    def path(self) -> str:
        """Sequence and name as one relative path without a suffix, with forward slashes."""
        return joined_path(self.sequence, self.name)

    def of_frame(self, frame: int) -> "FrameFiles":
        """The files of another frame that are named like these; they need not exist."""
        files = tuple(PassFile(_renumbered(file.path, frame), file.holds) for file in self.files)
        return dataclasses.replace(self, frame=frame, name=_renumber(self.name, frame), files=files)

    def of_variant(self, variant: str) -> "FrameFiles":
        """These files in the sequence of a scene, view layer or view of theirs."""
        return dataclasses.replace(self, sequence=joined_path(self.sequence, variant), variant=variant)


def find_frames(
    paths: Sequence[Path],
    pass_names: Mapping[str, Pass] | None = None,
    sequence: str | None = None,
    left_out: Callable[[Path], None] = lambda folder: None,
) -> list[FrameFiles]:
    """Group EXR files into frames.

    Args:
        paths: EXR files, and folders that are searched with everything below them.
        pass_names: what further names of folders, file prefixes, and layers and parts in the files mean, for File
            Output nodes with names of their own.
        sequence: the name of the sequence for all frames, instead of their folders.
        left_out: called with each folder below the given ones whose EXR files are left out, since they are maps that
            Labelpass has written into a dataset.

    Returns:
        The frames, sorted by sequence, frame number and name.

    Raises:
        InputError: a path does not exist or holds no EXR file.
        UsageError: two frames would have the same name, or `sequence` leads out of the output folder.
    """
    sequence = None if sequence is None else sequence_name(sequence)
    meanings = {name.lower(): pass_ for name, pass_ in (pass_names or {}).items()}
    given_names = tuple(PassName(name, pass_) for name, pass_ in (pass_names or {}).items())
    groups: dict[tuple[str, str], list[tuple[str, PassFile]]] = defaultdict(list)
    for root, path in _exr_files(paths, left_out):
        folder, holds, short_name = _meaning(root, path, meanings)
        groups[folder, short_name].append((path.stem, PassFile(path, holds)))

    frames = []
    for (folder, short_name), members in groups.items():
        files = tuple(sorted((file for _, file in members), key=lambda file: str(file.path)))
        name = (short_name or "frame") if len(files) > 1 else members[0][0]
        first_with: dict[Pass | None, PassFile] = {}
        for file in files:
            other = first_with.setdefault(file.holds, file)
            if other is not file:
                raise UsageError(
                    f"{other.path} and {file.path} would both be frame {name!r}; give the folder that holds both of "
                    "their folders, or annotate them one after the other with --sequence and a name for each"
                )
        own = folder if sequence is None else sequence
        frames.append(FrameFiles(own, frame_number(name), name, files, pass_names=given_names))

    frames.sort(key=lambda frame: (frame.sequence, frame.frame, frame.name))
    for one, next_one in itertools.pairwise(frames):
        if one.path == next_one.path:
            raise UsageError(
                f"{one.files[0].path} and {next_one.files[0].path} would both be frame {one.path!r}; "
                "annotate them one after the other with --sequence and a name for each"
            )
    return frames


def sequence_name(text: str) -> str:
    """The name of a sequence as the user wrote it, with single slashes between folders and none at its ends.

    Raises:
        UsageError: the frames would lie outside the output folder.
    """
    path = PureWindowsPath(text)  # takes both kinds of slashes: a dataset may be used on any system
    if path.anchor or ".." in path.parts:
        raise UsageError(f"The sequence {text!r} would lie outside the output folder; give it a plain name")
    return "/".join(path.parts)


def joined_path(*names: str) -> str:
    """Names as one relative path with forward slashes, those left out that are ""."""
    return "/".join(filter(None, names))


def pass_of_file(name: str) -> Pass | None:
    """The pass that a file, or a slot of a File Output node, with this name holds; None where the name does not say."""
    return _meaning(None, Path(f"{name.rstrip('0123456789#')}0001.exr"), {})[1]


def names_in_path(path: Path, names: Iterable[PassName]) -> frozenset[str]:
    """Those names by which a file's own name or folder says which pass it holds."""
    return frozenset(
        one.name
        for one in names
        if path.parent.name.lower() == one.name.lower() or _ends_with(_prefix(path.stem), one.name)
    )


def frame_paths(root: Path, file: Path) -> list[str]:
    """What FrameFiles.path of a file can be if `root`, a folder above it, is searched: by itself, or as one pass."""
    folder, _, short_name = _meaning(root, file, {})
    names = dict.fromkeys([file.stem, short_name or "frame"])
    return [f"{folder}/{name}" if folder else name for name in names]


def frame_number(name: str) -> int:
    """The number at the end of a file's name, 0 where there is none."""
    match = NUMBERED.fullmatch(name)
    return int(match["digits"]) if match else 0


def shot_of_name(name: str) -> str:
    """What the names of an animation's frames share: a name without the number, and the view, at its end."""
    match = NUMBERED.fullmatch(name)
    return match["prefix"] if match else name


def view_of_name(name: str) -> str:
    """The view that a file's name ends with, "left" for "shot_0001_L"; "" where it ends with none."""
    match = NUMBERED.fullmatch(name)
    suffix = (match["view"] or "").removeprefix("_") if match else ""
    return _VIEW_SUFFIXES.get(suffix, suffix)


def _renumber(name: str, frame: int) -> str:
    """A name with another number at its end, of as many digits; itself where it has none."""
    match = NUMBERED.fullmatch(name)
    return f"{match['prefix']}{frame:0{len(match['digits'])}}{match['view'] or ''}" if match else name


def _renumbered(path: Path, frame: int) -> Path:
    return path.with_name(_renumber(path.stem, frame) + path.suffix)


def parse_frame_ranges(text: str) -> list[range]:
    """Frame numbers as people write them: "1-10,20", negative ones too ("-5--1").

    Raises:
        UsageError: it is not such a list.
    """
    ranges = []
    for piece in text.split(","):
        match = _RANGE.fullmatch(piece.strip())
        if match is None:
            raise UsageError(f"{piece.strip()!r} is not a frame or a range of frames; write for example 1-10,20")
        first = int(match[1])
        last = first if match[2] is None else int(match[2])
        if last < first:
            raise UsageError(f"The range {piece.strip()} ends before it starts; write {last}-{first}")
        ranges.append(range(first, last + 1))
    return ranges


def frames_with_numbers(frames: Sequence[FrameFiles], wanted: Sequence[range]) -> tuple[list[FrameFiles], list[range]]:
    """The frames whose numbers are in some ranges, and the ranges of numbers in these that no frame has."""
    found = [frame for frame in frames if any(frame.frame in some for some in wanted)]
    numbers = sorted({frame.frame for frame in found})
    missing = []
    for some in wanted:
        ends = [some[0] - 1, *(number for number in numbers if number in some), some[-1] + 1]
        missing += [range(one + 1, other) for one, other in itertools.pairwise(ends) if other > one + 1]
    return found, missing


def _exr_files(
    paths: Sequence[Path], left_out: Callable[[Path], None] = lambda folder: None
) -> Iterable[tuple[Path | None, Path]]:
    """Every EXR file once, with the folder that was given for it, None where the file itself was given."""
    seen: set[Path] = set()
    for path in paths:
        if path.is_dir():
            found = sorted(
                file for file in path.rglob("*") if _is_visible_exr(file.relative_to(path)) and file.is_file()
            )
            for own in {one: None for file in found if (one := _own_folder(path, file))}:
                left_out(own)
                found = [file for file in found if own not in file.parents]
            if not found:
                raise InputError(f"{path} holds no EXR file; render with the file format OpenEXR MultiLayer")
            root: Path | None = path
        elif path.is_file():
            found, root = [path], None
        elif path.exists():
            raise InputError(f"{path} is not a regular file; give an EXR file or a folder of them")
        else:
            raise InputError(f"{path} does not exist; check the path")
        for file in found:
            if file not in seen:
                seen.add(file)
                yield root, file


def _own_folder(root: Path, file: Path) -> Path | None:
    """The folder of a dataset's own files in which a file lies, below the folder that was given; None if in none."""
    inside = file.relative_to(root).parts[:-1]
    folders = (root.joinpath(*inside[: depth + 1]) for depth in range(len(inside)))
    return next(filter(is_own_folder, folders), None)


def _is_visible_exr(path: Path) -> bool:
    """Whether a path is that of an EXR file; what starts with a dot is half-written, in a bin or a snapshot."""
    return path.suffix.lower() == ".exr" and not any(part.startswith(".") for part in path.parts)


def _prefix(stem: str) -> str:
    """A file's name without the number and the view at its end."""
    match = NUMBERED.fullmatch(stem)
    return match["prefix"] if match else stem


def _ends_with(prefix: str, name: str) -> bool:
    """Whether the words at the end of a file's prefix are this name."""
    ends = (prefix[start.start() :].strip("_-. ") for start in _WORD_START.finditer(prefix))
    return any(end.lower() == name.lower() for end in ends)


def _meaning(root: Path | None, path: Path, meanings: Mapping[str, Pass]) -> tuple[str, Pass | None, str]:
    """Folder of the sequence, the pass that the file's names say it holds, and the frame's name without the pass."""

    def named(name: str) -> Pass | None:
        return meanings.get(name.lower()) or Pass.named(name)

    stem = path.stem
    prefix = _prefix(stem)
    rest = stem[len(prefix) :]
    # The longest end of the prefix that names a pass: "Depth0001", "shot_Depth_0001", "file_nameDepth0001".
    holds = None
    for start in _WORD_START.finditer(prefix):
        holds = named(prefix[start.start() :].strip("_-. "))
        if holds:
            prefix = prefix[: start.start()].rstrip("_-. ")
            break
    parent = path.parent
    by_folder = named(parent.name)
    # "Image" is what people call any file of a frame, so as a prefix it says less than the folder.
    if by_folder and holds in (None, Pass.COMBINED, by_folder):
        holds = by_folder
        parent = parent if parent == root else parent.parent
    folder = "" if root is None else parent.relative_to(root).as_posix()
    return "" if folder == "." else folder, holds, f"{prefix}{rest}"
