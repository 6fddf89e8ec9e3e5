"""CVAT for images 1.1: `annotations.xml` with boxes and masks, and the images of each subset.

Source of the format: https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/. CVAT and datumaro take a mask
as run lengths row by row in its own box, and find the subsets in the description of a project.
"""

import re
from collections.abc import Iterator
from functools import cached_property
from xml.sax.saxutils import escape, quoteattr

from ..categories.palette import category_colours, own_colours
from ..masks.row_runs import counts_in_boxes
from ..records.instance import Instance
from ..settings.export_table import ExportFormat
from .export_writer import ExportedFrame, ExportTarget, ExportWriter
from .file_names import name_of_one_word, plain_text
from .lost_fields import note_lost_fields
from .record_masks import masks_of

_FILE = "annotations.xml"
# What XML 1.0 cannot hold, whatever stands for it.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class CvatWriter(ExportWriter):
    """A box and a mask for each instance, in one group."""

    about = """
## Files

- `annotations.xml`: boxes and masks of all images.
- `images/SPLIT/NAME.png`: the images. The split of an image is its `subset`.

## Conventions

`xtl`, `ytl`, `xbr` and `ybr` of a box are pixels from the outer corner of the top-left pixel; `xbr` and `ybr` are the
last column and row and 1. `rle` of a mask are run lengths row by row in the mask's own box, which `left`, `top`,
`width` and `height` say; the first run is not in the mask. Box and mask of an instance have the same `group_id`, and
its name as the attribute `name`. `occluded` is 1 where the amodal mask says that something hides a part of the
instance.

## Load it

Zip `annotations.xml` and `images` together, and choose *Import dataset* in a project of CVAT with the format
*CVAT 1.1*. For a task that has the images already, *Upload annotations* takes `annotations.xml` alone.

```python
import datumaro

dataset = datumaro.Dataset.import_from(".", "cvat")
```
"""

    def begin(self, target: ExportTarget) -> None:
        super().begin(target)
        self._file = target.open(_FILE)
        for split in target.split_sizes:
            target.add_folder(f"images/{split}")
        self._write(self._head())
        lost = sum(bool(category.supercategory) for category in target.categories)
        self.losses.add("supercategory left out", lost, "category")

    def add(self, frame: ExportedFrame) -> None:
        record = frame.record
        name = _name(frame)
        with masks_of(record):
            masks = counts_in_boxes(
                [one.mask.rle for one in record.instances],
                [one.mask.box for one in record.instances],
                record.height,
                record.width,
            )
        self._write([
            f'  <image id="{frame.number - 1}" name={_quoted(name)} subset="{frame.split}" width="{record.width}" '
            f'height="{record.height}">'
        ])  # fmt: skip
        for group, (one, counts) in enumerate(zip(record.instances, masks, strict=True), start=1):
            self._write(self._shapes(one, counts, group))
        self._write(["  </image>"])
        self.target.place_image(frame, f"images/{frame.split}/{name}")
        self.losses.add("left out: CVAT has none", len(record.ignored), "ignore region")
        note_lost_fields(self, frame)

    def finish(self) -> None:
        self._write(["</annotations>"])

    def _head(self) -> Iterator[str]:
        """The description of a project with its labels and subsets."""
        yield '<?xml version="1.0" encoding="utf-8"?>'
        yield "<annotations>"
        yield "  <version>1.1</version>"
        yield "  <meta>"
        yield "    <project>"
        yield "      <name>Labelpass</name>"
        yield "      <labels>"
        categories = self.target.categories
        colours = category_colours([category.name for category in categories], own_colours(categories))
        for category in categories:
            colour = "".join(f"{value:02x}" for value in colours[category.name])
            yield f"        <label><name>{escape(_text(category.title))}</name><color>#{colour}</color><type>any</type>"
            yield "          <attributes><attribute><name>name</name><mutable>False</mutable>"
            yield "            <input_type>text</input_type><default_value></default_value><values></values>"
            yield "          </attribute></attributes></label>"
        yield "      </labels>"
        yield "      <subsets>"
        for split in self.target.split_sizes:
            yield f"        <subset>{split}</subset>"
        yield "      </subsets>"
        yield "    </project>"
        yield "  </meta>"

    def _shapes(self, one: Instance, counts: list[int], group: int) -> Iterator[str]:
        box = one.mask.box
        is_occluded = int(one.amodal is not None and one.amodal.occluded > 0)
        shared = f'label={self._labels[one.category]} source="file" occluded="{is_occluded}"'
        rest = f'z_order="0" group_id="{group}"'
        name = f'<attribute name="name">{escape(_text(one.name))}</attribute>'
        edges = f'xtl="{box.x0}.00" ytl="{box.y0}.00" xbr="{box.x1}.00" ybr="{box.y1}.00"'
        place = f'left="{box.x0}" top="{box.y0}" width="{box.width}" height="{box.height}"'
        yield f"    <box {shared} {edges} {rest}>{name}</box>"
        yield f'    <mask {shared} rle="{", ".join(map(str, counts))}" {place} {rest}>{name}</mask>'

    @cached_property
    def _labels(self) -> dict[str, str]:
        return {category.name: _quoted(category.title) for category in self.target.categories}

    def _write(self, lines: Iterator[str] | list[str]) -> None:
        self._file.write("".join(f"{line}\n" for line in lines).encode())


def make_writer(format: ExportFormat) -> ExportWriter:
    return CvatWriter(format)


def _name(frame: ExportedFrame) -> str:
    """The name of an image, one that XML can hold."""
    name = frame.name if _text(frame.name) == frame.name else _text(name_of_one_word(frame.record.path))
    return name + frame.suffix


def _text(text: str) -> str:
    return _NO_XML.sub("\ufffd", plain_text(text))


def _quoted(text: str) -> str:
    # A line break as it is would be read as a space.
    return quoteattr(_text(text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
