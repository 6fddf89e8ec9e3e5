"""Other settings for one render, to try things quickly: size, samples, engine and camera."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import bpy

from ...core.base.errors import SceneError, UsageError
from ...core.base.phrases import counted, listed
from .. import compat

ENGINES = {"cycles": "CYCLES", "eevee": compat.EEVEE}
_LARGEST_SIZE, _SMALLEST_SIZE = 65536, 4  # those of Blender


@dataclass(frozen=True)
class Resolution:
    """Pixels of the image, or a part of what the scene says.

    Attributes:
        width, height: in pixels; 0 leaves them as they are.
        percentage: of them.
    """

    width: int = 0
    height: int = 0
    percentage: int = 100


@dataclass(frozen=True)
class Trial:
    """What a render has instead of the scene's own settings; None leaves what the scene says.

    Attributes:
        resolution: of the image.
        samples: of each pixel.
        engine: a key of ENGINES.
        camera: name of the camera object.
        overwrite: whether frames that are there are rendered again.
    """

    resolution: Resolution | None = None
    samples: int | None = None
    engine: str | None = None
    camera: str | None = None
    overwrite: bool | None = None


def read_resolution(text: str) -> Resolution:
    """Read "640x480" or "25%".

    Raises:
        UsageError: it is neither, or Blender has no such resolution.
    """
    if found := re.fullmatch(r"(\d+) ?x ?(\d+)", text.strip()):
        width, height = int(found[1]), int(found[2])
        if _SMALLEST_SIZE <= width <= _LARGEST_SIZE and _SMALLEST_SIZE <= height <= _LARGEST_SIZE:
            return Resolution(width, height)
    elif (found := re.fullmatch(r"(\d+) ?%", text.strip())) and 1 <= int(found[1]) <= 100:
        return Resolution(percentage=int(found[1]))
    raise UsageError(
        f"{text!r} is not a resolution; give WIDTHxHEIGHT with {_SMALLEST_SIZE} to {_LARGEST_SIZE} pixels, such as "
        "640x480, or 1% to 100% of the scene's own"
    )


def apply_trial(scene: bpy.types.Scene, trial: Trial) -> Iterator[str]:
    """Change a scene for a render of it.

    Args:
        scene: the one to render; nothing saves it.
        trial: what to change.

    Yields:
        What was changed, as a part of a sentence.

    Raises:
        SceneError: the scene has no such camera, the engine is not there, or it has no samples.
    """
    render = scene.render
    if trial.engine is not None:
        try:
            render.engine = ENGINES[trial.engine]
        except TypeError as error:
            raise SceneError(f"This Blender has no engine {trial.engine!r}; enable its add-on") from error
        yield f"engine {trial.engine.upper() if trial.engine == 'eevee' else trial.engine.title()}"
    if trial.samples is not None:
        _set_samples(scene, trial.samples)
        yield f"{counted(trial.samples, 'sample')} a pixel"
    if trial.resolution is not None:
        if trial.resolution.width:
            render.resolution_x, render.resolution_y = trial.resolution.width, trial.resolution.height
        render.resolution_percentage = trial.resolution.percentage
        yield f"resolution {render.resolution_x} x {render.resolution_y} at {render.resolution_percentage} %"
    if trial.camera is not None:
        _set_camera(scene, trial.camera)
        yield f"camera {trial.camera}"
    if trial.overwrite is not None:
        render.use_overwrite = trial.overwrite
        yield f"Overwrite {'on' if trial.overwrite else 'off'}"


def _set_samples(scene: bpy.types.Scene, samples: int) -> None:
    engine = scene.render.engine
    if engine == "CYCLES":
        scene.cycles.samples, scene.cycles.use_layer_samples = samples, "IGNORE"
    elif engine == ENGINES["eevee"]:
        scene.eevee.taa_render_samples = samples
    else:
        raise SceneError(f"The samples of the engine {engine} are not known; set them in the .blend, or give --engine")


def _set_camera(scene: bpy.types.Scene, name: str) -> None:
    cameras = sorted(ob.name for ob in scene.objects if ob.type == "CAMERA")
    if name not in cameras:
        there = f"it has {listed([repr(camera) for camera in cameras])}" if cameras else "it has none"
        raise SceneError(f"The scene {scene.name!r} has no camera {name!r}; {there}")
    scene.camera = scene.objects[name]
    # These would make another camera the active one at their frames.
    for marker in scene.timeline_markers:
        marker.camera = None
