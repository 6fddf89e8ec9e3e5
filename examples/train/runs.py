"""One training of several: on true labels or on those of a control, judged by images that it has not seen."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from .evaluation import Scores, evaluate
from .samples import CONTROLS, read_samples
from .training import train

POINTS = 8  # of a curve


@dataclass(frozen=True)
class Run:
    """What is trained, on what.

    Attributes:
        labels: "true", or the name of a control.
        seed: of weights, order and crops, and of the permutation.
        epochs: how often each image is seen.
        export: of the dataset, with the splits train and val.
        tests: name and export, with the split test, of other images to judge it by.
        weights: the file for the trained weights; None keeps none.
    """

    labels: str
    seed: int
    epochs: int
    export: Path
    tests: tuple[tuple[str, Path], ...]
    weights: Path | None

    def __str__(self) -> str:
        return f"{self.labels} labels, seed {self.seed}"


@dataclass(frozen=True)
class Point:
    """A point of a run's curve.

    Attributes:
        epoch, loss: as of the training.
        seconds: of processor time so far, without the judging.
        scores: name of the images -> scores; "val" and the names of `Run.tests`.
    """

    epoch: int
    loss: float
    seconds: float
    scores: dict[str, Scores]

    def __str__(self) -> str:
        scores = ", ".join(f"{name} mAP50 {score.map50:.3f}" for name, score in self.scores.items())
        return f"epoch {self.epoch:3}, {self.seconds:4.0f} processor s, loss {self.loss:5.2f}, {scores}"


def curve(run: Run) -> list[Point]:
    """Train, and print each point as it comes. Uses one thread: several runs go on side by side."""
    torch.set_num_threads(1)
    points = []
    for point in _points(run):
        print(f"  {run}: {point}", flush=True)
        points.append(point)
    return points


def _points(run: Run) -> Iterator[Point]:
    learned, val = read_samples(run.export, "train"), read_samples(run.export, "val")
    judges = {"val": val} | {name: read_samples(export, "test") for name, export in run.tests}
    for name, samples in judges.items():
        if samples.names != learned.names:
            raise SystemExit(f"{name} has the categories {samples.names}, but {learned.names} are learned")
    if run.labels in CONTROLS:
        learned = CONTROLS[run.labels](learned, run.seed)
    epochs = {max(1, round(run.epochs * place / POINTS)) for place in range(1, POINTS + 1)}
    for epoch in train(learned, run.epochs, run.seed):
        if epoch.number in epochs:
            scores = {name: evaluate(epoch.model, samples) for name, samples in judges.items()}
            yield Point(epoch.number, epoch.loss, epoch.seconds, scores)
    if run.weights is not None:
        torch.save(epoch.model.state_dict(), run.weights)
