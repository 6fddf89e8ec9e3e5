"""What the columns of a table are, in one description from which card, schema and rows follow.

They are called as Hugging Face's examples of object detection call them: `image`, `image_id`, `objects` with `bbox`,
`category` and `area`. Source of the types: https://huggingface.co/docs/datasets/about_dataset_features.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Lines = Iterator[str]


@dataclass(frozen=True)
class Value:
    """A number, a text or a truth value; `dtype` is its name in Arrow."""

    dtype: str

    def as_json(self) -> Any:
        return {"dtype": self.dtype, "_type": "Value"}

    def yaml(self) -> Lines:
        yield f"dtype: {self.dtype}"


@dataclass(frozen=True)
class Image:
    """An image file."""

    def as_json(self) -> Any:
        return {"_type": "Image"}

    def yaml(self) -> Lines:
        yield "dtype: image"


@dataclass(frozen=True)
class ClassLabel:
    """A class, counted from 0."""

    names: tuple[str, ...]

    def as_json(self) -> Any:
        return {"names": list(self.names), "_type": "ClassLabel"}

    def yaml(self) -> Lines:
        yield "dtype:"
        yield "  class_label:"
        if not self.names:
            yield "    names: []"
            return
        yield "    names:"
        for number, name in enumerate(self.names):
            yield f"      '{number}': {json.dumps(name)}"


@dataclass(frozen=True)
class List:
    """Any number of one kind."""

    of: "Column"

    def as_json(self) -> Any:
        return [self.of.as_json()]  # also versions before 4 know this

    def yaml(self) -> Lines:
        if isinstance(self.of, Value):
            yield f"list: {self.of.dtype}"
            return
        lines = list(self.of.yaml())
        if isinstance(self.of, ClassLabel):  # which has no level `dtype` in a list
            lines = [line[2:] for line in lines[1:]]
        yield "list:"
        yield from (f"  {line}" for line in lines)


@dataclass(frozen=True)
class Struct:
    """Several columns under one name."""

    fields: Mapping[str, "Column"]

    def as_json(self) -> Any:
        return {name: column.as_json() for name, column in self.fields.items()}

    def yaml(self) -> Lines:
        yield "struct:"
        yield from yaml_list(self.fields)


Column = Value | Image | ClassLabel | List | Struct


def yaml_list(columns: Mapping[str, Column]) -> Lines:
    """Columns as a card has them: `- name: NAME`, and under it what the column is."""
    for name, column in columns.items():
        yield f"- name: {name}"
        yield from (f"  {line}" for line in column.yaml())


_INTEGER, _TEXT = Value("int64"), Value("string")


def row_columns(categories: Sequence[str]) -> dict[str, Column]:
    """Those of an image and what is in it, without the image itself; see rows.py for what they hold.

    Args:
        categories: names of all categories, in the order of their numbers.
    """
    mask = Struct({"size": List(_INTEGER), "counts": _TEXT})
    shape: dict[str, Column] = {
        "id": List(_INTEGER),
        "category": List(ClassLabel(tuple(categories))),
        "bbox": List(List(_INTEGER)),
        "area": List(_INTEGER),
        "segmentation": List(mask),
        "name": List(_TEXT),
    }
    extras: dict[str, Column] = {
        "track_id": List(_INTEGER),
        "at_border": List(Value("bool")),
        "keypoints": List(List(Value("float64"))),
    }
    return {
        "image_id": _INTEGER,
        "width": _INTEGER,
        "height": _INTEGER,
        "sequence": _TEXT,
        "frame": _INTEGER,
        "objects": Struct({**shape, **extras}),
        "ignored": Struct(shape),
    }
