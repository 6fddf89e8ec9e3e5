"""Pascal VOC: an XML file for each image, and PNGs of the pixels of its categories and instances.

Source: the devkit of 2012, http://host.robots.ox.ac.uk/pascal/VOC/voc2012/, with its guidelines for annotation.
"""

import json
import re
from collections.abc import Iterator
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt

from ..base.errors import RecordError
from ..drawing.mask_pngs import palette_pngs
from ..drawing.read_images import open_image
from ..records.frame_record import FrameRecord
from ..records.instance import Instance
from ..settings.export_table import ExportFormat
from .export_writer import ExportedFrame, ExportTarget, ExportWriter
from .file_names import name_without_spaces
from .lost_fields import note_lost_fields
from .record_masks import masks_of

# A pixel that belongs to nothing in particular; 0 is background.
_VOID = 255
_MOST = 254
# As the guidelines have it: an object is occluded if more of it than this is hidden, within its box, and truncated if
# more of it than this lies outside.
_OCCLUDED, _TRUNCATED = 0.05, 0.15
# Characters that XML 1.0 has no way to write.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LABELS = "labelmap.txt", "dataset_meta.json"


class VocWriter(ExportWriter):
    """The folders Annotations, JPEGImages, ImageSets, SegmentationClass and SegmentationObject."""

    about = """
## Files

- `JPEGImages/NAME.png` and `Annotations/NAME.xml`: the images of all splits, and what is in them. The folder is called
  so whatever the images are.
- `ImageSets/Main/SPLIT.txt`: the names of a split's images, without suffixes. A name with spaces or # is changed, since
  some readers end it there.
- `SegmentationClass/NAME.png` and `SegmentationObject/NAME.png`: of each pixel the category and the instance, with the
  colours of VOC. `ImageSets/Segmentation/SPLIT.txt` names the images that have both.
- `labelmap.txt` for CVAT and `dataset_meta.json` for datumaro: the categories with their colours, and `ignored` for
  regions in which detections count neither way. The former is not there if a category has a name with a colon.

## Conventions

`bndbox` is in whole pixels that count from 1, and the last column and row are in the box: a box from 10, 20 to 40, 40
from the outer corner of the top-left pixel is 11 21 40 40. `supervision` reads it like that, and datumaro with
`coordinate_mode="voc-one-based"`. globox, labelformat, and datumaro without that option take the numbers as they are,
so their boxes begin one pixel further right and lower, and torchvision hands them on.

- `truncated` is 1 if more than 15 % of the instance lies outside the image, where its amodal mask is known; otherwise
  if it touches the border, where that is known; and otherwise 0.
- `occluded` is 1 if more than 5 % of what lies within the image is hidden. It is left out where no amodal mask is
  known.
- `difficult` is 1 for a region in which detections count neither way, which evaluations of VOC treat so.
- `pose` is always Unspecified.

In `SegmentationClass` a category has its number in the table above and 1, background is 0, and 255 are regions in which
detections count neither way. In `SegmentationObject` the number is the place of the instance in the XML file, from 1.

## Load it

```python
import supervision

dataset = supervision.DetectionDataset.from_pascal_voc("JPEGImages", "Annotations")
```

detectron2 and torchvision look for names that end in .jpg: annotate with `--image-format jpeg` for them.
"""

    def __init__(self, format: ExportFormat) -> None:
        super().__init__(format)
        self._has_void = False

    def survey(self, record: FrameRecord) -> None:
        self._has_void |= bool(record.ignored)

    def begin(self, target: ExportTarget) -> None:
        super().begin(target)
        self._has_classes = len(target.categories) <= _MOST
        if not self._has_classes:
            self.losses.note(
                f"There are {len(target.categories)} categories and {_MOST} fit into SegmentationClass, so there are "
                "no segmentations."
            )
        self._palette = voc_palette()
        self._names = {name: _text(title) for name, title in target.titles.items()}
        self._write_labels()
        kinds = ("Main", "Segmentation") if self._has_classes else ("Main",)
        self._lists = {
            (kind, split): target.open(f"ImageSets/{kind}/{split}.txt")
            for kind in kinds
            for split in target.split_sizes
        }

    def add(self, frame: ExportedFrame) -> None:
        record, name = frame.record, name_without_spaces(frame.record.path)
        has_masks = self._has_classes and len(record.instances) <= _MOST
        line = f"{name}\n".encode("utf-8", "surrogateescape")
        self._lists["Main", frame.split].write(line)
        if has_masks:
            self._lists["Segmentation", frame.split].write(line)
            self._write_masks(record, name)
        elif self._has_classes:
            self.losses.add(f"more than {_MOST} instances, so without segmentation", noun="image")
        xml = "\n".join(self._xml(frame, f"{name}{frame.suffix}", has_masks)) + "\n"
        self.target.write(f"Annotations/{name}.xml", xml.encode("utf-8", "surrogateescape"))
        self.target.place_image(frame, f"JPEGImages/{name}{frame.suffix}")
        of_all = sum(not one.category for one in record.ignored)
        self.losses.add("of all categories, so in SegmentationClass only", of_all, "ignore region")
        note_lost_fields(self, frame, ("at_border",))

    def _write_labels(self) -> None:
        colours = self._palette.tolist()
        labels = [("background", colours[0])]
        labels += [(one.title, colours[number % _VOID]) for number, one in enumerate(self.target.categories, start=1)]
        if self._has_void:
            # datumaro fails on a colour that it does not know; it calls this one so in VOC's own data.
            names = {name for name, _ in labels}
            labels.append(
                (next(name for name in ("ignored", "void", "ignored 255") if name not in names), colours[_VOID])
            )
        names_only = {str(number): name for number, (name, _) in enumerate(labels)}
        meta = {"label_map": names_only, "segmentation_colors": [colour for _, colour in labels]}
        map_file, meta_file = _LABELS
        self.target.write(meta_file, f"{json.dumps(meta)}\n".encode())
        if not any(":" in name or name != name.strip() or name[:1] == "#" for name, _ in labels):
            rows = (f"{name}:{','.join(map(str, colour))}::" for name, colour in labels)
            self.target.write_lines(map_file, ["# label:color_rgb:parts:actions", *rows])

    def _write_masks(self, record: FrameRecord, name: str) -> None:
        things, classes = len(record.instances), self.target.class_numbers
        everything = [one.mask.rle for one in (*record.instances, *record.ignored)]
        void = [_VOID] * len(record.ignored)
        numbers = {
            "SegmentationClass": [*(classes[one.category] + 1 for one in record.instances), *void],
            "SegmentationObject": [*range(1, things + 1), *void],
        }
        with masks_of(record):
            files = palette_pngs(everything, record.height, record.width, list(numbers.values()), self._palette)
        for folder, file in zip(numbers, files, strict=True):
            self.target.write(f"{folder}/{name}.png", file)

    def _xml(self, frame: ExportedFrame, image: str, has_masks: bool) -> Iterator[str]:
        record = frame.record
        yield "<annotation>"
        yield "\t<folder>JPEGImages</folder>"
        yield f"\t<filename>{_text(image)}</filename>"
        yield "\t<source><database>Labelpass</database></source>"
        yield (
            f"\t<size><width>{record.width}</width><height>{record.height}</height>"
            f"<depth>{_channels(frame)}</depth></size>"
        )
        yield f"\t<segmented>{has_masks:d}</segmented>"
        for one in record.instances:
            yield self._object(one, is_difficult=False)
        for region in record.ignored:
            if region.category:
                yield self._object(region, is_difficult=True)
        yield "</annotation>"

    def _object(self, one: Instance, is_difficult: bool) -> str:
        amodal, box = one.amodal, one.mask.box
        truncated = amodal.truncated > _TRUNCATED if amodal else bool(one.at_border)
        occluded = f"\t\t<occluded>{amodal.occluded > _OCCLUDED:d}</occluded>\n" if amodal else ""
        return (
            "\t<object>\n"
            f"\t\t<name>{self._names[one.category]}</name>\n"
            "\t\t<pose>Unspecified</pose>\n"
            f"\t\t<truncated>{truncated:d}</truncated>\n"
            f"{occluded}"
            f"\t\t<difficult>{is_difficult:d}</difficult>\n"
            f"\t\t<bndbox><xmin>{box.x0 + 1}</xmin><ymin>{box.y0 + 1}</ymin><xmax>{box.x1}</xmax><ymax>{box.y1}</ymax>"
            "</bndbox>\n"
            "\t</object>"
        )


def make_writer(format: ExportFormat) -> ExportWriter:
    return VocWriter(format)


def voc_palette() -> npt.NDArray[np.uint8]:
    """(256, 3) uint8, the colours of VOC.

    The lowest three bits of a number are the highest of red, green and blue, the next three those below, and so on.
    """
    number = np.arange(256)
    colours = np.zeros((256, 3), np.uint8)
    for bit in range(8):
        for channel in range(3):
            colours[:, channel] |= ((number >> (3 * bit + channel) & 1) << (7 - bit)).astype(np.uint8)
    return colours


def _text(text: str) -> str:
    """In XML; what it cannot hold becomes the sign for an unknown character."""
    return escape(_NO_XML.sub("\ufffd", text), {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;"})


def _channels(frame: ExportedFrame) -> int:
    """Of its image; 3 where there is none."""
    if frame.record.colour is None:
        return 3
    try:
        with open_image(frame.image) as image:
            return len(image.getbands())
    except OSError as error:
        raise RecordError(f"{frame.image} is missing, which a frame record names; annotate that frame again") from error
