"""The order to annotate one frame, as plain data that any process on any machine can carry out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.dataset_folder import DatasetFolder, image_file
from ..base.errors import ExrError, SceneError
from ..base.files import canonical_json, digest
from ..base.input_files import read_file
from ..base.json_fields import JsonObject
from ..base.version import VERSION
from ..frames.frame_files import FrameFiles
from ..scene.scene_record import SCENE_VERSION, SceneRecord
from ..settings.category_table import CategoryTable
from ..settings.settings import ImageFrom, Settings
from .frame_record import FrameRecord, has_former_soft_masks
from .origin import Origin
from .record_store import open_records, up_to_date

# The version of what annotate makes of the same input: a higher one makes every record out of date. RECORD_VERSION is
# a number of its own, since a record that is only written in another way need not be made again. Up to 4 they were one.
ANNOTATION_VERSION = 5


@dataclass(frozen=True)
class FrameJob(JsonObject):
    """All that is needed to annotate one frame, in any process on any machine that sees the files.

    Attributes:
        files: the frame's EXR files.
        output: the dataset's folder.
        scene: path of the frame's scene record, None where Blender has not described it.
        settings: the user's choices.
        categories: the table that decides on categories instead of the one by which the scene was described.
        colour: how the training image was made, if Blender has made it.
        made_image: where it is then, under a temporary name next to its place.
        origin: what the frame is made of, for the record; its key does not depend on it. None where that is not known.
    """

    files: FrameFiles
    output: Path
    scene: Path | None = None
    settings: Settings = field(default_factory=Settings)
    colour: Mapping[str, Any] | None = None
    made_image: Path | None = None
    categories: CategoryTable | None = None
    origin: Origin | None = None

    @property
    def dataset(self) -> DatasetFolder:
        """Where the frame's files go."""
        return DatasetFolder(self.output)

    @property
    def image(self) -> str:
        """Path of the training image below the output folder."""
        return image_file(self.files.path, self.settings.image_format.suffix)

    def takes_composite(self, scene: SceneRecord | None) -> bool:
        """Whether the training image is what the compositor made, where the files hold that.

        Args:
            scene: the frame's scene record; None where it has none.
        """
        # Of several view layers, each is to have a picture of its own.
        if self.settings.all_view_layers or self.settings.image_from is ImageFrom.RENDER_LAYER:
            return False
        return self.settings.image_from is ImageFrom.COMPOSITE or scene is None or not scene.mismatch

    def key(self) -> str:
        """Digest of all that the record depends on: files by name, size and time, scene record, settings, version.

        Raises:
            ExrError: an EXR file is missing.
            SceneError: the scene record is missing.
        """
        try:
            stats = [(file.path.name, file.holds and file.holds.value, file.path.stat()) for file in self.files.files]
        except OSError as error:
            raise ExrError(f"Cannot read {error.filename}: {error.strerror}; check the path") from error
        try:
            scene = digest(read_file(self.scene)) if self.scene else None
        except OSError as error:
            raise SceneError(
                f"Cannot read {self.scene}: {error.strerror}; export the frame again from Blender, "
                "or give the folder of its scene record with --scene"
            ) from error
        names = [one.as_json() for one in self.files.pass_names]
        return digest(
            canonical_json(
                {
                    "versions": [VERSION, SCENE_VERSION, ANNOTATION_VERSION],
                    "files": [[name, holds, stat.st_size, stat.st_mtime_ns] for name, holds, stat in stats],
                    "frame": [self.files.sequence, self.files.frame, self.files.name],
                    "scene": scene,
                    "settings": self.settings.shaping_records(),
                    "colour": self.colour,
                    "categories": self.categories.as_json() if self.categories else None,
                    **({"pass_names": names} if names else {}),
                }
            )
        )

    def finished_record(self) -> FrameRecord | None:
        """The record of the frame, if it is up to date and all its files are there, else None.

        A frame whose soft masks are images is made again, so that those of a dataset are all of one form.

        A Cryptomatte's manifest in a file of its own is looked at here: only who opens the EXR files knows of it, and
        this must be quick and need no OpenEXR.

        Raises:
            ExrError, SceneError: as key().
        """
        record = up_to_date(open_records(self.dataset), self.files.path, self.key())
        if record is None or has_former_soft_masks(record):
            return None
        paths = [file.path for file in self.files.files]
        return record if all(sidecar.is_current(paths) for sidecar in record.sidecars) else None
