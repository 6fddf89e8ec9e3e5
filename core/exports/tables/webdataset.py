"""WebDataset: tar files with the image, the annotations and a mask of each frame side by side.

Source of the format: https://github.com/webdataset/webdataset. Readers cut names at their first dot: what is before it
is the key, by which files belong together. The headers of the tar files name neither time nor user, so that the same
records give the same bytes on every machine.
"""

import io
import sys
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from ...base.files import canonical_json, pretty_json
from ...drawing.mask_pngs import id_png
from ...records.frame_record import FrameRecord
from ...settings.export_table import ExportFormat
from ...settings.settings import Media
from ..export_writer import ExportedFrame, ExportTarget, ExportWriter
from ..file_names import name_without_dots
from ..media import read_file
from ..record_masks import masks_of
from .card import about_loading, write_card
from .columns import Column, Image, Struct, Value, row_columns
from .rows import ABOUT_COLUMNS, TableWriter
from .shards import ABOUT_REMEMBERED, ABOUT_SHARDS, Shards

_SIZES = "sizes.json"
_MASK = "mask.png"
_IGNORED_ID = 0xFFFFFF  # white, the largest that fits


class TarShard:
    """A tar file, POSIX.1-2001 where a name needs it."""

    def __init__(self, path: Path) -> None:
        self._tar = tarfile.open(path, "w", format=tarfile.PAX_FORMAT, encoding="utf-8")  # noqa: SIM115, see close()

    def add(self, name: str, data: bytes) -> None:
        header = tarfile.TarInfo(name)  # of the year 1970, readable by everybody, and of user 0 without a name
        header.size = len(data)
        self._tar.addfile(header, io.BytesIO(data))

    def close(self) -> None:
        self._tar.close()


class WebDatasetWriter(TableWriter):
    """Shards of a split in its folder, with `sizes.json` that says how many images are in each."""

    @property
    def about(self) -> str:
        return f"""
## Files

- `SPLIT/SPLIT-000000.tar`, `SPLIT-000001.tar` ...: the shards of a split. {ABOUT_SHARDS} A split without
  images has none.
- `SPLIT/{_SIZES}`: how many images are in each shard.
- `README.md`: a card that tells Hugging Face Datasets of splits and columns.
- {ABOUT_REMEMBERED}

In a shard the files of an image stand side by side. Their names begin with its key, which no other image has:

- `KEY.png`, `KEY.jpg` or `KEY.webp`: the image.
- `KEY.json`: what is in it.
- `KEY.{_MASK}`: which instance each pixel is in.

A key is the name of the frame, with other characters for slashes and dots.

## Conventions

{ABOUT_COLUMNS}

The number of a pixel's instance is R + 256 G + 65536 B of `{_MASK}`: n is the n-th of `objects`, 0 is none of them,
and 16777215 (white) is a region to ignore.

## Load it

In the folder above this one:

```python
import webdataset

shards = {self._pattern()!r}
for sample in webdataset.WebDataset(shards, shardshuffle=False).decode("pil"):
    image = next(sample[kind] for kind in ("png", "jpg", "webp") if kind in sample)
    found = sample["json"]
```

{about_loading(self)}
"""

    def __init__(self, format: ExportFormat) -> None:
        super().__init__(format)
        self._suffixes: set[str] = set()

    def survey(self, record: FrameRecord) -> None:
        super().survey(record)
        self._suffixes.add(PurePosixPath(record.image).suffix)

    def begin(self, target: ExportTarget) -> None:
        super().begin(target)
        # Of Python there is tarfile in it, and zlib, which packs masks.
        made_by = [self.format.value, sys.version_info[:2], zlib.ZLIB_RUNTIME_VERSION, self.moved_tracks]
        self._shards = Shards(target, ".tar", made_by, TarShard)
        self.unchanged = self._shards.unchanged

    def wants(self, number: int) -> bool:
        return self._shards.wants(number)

    def add(self, frame: ExportedFrame) -> None:
        files = {"json": canonical_json(self.row(frame)), _MASK: _mask(frame.record)}
        if self.target.settings.media is not Media.NONE:
            files = {frame.suffix.removeprefix("."): read_file(frame.image), **files}
        shard = self._shards.of(frame)
        key = name_without_dots(frame.record.path)
        for suffix, data in files.items():
            shard.add(f"{key}.{suffix}", data)

    def finish(self) -> None:
        self._shards.finish()
        for split, sizes in self._shards.sizes.items():
            self.target.write(f"{split}/{_SIZES}", pretty_json(sizes))
        columns: dict[str, Column] = {}
        if self.target.settings.media is not Media.NONE:
            columns = {suffix.removeprefix("."): Image() for suffix in sorted(self._suffixes)}
        columns |= {"json": Struct(row_columns(list(self.target.titles.values()))), _MASK: Image()}
        columns |= {"__key__": Value("string"), "__url__": Value("string")}
        write_card(self, {split: f"{split}/*.tar" for split, sizes in self._shards.sizes.items() if sizes}, columns)

    def _pattern(self) -> str:
        """Its shards, as WebDataset names several at once."""
        split, sizes = next((split, sizes) for split, sizes in self._shards.sizes.items() if sizes)
        last = len(sizes) - 1
        return f"{self.format}/{split}/{split}-{{000000..{last:06}}}.tar"


def make_writer(format: ExportFormat) -> ExportWriter:
    return WebDatasetWriter(format)


def _mask(record: FrameRecord) -> bytes:
    """A PNG whose pixels say which instance they are in, from 1; RecordError where masks are damaged or overlap."""
    ids = [*range(1, len(record.instances) + 1), *[_IGNORED_ID] * len(record.ignored)]
    with masks_of(record):
        return id_png([one.mask.rle for one in (*record.instances, *record.ignored)], record.height, record.width, ids)
