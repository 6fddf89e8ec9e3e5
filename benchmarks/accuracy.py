"""How far the maps are from geometry: python benchmarks/accuracy.py [--write]

Renders a small scene in Blender (the bpy module), exports the maps, and compares each pixel with what Blender's own
ray casting and matrices say of it. `--write` puts the table into docs/accuracy.md.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

CHECKOUT = Path(__file__).resolve().parent.parent
PAGE = CHECKOUT / "docs/accuracy.md"
BLENDER = [sys.executable, str(CHECKOUT / "tools/blender.py")]
_BEGIN, _END = "<!-- accuracy: begin, written by benchmarks/accuracy.py --write -->", "<!-- accuracy: end -->"
_UNIT_SCALE = 0.1

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Row:
    """A figure of the table: errors of all pixels, and the most that 99 % of them may have."""

    what: str
    judge: str
    unit: str
    errors: Array
    limit: float

    @property
    def met(self) -> bool:
        return bool(self.errors.size) and float(np.percentile(self.errors, 99)) <= self.limit

    def cells(self) -> list[str]:
        values = [float(np.median(self.errors)), *map(float, np.percentile(self.errors, [99, 100]))]
        met = "yes" if self.met else "**no**"
        return [self.what, self.judge, self.unit, *(f"{value:.2g}" for value in values), f"{self.limit:g}", met]


class Frame:
    """The truth and the maps of a frame, as far as both agree on which object a pixel shows."""

    def __init__(self, folder: Path, number: int) -> None:
        self.truth = dict(np.load(folder / f"truth_{number}.npz"))
        self._maps = folder / "dataset/maps"
        self._name = f"a_{number:04}"
        record = json.loads((folder / f"dataset/records/{self._name}.json").read_bytes())["record"]
        names = np.array(["Floor", *(instance["name"] for instance in record["instances"])])
        shown = names[self.load("instances", "png").reshape(-1)]
        self.same = shown == np.where(self.truth["name"] == "", "Floor", self.truth["name"])
        self.seen = self.same & (self.truth["name"] != "")
        self.instance = self.seen & (self.truth["name"] != "Floor")
        self.height, self.width = record["height"], record["width"]

    def load(self, kind: str, suffix: str) -> Array:
        path = self._maps / kind / f"{self._name}.{suffix}"
        if suffix == "npy":
            return np.asarray(np.load(path))
        with Image.open(path) as image:
            return np.asarray(image)

    def values(self, kind: str, suffix: str = "npy") -> Array:
        """Of all pixels, row by row."""
        values = self.load(kind, suffix)
        return values.reshape(values.shape[0] * values.shape[1], -1).astype(np.float64)

    def centres(self) -> Array:
        x, y = np.meshgrid(np.arange(self.width) + 0.5, np.arange(self.height) + 0.5)
        return np.column_stack((x.ravel(), y.ravel()))


def measure(folder: Path, kind: str) -> Iterator[Row]:
    """The rows of one kind of camera."""
    done = subprocess.run(
        [*BLENDER, "-P", str(CHECKOUT / "benchmarks/accuracy_in_blender.py"), "--", str(folder), kind],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"Blender ended with exit code {done.returncode}:\n{done.stderr[-3000:]}")
    frames = [Frame(folder, number) for number in (1, 2)]

    def every(errors: Any, of: str = "seen") -> Array:
        return np.concatenate([errors(frame)[getattr(frame, of)] for frame in frames])

    rays, matrices = "ray casting", "matrices"
    depth = every(lambda one: np.abs(one.values("depth")[:, 0] / (_UNIT_SCALE * one.truth["depth"]) - 1))
    yield Row("depth", rays, "of the depth", depth, 1e-4)
    steps = every(lambda one: np.abs(one.values("depth", "png")[:, 0] * 0.001 - _UNIT_SCALE * one.truth["depth"]))
    yield Row("depth PNG, steps of 1 mm", rays, "mm", 1000 * steps, 0.51)
    distance = every(lambda one: np.abs(one.values("ray_depth")[:, 0] / (_UNIT_SCALE * one.truth["distance"]) - 1))
    yield Row("ray depth", rays, "of the distance", distance, 1e-4)
    position = every(
        lambda one: (
            np.linalg.norm(one.values("position") - _UNIT_SCALE * one.truth["place"], axis=1)
            / (_UNIT_SCALE * one.truth["distance"])
        )
    )
    yield Row("position", rays, "of the distance", position, 1e-4)
    normals = every(lambda one: np.linalg.norm(one.values("normals") - one.truth["normal_in_camera"], axis=1))
    yield Row("normals", rays, "degrees", np.degrees(2 * np.arcsin(np.minimum(normals / 2, 1))), 0.01)
    nocs = every(lambda one: np.abs(one.values("nocs") - one.truth["nocs"]).max(axis=1), "instance")
    yield Row("NOCS", matrices, "of the diagonal", nocs, 1e-3)
    yield Row("labels", rays, "of the pixels wrong", np.array([1 - frame.same.mean() for frame in frames]), 1e-3)
    if kind == "orthographic":
        return  # without flow, see flow.py
    for name, frame in (("forward", frames[0]), ("backward", frames[1])):
        flow = frame.centres() + frame.values(f"flow_{name}") - frame.truth[f"{name}_pixel"]
        yield Row(f"{name} flow", matrices, "pixels", np.abs(flow).max(axis=1)[frame.seen], 0.01)
    wrong = [
        (frame.values(f"occlusion_{name}", "png")[:, 0] == 255) != frame.truth[f"{name}_hidden"]
        for name, frame in (("forward", frames[0]), ("backward", frames[1]))
    ]
    share = np.array([np.mean(one[frame.seen]) for one, frame in zip(wrong, frames, strict=True)])
    yield Row("occlusion", rays, "of the pixels wrong", share, 0.01)


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks/accuracy.py", description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"put the results into docs/{PAGE.name}")
    options = parser.parse_args()
    lines = []
    missed = 0
    for kind in ("perspective", "orthographic"):
        with tempfile.TemporaryDirectory(prefix="labelpass-accuracy-") as folder:
            rows = list(measure(Path(folder), kind))
        lines += [
            f"### {kind.title()} camera",
            "",
            "| map | judge | error | median | 99 % | largest | limit of 99 % | met |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
            *(f"| {' | '.join(row.cells())} |" for row in rows),
            "",
        ]
        missed += sum(not row.met for row in rows)
    markdown = "\n".join(lines)
    print(markdown)
    if options.write:
        before, begin, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
        _, end, after = rest.partition(_END)
        if not begin or not end:
            raise SystemExit(f"{PAGE} lacks the lines {_BEGIN} and {_END}; put them where the table should be")
        PAGE.write_text(f"{before}{_BEGIN}\n\n{markdown}\n{_END}{after}", encoding="utf-8", newline="\n")
    print(f"{missed} limits missed" if missed else "All limits met", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
