"""Training images through Blender's own colour management, so that they look as the user sees them."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ...core.base.errors import OutputError, SceneError
from ...core.base.files import cannot_write
from ...core.base.temporary_names import remove, temporary_name
from ...core.settings.settings import JPEG_QUALITY, ImageFormat
from .. import compat
from .last_render import NOTHING_RENDERED, RENDER_RESULT

_NAME = "labelpass"
_BLENDER_FORMATS = {ImageFormat.PNG: "PNG", ImageFormat.JPEG: "JPEG", ImageFormat.WEBP: "WEBP"}


def colour_of(scene: bpy.types.Scene) -> dict[str, Any]:
    """How the scene turns linear colours into what the user sees, for the record."""
    view = scene.view_settings
    colour: dict[str, Any] = {"made_by": "blender", "display_device": scene.display_settings.display_device}
    for prop in view.bl_rna.properties:
        if not prop.is_readonly and prop.type in {"BOOLEAN", "ENUM", "FLOAT"} and not getattr(prop, "is_array", False):
            value = getattr(view, prop.identifier)
            colour[prop.identifier] = round(value, 6) if isinstance(value, float) else value
    if view.use_curve_mapping:
        colour["curves"] = [
            [[round(number, 6) for number in point.location] for point in curve.points]
            for curve in view.curve_mapping.curves
        ]
    return colour


def save_render_result(scene: bpy.types.Scene, path: Path, format: ImageFormat) -> Path:
    """Save what was rendered last as an 8-bit image.

    Args:
        scene: with the colour management that applies.
        path: where the image belongs.
        format: of the image.

    Returns:
        Where it is: under a temporary name next to that.

    Raises:
        SceneError: nothing was rendered.
        OutputError: it cannot be written.
    """
    return _save(bpy.data.images.get(RENDER_RESULT), scene, path, format)


def save_render_passes(scene: bpy.types.Scene, path: Path) -> None:
    """Save all passes of what was rendered last as an EXR file; raises like save_render_result."""
    options = dict(compat.ALL_PASSES)
    if scene.render.use_multiview:
        options["views_format"] = "MULTIVIEW"
    with compat.image_settings(scene, "OPEN_EXR_MULTILAYER", **options):
        image = bpy.data.images.get(RENDER_RESULT)
        if not scene.render.use_multiview:
            _save_as_is(image, scene, path)
            return
        # Blender puts several views into one file only where its name ends like that of an EXR file.
        temporary = path.with_name(f".{path.name}")
        try:
            _save_as_is(image, scene, path, temporary)
        except OutputError:
            # While it saves a render for the first time, it notices too late that there are several views: it makes a
            # file of each, and fails.
            for file in path.parent.glob(f"{temporary.stem}?*{path.suffix}"):
                file.unlink()
            _save_as_is(image, scene, path, temporary)


@dataclass(frozen=True)
class Look:
    """How a scene turns linear colours into what the user sees at one frame: values only, which outlive the scene.

    Attributes:
        colour: the same for the record.
        display, view: properties of display_settings and view_settings.
        curves: properties and points of the view's curve mapping; None where it is off.
    """

    colour: Mapping[str, Any]
    display: Mapping[str, Any]
    view: Mapping[str, Any]
    curves: tuple[Mapping[str, Any], Sequence[Sequence[tuple[Sequence[float], str]]]] | None

    @classmethod
    def of(cls, scene: bpy.types.Scene) -> "Look":
        curves = None
        if scene.view_settings.use_curve_mapping:
            mapping = scene.view_settings.curve_mapping
            points = [
                [(tuple(point.location), point.handle_type) for point in curve.points] for curve in mapping.curves
            ]
            curves = _values(mapping), points
        return cls(colour_of(scene), _values(scene.display_settings), _values(scene.view_settings), curves)

    def give_to(self, scene: bpy.types.Scene) -> None:
        _set_values(scene.display_settings, self.display)
        _set_values(scene.view_settings, self.view)
        if self.curves is None:
            return
        values, curves = self.curves
        mapping = scene.view_settings.curve_mapping
        _set_values(mapping, values)
        for curve, points in zip(mapping.curves, curves, strict=True):
            while len(curve.points) > len(points):
                curve.points.remove(curve.points[-1])
            while len(curve.points) < len(points):
                curve.points.new(1.0, 1.0)
            for point, (location, handle_type) in zip(curve.points, points, strict=True):
                point.location, point.handle_type = location, handle_type
        mapping.update()


def _values(settings: bpy.types.bpy_struct) -> dict[str, Any]:
    """The properties of some settings that can be set, by name."""
    properties = settings.bl_rna.properties
    return {
        prop.identifier: _value(settings, prop.identifier)
        for prop in properties
        if not prop.is_readonly and prop.type != "POINTER"
    }


def _value(settings: bpy.types.bpy_struct, name: str) -> Any:
    """A property as a plain value, an array as a tuple."""
    value = getattr(settings, name)
    return tuple(value) if getattr(settings.bl_rna.properties[name], "is_array", False) else value


def _set_values(settings: bpy.types.bpy_struct, values: Mapping[str, Any]) -> None:
    # Which looks there are depends on the view transform.
    for name in sorted(values, key=lambda name: (name == "look", name != "view_transform")):
        if _value(settings, name) != values[name]:
            setattr(settings, name, values[name])


class LinearImage:
    """Takes scene-linear pixels and saves them as the user would see them.

    It has a scene and an image of its own, in data blocks that are not part of the open file: nothing of the user's
    changes, also not while a render on another thread writes its frames with the settings of the user's scene.
    """

    def __init__(self) -> None:
        self._data = contextlib.ExitStack()
        self._scene: bpy.types.Scene | None = None
        self._image: bpy.types.Image | None = None

    def save(self, pixels: Path, look: Look, path: Path, format: ImageFormat) -> Path:
        """
        Args:
            pixels: .npy of (H, W, 4) float32, bottom row first.
            look: whose colour management applies.
            path: where the 8-bit image belongs.
            format: of the image.

        Returns:
            Where it is, as save_render_result().

        Raises:
            OutputError: the image cannot be written.
        """
        values = np.load(pixels, mmap_mode="r")
        height, width, _ = values.shape
        if self._image is None or tuple(self._image.size) != (width, height):
            self.remove()
            data = self._data.enter_context(compat.separate_data())
            self._scene = data.scenes.new(_NAME)
            self._image = data.images.new(_NAME, width, height, alpha=True, float_buffer=True)
            self._image.alpha_mode = "PREMUL"
        look.give_to(self._scene)
        self._image.pixels.foreach_set(np.ravel(values))
        self._image.update()
        return _save(self._image, self._scene, path, format)

    def remove(self) -> None:
        self._scene = self._image = None
        self._data.close()


def _save(image: bpy.types.Image | None, scene: bpy.types.Scene, path: Path, format: ImageFormat) -> Path:
    """Save under a temporary name next to `path`, and say which."""
    if image is not None and (refusal := format.refusal(*image.size)):
        raise SceneError(refusal)
    temporary = path.with_name(temporary_name())
    options: dict[str, Any] = {"color_mode": "RGB"}
    if format is ImageFormat.JPEG:
        options["quality"] = JPEG_QUALITY
    elif format is ImageFormat.WEBP:
        options["quality"] = 100  # which Blender takes for lossless
    else:
        options |= {"color_depth": "8", "compression": 15}
    with compat.image_settings(scene, _BLENDER_FORMATS[format], **options):
        _write(image, scene, temporary, path)
    return temporary


def _save_as_is(
    image: bpy.types.Image | None, scene: bpy.types.Scene, path: Path, temporary: Path | None = None
) -> None:
    """Save under a temporary name, and then under the final one."""
    temporary = temporary or path.with_name(temporary_name())
    _write(image, scene, temporary, path)
    try:
        temporary.replace(path)
    except OSError as error:
        remove(temporary)
        raise cannot_write(path, error) from error


def _write(image: bpy.types.Image | None, scene: bpy.types.Scene, temporary: Path, path: Path) -> None:
    """Write a file under its temporary name, or none; messages name the final one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if image is None:
            raise RuntimeError("no render")
        image.save_render(str(temporary), scene=scene)
    except OSError as error:
        raise cannot_write(path, error) from error
    except RuntimeError as error:
        remove(temporary)
        if "acquire" in str(error) or image is None:
            raise SceneError(NOTHING_RENDERED) from error
        reason = " ".join(str(error).split())
        raise OutputError(f"Blender cannot write {path} ({reason}); choose another output folder") from error
