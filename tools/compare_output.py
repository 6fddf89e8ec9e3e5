"""Does a change of the code change what is written? python -m tools.compare_output COMMIT [--demo] [--ignore NAMES]

Makes datasets of the EXR files in tests/data with this checkout and with another commit of it, in many ways, and with
--demo also of the demo scene, through Blender and without. Compares every file of them byte by byte, prints a Markdown
table, and ends with exit code 1 where any differs. Of records, `--ignore key,record_version` leaves out those names:
they are then compared as JSON, without their checksums.

Both sides are only used as a user does, by `python -m core` and export_annotations.py, so that it does not matter
where their modules are. Each reads its own scene records in tests/data, whose version may have changed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .other_commit import CHECKOUT, checked_out

DATA = Path("tests/data")
WITHOUT_SCENES = ("4.2", "4.5", "5.0", "eevee-4.3", "eevee-5.2")
WITH_SCENES = ("eevee-4.3", "eevee-5.2")
MOST_NAMED = 20
COMMANDS = "exit codes of the commands"
RECORDS = "records"
COCO = "annotations/instances.json"

_DEPTH = "depth_png,depth_npy,depth_exr"
_RAY_DEPTH = "ray_depth_png,ray_depth_npy,ray_depth_exr"
_NORMALS = "normals_png,normals_npy,normals_exr"
_FLOW = (
    "flow_forward_flo,flow_forward_png,flow_forward_npy,flow_backward_flo,flow_backward_png,flow_backward_npy,"
    "occlusion_forward_png,occlusion_backward_png"
)
_STEP = "flow_step_flo,flow_step_png,flow_step_npy,occlusion_step_png"
_POSITION = "position_npy,position_exr"
_NOCS = "nocs_png,nocs_npy"
_LABELS = "instances_png,categories_png"
_CAMERAS = "json,nerf,colmap"
# What a frame's passes do not allow fails, on both sides, so each of these asks for the passes of one kind of file.
# Name -> options of annotate; none of them needs a scene record.
OF_FILES: Mapping[str, str] = {
    "default": "",
    "object_index": "--labels object_index --image-format jpeg --at-border mark",
    "material_index": "--labels material_index --min-area 60",
    "crypto_object": "--labels crypto_object --soft-masks --parts material",
    "crypto_asset": "--labels crypto_asset --parts object --at-border drop",
    "crypto_material": "--labels crypto_material --min-side 9",
    "sequences": "--all-view-layers --all-views",
    "view": "--view right",
    "view_layer": "--view-layer Labels.v2",
    "depth": f"--maps {_DEPTH} --depth-scale 0.01 --no-pictures --image-format none",
    "position": f"--maps {_POSITION}",
    "flow": f"--maps {_FLOW}",
    "labels": f"--maps {_LABELS}",
}
OF_SCENES: Mapping[str, str] = {
    "default": "",
    "shapes": "--amodal --poses --soft-masks --parts material --ignored crowd",
    "visible": "--min-visibility 0.3 --at-border mark --parts object --soft-masks",
    "all_maps": f"--poses --maps {_DEPTH},{_RAY_DEPTH},{_NORMALS},{_FLOW},{_STEP},{_POSITION},{_NOCS},{_LABELS},"
    "surfaces_npz,points_ply",
    "maps_of_depth": f"--amodal --poses --maps {_DEPTH},{_RAY_DEPTH},{_NOCS},{_LABELS},surfaces_npz,points_ply",
    "one_step_back": f"--flow-step -1 --maps {_STEP}",
    "together": "--instancing off --labels crypto_object",
    "materials": "--labels crypto_material",
    "assets": "--labels crypto_asset",
    **{
        grouping: f"--grouping {grouping} --poses --parts object"
        for grouping in ("parent", "top_parent", "collection", "pass_index", "category")
    },
    "table": "--categories {table} --maps categories_png",
}
OF_DEMO = ("default", "visible", "maps_of_depth", "one_step_back", "category", "table")
TABLE = """
unknown = "other"
categories = [
    { name = "ball", id = 7, colour = "#e04010" },
    { name = "ground", id = 2, stuff = true },
    { name = "other" },
]
rules = [
    { source = "object_name", pattern = "B*", category = "ball" },
    { source = "object_name", pattern = "[Gg]round*", category = "ground" },
    { source = "object_name", pattern = "Tower", ignore = true },
]
"""


@dataclass(frozen=True)
class Dataset:
    """One to make with both sides.

    Attributes:
        name: its folder below that of each side.
        frames: folder of EXR files, the same for both.
        scenes: folder of scene records below the side's output or, where it is not there, its checkout; None for none.
        options: of annotate.
    """

    name: str
    frames: Path
    scenes: Path | None
    options: str


@dataclass(frozen=True)
class Side:
    """
    Attributes:
        checkout: whose code runs.
        output: the folder of what it writes.
    """

    checkout: Path
    output: Path

    def run(self, *command: str | Path) -> int:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        arguments = [sys.executable, *map(str, command)]
        return subprocess.run(arguments, cwd=self.checkout, env=environment, capture_output=True).returncode

    def options(self, options: str) -> list[str]:
        return options.format(table=self.output.parent / "table.toml").split()

    def make(self, dataset: Dataset) -> str:
        """Annotate and merge; returns the exit codes."""
        output = self.output / dataset.name
        command = ["annotate", dataset.frames, "--output", output, "--workers", "1", *self.options(dataset.options)]
        if dataset.scenes:
            written = self.output / dataset.scenes
            command += ["--scene", written if written.is_dir() else self.checkout / dataset.scenes]
        annotated = self.run("-m", "core", *command)
        merged = self.run("-m", "core", "merge", output, *(["--cameras", _CAMERAS] if dataset.scenes else []))
        return f"{annotated}, {merged}"

    def export(self, scene: Path, name: str, *options: str) -> str:
        """Export a scene's rendered frames in Blender."""
        script = "tools/export_annotations.py"
        if not (self.checkout / script).is_file():
            script = "export_annotations.py"  # as in earlier commits
        blender = "tools/blender.py", "-b", scene, "-P", script, "--", *options
        return str(self.run(*blender, "--output", self.output / name))


@dataclass
class Compared:
    """What was compared of one kind of file."""

    equal: int = 0
    different: list[str] = field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commit", help="what this checkout is compared with")
    parser.add_argument("--demo", action="store_true", help="also render and export the demo scene, which needs bpy")
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="of tests/data, only datasets with it in their names"
    )
    parser.add_argument("--ignore", default="", metavar="NAMES", help="what to leave out of records, with commas")
    options = parser.parse_args()
    ignored = set(filter(None, options.ignore.split(",")))
    with tempfile.TemporaryDirectory(prefix="labelpass-compare-") as temporary:
        folder = Path(temporary)
        (folder / "table.toml").write_text(TABLE, encoding="utf-8")
        with checked_out(options.commit, folder / "checkout") as other:
            sides = Side(CHECKOUT, folder / "new"), Side(other, folder / "old")
            said = make_all(sides, [one for one in datasets_of_tests() if options.only in one.name])
            if options.demo:
                said |= make_demo(sides, folder / "demo")
        compared = compare(*(side.output for side in sides), ignored)
        nothing = [name for name in said if not any((side.output / name / COCO).is_file() for side in sides)]
    compared[COMMANDS] = of_commands(said)
    print(as_markdown(compared, ignored), end="")
    if nothing:
        print(f"\nMade by neither: {', '.join(nothing)}")
    return 1 if any(kind.different for kind in compared.values()) else 0


def datasets_of_tests() -> list[Dataset]:
    made = [
        Dataset(f"{data}/{name}", CHECKOUT / DATA / data, None, options)
        for data in WITHOUT_SCENES
        for name, options in OF_FILES.items()
    ]
    made += [
        Dataset(f"{data}/with scenes/{name}", CHECKOUT / DATA / data, DATA / data, options)
        for data in WITH_SCENES
        for name, options in OF_SCENES.items()
    ]
    return made


def make_all(sides: Sequence[Side], datasets: Sequence[Dataset]) -> dict[str, list[str]]:
    """Make datasets with each side, as many at once as there are processors; returns their exit codes."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        codes = {one.name: [threads.submit(side.make, one) for side in sides] for one in datasets}
        said = {}
        for done, (name, futures) in enumerate(codes.items(), 1):
            said[name] = [future.result() for future in futures]
            print(f"{done}/{len(datasets)} {name}: {said[name][0]}", file=sys.stderr, flush=True)
    return said


def make_demo(sides: Sequence[Side], folder: Path) -> dict[str, list[str]]:
    """Render the demo scene once, and make datasets of it with each side in Blender and from the files."""
    folder.mkdir()
    scene = folder / "scene.blend"
    here = Side(CHECKOUT, folder)
    if here.run("tools/blender.py", "-P", "examples/demo/build_scene.py", "--", scene):
        sys.exit("The demo scene cannot be built; run examples/demo/run.py to see why")
    print("Rendering the demo", file=sys.stderr, flush=True)
    if here.export(scene, "rendered", "--render") != "0":
        sys.exit("The demo scene cannot be rendered; run examples/demo/run.py to see why")
    said = {}
    frames = "--from", str(folder / "rendered/renders")
    for name in OF_DEMO:
        print(f"Exporting the demo: {name}", file=sys.stderr, flush=True)
        said[f"demo/{name}"] = [
            side.export(scene, f"demo/{name}", *frames, *side.options(OF_SCENES[name])) for side in sides
        ]
    from_files = [
        Dataset(f"demo/from files/{name}", folder / "rendered/renders", Path("demo", name), OF_SCENES[name])
        for name in OF_DEMO
    ]
    return said | make_all(sides, from_files)


def compare(new: Path, old: Path, ignored: Collection[str]) -> dict[str, Compared]:
    """Compare all files of two folders: kind of file -> what was found. A file that is only in one of them differs."""
    compared: dict[str, Compared] = defaultdict(Compared)
    for file in sorted(files_in(new) | files_in(old)):
        kind = kind_of(file)
        if (new / file).is_file() and (old / file).is_file():
            contents = [(folder / file).read_bytes() for folder in (new, old)]
            if contents[0] == contents[1] or (kind == RECORDS and ignored and same_record(*contents, ignored)):
                compared[kind].equal += 1
            else:
                compared[kind].different.append(file)
        else:
            compared[kind].different.append(f"{file} (only the {'new' if (new / file).is_file() else 'old'} one)")
    return compared


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


# A part of a file's path -> its kind, the first that fits.
_KINDS = {
    COCO: "COCO",
    "categories.json": "categories.json",
    "dataset.json": "dataset.json",
    "sequences.json": "sequences.json",
    "later_maps/": RECORDS,
    "records/": RECORDS,
    "maps/": "maps",
    "pictures/": "pictures",
    "soft_masks/": "soft masks",
    "images/": "images",
    "cameras/": "cameras",
    "scenes/": "scenes",
}


def kind_of(file: str) -> str:
    return next((kind for part, kind in _KINDS.items() if f"/{part}" in f"/{file}"), "other files")


def same_record(new: bytes, old: bytes, ignored: Collection[str]) -> bool:
    try:
        return _without(json.loads(new), {*ignored, "checksum"}) == _without(json.loads(old), {*ignored, "checksum"})
    except ValueError:
        return False


def _without(data: Any, ignored: Collection[str]) -> Any:
    if isinstance(data, dict):
        return {name: _without(value, ignored) for name, value in data.items() if name not in ignored}
    return [_without(value, ignored) for value in data] if isinstance(data, list) else data


def of_commands(said: Mapping[str, Sequence[str]]) -> Compared:
    different = [f"{name}: {' and '.join(codes)}" for name, codes in said.items() if len(set(codes)) > 1]
    return Compared(len(said) - len(different), different)


def as_markdown(compared: Mapping[str, Compared], ignored: Iterable[str]) -> str:
    lines = ["| kind of file | compared | equal | different |", "| --- | --- | --- | --- |"]
    for kind, found in sorted(compared.items()):
        left_out = f" (without {', '.join(sorted(ignored))})" if kind == RECORDS and ignored else ""
        number = len(found.different)
        lines.append(f"| {kind}{left_out} | {found.equal + number} | {found.equal} | {number} |")
    for kind, found in sorted(compared.items()):
        if found.different:
            more = len(found.different) - MOST_NAMED
            named = [f"- {name}" for name in found.different[:MOST_NAMED]]
            lines += ["", f"Different {kind}:", "", *named, *([f"- and {more} more"] if more > 0 else [])]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
