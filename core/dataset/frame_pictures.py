"""What is known of a frame as pictures with titles and legends, all of one size, for a person to look at."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..base.dataset_folder import DatasetFolder
from ..base.errors import InputError, RecordError
from ..base.phrases import counted
from ..categories.palette import Colour, category_colours, own_colours
from ..drawing.contact_sheet import Tile
from ..drawing.flow_wheel import draw_flow, flow_rim
from ..drawing.image_files import Bytes
from ..drawing.legends import flow_legend, normal_colours, normal_legend, swatches
from ..drawing.previews.amodal import draw_amodal
from ..drawing.previews.boxes import draw_boxes
from ..drawing.previews.boxes_3d import draw_boxes_3d
from ..drawing.previews.depth import draw_depth
from ..drawing.previews.keypoints import draw_keypoints
from ..drawing.previews.masks import draw_masks, draw_numbers
from ..drawing.read_images import read_image
from ..drawing.scaling import scaled_boxes, scaled_camera
from ..drawing.text_labels import short_name
from ..maps.codecs.codec import MapPixels
from ..maps.codecs.surfaces import SurfaceMap
from ..maps.codecs.table import read_content
from ..masks.rle import paint_masks
from ..records.frame_record import FrameRecord
from ..records.instance import Instance
from ..records.merge_record import MergeRecord
from ..scene.camera import Camera
from ..settings.map_table import DenseMap, MapKind, WrittenMap
from ..settings.shown_pictures import AMODAL, BOXES, BOXES_3D, IMAGE, KEYPOINTS, MAP_KINDS, MASKS, SHOWN

_WITHOUT_IMAGE: Colour = (64, 64, 64)
_NO_VALUE: Colour = (232, 232, 232)
_SEEN: Colour = (255, 255, 255)
_HIDDEN: Colour = (0, 0, 0)
# Of several files of one map: the one that says most.
_BEST_FIRST = (".npy", ".flo", ".exr", ".npz", ".ply", ".png")

_PAPER = 255
# Pixels that a legend needs.
_LOWEST_LEGEND = 160
# Names may cover so much of a picture.
_MOST_NAMES = 0.2
_FEW = 20

_Draw = Callable[[], Tile]


class FramePictures:
    """The pictures of a frame.

    Args:
        dataset: which one.
        record: that of the frame.
        size: pixels of the longer side of each picture, without its legend. Smaller frames are drawn larger by a whole
            number, so that their pixels stay squares.

    Attributes:
        problems: a sentence for each file that cannot be read, and is drawn as if it were not there.
        width, height: of a picture in its tile, whose legend is next to it.
    """

    def __init__(self, dataset: DatasetFolder, record: FrameRecord, size: int) -> None:
        self.problems: list[str] = []
        self._dataset, self._record = dataset, record
        longer = max(record.width, record.height)
        self._scale = size // longer if longer <= size else size / longer
        self.width, self.height = (max(1, round(side * self._scale)) for side in (record.width, record.height))
        self._legend_height = max(self.height, _LOWEST_LEGEND)
        names = [category.name for category in record.categories]
        self._names, self._own = names, own_colours(record.categories)
        self._colours = category_colours(names, self._own)
        self._maps = self._best_maps()

    def _best_maps(self) -> Mapping[str, WrittenMap]:
        """The kinds of maps that there are, each with the file to read."""
        merged: Mapping[DenseMap, Any] = {}
        try:
            merged = MergeRecord.read(self._dataset, self._record.path).maps
        except RecordError as error:
            self.problems.append(str(error))
        written = [*self._record.maps, *(one.written for one in merged.values())]
        written.sort(key=lambda one: _BEST_FIRST.index(one.map.storage.suffix), reverse=True)
        return {one.map.kind.value: one for one in written}

    @property
    def there(self) -> list[str]:
        """What can be drawn, of SHOWN and in its order."""
        record = self._record
        is_there = {
            IMAGE: record.colour is not None or self._image is not None,
            BOXES: True,
            MASKS: True,
            KEYPOINTS: any(one.keypoints for one in record.instances),
            BOXES_3D: self._camera is not None and any(one.pose for one in record.instances),
            AMODAL: any(one.amodal for one in record.instances),
        }
        return [name for name in SHOWN if is_there.get(name, name in self._maps)]

    def tile(self, name: str) -> Tile | None:
        """One of them; None where its file cannot be read."""
        drawing: Mapping[str, _Draw] = {
            IMAGE: self._draw_image,
            BOXES: self._draw_boxes,
            MASKS: self._draw_masks,
            KEYPOINTS: self._draw_keypoints,
            BOXES_3D: self._draw_boxes_3d,
            AMODAL: self._draw_amodal,
        }
        try:
            return drawing[name]() if name in drawing else self._draw_map(MAP_KINDS[name], self._maps[name])
        except InputError as error:
            self.problems.append(str(error))
            return None

    # Over the image

    @cached_property
    def _image(self) -> Bytes | None:
        """(H, W, 3) of the record's size; None where there is none, or it cannot be read."""
        record = self._record
        path = self._dataset.file(record.image)
        if record.colour is None and not path.is_file():
            return None
        try:
            image = read_image(path)
        except InputError as error:
            self.problems.append(str(error))
            return None
        if image.shape[:2] != (record.height, record.width):
            height, width = image.shape[:2]
            self.problems.append(
                f"{record.image} has {width} x {height} pixels, but the record says {record.width} x {record.height}; "
                "annotate the frame again"
            )
            return None
        return image

    @cached_property
    def _full_canvas(self) -> Bytes:
        """What annotations are drawn over, as large as the frame: its image, or grey."""
        grey = np.full((self._record.height, self._record.width, 3), _WITHOUT_IMAGE, np.uint8)
        return grey if self._image is None else self._image

    @cached_property
    def _canvas(self) -> Bytes:
        """The same as large as it is drawn."""
        return self._resized(self._full_canvas)

    def _resized(self, image: Bytes) -> Bytes:
        how = Image.Resampling.NEAREST if self._scale >= 1 else Image.Resampling.LANCZOS
        return np.asarray(Image.fromarray(image).resize((self.width, self.height), how))

    @cached_property
    def _instances(self) -> Sequence[Instance]:
        """With their boxes as large as they are drawn."""
        return scaled_boxes(self._record.instances, self._scale)

    @property
    def _camera(self) -> Camera | None:
        """Where it can be drawn with: as it sees the picture."""
        camera = self._record.camera
        if camera is None or not camera.is_projective:
            return None
        return scaled_camera(camera, self._scale)

    def _draw_image(self) -> Tile:
        size = f"{self._record.width} x {self._record.height}"
        return Tile("Image", self._canvas, size if self._image is not None else f"{size}, cannot be read")

    def _draw_boxes(self) -> Tile:
        count, dropped = len(self._record.instances), sum(self._record.dropped.values())
        note = counted(count, "instance") + (f", {dropped} dropped" if dropped else "")
        note += "; names where there is room" if count > _FEW else ""
        return Tile("Boxes", draw_boxes(self._canvas, self._instances, self._names, self._own, _MOST_NAMES), note)

    def _draw_masks(self) -> Tile:
        record = self._record
        with self._decoding():
            numbers = paint_masks([one.mask.rle for one in record.instances], record.height, record.width)
        counts = Counter(one.category for one in record.instances)
        colours = [self._colours[one.category] for one in record.instances]
        picture = draw_masks(self._canvas, self._nearest(numbers.astype(np.int64)), colours)
        entries = [(self._colours[name], f"{short_name(name)} ({count})") for name, count in counts.most_common()]
        ignored = f"{len(record.ignored)} regions to ignore are not drawn" if record.ignored else ""
        return Tile(
            "Masks", self._with(picture, swatches(entries, self._legend_height)) if entries else picture, ignored
        )

    @contextmanager
    def _decoding(self) -> Iterator[None]:
        """RecordError for the ValueError of what decodes masks."""
        try:
            yield
        except ValueError as error:
            raise RecordError(
                f"The masks in the record of {self._record.path} are damaged ({error}); annotate the frame again"
            ) from error

    def _draw_keypoints(self) -> Tile:
        record = self._record
        picture = draw_keypoints(self._canvas, record.instances, record.categories, self._colours, self._scale)
        return Tile("Keypoints", picture, "filled: visible; rings: occluded")

    def _draw_boxes_3d(self) -> Tile:
        assert self._camera is not None
        unit_scale = self._record.unit_scale or 1.0
        picture = draw_boxes_3d(self._canvas, self._record.instances, self._names, self._camera, unit_scale, self._own)
        return Tile("3D Boxes", picture, "axes: x red, y green, z blue")

    def _draw_amodal(self) -> Tile:
        with self._decoding():
            picture = draw_amodal(self._full_canvas, self._record.instances, self._names, self._own)
        return Tile("Amodal Masks", self._resized(picture), "outline: all of the instance; tinted: what is hidden")

    # Dense maps

    def _draw_map(self, kind: MapKind, written: WrittenMap) -> Tile:
        record = self._record
        content = read_content(self._dataset, written, record.height, record.width)
        title = f"{kind.title} ({written.map.file_format})"
        if isinstance(content, SurfaceMap):
            note = f"{len(content.keys)} surfaces, each in a colour of its own"
            return Tile(title, draw_numbers(self._nearest(content.number.astype(np.int64) + 1)), note)
        assert isinstance(content, MapPixels)
        values, valid = self._nearest(content.values), self._nearest(content.valid)
        picture, note = self._map_picture(kind, written, values, valid)
        if written.step is not None:
            note = f"{written.step:+d} frames" + (f"; {note}" if note else "")
        return Tile(title, picture, note or _share_of(content.valid))

    def _map_picture(
        self, kind: MapKind, written: WrittenMap, values: npt.NDArray[Any], valid: npt.NDArray[np.bool_]
    ) -> tuple[Bytes, str]:
        """The picture of a map with its legend, and a note."""
        if kind in (MapKind.DEPTH, MapKind.RAY_DEPTH, MapKind.DISPARITY):
            unit = {"pixels": "px", "scene units": "units"}.get(written.unit, written.unit)
            return self._draw_scaled(values.astype(np.float32), valid, unit), ""
        if kind in (MapKind.FLOW_FORWARD, MapKind.FLOW_BACKWARD, MapKind.FLOW_STEP):
            rim = flow_rim(values, valid)
            return self._with(draw_flow(values, valid, rim), flow_legend(rim, self._legend_height)), ""
        if kind is MapKind.NORMALS:
            picture = _with_none(normal_colours(values), valid)
            return self._with(
                picture, normal_legend(self._legend_height)
            ), "red: right, green: up, blue: towards the camera"
        if kind in (MapKind.OCCLUSION_FORWARD, MapKind.OCCLUSION_BACKWARD, MapKind.OCCLUSION_STEP):
            levels = np.where(values[..., None], np.array(_HIDDEN, np.uint8), np.array(_SEEN, np.uint8))
            entries = [(_SEEN, "seen"), (_HIDDEN, "hidden"), (_NO_SURFACE, "no surface")]
            picture = _with_none(levels, valid, _NO_SURFACE)
            return self._with(picture, swatches(entries, self._legend_height)), ""
        if kind is MapKind.CATEGORIES:
            return self._categories(written, values)
        if kind is MapKind.INSTANCES:
            return draw_numbers(values.astype(np.int64)), "each in a colour of its own"
        return _components(kind, values, valid)

    def _draw_scaled(self, values: npt.NDArray[np.float32], valid: npt.NDArray[np.bool_], unit: str) -> Bytes:
        """Values in colours, with a scale that can be read however low the picture is."""
        more = ((0, self._legend_height - self.height), (0, 0))
        picture = draw_depth(np.pad(values, more), np.pad(valid, more), unit).colours()
        picture[self.height :, : self.width] = _PAPER
        return picture

    def _categories(self, written: WrittenMap, values: npt.NDArray[Any]) -> tuple[Bytes, str]:
        numbers = values.astype(np.int64)
        name_of = {id: name for name, id in (written.ids or {}).items()}
        there = [id for id in np.unique(numbers).tolist() if id]
        colours = {id: self._colours[name_of[id]] for id in there if name_of.get(id) in self._colours}
        entries = [(colours[id], f"{id} {short_name(name_of[id])}") for id in colours]
        picture = draw_numbers(numbers, colours)
        return self._with(picture, swatches(entries, self._legend_height)) if entries else picture, ""

    def _nearest(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Values of a map where the pixels of the picture are."""
        rows, columns = (
            ((np.arange(drawn) + 0.5) * (of / drawn)).astype(np.int64)
            for drawn, of in ((self.height, self._record.height), (self.width, self._record.width))
        )
        nearest: npt.NDArray[Any] = values[rows[:, None], columns]
        return nearest

    def _with(self, picture: Bytes, legend: Bytes) -> Bytes:
        """A picture with its legend, which may be higher."""
        height = max(len(picture), len(legend))
        parts = [
            np.pad(part, ((0, height - len(part)), (0, 0), (0, 0)), constant_values=_PAPER)
            for part in (picture, legend)
        ]
        return np.hstack(parts)


_NO_SURFACE: Colour = (160, 160, 200)


def _components(kind: MapKind, values: npt.NDArray[Any], valid: npt.NDArray[np.bool_]) -> tuple[Bytes, str]:
    """A map of two or three numbers as red, green and blue, and what these mean."""
    channels = np.zeros((*valid.shape, 3), np.float64)
    numbers = np.where(valid[..., None], values, 0).astype(np.float64)
    if kind is MapKind.POSITION:
        shown = numbers[valid] if valid.any() else np.zeros((1, 3))
        low, high = shown.min(axis=0), shown.max(axis=0)
        channels = (numbers - low) / np.where(high > low, high - low, 1.0)
        ranges = [f"{axis} {low[i]:.3g} to {high[i]:.3g}" for i, axis in enumerate("xyz")]
        note = f"red {ranges[0]}, green {ranges[1]}, blue {ranges[2]}"
    elif kind is MapKind.UV:
        channels[..., :2] = numbers - np.floor(numbers)
        note = "red: u, green: v, their fractions"
    else:
        channels[:] = np.clip(numbers, 0, 1)
        note = "red: x, green: y, blue: z of the instance"
    return _with_none(np.rint(255 * channels).astype(np.uint8), valid), note


def _with_none(picture: Bytes, valid: npt.NDArray[np.bool_], colour: Colour = _NO_VALUE) -> Bytes:
    return np.where(valid[..., None], picture, np.array(colour, np.uint8))


def _share_of(valid: npt.NDArray[np.bool_]) -> str:
    share = float(np.mean(valid))
    return "" if share == 1 else f"{share:.1%} of the pixels have a value"
