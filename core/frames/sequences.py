"""Sequences: frames that belong together as a video does, each with a name and a folder of its own in the dataset.

A render holds one sequence, unless the settings ask for all scenes, view layers or stereo views: then each of these is
one. The sequence's name is the folder of its frames, followed by its variant: "shots/a/Scene/ViewLayer/left".

The records of other sequences stay in the dataset when the settings change, so that changing them back costs nothing.
`sequences.json` says which of them are wanted: for each shot the sequences of its latest export. A dataset that never
had several needs none.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..base.dataset_folder import DatasetFolder
from ..base.errors import RecordError
from ..base.files import canonical_json, complete_file
from ..base.input_files import read_file, read_json
from .frame_files import joined_path, shot_of_name

# What Windows or a path cannot have in a folder's name, and "%", which stands for such characters.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*%]|^\.|[. ]$')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def folder_names(names: Iterable[str]) -> dict[str, str]:
    """A folder for each name, the same on every file system, and another one for each name on all of them.

    Characters that a folder cannot have become "%2F" and so on. Names that differ only in capital letters, or in how
    an accent is stored, get "~2" and so on at their ends, in the order of names.
    """
    folders: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(set(names)):
        folder = _UNSAFE.sub(lambda match: f"%{ord(match[0]):02X}", name)
        if _RESERVED.fullmatch(folder):
            folder = f"%{ord(folder[0]):02X}{folder[1:]}"
        number, unique = 1, folder
        while unicodedata.normalize("NFC", unique).casefold() in taken:
            number += 1
            unique = f"{folder}~{number}"
        taken.add(unicodedata.normalize("NFC", unique).casefold())
        folders[name] = unique
    return folders


def shot_of(sequence: str, variant: str, name: str) -> str:
    """What the frames of one animation share, whichever sequences are made of them.

    Args:
        sequence, variant, name: of a frame, see FrameFiles.

    Returns:
        The folder of its files and their name without the frame number, as one relative path: "shots/a/shot_".
    """
    folder = sequence.removesuffix(variant).removesuffix("/") if variant else sequence
    return joined_path(folder, shot_of_name(name))


class OfSequence(Protocol):
    """What has a place in a sequence: FrameFiles, and the FrameRecord that is made of them."""

    @property
    def sequence(self) -> str: ...
    @property
    def variant(self) -> str: ...
    @property
    def name(self) -> str: ...


@dataclass(frozen=True)
class WantedSequences:
    """Which sequences a dataset is made of.

    Attributes:
        of_shot: shot -> its sequences; of shots that are not named here all are wanted.
    """

    of_shot: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def wants(self, frame: OfSequence) -> bool:
        """Whether a frame belongs to the dataset."""
        if not self.of_shot:  # as of most datasets, which may have millions of frames
            return True
        wanted = self.of_shot.get(shot_of(frame.sequence, frame.variant, frame.name))
        return wanted is None or frame.sequence in wanted

    def with_frames(self, frames: Iterable[OfSequence]) -> "WantedSequences":
        """The same with the shots of these frames made of their sequences, and of no others."""
        found: dict[str, set[str]] = {}
        for frame in frames:
            found.setdefault(shot_of(frame.sequence, frame.variant, frame.name), set()).add(frame.sequence)
        return WantedSequences({**self.of_shot, **{shot: sorted(sequences) for shot, sequences in found.items()}})

    def including(self, frame: OfSequence) -> "WantedSequences":
        """The same with the sequence of a frame among those that its shot is made of."""
        if self.wants(frame):
            return self
        shot = shot_of(frame.sequence, frame.variant, frame.name)
        return WantedSequences({**self.of_shot, shot: sorted({*self.of_shot[shot], frame.sequence})})

    def without_scenes(self, shots: Mapping[str, str]) -> "WantedSequences":
        """The same without the sequences of these scenes: shot -> folder of the scene."""
        return WantedSequences(
            {
                shot: [one for one in sequences if shot not in shots or not f"{one}/".startswith(f"{shots[shot]}/")]
                for shot, sequences in self.of_shot.items()
            }
        )

    @classmethod
    def read(cls, dataset: DatasetFolder) -> "WantedSequences":
        """What the dataset's file says; everything is wanted where it has none. RecordError where it is damaged."""
        path = dataset.sequences
        try:
            shots = read_json(path)["shots"]
            return cls({str(shot): [str(sequence) for sequence in sequences] for shot, sequences in shots.items()})
        except FileNotFoundError:
            return cls()
        except OSError as error:
            raise RecordError(f"Cannot read {path}: {error.strerror}; make it readable, or remove it") from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RecordError(f"{path} is damaged; remove it and export again") from error

    def write(self, dataset: DatasetFolder) -> None:
        """Write the dataset's file, unless it says so already; OutputError where that cannot be done."""
        body = b'{"shots":%s}\n' % canonical_json(dict(sorted(self.of_shot.items())))
        path = dataset.sequences
        try:
            if read_file(path) == body:
                return
        except OSError:
            pass  # there is none yet
        with complete_file(path) as file:
            file.write(body)


def declare_sequences(
    dataset: DatasetFolder, frames: Iterable[OfSequence], other_scenes: Mapping[str, str] | None = None
) -> None:
    """Say in the dataset's file which sequences the shots of some frames are made of from now on.

    Args:
        dataset: which one.
        frames: all sequences of each shot have to be among them.
        other_scenes: shot -> folder, of scenes that an earlier export of all scenes included and this one does not.

    Raises:
        OutputError: the file cannot be written.
    """
    frames = list(frames)
    if not any(frame.variant for frame in frames) and not dataset.sequences.exists():
        return  # several sequences were never asked for
    try:
        wanted = WantedSequences.read(dataset)
    except RecordError:
        wanted = WantedSequences()  # it is about to be replaced
    wanted.without_scenes(other_scenes or {}).with_frames(frames).write(dataset)
