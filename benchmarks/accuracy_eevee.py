"""How far what EEVEE renders is from geometry: python -m benchmarks.accuracy_eevee [--write]

Annotates the frames of tests/data that EEVEE rendered in real Blenders (see the README there), and compares each pixel
with the closed forms of tests/eevee.py. It needs neither Blender nor a screen. `--write` puts the tables into
docs/accuracy.md.
"""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from core.annotate.annotate import annotate
from core.dataset.merge import merge
from core.masks.rle import paint_masks
from core.settings.map_table import DenseMap
from core.settings.settings import ImageFormat
from tests.agreement import partners, share_right
from tests.eevee import EEVEES, FLAT, FRAMES, HALF, Array, Dataset, Hit, covers_clearly, job_of, truth_of

from .accuracy import Row, report

_BEGIN = "<!-- accuracy of EEVEE: begin, written by benchmarks/accuracy_eevee.py --write -->"
_END = "<!-- accuracy of EEVEE: end -->"
# What docs/accuracy.md explains.
_BUFFER_STEPS = 16
_THOUSANDTH = 1e-3  # of a pixel
_STEP = 3
_MAPS = (
    DenseMap.DEPTH_NPY,
    DenseMap.RAY_DEPTH_NPY,
    DenseMap.POSITION_NPY,
    DenseMap.NORMALS_NPY,
    DenseMap.NOCS_NPY,
    DenseMap.FLOW_FORWARD_NPY,
    DenseMap.FLOW_BACKWARD_NPY,
    DenseMap.FLOW_STEP_NPY,
    DenseMap.INSTANCES_PNG,
)


def measure(version: str, output: Path) -> Iterator[Row]:
    """The rows of one Blender."""
    for frame in FRAMES:
        annotate(job_of(version, f"analytic_{frame:04}", output, maps=_MAPS, poses=True, flow_step=_STEP))
    merge(output)
    dataset = Dataset(output, truth_of(version), [])
    truth, scale = dataset.truth, dataset.truth.unit_scale
    rays, matrices = "closed form", "matrices"

    def every(errors: Callable[[int, Hit], Array]) -> Array:
        """Of all frames, where both say that a pixel shows the same plane or box."""
        found = []
        for frame in FRAMES:
            hit, same = dataset.agreed(frame, FLAT)
            found.append(errors(frame, hit)[same])
        return np.concatenate(found)

    camera = dataset.record(FRAMES[0]).camera
    assert camera is not None
    # Of 24 bit, for 1/z between the clip planes: what such a step is of the depth, for each unit of that.
    step_of_depth = _BUFFER_STEPS * (1 / camera.clip_start - 1 / camera.clip_end) / 2**24
    steps = f"{_BUFFER_STEPS} depth steps"
    of_depth = every(lambda _, hit: step_of_depth * hit.depth)
    depth = every(lambda frame, hit: np.abs(dataset.load(frame, DenseMap.DEPTH_NPY) / (scale * hit.depth) - 1))
    yield Row("depth", rays, "of the depth", depth, of_depth, steps)
    lengths = np.linalg.norm(truth.rays(1), axis=-1)
    distance = every(
        lambda frame, hit: np.abs(dataset.load(frame, DenseMap.RAY_DEPTH_NPY) / (scale * hit.depth * lengths) - 1)
    )
    yield Row("ray depth", rays, "of the distance", distance, of_depth, steps)
    position = every(lambda frame, hit: np.abs(dataset.load(frame, DenseMap.POSITION_NPY) - scale * hit.place))
    allowed = every(
        lambda _, hit: HALF * np.abs(scale * hit.place) + scale * (step_of_depth * hit.depth**2 * lengths)[..., None]
    )
    yield Row("position, per axis", rays, "m", position, allowed, f"half-float step + {steps}")

    def angle(frame: int, hit: Hit) -> Array:
        expected = hit.normal @ truth.camera(frame)[1][:3, :3].T
        chord = np.linalg.norm(dataset.load(frame, DenseMap.NORMALS_NPY) - expected, axis=-1)
        return np.asarray(np.degrees(2 * np.arcsin(np.minimum(chord / 2, 1))))

    normals = float(np.degrees(np.sqrt(3) * HALF))
    yield Row("normals", rays, "degrees", every(angle), normals, "3 half-float steps")
    for name, map, step in (
        ("forward flow", DenseMap.FLOW_FORWARD_NPY, 1),
        ("backward flow", DenseMap.FLOW_BACKWARD_NPY, -1),
    ):

        def expected(frame: int, hit: Hit, step: int = step) -> Array:
            return truth.project(frame + step, truth.moved(frame, frame + step, hit))[0] - truth.centres()

        flow = every(lambda frame, hit, map=map, to=expected: np.abs(dataset.load(frame, map) - to(frame, hit)))  # type: ignore[misc]
        allowed = every(lambda frame, hit, to=expected: 2 * HALF * np.abs(to(frame, hit)) + _THOUSANDTH)  # type: ignore[misc]
        yield Row(name, matrices, "pixels", flow, allowed, "2 half-float steps + 1/1000 pixel")
    hit, same = dataset.agreed(1, FLAT)
    target, _ = truth.project(1 + _STEP, truth.moved(1, 1 + _STEP, hit))
    flow = np.abs(dataset.load(1, DenseMap.FLOW_STEP_NPY) - (target - truth.centres()))[same]
    yield Row(f"flow by step, {_STEP} frames", matrices, "pixels", flow, _THOUSANDTH, "1/1000 pixel")
    wrong = []
    for frame in FRAMES:
        shown, met = dataset.shown(frame), truth.hits(frame).name
        wrong.append(np.mean((shown != met)[np.isin(shown, FLAT) & np.isin(met, FLAT)]))
    yield Row("labels of flat objects", rays, "share wrong", np.array(wrong), 0.0, "none")
    ours, real, _ = _scatter(version, "scatter", output)
    wrong = np.array([1 - share_right(ours, real)])
    yield Row("scatter, 1 sample", "real objects", "share wrong", wrong, 1e-3, "0.1 %")
    ours, real, clear = _scatter(version, "scatter_16", output)
    wrong = np.array([np.mean(~partners(ours, real)[clear])])
    yield Row("scatter, 16 samples, clear pixels", "real objects", "share wrong", wrong, 1e-3, "0.1 %")
    wrong = np.array([1 - share_right(ours, real)])
    unclear = float(np.mean(~clear))
    yield Row("scatter, 16 samples, all", "real objects", "share wrong", wrong, unclear, "the unclear pixels")


def _scatter(version: str, name: str, output: Path) -> tuple[Array, Array, Array]:
    """The scattered instances in each pixel, those of a render in which they are real objects, and where one of these
    covers more than all others by half of the pixel."""
    pictures = []
    for picture, scene in ((f"{name}_0001", True), (f"{name}_real_0001", False)):
        record = annotate(job_of(version, picture, output / name, scene, image_format=ImageFormat.NONE))
        masks = [one.mask.rle for one in record.instances]
        pictures.append(paint_masks(masks, record.height, record.width).astype(np.int64))
    return pictures[0], pictures[1], covers_clearly(version, f"{name}_real_0001")


def main() -> int:
    tables = {f"EEVEE of Blender {truth_of(version).facts['blender']}": partial(measure, version) for version in EEVEES}
    return report("python -m benchmarks.accuracy_eevee", __doc__.splitlines()[0], tables, _BEGIN, _END)


if __name__ == "__main__":
    sys.exit(main())
