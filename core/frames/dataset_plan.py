"""The plan of a dataset: what machines agree on that make it together. It is written once, before the first of them.

    {"labelpass": "1.4.0", "settings": {"labels": "auto", ...}, "table": null, "categories": [{"name": "car", "id": 1}],
     "scenes": "../rendered", "random_frames": [{"sequence": "", "seed": 1, "count": 12000}],
     "frames": [{"sequence": "", "prefix": "", "digits": 4, "suffix": "", "numbers": "1-12000"}]}

A dataset without a plan is made of whatever frames have records; with one it is complete only when all of them have.
"""

import dataclasses
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..base.dataset_folder import DatasetFolder
from ..base.errors import CategoryError, InputError, LabelpassError, RecordError, UsageError
from ..base.files import complete_file
from ..base.input_files import read_json
from ..base.phrases import counted, listed
from ..base.version import VERSION
from ..settings.category_files import table_from_json
from ..settings.category_table import Category, CategoryTable
from ..settings.settings import Settings, Stage, Topic
from .frame_list import FrameList
from .frame_messages import frames_in_words, listed_frames
from .planned_draws import PlannedDraws

_NAMES_AT_ONCE = 10_000
# Of more missing frames than these, the first ones are named.
_MOST_NAMED = 1000


@dataclass(frozen=True)
class DatasetPlan:
    """What every machine has to do alike.

    Attributes:
        settings: but for those that are about one run only, such as the number of workers.
        table: of categories; None takes that of the scene records.
        categories: those that are known beforehand, with the ids that they will have.
        frames: all of the dataset.
        scenes: folder of the scene records as it leads from the dataset's folder; "" for that of the dataset, if any.
        draws: of those sequences whose frames are random ones.
        version: of Labelpass.
    """

    settings: Settings
    table: CategoryTable | None
    categories: tuple[Category, ...]
    frames: FrameList
    scenes: str = ""
    draws: tuple[PlannedDraws, ...] = ()
    version: str = VERSION

    @classmethod
    def read(cls, dataset: DatasetFolder) -> "DatasetPlan | None":
        """The plan of a dataset; None where it has none.

        Raises:
            InputError: it cannot be read.
        """
        path = dataset.plan
        try:
            data = read_json(path)
            table = data["table"]
            return cls(
                Settings.from_json(_checked(data["settings"], dict)),
                None if table is None else table_from_json(table),
                tuple(map(Category.from_json, _checked(data["categories"], list))),
                FrameList.from_json(data["frames"]),
                _checked(data["scenes"], str),
                tuple(map(PlannedDraws.from_json, _checked(data["random_frames"], list))),
                _checked(data["labelpass"], str),
            )
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise InputError(f"Cannot read {path}: {error.strerror}; make it readable, or plan again") from error
        except (KeyError, TypeError, ValueError, RecursionError, LabelpassError) as error:
            raise InputError(f"{path} is damaged; remove it, and plan the dataset again") from error

    def write(self, dataset: DatasetFolder) -> None:
        """Write the plan of a dataset in place of its earlier one; OutputError where that cannot be done."""
        data = {
            "labelpass": self.version,
            "settings": self._planned_settings(),
            "table": None if self.table is None else self.table.as_json(),
            "categories": [category.as_json() for category in self.categories],
            "scenes": self.scenes,
            "random_frames": [one.as_json() for one in self.draws],
            "frames": self.frames.as_json(),
        }
        rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in data.items())
        with complete_file(dataset.plan) as file:
            file.write(f"{{\n{rows}\n}}\n".encode())

    def settings_with(self, given: Mapping[str, Any], stored: Settings | None = None) -> Settings:
        """The settings of one run: what the user gave for it, as in JSON, then what is planned, then what is stored."""
        return Settings.from_json({**(stored or Settings()).as_json(), **self._planned_settings(), **given})

    def in_words(self, dataset: DatasetFolder) -> str:
        """What is planned, in a line, where the plan is in this dataset."""
        frames, sequences = counted(len(self.frames), "frame"), counted(len(self.frames.sequences), "sequence")
        known = counted(len(self.categories), "category") if self.categories else "no category is known yet"
        seeds = listed([str(seed) for seed in sorted({one.seed for one in self.draws})])
        random = f"; random frames with seed {seeds}" if seeds else ""
        return f"{dataset.plan}: {frames} in {sequences}; {known}{random}"

    def check_settings(self, settings: Settings) -> None:
        """Raises UsageError where frames of these settings, or of this version, would not fit to the others."""
        if self.version != VERSION:
            raise UsageError(
                f"The dataset was planned with Labelpass {self.version}, and this is {VERSION}; use that version, or "
                "plan again with this one and annotate all frames anew"
            )
        planned, other = self._planned_settings(), settings.as_json()
        for field in _fields(Stage.FRAMES):
            if planned[field.name] != other[field.name]:
                raise UsageError(
                    f"{field.metadata['label']} is planned as {_shown(planned[field.name])} for this dataset, and not "
                    f"as {_shown(other[field.name])}; leave it as planned, or plan again"
                )

    def check_table(self, table: CategoryTable | None) -> None:
        """Raises UsageError where a category table is given that is not the planned one."""
        if table is not None and table != self.table:
            raise UsageError(
                "This is not the category table that the dataset was planned with; leave it out, or plan again"
            )

    def check_planned(self, frames: Iterable[str]) -> None:
        """Raises UsageError where frames would be made, as FrameFiles.path, that the dataset is not to have."""
        planned = frozenset(self.frames)
        if others := [frame for frame in frames if frame not in planned]:
            verb = "is" if len(others) == 1 else "are"
            raise UsageError(
                f"{frames_in_words(others)} {verb} not in the plan of the dataset; leave out what is not planned, or "
                "plan again"
            )

    def draws_of(self, frames: Iterable[str]) -> Sequence[PlannedDraws]:
        """The random frames of those sequences that some frames are in, as FrameFiles.path."""
        sequences = {frame.rpartition("/")[0] for frame in frames}
        return [one for one in self.draws if one.sequence in sequences]

    def check_known(self, categories: Iterable[str]) -> None:
        """Raises CategoryError where a category has no id in the plan, so that each machine would give it another."""
        planned = {category.name for category in self.categories}
        for name in categories:
            if name not in planned:
                raise CategoryError(
                    f"The category {name!r} is not in the plan of the dataset, so its id in maps is not known; plan "
                    "again with a category table that has it"
                )

    def check_complete(self, frames: Iterable[str]) -> None:
        """Make sure that all frames are there.

        Args:
            frames: those that have a record which can be used, as FrameFiles.path; there may be millions.

        Raises:
            RecordError: some are missing; it names them.
        """
        missing = _not_among(self.frames, frames)
        if missing:
            names = listed_frames(missing[:_MOST_NAMED]) + (", ..." if len(missing) > _MOST_NAMED else "")
            number = f"{len(missing)} of {counted(len(self.frames), 'planned frame')}"
            raise RecordError(
                f"{number} {'has' if len(missing) == 1 else 'have'} no record that can be used ({names}); annotate "
                "what is missing, or plan again without it"
            )

    def with_sequences_of(self, earlier: "DatasetPlan | None") -> "DatasetPlan":
        """The same with the frames of those sequences of an earlier plan that this one does not have.

        Raises:
            UsageError: the earlier one has other settings, another table or other scene records.
        """
        if earlier is None or not (kept := earlier.frames.of_other_sequences(self.frames.sequences)):
            return self
        earlier.check_settings(self.settings)
        if earlier.table != self.table:
            raise UsageError(
                "The dataset has a plan with another category table; give the same one, or remove plan.json to start "
                "anew"
            )
        if earlier.scenes != self.scenes:
            raise UsageError(
                "The dataset has a plan with another folder of scene records; give the same --scene, or remove "
                "plan.json to start anew"
            )
        draws = [one for one in earlier.draws if one.sequence not in self.frames.sequences]
        return dataclasses.replace(self, frames=FrameList.of([*kept, *self.frames]), draws=(*draws, *self.draws))

    def _planned_settings(self) -> dict[str, Any]:
        names = {field.name for field in _fields(*Stage)}
        return {name: value for name, value in self.settings.as_json().items() if name in names}


def _not_among(wanted: Iterable[str], names: Iterable[str]) -> list[str]:
    """Those names that are not among others; there may be millions of both.

    Of the others only hashes of 64 bits are kept, an eighth of the memory. That two of a million names share one is
    less likely than a fault of the memory.
    """
    import numpy as np  # here, since most that is done with a plan needs none of it

    there = np.sort(np.fromiter(map(hash, names), np.int64))
    missing, rest = [], iter(wanted)
    while some := list(itertools.islice(rest, _NAMES_AT_ONCE)):
        hashes = np.fromiter(map(hash, some), np.int64)
        places = np.searchsorted(there, hashes)
        is_there = np.searchsorted(there, hashes, side="right") > places
        missing += [name for name, found in zip(some, is_there.tolist(), strict=True) if not found]
    return missing


def _fields(*stages: Stage) -> Sequence["dataclasses.Field[Any]"]:
    """The settings that a plan fixes."""
    return [
        field
        for field in dataclasses.fields(Settings)
        if field.metadata["stage"] in stages and field.metadata["topic"] is not Topic.RUN
    ]


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _checked(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{value!r} is not a {kind.__name__}")
    return value
