"""What a merge has made for a frame: the maps that need other frames, what each was made of, and what is in its file.

It lies next to the frame records, which are complete before and are not touched by a merge. So a merge need not make or
read again what is made of the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.dataset_folder import DatasetFolder
from ..base.errors import OutputError, RecordError
from ..base.files import Content, canonical_json, complete_file, digest
from ..base.input_files import read_json
from ..base.json_fields import value_from_json
from ..base.version import VERSION
from ..settings.map_table import DenseMap, WrittenMap
from .frame_record import FrameRecord

MERGE_RECORD_VERSION = 1


@dataclass(frozen=True)
class TwoFrameMap:
    """A map that was made when all frames were there.

    Attributes:
        written: as records know other maps.
        key: digest of all that it was made of, see two_frame_key().
        content: what is in its file.
    """

    written: WrittenMap
    key: str
    content: Content


@dataclass(frozen=True)
class MergeRecord:
    """Those of a frame, by the kind of map and its format."""

    maps: Mapping[DenseMap, TwoFrameMap] = field(default_factory=dict)

    @classmethod
    def read(cls, dataset: DatasetFolder, frame_path: str) -> "MergeRecord":
        """That of a frame, `frame_path` is FrameRecord.path; an empty one where nothing was made.

        Raises:
            RecordError: it is damaged or of another version.
        """
        if not dataset.has_merge_record(frame_path):
            return cls()
        path = dataset.merge_record(frame_path)
        try:
            data = read_json(path)
            if data["later_version"] != MERGE_RECORD_VERSION:
                raise RecordError(f"{path} was written by another version of Labelpass; merge again")
            if data["checksum"] != digest(canonical_json(data["maps"])):
                raise RecordError(f"{path} is damaged; merge again")
            maps = [_from_json(one) for one in data["maps"]]
            if any(one.written.file != one.written.map.path(frame_path) for one in maps):
                raise RecordError(f"{path} belongs to another frame; merge again")
        except FileNotFoundError:
            return cls()
        except OSError as error:
            raise RecordError(f"Cannot read {path}: {error.strerror}; make it readable and merge again") from error
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise RecordError(f"{path} is damaged; merge again") from error
        return cls({one.written.map: one for one in maps})

    def write(self, dataset: DatasetFolder, frame_path: str) -> None:
        """Write it into its place, or remove what is there if there are no maps.

        Raises:
            OutputError: that cannot be done.
        """
        path = dataset.merge_record(frame_path)
        if not self.maps:
            remove(path)
            return
        maps = [_as_json(self.maps[map]) for map in DenseMap if map in self.maps]
        text = canonical_json(
            {"checksum": digest(canonical_json(maps)), "later_version": MERGE_RECORD_VERSION, "maps": maps},
        )
        with complete_file(path) as file:
            file.write(text + b"\n")


def two_frame_key(map: DenseMap, here: FrameRecord, other: FrameRecord) -> str:
    """Digest of all that a map of a frame depends on: files of both frames by their content, cameras, and version."""
    return digest(
        canonical_json(
            {
                "versions": [VERSION, MERGE_RECORD_VERSION],
                "map": map.value,
                "flow_step": here.flow_step,
                "frames": [_depends_on(map, record) for record in (here, other)],
            }
        )
    )


def remove(path: Path) -> None:
    """Remove a file that a merge made, if it is there; OutputError where that cannot be done."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"Cannot remove {path}, which an earlier merge made: {error.strerror}; remove it yourself"
        ) from error


def _depends_on(map: DenseMap, record: FrameRecord) -> list[Any]:
    contents = [record.contents.get(one.path(record.path)) for one in map.made_of]
    return [
        [content and content.digest for content in contents],
        None if record.camera is None else record.camera.as_json(),
        record.unit_scale,
        record.view,
    ]


def _as_json(one: TwoFrameMap) -> dict[str, Any]:
    return {**one.written.as_json(), "key": one.key, "size": one.content.size, "digest": one.content.digest}


def _from_json(data: dict[str, Any]) -> TwoFrameMap:
    written = dict(data)
    key, content = written.pop("key"), [written.pop("size"), written.pop("digest")]
    return TwoFrameMap(WrittenMap.from_json(written), value_from_json(str, key), Content.from_json(content))
