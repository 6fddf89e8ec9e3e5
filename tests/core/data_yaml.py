"""Reads the data.yaml of YOLO exports without a YAML reader; tests/readers has the judgement of one."""

import ast
from pathlib import Path
from typing import Any


def read_data_yaml(path: Path) -> dict[str, Any]:
    """Keys and values, of which those of two levels are dictionaries with numbers as keys."""
    data: dict[str, Any] = {}
    key = ""
    for line in path.read_text("ascii").splitlines():
        name, _, value = line.partition(":")
        if line.startswith("  "):
            data[key][int(name)] = ast.literal_eval(value.strip())
            continue
        key, text = name, value.strip()
        is_literal = text[:1] in "[0123456789"
        data[key] = {} if not text else ast.literal_eval(text) if is_literal else text
    return data
