"""The dataset folder: which file of a dataset lies where. Nothing else knows these names.

    DATASET/annotations/instances.json       COCO
            categories.json                  the ids of the categories
            dataset.json                     what the numbers in the files mean
            sequences.json                   which sequences the dataset is made of, where there is a choice
            plan.json                        what machines agree on that make the dataset together, if any do
            images/FRAME.png                 training images
            pictures/KIND/FRAME.png          previews
            maps/KIND/FRAME.png              dense maps
            soft_masks/FRAME.npz             soft masks
            cameras/SEQUENCE/cameras.json    cameras of a sequence
            records/FRAME.json               frame records
            records/SEQUENCE/0-999.pack      frame records of a thousand frames
            later_maps/FRAME.json            merge records
            scenes/FRAME.json                scene records
            scenes/SEQUENCE/tables/          what many of them share
            renders/FRAME.exr                what was rendered for the dataset, with all passes
            exports/FORMAT/                  exports, each in the layout of its format
            report/index.html                the report, a page to look at

FRAME is the path of a frame: its sequence and its name, see FrameFiles.path. Files that a record names are relative to
the folder, with forward slashes, as the functions of this module give them.
"""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from .input_files import is_there

INSTANCES_FILE = "annotations/instances.json"
CATEGORIES_FILE = "categories.json"
# Where it was before. Programs that take every file of `annotations` for COCO stumble over it there.
FORMER_CATEGORIES_FILE = "annotations/categories.json"
DESCRIPTION_FILE = "dataset.json"
SEQUENCES_FILE = "sequences.json"
REPORT_PAGE = "index.html"
PLAN_FILE = "plan.json"

_IMAGES, _PREVIEWS, _MAPS, _SOFT_MASKS = "images", "pictures", "maps", "soft_masks"
_CAMERAS, _RECORDS, _MERGE_RECORDS, _SCENES = "cameras", "records", "later_maps", "scenes"
_EXPORTS, _RENDERS, _REPORT = "exports", "renders", "report"
# Where a frame has files of its own besides its record, and those of them that have a folder for each kind of file.
FRAME_FOLDERS = (_IMAGES, _PREVIEWS, _MAPS, _SOFT_MASKS, _MERGE_RECORDS)
_WITH_KINDS = (_MAPS, _PREVIEWS)


@dataclass(frozen=True)
class DatasetFolder:
    """A dataset by its folder, which need not exist."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def file(self, name: str) -> Path:
        """A file by its name in a record."""
        return self.path / name

    @property
    def instances(self) -> Path:
        return self.path / INSTANCES_FILE

    @property
    def categories(self) -> Path:
        return self.path / CATEGORIES_FILE

    @property
    def former_categories(self) -> Path:
        """Where earlier versions kept them."""
        return self.path / FORMER_CATEGORIES_FILE

    @property
    def description(self) -> Path:
        return self.path / DESCRIPTION_FILE

    @property
    def sequences(self) -> Path:
        return self.path / SEQUENCES_FILE

    @property
    def plan(self) -> Path:
        return self.path / PLAN_FILE

    @property
    def records(self) -> Path:
        """The folder of the frame records; records/record_store.py knows what is in it."""
        return self.path / _RECORDS

    @property
    def scenes(self) -> Path:
        """The folder of the scene records."""
        return self.path / _SCENES

    @property
    def exports(self) -> Path:
        """The folder of the exports, unless the user has chosen another one; exports/export_folder.py knows them."""
        return self.path / _EXPORTS

    @property
    def renders(self) -> Path:
        """The folder of the EXR files that were rendered for the dataset, one for each sequence in it."""
        return self.path / _RENDERS

    @property
    def report(self) -> Path:
        """The folder of the report, unless the user has chosen another one."""
        return self.path / _REPORT

    @property
    def report_page(self) -> Path:
        """The page of the report in that folder."""
        return self.report / REPORT_PAGE

    def merge_record(self, frame: str) -> Path:
        return self.path / merge_record_file(frame)

    def has_merge_record(self, frame: str) -> bool:
        """Whether there is one, as of few frames of most datasets; so no Path is made to look."""
        return is_there(f"{self.path}/{merge_record_file(frame)}")

    def cameras(self, sequence: str) -> Path:
        """The folder of a sequence's cameras."""
        return self.path / _CAMERAS / sequence


def image_file(frame: str, suffix: str) -> str:
    return f"{_IMAGES}/{frame}{suffix}"


def frame_of_image(file: str) -> str:
    """The frame, by its path, whose training image has this name; "" where the name is not that of one."""
    folder, _, name = file.partition("/")
    return str(PurePosixPath(name).with_suffix("")) if folder == _IMAGES and name else ""


def image_in_images(file: str) -> str:
    """The name of a training image below the folder of them."""
    return file.removeprefix(f"{_IMAGES}/")


def preview_file(kind: str, frame: str) -> str:
    return f"{_PREVIEWS}/{kind}/{frame}.png"


def map_file(kind: str, frame: str, suffix: str) -> str:
    return f"{_MAPS}/{kind}/{frame}{suffix}"


def soft_masks_file(frame: str) -> str:
    return f"{_SOFT_MASKS}/{frame}.npz"


def former_soft_masks_folder(frame: str) -> str:
    """Where earlier versions kept them, each in a file of its own."""
    return f"{_SOFT_MASKS}/{frame}"


def merge_record_file(frame: str) -> str:
    return f"{_MERGE_RECORDS}/{frame}.json"


def is_own_folder(path: Path) -> bool:
    """Whether a folder is one in which a dataset keeps files that Labelpass has written."""
    if path.name not in (*FRAME_FOLDERS, _EXPORTS):
        return False
    return DatasetFolder(path.parent).records.is_dir()


def is_file_of_frame(file: str) -> bool:
    """Whether a record may name this file as one of its frame: it lies in one of the folders for them."""
    inside = PurePosixPath(file)
    # Windows takes other slashes too, and the dataset may have come from another system.
    return bool(inside.parts) and inside.parts[0] in FRAME_FOLDERS and ".." not in PureWindowsPath(file).parts


def file_of_other_frame(file: str, frame: str, other: str) -> str:
    """The name that a file of a frame has where it belongs to another frame; ValueError where it is none of the frame.

    Args:
        file: as a record names it.
        frame, other: paths of frames.
    """
    top = top_folder(file) if is_file_of_frame(file) else ""
    rest = file.removeprefix(f"{top}/{frame}")
    if not top or rest == file or rest[:1] not in (".", "/"):
        raise ValueError(f"{file} is no file of {frame}")
    return f"{top}/{other}{rest}"


def top_folder(file: str) -> str:
    """The folder that a file of a frame lies in, for people: "images", "maps/depth"."""
    parts = PurePosixPath(file).parts
    return "/".join(parts[: 2 if parts[0] in _WITH_KINDS and len(parts) > 2 else 1])


def levels_below_dataset(sequence: str) -> int:
    """How many folders below the dataset's own the cameras of a sequence lie."""
    return 1 + len(PurePosixPath(sequence).parts)
