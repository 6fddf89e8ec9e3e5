"""How far maps, poses, keypoints and amodal masks are from geometry: python -m benchmarks.accuracy [--write]

Renders a small scene in Blender (the bpy module), exports it, and compares each pixel and each instance with what
Blender's own ray casting and matrices say of it. `--write` puts the table into docs/accuracy.md.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image
from pycocotools import mask as coco_mask

from .report import write_between_markers

CHECKOUT = Path(__file__).resolve().parent.parent
PAGE = CHECKOUT / "docs/accuracy.md"
BLENDER = [sys.executable, str(CHECKOUT / "tools/blender.py")]
_BEGIN, _END = "<!-- accuracy: begin, written by benchmarks/accuracy.py --write -->", "<!-- accuracy: end -->"
_UNIT_SCALE = 0.1
_PNG_STEP = 0.001

# What docs/accuracy.md explains.
_THOUSANDTH = 1e-3  # of a pixel
_ROUNDINGS = 16 * 2.0**-24  # sixteen of them to float32

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Row:
    """A figure of the table.

    Attributes:
        what, judge, unit: of the errors.
        errors: of all pixels or instances.
        allowed: the most that each of them may be, or all.
        limit: what that is, for people.
        share: of the errors that have to be within what is allowed, in percent; 100 unless the row says why.
    """

    what: str
    judge: str
    unit: str
    errors: Array
    allowed: Array | float
    limit: str
    share: float = 100

    @property
    def used(self) -> float:
        """How much of what is allowed the largest error takes that counts."""
        with np.errstate(invalid="ignore"):
            used = np.where(self.errors == 0, 0.0, np.divide(self.errors, self.allowed))
        return float(np.percentile(used, self.share)) if self.errors.size else np.inf

    @property
    def met(self) -> bool:
        return self.used <= 1

    def cells(self) -> list[str]:
        values = [float(np.median(self.errors)), *map(float, np.percentile(self.errors, [99, 100]))]
        limit = self.limit if self.share == 100 else f"{self.limit} ({self.share:g} %)"
        used = f"{self.used:.0%}"
        return [
            self.what,
            self.judge,
            f"{self.errors.size}",
            self.unit,
            *(f"{value:.2g}" for value in values),
            limit,
            used if self.met else f"**{used}**",
        ]


class Frame:
    """The truth and the dataset of a frame, as far as both agree on which object a pixel shows."""

    def __init__(self, folder: Path, number: int) -> None:
        self.truth = dict(np.load(folder / f"truth_{number}.npz"))
        self.expected = json.loads((folder / f"instances_{number}.json").read_text())
        self._folder, self._number = folder, number
        self._maps = folder / "dataset/maps"
        self._name = f"a_{number:04}"
        record = json.loads((folder / f"dataset/records/{self._name}.json").read_bytes())["record"]
        self.instances = {one["name"]: one for one in record["instances"]}
        self.k = record["camera"]["k"]
        self.height, self.width = record["height"], record["width"]
        names = np.array(["Floor", *self.instances])
        shown = names[self.load("instances", "png").reshape(-1)]
        self.same = shown == np.where(self.truth["name"] == "", "Floor", self.truth["name"])
        self.seen = self.same & (self.truth["name"] != "")
        self.instance = self.seen & (self.truth["name"] != "Floor")

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

    def aside(self) -> Array:
        """By how much of a scene unit a surface differs a thousandth of a pixel away, and by rounding, (N,)."""
        truth = self.truth
        return _THOUSANDTH * truth["footprint"] / truth["cosine"] + _ROUNDINGS * truth["distance"]

    def outline(self) -> int:
        """How many pairs of neighbouring pixels show different objects."""
        return _borders(self.truth["name"].reshape(self.height, self.width))

    def away_from_outlines(self, points: Array) -> Array:
        """Which of (N, 2 or more) places in the image have one object in their pixel and in all around it."""
        names = self.truth["name"].reshape(self.height, self.width)
        around = [names[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2] for x, y, *_ in points]
        return np.array([bool((one == one[0, 0]).all()) for one in around])

    def alone(self, name: str) -> Array:
        """(H, W) bool, where an object is when nothing else is."""
        with Image.open(self._folder / f"alone_{name}_{self._number}.png") as image:
            return np.asarray(image)[..., 3] > 127

    def diagonal(self) -> Array:
        """Of the 3D box of each pixel's instance, scene units."""
        lengths = {name: float(np.linalg.norm(one["dimensions"])) for name, one in self.expected.items()}
        return np.array([lengths.get(name, np.nan) for name in self.truth["name"]])


def _borders(image: Array) -> int:
    return int(np.count_nonzero(image[1:] != image[:-1]) + np.count_nonzero(image[:, 1:] != image[:, :-1]))


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
    yield from _surfaces(frames)
    if kind != "orthographic":  # which has no flow from the Vector pass, see core/maps/flow.py
        yield from _motion(frames)
    yield from _motion_by_step(frames[0])
    yield from _instances(frames, kind)
    yield from _amodal(frames)


def _surfaces(frames: Sequence[Frame]) -> Iterator[Row]:
    def every(values: Callable[[Frame], Array], of: str = "seen") -> Array:
        return np.concatenate([values(frame)[getattr(frame, of)] for frame in frames])

    rays, off = "ray casting", "1/1000 pixel off"
    of_depth = every(lambda one: one.aside() / one.truth["depth"])
    depth = every(lambda one: np.abs(one.values("depth")[:, 0] / (_UNIT_SCALE * one.truth["depth"]) - 1))
    yield Row("depth", rays, "of the depth", depth, of_depth, off)
    steps = every(lambda one: np.abs(one.values("depth", "png")[:, 0] * _PNG_STEP - _UNIT_SCALE * one.truth["depth"]))
    half = 1000 * (_PNG_STEP / 2 + _UNIT_SCALE * every(lambda one: one.aside()))
    yield Row("depth PNG, steps of 1 mm", rays, "mm", 1000 * steps, half, f"half a step + {off}")
    of_distance = every(lambda one: one.aside() / one.truth["distance"])
    distance = every(lambda one: np.abs(one.values("ray_depth")[:, 0] / (_UNIT_SCALE * one.truth["distance"]) - 1))
    yield Row("ray depth", rays, "of the distance", distance, of_distance, off)
    position = every(
        lambda one: (
            np.linalg.norm(one.values("position") - _UNIT_SCALE * one.truth["place"], axis=1)
            / (_UNIT_SCALE * one.truth["distance"])
        )
    )
    yield Row("position", rays, "of the distance", position, of_distance, off)
    normals = every(lambda one: np.linalg.norm(one.values("normals") - one.truth["normal_in_camera"], axis=1))
    degrees = np.degrees(2 * np.arcsin(np.minimum(normals / 2, 1)))
    yield Row("normals", rays, "degrees", degrees, float(np.degrees(_ROUNDINGS)), "16 roundings", share=99)
    nocs = every(lambda one: np.abs(one.values("nocs") - one.truth["nocs"]).max(axis=1), "instance")
    of_diagonal = every(lambda one: one.aside() / one.diagonal(), "instance")
    yield Row("NOCS", "matrices", "of the diagonal", nocs, of_diagonal, off)
    wrong = np.array([1 - frame.same.mean() for frame in frames])
    crossed = np.array([(1 + 2 * _THOUSANDTH * frame.outline()) / frame.same.size for frame in frames])
    yield Row("labels", rays, "share wrong", wrong, crossed, "outlines 1/1000 pixel off")


def _motion(frames: Sequence[Frame]) -> Iterator[Row]:
    both = (("forward", frames[0]), ("backward", frames[1]))
    for name, frame in both:
        flow = frame.centres() + frame.values(f"flow_{name}") - frame.truth[f"{name}_pixel"]
        yield Row(
            f"{name} flow",
            "matrices",
            "pixels",
            np.abs(flow).max(axis=1)[frame.seen],
            _THOUSANDTH,
            "1/1000 pixel",
        )
    shares, limits = [], []
    for name, frame in both:
        hidden = frame.truth[f"{name}_hidden"]
        found = frame.values(f"occlusion_{name}", "png")[:, 0] == 255
        shares.append(np.mean((found != hidden)[frame.seen]))
        limits.append(_borders(hidden.reshape(frame.height, frame.width)) / np.count_nonzero(frame.seen))
    yield Row("occlusion", "ray casting", "share wrong", np.array(shares), np.array(limits), "a pixel along each edge")


def _motion_by_step(frame: Frame) -> Iterator[Row]:
    """Of the first frame, whose step leads to the second."""
    flow = frame.centres() + frame.values("flow_step") - frame.truth["forward_pixel"]
    errors = np.abs(flow).max(axis=1)[frame.seen]
    yield Row("flow by step, 1 frame", "matrices", "pixels", errors, _THOUSANDTH, "1/1000 pixel", share=99.9)
    hidden = frame.truth["forward_hidden"]
    found = frame.values("occlusion_step", "png")[:, 0] == 255
    wrong = np.array([np.mean((found != hidden)[frame.seen])])
    limit = np.array([_borders(hidden.reshape(frame.height, frame.width)) / np.count_nonzero(frame.seen)])
    yield Row("occlusion by step", "ray casting", "share wrong", wrong, limit, "a pixel along each edge")


def _instances(frames: Sequence[Frame], kind: str) -> Iterator[Row]:
    """Poses, 3D boxes, keypoints."""
    pairs = [(frame, name, one["pose"], frame.expected[name]) for frame in frames for name, one in _instances_of(frame)]
    # How many pixels an instance is wide: a thousandth of one turns it by so much.
    widths = np.array([np.ptp(np.array(truth["corners"]), axis=0).max() for *_, truth in pairs])
    if kind == "perspective":
        found = [_pnp(frame, truth) for frame, *_, truth in pairs]
        judge = "OpenCV's PnP"
    else:
        found = [(np.array(truth["rotation"]), np.array(truth["translation"])) for *_, truth in pairs]
        judge = "matrices"
    turns = [
        _angle(np.array(pose["rotation"]), rotation)
        for (_, _, pose, _), (rotation, _) in zip(pairs, found, strict=True)
    ]
    turned = np.degrees(2 * _THOUSANDTH / widths + _ROUNDINGS)
    yield Row("pose: rotation", judge, "degrees", np.array(turns), turned, "1/1000 pixel at each end")
    away = [
        np.linalg.norm(np.array(pose["translation"]) / _UNIT_SCALE - place) / np.linalg.norm(place)
        for (_, _, pose, _), (_, place) in zip(pairs, found, strict=True)
    ]
    yield Row(
        "pose: translation",
        judge,
        "of the distance",
        np.array(away),
        2 * _THOUSANDTH / widths + _ROUNDINGS,
        "1/1000 pixel at each end",
    )
    sizes = [
        np.abs(np.array(pose["dimensions"]) / (_UNIT_SCALE * np.array(truth["dimensions"])) - 1).max()
        for _, _, pose, truth in pairs
    ]
    yield Row("3D boxes: edges", "vertices", "of their length", np.array(sizes), _ROUNDINGS, "16 roundings")
    corners = [np.abs(np.array(pose["corners"]) - truth["corners"]).max(axis=1) for _, _, pose, truth in pairs]
    yield Row("3D boxes: corners", "matrices", "pixels", np.concatenate(corners), _THOUSANDTH, "1/1000 pixel")
    points = [
        (np.array(one["keypoints"]), np.array(frame.expected[name]["keypoints"]))
        for frame in frames
        for name, one in _instances_of(frame)
    ]
    places = np.concatenate([np.abs(ours[:, :2] - truth[:, :2]).max(axis=1) for ours, truth in points])
    yield Row("keypoints", "matrices", "pixels", places, _THOUSANDTH, "1/1000 pixel")
    inside = [frame.away_from_outlines(np.array(frame.expected[name]["keypoints"])) for frame, name, *_ in pairs]
    wrong = np.concatenate(
        [(ours[:, 2] != truth[:, 2])[clear].astype(float) for (ours, truth), clear in zip(points, inside, strict=True)]
    )
    yield Row("keypoints: visibility", "ray casting", "wrong", wrong, 0.5, "none wrong inside outlines")


def _instances_of(frame: Frame) -> Iterator[tuple[str, dict[str, Any]]]:
    if frame.instances.keys() != frame.expected.keys():
        raise SystemExit(f"The dataset has {', '.join(frame.instances)} and the scene {', '.join(frame.expected)}")
    yield from frame.instances.items()


def _pnp(frame: Frame, truth: dict[str, Any]) -> tuple[Array, Array]:
    """Rotation and translation of an instance from the pixels of its vertices alone."""
    vertices, pixels = np.array(truth["vertices"]), np.array(truth["pixels"])
    k = np.array(frame.k)
    found, turn, place = cv2.solvePnP(vertices, pixels, k, None, flags=cv2.SOLVEPNP_SQPNP)
    if not found:
        raise SystemExit("OpenCV finds no pose")
    turn, place = cv2.solvePnPRefineLM(vertices, pixels, k, None, turn, place)
    return cv2.Rodrigues(turn)[0], place[:, 0]


def _angle(one: Array, other: Array) -> float:
    """Between two rotations, degrees."""
    chord = np.linalg.norm(one - other) / np.sqrt(8)  # the sine of half the angle
    return float(np.degrees(2 * np.arcsin(min(chord, 1.0))))


def _amodal(frames: Sequence[Frame]) -> Iterator[Row]:
    """Against Cycles' pictures of each object alone."""
    misses, fractions, allowed, allowed_fractions = [], [], [], []
    for frame in frames:
        for name, one in _instances_of(frame):
            alone, amodal = frame.alone(name), one["amodal"]
            size = [frame.height, frame.width]
            whole = coco_mask.decode({"size": size, "counts": amodal["rle"].encode()}).astype(bool)
            misses.append(1 - (whole & alone).sum() / (whole | alone).sum())
            pixels = 1 + 2 * _THOUSANDTH * _borders(alone)
            allowed.append(pixels / alone.sum())
            if alone[0].any() or alone[-1].any() or alone[:, 0].any() or alone[:, -1].any():
                raise SystemExit(f"{name} is cut off by the image, so its size is not known")
            fractions.append(abs(amodal["visib_fract"] - one["area"] / alone.sum()))
            allowed_fractions.append(pixels / alone.sum())
    limit = "outline 1/1000 pixel off"
    yield Row("amodal masks", "Cycles, alone", "1 - IoU", np.array(misses), np.array(allowed), limit)
    yield Row("visib_fract", "Cycles, alone", "difference", np.array(fractions), np.array(allowed_fractions), limit)


def report(program: str, description: str, tables: Mapping[str, Callable[[Path], Iterator[Row]]], *markers: str) -> int:
    """Measure and print tables, and with --write put them into the page, as the program of a module.

    Args:
        program, description: as `--help` shows them.
        tables: title -> what measures its rows, in an empty folder.
        markers: the comments of the page between which they stand.

    Returns:
        The exit code: 1 if a limit is missed.
    """
    parser = argparse.ArgumentParser(prog=program, description=description)
    parser.add_argument("--write", action="store_true", help=f"put the results into docs/{PAGE.name}")
    options = parser.parse_args()
    lines, missed = [], 0
    for title, measured in tables.items():
        with tempfile.TemporaryDirectory(prefix="labelpass-accuracy-") as folder:
            rows = list(measured(Path(folder)))
        lines += [
            f"### {title}",
            "",
            "| what | judge | values | error | median | 99 % | largest | limit | used |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            *(f"| {' | '.join(row.cells())} |" for row in rows),
            "",
        ]
        missed += sum(not row.met for row in rows)
    markdown = "\n".join(lines)
    print(markdown)
    if options.write:
        write_between_markers(PAGE, markdown, *markers)
    print(f"{missed} limits missed" if missed else "All limits met", file=sys.stderr)
    return 1 if missed else 0


def main() -> int:
    kinds = ("perspective", "orthographic")
    tables = {f"{kind.title()} camera": partial(measure, kind=kind) for kind in kinds}
    return report("python -m benchmarks.accuracy", __doc__.splitlines()[0], tables, _BEGIN, _END)


if __name__ == "__main__":
    sys.exit(main())
