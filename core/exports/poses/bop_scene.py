"""The files of one scene of a BOP dataset, written image by image."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from ...base.files import canonical_json
from ...formats.coco import CocoFile
from ...settings.category_table import Category
from ..export_writer import ExportTarget

Row = dict[str, Any]


class _TableOfImages:
    """A JSON object with an entry for each image, by its number.

    Args:
        target: where to.
        name: of the file.
    """

    def __init__(self, target: ExportTarget, name: str) -> None:
        self._file = target.open(name)
        self._file.write(b"{")
        self._is_empty = True

    def add(self, image: int, entry: Any) -> None:
        self._file.write((b"\n" if self._is_empty else b",\n") + b'"%d":%s' % (image, canonical_json(entry)))
        self._is_empty = False

    def end(self) -> None:
        self._file.write(b"\n}\n")


class BopScene:
    """Of one split.

    Args:
        target: where to.
        files: closed when the scene is complete.
        folder: of the scene.
    """

    def __init__(self, target: ExportTarget, files: ExitStack, folder: str) -> None:
        own = replace(target, files=files)
        self.folder = folder
        self._truth = _TableOfImages(own, f"{folder}/scene_gt.json")
        self._info = _TableOfImages(own, f"{folder}/scene_gt_info.json")
        self._cameras = _TableOfImages(own, f"{folder}/scene_camera.json")
        self._coco = CocoFile(own.open(f"{folder}/scene_gt_coco.json"), target.folder, files)
        self._annotations = 0

    def add(self, image: int, camera: Row, truth: list[Row], info: list[Row]) -> None:
        """The rows of an image; those of truth and info are of the same instances."""
        self._cameras.add(image, camera)
        self._truth.add(image, truth)
        self._info.add(image, info)

    def add_coco(self, image: Row, annotations: list[Row]) -> None:
        """The same image and instances as COCO has them."""
        self._coco.add_image(image)
        for row in annotations:
            self._annotations += 1
            self._coco.add_annotation({"id": self._annotations, "image_id": image["id"], "iscrowd": 0, **row})

    def end(self, categories: Mapping[int, Category]) -> None:
        """After the last image; categories by the ids of their objects."""
        for table in (self._truth, self._info, self._cameras):
            table.end()
        rows = ({"id": id, "name": one.title, "supercategory": one.supercategory} for id, one in categories.items())
        self._coco.add_table("categories", rows)
        self._coco.end()
