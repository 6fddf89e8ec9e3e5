"""A line of the checklist: what it is about, how that stands, and what can be done about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum


class Status(Enum):
    """How a line of the checklist stands."""

    GOOD = "good"
    NOTE = "note"
    WRONG = "wrong"


class Subject(Enum):
    """What a line is about: the word in front of it, in the order in which the panel lists them."""

    MASKS = "Masks"
    IMAGE = "Image"
    CAMERA = "Camera"
    CATEGORIES = "Categories"
    DEPTH = "Depth"
    PARTS = "Parts"
    COPIES = "Copies"
    MAPS = "Maps"
    KEYPOINTS = "Keypoints"
    REGION = "Region"
    SLOT = "Slot"
    LINKED = "Linked"
    UNLABELLED = "No Label"
    HOLDOUTS = "Holdouts"
    INDICES = "Indices"
    VIEW_LAYER = "View Layer"
    SEQUENCER = "Sequencer"
    COLORS = "Colors"
    SEED = "Seed"
    BLUR = "Blur"
    MISSING = "Missing"
    SETTINGS = "Settings"
    OUTPUT = "Output"


class Fix(Enum):
    """Something that Set Up Passes can do; passes are turned on in the view layer that is labelled."""

    USE_VIEW_LAYER = "use_view_layer"
    LABEL_PASS = "label_pass"
    PART_PASS = "part_pass"
    COMBINED = "combined"
    DEPTH = "depth"
    MAP_PASSES = "map_passes"
    OUTPUT = "output"
    CODEC = "codec"
    INTERLEAVE = "interleave"
    SEQUENCER = "sequencer"


class Mend(Enum):
    """A button that mends a line; the label is that of the button."""

    NONE = ""
    SET_UP_PASSES = "Set Up Passes"
    ADD_CAMERA = "Add Camera"
    ASSIGN_INDICES = "Assign Indices"
    WRITE_BESIDE = "Write Beside .blend"
    SAVE_FILE = "Save File"


@dataclass(frozen=True)
class Finding:
    """A line of the checklist.

    Attributes:
        status: how it stands.
        subject: what it is about.
        value: how that stands in a few letters, for a narrow panel.
        text: what is there, or what is wrong, why that matters and what to do.
        fix: what Set Up Passes does about it; None where it can do nothing, or there is nothing to do.
        stops: whether frames of such a render fail, or have no labels at all, so that it is not worth rendering.
        other_mend: the button that mends it where Set Up Passes does not.
    """

    status: Status
    subject: Subject
    value: str
    text: str
    fix: Fix | None = None
    stops: bool = False
    other_mend: Mend = Mend.NONE

    @property
    def mend(self) -> Mend:
        """The button that mends it."""
        return Mend.SET_UP_PASSES if self.fix else self.other_mend


@dataclass(frozen=True)
class CheckLine:
    """What the panel shows of one or several findings.

    Attributes:
        status, subject, value: as in Finding.
        text: their sentences.
    """

    status: Status
    subject: Subject
    value: str
    text: str


def stopper(subject: Subject, value: str, text: str, fix: Fix | None = None, other_mend: Mend = Mend.NONE) -> Finding:
    """A red line that leaves a render without labels."""
    return Finding(Status.WRONG, subject, value, text, fix, stops=True, other_mend=other_mend)


def first_red(findings: Sequence[Finding]) -> Finding | None:
    """The red line to mend first: one that leaves a render without labels, if there is any; None where nothing is
    red."""
    wrong = [finding for finding in findings if finding.status is Status.WRONG]
    return next((finding for finding in wrong if finding.stops), wrong[0] if wrong else None)


def check_lines(findings: Iterable[Finding]) -> list[CheckLine]:
    """One line for each subject, or for each of its findings that are not good.

    Returns:
        In the order of the subjects.
    """
    by_subject: dict[Subject, list[Finding]] = {subject: [] for subject in Subject}
    for finding in findings:
        by_subject[finding.subject].append(finding)
    lines: list[CheckLine] = []
    for subject, found in by_subject.items():
        told = [one for one in found if one.status is not Status.GOOD]
        lines += [CheckLine(one.status, subject, one.value, one.text) for one in told]
        if found and not told:
            lines.append(CheckLine(Status.GOOD, subject, found[-1].value, "; ".join(one.text for one in found)))
    return lines
