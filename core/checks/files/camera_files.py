"""The files of `cameras/` against the records: each is made once more, in memory."""

from contextlib import ExitStack
from pathlib import Path

from ...base.dataset_folder import DatasetFolder
from ...base.input_files import read_file
from ...formats.cameras import CamerasWriter
from ...formats.writer import StreamedFrame, Survey, SurveyedFrame
from ...settings.format_table import CAMERA_FORMATS
from ..report import Problems


class CameraFiles:
    """The cameras of a dataset while they are compared. It is a Checker, see formats/writer.py.

    Args:
        dataset: which one.
    """

    def __init__(self, dataset: DatasetFolder) -> None:
        self._dataset = dataset
        # By the files alone it is known which formats the latest merge was to write.
        self._format_of = {path: format for format in CAMERA_FORMATS for path in dataset.path.glob(format.files)}
        self._chosen = set(self._format_of.values())
        self._compared: set[Path] = set()
        self._problems: list[str] = []
        self._complete = True
        self._writer = CamerasWriter([format for format in CAMERA_FORMATS if format in self._chosen], self._compare)
        # All that it has to know, so that cameras are compared also where categories contradict each other.
        self._writer.begin(Survey(dataset, 0, (), ()), ExitStack())

    @property
    def is_there(self) -> bool:
        """Whether there is anything to compare."""
        return bool(self._chosen)

    def survey(self, frame: SurveyedFrame) -> None:
        pass  # a sequence needs to know of no other

    def begin(self, survey: Survey) -> Problems:
        self._complete = survey.complete
        return iter(())

    def check(self, frame: StreamedFrame) -> Problems:
        self._writer.add(frame)
        return iter(())

    def finish(self) -> Problems:
        """What is wrong with any of them, since each holds all frames of a sequence."""
        self._writer.finish()
        if not self._complete:
            return  # damaged records may have a share in them
        yield from self._problems
        for path in sorted(self._format_of.keys() - self._compared):
            yield f"{self._name(path)} is of no sequence that has such a camera; {self._way_out(path)}"

    def _compare(self, path: Path, content: bytes) -> None:
        self._compared.add(path)
        try:
            found = read_file(path)
        except OSError as error:
            self._problems.append(f"Cannot read {self._name(path)}: {error.strerror}; {self._way_out(path)}")
            return
        if found != content:
            self._problems.append(f"{self._name(path)} is not what the records say; {self._way_out(path)}")

    def _name(self, path: Path) -> str:
        return path.relative_to(self._dataset.path).as_posix()

    def _way_out(self, path: Path) -> str:
        chosen = ",".join(format.value for format in CAMERA_FORMATS if format in self._chosen)
        again = f"merge again with --cameras {chosen}"
        return f"remove it, or {again}" if path in self._format_of else again
