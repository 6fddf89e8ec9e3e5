"""From nothing to a detector that random frames have taught: python -m examples.train.run FOLDER

Builds a scene, renders and annotates random frames of it and of a variant that is held out, exports them with splits,
trains a small detector with several seeds and with the false labels of the controls, and says whether it is as good as
it has to be. docs/training.md tells what comes out.
"""

import argparse
import dataclasses
import json
import re
import resource
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch

from benchmarks.report import describe_load, describe_machine, write_between_markers

from .detector import Detector, detect
from .pictures import detection_sheet
from .proof import Bounds, Curves, category_lines, curve_lines, proof_lines, rows_of
from .runs import Run, curve
from .samples import read_samples
from .workers import exit_when_terminated, in_processes

CHECKOUT = Path(__file__).resolve().parents[2]
BLENDER = [sys.executable, str(CHECKOUT / "tools/blender.py")]
LABELPASS = [sys.executable, "-m", "labelpass.core"]
HELD_OUT = "held out"
PAGE = CHECKOUT / "docs/training.md"
PICTURE = CHECKOUT / "docs/images/training-detections.png"


@dataclass(frozen=True)
class Plan:
    """How much is rendered and trained.

    Attributes:
        frames: of the scene, for train and val.
        held_out: of its variant.
        epochs: of each training.
        seeds: trainings with true labels.
        controls: names of false labels that are trained, too -> with how many seeds.
        bounds: what is asked.
    """

    frames: int
    held_out: int
    epochs: int
    seeds: int
    controls: Mapping[str, int]
    bounds: Bounds


FULL = Plan(200, 60, 40, 3, {"permuted": 2, "shifted": 1}, Bounds({"val": 0.6, HELD_OUT: 0.5}))
SHORT = Plan(100, 0, 30, 1, {"permuted": 1}, Bounds({"val": 0.3}))


@dataclass
class Clock:
    """Processor seconds of this process and of those that it started, by what they were for."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, what: str) -> Iterator[None]:
        print(f"\n== {what}", flush=True)
        before = _processor_seconds()
        yield
        self.seconds[what] = _processor_seconds() - before
        print(f"  ({self.seconds[what]:.0f} processor s)", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="examples.train.run", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="for the scenes, datasets, weights and results")
    parser.add_argument("--short", action="store_true", help="fewer frames, one seed and one control, as in CI")
    parser.add_argument("--seeds", type=int, help="how many trainings with true labels")
    parser.add_argument("--keep-frames", action="store_true", help="train on the frames that are in FOLDER")
    parser.add_argument("--write", action="store_true", help=f"put the results into docs/{PAGE.name}")
    options = parser.parse_args()
    exit_when_terminated()
    machine = f"{describe_machine()}. {describe_load()}"  # before the run makes it busy
    plan = SHORT if options.short else FULL
    plan = dataclasses.replace(plan, seeds=options.seeds or plan.seeds)
    clock, folder = Clock(), options.folder.resolve() / ("short" if options.short else ".")
    rendered = folder / "frames.json"
    if not options.keep_frames:
        make_datasets(plan, folder, clock)
        rendered.write_text(json.dumps(clock.seconds), encoding="utf-8")
    elif rendered.is_file():
        clock.seconds |= json.loads(rendered.read_text(encoding="utf-8"))
    else:
        sys.exit(f"{folder} holds no frames yet; leave out --keep-frames")
    with clock.measure(f"Train a detector {plan.seeds + sum(plan.controls.values())} times"):
        curves = train_all(plan, folder)
    sheet = draw_detections(plan, folder)
    rows = rows_of(curves, plan.bounds)
    tables = "\n".join(["", *proof_lines(rows), "", *category_lines(curves), "", *curve_lines(curves), ""])
    print(tables)
    (folder / "results.json").write_text(json.dumps(results(curves, clock), indent=1), encoding="utf-8")
    print(f"Look at {sheet}, and for all figures at {folder / 'results.json'}")
    if options.write:
        write_page(machine, tables, clock, sheet)
    return 0 if all(row.met for row in rows) else 1


# --- Frames ----------------------------------------------------------------------------------------


def make_datasets(plan: Plan, folder: Path, clock: Clock) -> None:
    """Random frames of both variants, in folders of their names, exported in the format coco."""
    make_dataset("train", plan.frames, 1, "train=80,val=20", folder, clock)
    if plan.held_out:
        make_dataset("held_out", plan.held_out, 2, "test=100", folder, clock)


def make_dataset(variant: str, frames: int, seed: int, splits: str, folder: Path, clock: Clock) -> None:
    scene, dataset = folder / f"{variant}.blend", folder / variant
    if dataset.exists():
        shutil.rmtree(dataset)
    folder.mkdir(parents=True, exist_ok=True)
    with clock.measure(f"Render and annotate {frames} random frames of the scene {variant!r}"):
        run(*BLENDER, "-P", CHECKOUT / "examples/train/scene.py", "--", scene, "--variant", variant)
        random = "--random-frames", str(frames), "--seed", str(seed)
        render = "--render", *random, "--output", dataset, "--no-pictures", "--discard-passes"
        run(*BLENDER, "-b", scene, "-P", CHECKOUT / "tools/export_annotations.py", "--", *render)
    with clock.measure(f"Export them: labelpass export {variant} --formats coco --splits {splits}"):
        run(*LABELPASS, "export", dataset, "--formats", "coco", "--splits", splits)


def run(*command: str | Path) -> None:
    """Run a command, and repeat what Labelpass says but for the progress; end where it fails."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        sys.exit(f"{command[1]} failed with exit code {done.returncode}")
    for line in done.stdout.splitlines():  # and not what Blender says
        if re.search(r"^Labelpass: (?!\d+ of)|images exported", line):
            print(f"  {line}", flush=True)


# --- Trainings -------------------------------------------------------------------------------------


def train_all(plan: Plan, folder: Path) -> Curves:
    """One training for each processor at a time, the first seed first."""
    export = folder / "train/exports/coco"
    tests = ((HELD_OUT, folder / "held_out/exports/coco"),) if plan.held_out else ()
    seeds = {"true": plan.seeds, **plan.controls}
    kinds = [(name, seed) for name, count in seeds.items() for seed in range(count)]
    runs = [
        Run(labels, seed, plan.epochs, export, tests, folder / "detector.pt" if (labels, seed) == ("true", 0) else None)
        for labels, seed in kinds
    ]
    return dict(zip(runs, in_processes(curve, runs), strict=True))


def draw_detections(plan: Plan, folder: Path) -> Path:
    """What the first seed finds in images that it has not seen."""
    variant, split = ("held_out", "test") if plan.held_out else ("train", "val")
    samples = read_samples(folder / variant / "exports/coco", split)
    model = Detector(len(samples.names))
    model.load_state_dict(torch.load(folder / "detector.pt"))
    path = folder / "detections.png"
    detection_sheet(samples, detect(model, samples.images[:12]), columns=4).save(path)
    return path


# --- Results ---------------------------------------------------------------------------------------


def results(curves: Curves, clock: Clock) -> dict[str, object]:
    """Everything that was measured, for JSON."""
    return {
        "runs": [
            {"labels": run.labels, "seed": run.seed, "curve": [dataclasses.asdict(point) for point in points]}
            for run, points in curves.items()
        ],
        "processor_seconds": clock.seconds,
    }


def write_page(machine: str, tables: str, clock: Clock, sheet: Path) -> None:
    """Put the results into the docs."""
    times = [f"| {what} | {seconds:.0f} |" for what, seconds in clock.seconds.items()]
    lines = [textwrap.fill(f"Measured with torch {torch.__version__} on: {machine}", 118), tables]
    lines += ["| step | processor seconds |", "| --- | --- |", *times, ""]
    write_between_markers(
        PAGE, "\n".join(lines), "<!-- training: written by nox -s train -- --write -->", "<!-- end of training -->"
    )
    shutil.copyfile(sheet, PICTURE)


def _processor_seconds() -> float:
    usages = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    sys.exit(main())
