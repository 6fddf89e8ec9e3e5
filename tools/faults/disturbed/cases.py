"""Small datasets, each with a command that is about to change it, and the commands that are given after a fault.

A command that is new needs a case here and a step in steps.py; everything else of the bench then holds for it too.
"""

import dataclasses
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.base.dataset_folder import DatasetFolder
from core.frames.sequences import WantedSequences
from core.records.origin import Origin
from core.settings.export_table import ExportFormat
from core.settings.map_table import DenseMap
from core.settings.settings import ImageFormat, Media, Settings, SplitBy
from tests.builders import moved_by, plain_frame, plain_job, rendered_camera, rendered_scene
from tests.core.made_up import write_rich

from ..children import DATA, Children

# What steps.py can do, with what it takes.
Step = tuple[str, dict[str, Any]]
Steps = Callable[[Path], Sequence[Step]]

_BY_DEFAULT = Settings().as_json()
# Maps and soft masks that both have, with other bytes, and files that only one of them has.
_A: Mapping[str, Any] = {"soft_masks": True, "maps": (DenseMap.DEPTH_PNG, DenseMap.DEPTH_EXR), "pictures": False}
_B: Mapping[str, Any] = {
    "soft_masks": True,
    "maps": (DenseMap.DEPTH_PNG, DenseMap.DEPTH_NPY),
    "pictures": False,
    "depth_scale": 0.002,
    "image_format": ImageFormat.JPEG,
    "min_area": 150,
}
_STEREO: Mapping[str, Any] = {"maps": (DenseMap.DISPARITY_NPY, DenseMap.DISPARITY_PNG), "pictures": False}


@dataclass(frozen=True)
class Case:
    """A command that is disturbed. All paths are below one folder, of which copies are made.

    Attributes:
        command: its name.
        before: steps that make what is there, in an empty folder.
        step: the command.
        again: what is given after the fault: name -> steps, each with the bytes that it leads to without a fault.
    """

    command: str
    before: Steps
    step: Callable[[Path], Step]
    again: Mapping[str, Steps]

    def prepare(self, folder: Path, children: Children) -> None:
        """Make what is there before the command."""
        folder.mkdir(parents=True)
        do_steps(self.before(folder), children)

    def __str__(self) -> str:
        return self.command

    @staticmethod
    def dataset(folder: Path) -> Path:
        """The dataset that the command changes."""
        return folder / "out"


def do_steps(steps: Sequence[Step], children: Children) -> None:
    """Do what nothing disturbs."""
    for do, data in steps:
        children.do(do, data).check_done(do)


def _annotated(folder: Path, dataset: str, settings: Mapping[str, Any], layer: str = "") -> Step:
    frame = plain_frame(DATA / "crypto_only_0001.exr", name="frame_0001", sequence=layer)
    frame = dataclasses.replace(frame, variant=layer)
    job = dataclasses.replace(
        plain_job(frame, folder / dataset, **settings), origin=Origin.of(folder / dataset, [frame.files[0].path])
    )
    return "annotate", {"job": job.as_json()}


def _cleaned(folder: Path) -> Step:
    return "clean", {"folder": str(folder / "out")}


def _merged(folder: Path) -> Step:
    return "merge", {"folder": str(folder / "out"), "settings": _BY_DEFAULT}


ANNOTATE = Case(
    "annotate",
    lambda folder: [_annotated(folder, "out", _A)],
    lambda folder: _annotated(folder, "out", _B),
    {
        "the same settings": lambda folder: [_cleaned(folder), _annotated(folder, "out", _B)],
        "those of before": lambda folder: [_cleaned(folder), _annotated(folder, "out", _A)],
    },
)


def _stereo(folder: Path, baseline: float) -> list[Step]:
    """Both views of a frame; another distance between them changes the disparity, but not the size of its file."""
    facts = json.loads((DATA / "scene.json").read_text(encoding="utf-8"))
    steps = []
    for view in ("left", "right"):
        camera = rendered_camera(facts, 1, view)
        if view == "right":
            camera = rendered_camera(facts, 1, view, world_to_camera=_further(camera.world_to_camera, baseline))
        scene = folder / f"scenes-{baseline}" / f"{view}.json"
        if not scene.exists():
            rendered_scene(facts, 1, unit_scale=0.1, camera=camera, view=view).write(scene)
        frame = plain_frame(DATA / "stereo_0001.exr", name="frame_0001", sequence=f"shot/{view}")
        job = plain_job(frame, folder / "out", scene, **_STEREO, view=view)
        steps.append(("annotate", {"job": job.as_json()}))
    return steps


def _further(world_to_camera: Any, distance: float) -> Any:
    rows = [list(row) for row in world_to_camera]
    rows[0][3] += moved_by(-distance, 0, 0)[0][3]
    return tuple(map(tuple, rows))


MERGE = Case(
    "merge",
    lambda folder: [*_stereo(folder, 0.0), _merged(folder), *_stereo(folder, 0.5)],
    _merged,
    {
        "merge again": lambda folder: [_merged(folder)],
        "annotate as before, and merge": lambda folder: [*_stereo(folder, 0.0), _merged(folder)],
    },
)


def export_case(*formats: ExportFormat) -> Case:
    """An export in these formats, in place of one with other splits that has links instead of copies."""

    def exported(folder: Path, media: Media, seed: int) -> Step:
        settings = Settings(formats=formats, media=media, split_by=SplitBy.SEQUENCE, split_seed=seed)
        return "export", {"folder": str(folder / "out"), "settings": settings.as_json()}

    def before(folder: Path) -> Sequence[Step]:
        write_rich(folder / "out", 4)
        return [exported(folder, Media.LINK, 1)]

    return Case(
        "export",
        before,
        lambda folder: exported(folder, Media.COPY, 2),
        {
            "the same export": lambda folder: [exported(folder, Media.COPY, 2)],
            "the export of before": lambda folder: [exported(folder, Media.LINK, 1)],
        },
    )


EXPORT = export_case(*ExportFormat)


def _combined(folder: Path) -> Step:
    return "combine", {"folder": str(folder / "out"), "sources": [f"night={folder / 'source'}"]}


def _before_combining(folder: Path) -> Sequence[Step]:
    wanted = WantedSequences({"night/frame_": ["night"]})
    wanted.write(DatasetFolder(folder / "out"))
    return [_annotated(folder, "source", _A), _combined(folder), _merged(folder), *_of_source(folder, _B)]


def _of_source(folder: Path, settings: Mapping[str, Any]) -> Sequence[Step]:
    """The source has the frame, and that of another view layer, which the target has not wanted before."""
    return [_annotated(folder, "source", settings), _annotated(folder, "source", settings, "layer")]


COMBINE = Case(
    "combine",
    _before_combining,
    _combined,
    {
        "combine again": lambda folder: [_combined(folder), _merged(folder)],
        "annotate the source as before, and combine": lambda folder: [
            *_of_source(folder, _A), _combined(folder), _merged(folder),
        ],
    },
)  # fmt: skip


def _packed(folder: Path) -> Step:
    return "pack", {"folder": str(folder / "out")}


def _two_frames(folder: Path, settings: Mapping[str, Any]) -> Sequence[Step]:
    return [_annotated(folder, "out", settings), _annotated(folder, "out", settings, "layer")]


PACK = Case(
    "pack",
    # One frame is packed, and annotated anew since; the other one came then.
    lambda folder: [_annotated(folder, "out", _A), _packed(folder), _merged(folder), *_two_frames(folder, _B)],
    _packed,
    {
        "pack again": lambda folder: [_packed(folder), _merged(folder)],
        "annotate as before, and pack": lambda folder: [*_two_frames(folder, _A), _packed(folder), _merged(folder)],
        "unpack": lambda folder: [("unpack", {"folder": str(folder / "out")}), _merged(folder)],
    },
)

CASES = (ANNOTATE, MERGE, EXPORT, COMBINE, PACK)


def remove(folder: Path) -> None:
    shutil.rmtree(folder)
