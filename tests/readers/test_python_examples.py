"""The examples in examples/python with the libraries that they are for: PyTorch, Ultralytics and torchvision."""

import csv
import importlib
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import labelpass
import numpy as np
import pytest
import torch
from pycocotools.coco import COCO
from torch.utils.data import DataLoader

CHECKOUT = Path(__file__).resolve().parents[2]
EXAMPLES = CHECKOUT / "examples/python"


@contextmanager
def imported(name: str) -> Iterator[ModuleType]:
    """An example as a module that workers can import, too."""
    sys.path.append(str(EXAMPLES))
    try:
        yield importlib.import_module(name)
    finally:
        sys.path.remove(str(EXAMPLES))
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def example() -> Iterator[ModuleType]:
    with imported("torch_dataset") as module:
        yield module


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four frames; one of them shows nothing."""
    output = tmp_path_factory.mktemp("dataset")
    data = CHECKOUT / "tests/data"
    names = ("4.5/multilayer_0001.exr", "4.5/multilayer_0002.exr", "4.5/stereo_0001.exr", "4.5/border_0001.exr")
    for frame in labelpass.find_frames([data / name for name in names]):
        shows_nothing = frame.name == "border_0001"
        settings = labelpass.Settings(
            labels=labelpass.LabelSource.OBJECT_INDEX, min_area=1_000_000 if shows_nothing else 0
        )
        labelpass.annotate(labelpass.FrameJob(frame, output, settings=settings))
    labelpass.merge(output)
    return output


@pytest.mark.parametrize("start", [None, "fork", "spawn", "forkserver"])
def test_targets_are_those_of_pycocotools(example: Any, folder: Path, start: str | None) -> None:
    """In the process itself, and in workers however they start."""
    loader = DataLoader(
        example.FramesDataset(labelpass.open(folder).frames()),
        batch_size=3,
        num_workers=2 if start else 0,
        multiprocessing_context=start,
        collate_fn=example.collate,
    )
    coco = COCO(folder / "annotations/instances.json")
    found = [pair for images, targets in loader for pair in zip(images, targets, strict=True)]
    assert len(found) == len(coco.imgs) == 4
    assert min(len(target["boxes"]) for _, target in found) == 0
    for (image, target), row in zip(found, coco.imgs.values(), strict=True):
        annotations = coco.loadAnns(coco.getAnnIds(row["id"]))
        count, size = len(annotations), (row["height"], row["width"])
        assert image.shape == (3, *size)
        assert image.dtype == torch.float32
        assert 0 <= image.min() < image.max() <= 1
        assert target["masks"].shape == (count, *size)
        assert target["boxes"].shape == (count, 4)
        assert target["labels"].tolist() == [one["category_id"] for one in annotations]
        assert target["area"].tolist() == [one["area"] for one in annotations]
        for mask, box, one in zip(target["masks"].numpy(), target["boxes"].tolist(), annotations, strict=True):
            x, y, width, height = one["bbox"]
            assert box == [x, y, x + width, y + height]
            assert np.array_equal(mask, coco.annToMask(one))


def test_command_line_of_the_example(example: Any, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example.main(str(folder), None, workers=2)
    said = capsys.readouterr().out
    assert len(re.findall(r"^\w+: \(3, \d+, \d+\), \S", said, re.MULTILINE)) == 4
    assert re.search(r"^border_0001: .*, nothing$", said, re.MULTILINE)
    splits = []
    for split in ("train", "val"):
        example.main(str(folder), split, workers=0)
        splits.append(capsys.readouterr().out.splitlines())
    assert sorted([*splits[0], *splits[1]]) == sorted(said.splitlines())
    assert all(splits)


@pytest.mark.parametrize(("task", "network"), [("detect", "yolo11n.yaml")])
def test_ultralytics_trains(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str, network: str
) -> None:
    """An epoch of a network without weights, over all frames, with its own validation at the end."""
    monkeypatch.chdir(tmp_path)
    with imported("ultralytics_train") as example:
        options = {"imgsz": 64, "batch": 2, "workers": 0, "plots": False, "device": "cpu"}
        result = example.train(str(folder), tmp_path / "out", task, network, epochs=1, **options)
    categories = [category.name for category in labelpass.open(folder).categories]
    assert list(result.names.values()) == categories
    assert (tmp_path / "out/runs/train/weights/best.pt").stat().st_size > 1_000_000
    (row,) = csv.DictReader((tmp_path / "out/runs/train/results.csv").open())
    losses = {name.strip(): float(value) for name, value in row.items() if "loss" in name}
    assert len(losses) >= 6
    assert all(map(math.isfinite, losses.values()))
    frames = labelpass.open(folder).frames("val", "train=80,val=20")
    assert result.nt_per_class.sum() == sum(len(frame.instances) for frame in frames)


def test_torchvision_trains(folder: Path, tmp_path: Path) -> None:
    """An epoch of a network without weights, which reads them again and looks at an image, in a process of its own."""
    script = CHECKOUT / "tests/readers/train_with_torchvision.py"
    command = [sys.executable, str(script), str(folder), str(tmp_path / "weights.pt")]
    done = subprocess.run(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # All categories and the background, and not the stand-in.
    assert f"classes {1 + len(labelpass.open(folder).categories)}, torchvision" in done.stdout
    assert "stand_ins" not in done.stdout
