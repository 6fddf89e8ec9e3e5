"""Parquet for Hugging Face Datasets: images and what is in them, in shards that can be streamed.

Source of the format: https://huggingface.co/docs/hub/datasets-image.
"""

from functools import partial

from ...settings.export_table import ExportFormat
from ...settings.settings import Media
from ..export_writer import ExportedFrame, ExportTarget, ExportWriter
from ..file_names import plain_text
from ..media import read_file
from .card import about_loading, write_card
from .columns import Column, Image, row_columns
from .parquet_file import ABOUT_WRITTEN, PYARROW_VERSION, ParquetFile
from .rows import ABOUT_COLUMNS, Row, TableWriter, size_of
from .shards import ABOUT_REMEMBERED, ABOUT_SHARDS, Shards


class ParquetWriter(TableWriter):
    """Shards of a split in its folder."""

    @property
    def about(self) -> str:
        return f"""
## Files

- `SPLIT/SPLIT-000000.parquet`, `SPLIT-000001.parquet` ...: the shards of a split. {ABOUT_SHARDS} A split
  without images has none. {ABOUT_WRITTEN}
- `README.md`: a card that tells Hugging Face Datasets of splits and columns.
- {ABOUT_REMEMBERED}

## Conventions

`image` holds `bytes`, which are the image's file, and `path`, which is its name. Where images are left out `bytes` is
null, and `path` is where the image is in the dataset's folder.

{ABOUT_COLUMNS}

## Load it

{about_loading(self)}
"""

    def begin(self, target: ExportTarget) -> None:
        super().begin(target)
        self._columns: dict[str, Column] = {"image": Image(), **row_columns(list(target.titles.values()))}
        open_shard = partial(ParquetFile, columns=self._columns)
        made_by = [self.format.value, PYARROW_VERSION, self.moved_tracks]
        self._shards = Shards(target, ".parquet", made_by, open_shard)
        self.unchanged = self._shards.unchanged

    def wants(self, number: int) -> bool:
        return self._shards.wants(number)

    def add(self, frame: ExportedFrame) -> None:
        row: Row = {"image": {"bytes": None, "path": plain_text(frame.record.image)}, **self.row(frame)}
        size = size_of(row)
        if self.target.settings.media is not Media.NONE:
            data = read_file(frame.image)
            row["image"] = {"bytes": data, "path": plain_text(frame.image_name)}
            size += len(data)
        self._shards.of(frame).add(row, size)

    def finish(self) -> None:
        self._shards.finish()
        paths = {split: f"{split}/*.parquet" for split, sizes in self._shards.sizes.items() if sizes}
        write_card(self, paths, self._columns)


def make_writer(format: ExportFormat) -> ExportWriter:
    return ParquetWriter(format)
