"""The dataset card: README.md with what Hugging Face Datasets has to know of a folder, before text for people.

Source: https://huggingface.co/docs/hub/datasets-cards; the keys `configs` and `dataset_info` of its first lines.
"""

import json
from collections.abc import Iterator, Mapping

from ..export_writer import ExportWriter
from .columns import Column, yaml_list

CARD_FILE = "README.md"
_SIZES = ((1000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_LARGEST = "n>1M"


def split_names(splits: Mapping[str, object]) -> dict[str, str]:
    """Split -> its name for Hugging Face Datasets, which allows letters, digits and underscores."""
    names: dict[str, str] = {}
    for split in splits:
        name = split.replace("-", "_")
        while name in names.values() or (name != split and name in splits):
            name += "_"
        names[split] = name
    return names


def about_loading(writer: ExportWriter) -> str:
    """What to type in Python, for LABELPASS.md."""
    sizes = writer.target.split_sizes
    split = split_names(sizes)[next(split for split, size in sizes.items() if size)]
    return f"""With Hugging Face Datasets, also in the folder above this one, since it wants a name for the folder:

```python
from datasets import load_dataset

dataset = load_dataset("./{writer.format}")
rows = load_dataset("./{writer.format}", split="{split}", streaming=True)
```

The last line reads images as they are needed, and copies nothing."""


def write_card(writer: ExportWriter, paths: Mapping[str, str], columns: Mapping[str, Column]) -> None:
    """Write the card of a format whose frames have all been added.

    Args:
        writer: of the format.
        paths: split -> pattern of its files, below the folder; splits that have none are not in it.
        columns: of the table, as the reader gives them.
    """
    lines = [
        "---",
        "# license: which one you give it, when you publish it; see the list on the page that is named below",
        "pretty_name: Rendered with Blender, annotated by Labelpass",
        "task_categories:",
        "- object-detection",
        "- image-segmentation",
        "size_categories:",
        f"- {_size(sum(writer.target.split_sizes.values()))}",
        *_configs(writer, paths),
        "dataset_info:",
        "  features:",
        *(f"  {line}" for line in yaml_list(columns)),
        "---",
        "",
        f"# {writer.format.label}",
        "",
        "Images rendered with Blender, with the boxes and masks of what is in them. Labelpass made the annotations of",
        "render passes. [LABELPASS.md](LABELPASS.md) says what the columns mean, what was left out, and how to load",
        "it.",
        "",
        "Before you publish it: say in the first lines of this page which license it has. All keys are in",
        "[Hugging Face's guide](https://huggingface.co/docs/hub/datasets-cards).",
    ]
    writer.target.write_lines(CARD_FILE, lines)


def _configs(writer: ExportWriter, paths: Mapping[str, str]) -> Iterator[str]:
    names = split_names(writer.target.split_sizes)
    yield "configs:"
    yield "- config_name: default"
    yield "  data_files:"
    for split, path in paths.items():
        yield f"  - split: {json.dumps(names[split])}"
        yield f"    path: {json.dumps(path)}"


def _size(frames: int) -> str:
    return next((name for limit, name in _SIZES if frames < limit), _LARGEST)
