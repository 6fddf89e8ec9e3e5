"""ImageFolder of Hugging Face Datasets: images, and beside them `metadata.parquet` with a row for each.

Source of the format: https://huggingface.co/docs/datasets/image_dataset. Parquet has types also where a
split holds nothing, of which the other kinds of metadata, CSV and JSON lines, leave readers guessing.
"""

from ...settings.export_table import ExportFormat
from ...settings.settings import Media
from ..export_writer import ExportedFrame, ExportTarget, ExportWriter
from ..file_names import name_without_dots
from .card import about_loading, write_card
from .columns import Column, Image, Value, row_columns
from .parquet_file import ABOUT_WRITTEN, ParquetFile
from .rows import ABOUT_COLUMNS, TableWriter, size_of

_METADATA = "metadata.parquet"


class ImageFolderWriter(TableWriter):
    """A folder for each split that has images."""

    @property
    def about(self) -> str:
        return f"""
## Files

- `SPLIT/NAME.png`, `.jpg` or `.webp`: the images of a split. A name has no dot before its suffix, since readers take
  what is behind it for the kind of the file.
- `SPLIT/{_METADATA}`: a row for each of them. {ABOUT_WRITTEN}
  A split without images has no folder.
- `README.md`: a card that tells Hugging Face Datasets of splits and columns.

## Conventions

`file_name` is the name of the image in the same folder; Hugging Face Datasets gives the image itself, as `image`.

{ABOUT_COLUMNS}

## Load it

{about_loading(self)}
"""

    def begin(self, target: ExportTarget) -> None:
        super().begin(target)
        self._columns: dict[str, Column] = {"file_name": Value("string"), **row_columns(list(target.titles.values()))}
        self._files = {}
        for split, size in target.split_sizes.items():
            if size:  # metadata alone would be taken for a table of another kind than the other splits
                self._files[split] = ParquetFile(target.path(f"{split}/{_METADATA}"), self._columns)
                target.files.callback(self._files[split].close)

    def add(self, frame: ExportedFrame) -> None:
        name = name_without_dots(frame.record.path) + frame.suffix
        row = {"file_name": name, **self.row(frame)}
        self._files[frame.split].add(row, size_of(row))
        self.target.place_image(frame, f"{frame.split}/{name}")

    def finish(self) -> None:
        for file in self._files.values():
            file.close()
        columns = self._columns
        if self.target.settings.media is not Media.NONE:
            columns = {"image": Image(), **{name: one for name, one in columns.items() if name != "file_name"}}
        write_card(self, {split: f"{split}/**" for split in self._files}, columns)


def make_writer(format: ExportFormat) -> ExportWriter:
    return ImageFolderWriter(format)
