"""Everything that can go wrong, as one small tree of exceptions.

    LabelpassError            the message is one sentence that ends in a way out
    ├── UsageError            arguments or settings that make no sense, see exit_codes.py
    ├── InputError            a file that cannot be used as it is
    │   ├── ExrError          missing, damaged, or a kind of EXR that holds no pixels to label
    │   ├── PassError         a pass that is missing, or whose values cannot be what they should be
    │   │   └── NoSuchPass    a mapping of passes has none of that name; also a KeyError
    │   ├── SceneError        a scene record that is damaged or contradicts the frame
    │   ├── RecordError       a frame record that is damaged or contradicts other records
    │   └── CategoryError     a category table that is damaged, or contradicts itself or the dataset
    ├── OutputError           a place that cannot be written
    ├── WorkerError           a worker process that could not start or died twice over the same frame
    └── Cancelled             the user stopped the run; not a fault

Only these reach the user as a message. Any other exception is a bug and is shown with its traceback.
"""

from .phrases import shortened


class LabelpassError(Exception):
    """Base of every error that Labelpass reports to the user.

    Args:
        sentence: cut in its middle where a name from a file makes it very long.
    """

    def __init__(self, sentence: str = "") -> None:
        super().__init__(shortened(sentence))


class UsageError(LabelpassError):
    """The arguments or settings do not make sense together."""


class InputError(LabelpassError):
    """A file cannot be used as it is."""


class ExrError(InputError):
    """An EXR file is missing, damaged, or of a kind without flat pixels."""


class MemoryShortage(InputError):
    """A frame takes more memory than is free just now; it may be enough when no other frame is worked on."""


class PassError(InputError):
    """A render pass is missing, or its values are not what such a pass holds."""


class NoSuchPass(PassError, KeyError):
    """A mapping of passes has none of that name."""

    def __str__(self) -> str:  # that of KeyError would show it in quotes
        return str(self.args[0])


class SceneError(InputError):
    """A scene record is damaged or does not belong to the frame."""


class RecordError(InputError):
    """A frame record is damaged or contradicts another one."""


class CategoryError(InputError):
    """A category table is damaged, or contradicts itself or the dataset."""


class OutputError(LabelpassError):
    """A file cannot be written.

    Attributes:
        of_all: whether nothing else can be written either, for example on a full disk, so that a run had better stop.
    """

    def __init__(self, message: str, of_all: bool = False) -> None:
        super().__init__(message)
        self.of_all = of_all


class WorkerError(LabelpassError):
    """A worker process could not start, or died twice over the same work."""


class Cancelled(LabelpassError):
    """The user stopped the run."""
