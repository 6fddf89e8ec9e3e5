"""The COCO file against what a merge would write, byte by byte, without reading it whole.

Nearly always they are the same, and then nothing is left to compare. Where they are not, coco_file.py says what
differs; they may also say the same in other words, as files of earlier versions do.
"""

import mmap
from contextlib import ExitStack
from pathlib import Path

from ...base.dataset_folder import DatasetFolder
from ...base.input_files import open_file
from ...formats.coco import CocoFile, CocoWriter, Sink
from ...formats.writer import StreamedFrame, Survey, SurveyedFrame
from ..report import Problems

_ANNOTATIONS = b'\n],\n"annotations":['


class CocoText:
    """Takes part in the rounds as a Checker, see formats/writer.py, and finds nothing.

    Attributes:
        is_same: after finish(): whether the file is what a merge would write.
    """

    def __init__(self, dataset: DatasetFolder) -> None:
        self.is_same = False
        self._path = dataset.instances
        self._files = ExitStack()
        self._writer: CocoWriter | None = CocoWriter(self._open)

    def survey(self, frame: SurveyedFrame) -> None:
        if self._writer:
            self._writer.survey(frame)

    def begin(self, survey: Survey) -> Problems:
        if self._writer:
            try:
                self._writer.begin(survey, self._files)
            except (OSError, ValueError):  # which coco_file.py says
                self._writer = None
        return iter(())

    def check(self, frame: StreamedFrame) -> Problems:
        if self._writer:
            self._writer.add(frame)
            if not self._text.is_same:
                self._writer = None
        return iter(())

    def finish(self) -> Problems:
        if self._writer:
            self._writer.finish()
            self.is_same = self._text.is_same and self._text.is_at_end
        self._files.close()
        return iter(())

    def _open(self, path: Path, files: ExitStack) -> CocoFile:
        file = files.enter_context(open_file(path))
        content = files.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        self._text = _Compared(content)
        return CocoFile(self._text, path.parent, files, _ComparedRows(self._text, content.find(_ANNOTATIONS)))


class _Compared:
    """Compares what is written with what is there."""

    def __init__(self, content: mmap.mmap) -> None:
        self.content, self.place, self.is_same = content, 0, True

    @property
    def is_at_end(self) -> bool:
        return self.place == len(self.content)

    def write(self, data: bytes) -> None:
        self.place = self.compare(self.place, data)

    def compare(self, place: int, data: bytes) -> int:
        """Note whether this stands at a place; where it would end."""
        end = place + len(data)
        self.is_same = self.is_same and self.content[place:end] == data
        return end


class _ComparedRows:
    """The same of annotations, which stand behind all images."""

    def __init__(self, text: _Compared, place: int) -> None:
        self._text = text
        self._place = max(0, place) + len(_ANNOTATIONS)

    def write(self, data: bytes) -> None:
        self._place = self._text.compare(self._place, data)

    def move_to(self, file: Sink) -> None:
        self._text.place = self._place
