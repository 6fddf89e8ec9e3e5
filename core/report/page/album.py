"""The files next to the page: thumbnails in sheets, and what a frame shows when it is opened, many frames a file.

A browser that shows a page from a disk may load images and scripts and nothing else. So masks and outlines of frames
are scripts, each with one call: `labelpassFrames(NUMBER, FRAMES)`.
"""

import json
from itertools import chain
from pathlib import Path
from typing import Any

from PIL import Image

from ...base.files import complete_file
from ...records.frame_record import FrameRecord
from ...records.instance import Instance
from ...scene.keypoints import Keypoint

# Of a sheet of thumbnails: each way, and pixels of a side of each. A file has the frames of one sheet.
ACROSS, SIDE = 10, 112
FRAMES_A_FILE = ACROSS * ACROSS
_QUALITY = 72
# Places in frames are whole numbers of such parts of a pixel.
TENTHS = 10
# Of a 3D box, which is drawn where all of them are in front of the camera.
_CORNERS = 8
_EMPTY = (24, 24, 24)


class Album:
    """Writes the files of frames, in their order.

    Args:
        folder: of the report.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self._begin()

    def add(self, record: FrameRecord, thumbnail: Image.Image | None, maps: dict[str, list[str]]) -> None:
        """Take the next frame.

        Args:
            record: that of the frame.
            thumbnail: of SIDE pixels each way; None for none.
            maps: kind of a map -> its picture in the folder of the report, and a note on it.
        """
        place = len(self._frames)
        if thumbnail is not None:
            self._sheet.paste(thumbnail, (place % ACROSS * SIDE, place // ACROSS * SIDE))
        shown: dict[str, Any] = {"instances": [_instance(one) for one in record.instances]}
        if record.ignored:
            shown["ignored"] = [[*one.mask.box] for one in record.ignored]
        if maps:
            shown["maps"] = maps
        self._frames.append(shown)
        if len(self._frames) == FRAMES_A_FILE:
            self.finish()

    def finish(self) -> None:
        """Write what is left."""
        if not self._frames:
            return
        with complete_file(self._folder / f"sheet-{self._number:04}.jpg", durable=False) as file:
            rows = -(-len(self._frames) // ACROSS)
            sheet = self._sheet.crop((0, 0, ACROSS * SIDE, rows * SIDE))
            sheet.save(file, "JPEG", quality=_QUALITY, subsampling="4:2:0", optimize=True)
        with complete_file(self._folder / f"frames-{self._number:04}.js", durable=False) as file:
            text = json.dumps(self._frames, separators=(",", ":"), allow_nan=False)
            file.write(f"labelpassFrames({self._number},{text})\n".encode("ascii"))
        self._number += 1
        self._begin()

    def _begin(self) -> None:
        self._sheet = Image.new("RGB", (ACROSS * SIDE, ACROSS * SIDE), _EMPTY)
        self._frames: list[dict[str, Any]] = []


def _instance(instance: Instance) -> list[Any]:
    """Its mask, its amodal mask, the corners of its 3D box and its keypoints; trailing ones that it lacks are left out.
    Corners are x and y of each, keypoints x, y and visibility, places in tenths of a pixel."""
    corners = [corner for corner in (instance.pose.corners if instance.pose else ()) if corner]
    shown: list[Any] = [
        instance.mask.rle,
        instance.amodal.rle if instance.amodal else 0,
        [round(TENTHS * value) for value in chain.from_iterable(corners)] if len(corners) == _CORNERS else 0,
        [number for point in instance.keypoints or () for number in _keypoint(point)] or 0,
    ]
    while shown[-1] == 0:
        shown.pop()
    return shown


def _keypoint(point: Keypoint) -> tuple[int, int, int]:
    return round(TENTHS * point.x), round(TENTHS * point.y), int(point.visibility)
