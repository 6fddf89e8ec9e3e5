"""Training images through Blender's own colour management, so that they look as the user sees them."""

from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..core.errors import OutputError, SceneError
from ..core.files import owned_name
from ..core.settings import JPEG_QUALITY, ImageFormat
from . import compat

RENDER_RESULT = "Render Result"
# Names that start with a dot do not show up in Blender's lists.
_IMAGE_NAME = ".labelpass"
_BLENDER_FORMATS = {ImageFormat.PNG: "PNG", ImageFormat.JPEG: "JPEG"}


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


def save_render_result(scene: bpy.types.Scene, path: Path, format: ImageFormat) -> None:
    """Save what was rendered last as an 8-bit image; SceneError if nothing was, OutputError if it cannot be written."""
    _save(bpy.data.images.get(RENDER_RESULT), scene, path, format)


def save_render_passes(scene: bpy.types.Scene, path: Path) -> None:
    """Save all passes of what was rendered last as an EXR file; raises like save_render_result."""
    with compat.image_settings(scene, "OPEN_EXR_MULTILAYER", **compat.ALL_PASSES):
        _save_as_is(bpy.data.images.get(RENDER_RESULT), scene, path)


class LinearImage:
    """A hidden image in Blender that takes scene-linear pixels and saves them as the user would see them."""

    def __init__(self) -> None:
        self._image: bpy.types.Image | None = None

    def save(self, pixels: Path, scene: bpy.types.Scene, path: Path, format: ImageFormat) -> None:
        """
        Args:
            pixels: .npy of (H, W, 4) float32, bottom row first.
            scene: whose colour management applies.
            path: of the 8-bit image.

        Raises:
            OutputError: the image cannot be written.
        """
        values = np.load(pixels, mmap_mode="r")
        height, width, _ = values.shape
        if self._image is None or tuple(self._image.size) != (width, height):
            self.remove()
            self._image = bpy.data.images.new(_IMAGE_NAME, width, height, alpha=True, float_buffer=True)
            self._image.alpha_mode = "PREMUL"
        self._image.pixels.foreach_set(np.ravel(values))
        self._image.update()
        try:
            _save(self._image, scene, path, format)
        finally:
            # It would count as modified, and a Blender that is closed now would ask whether to save it.
            self._image.buffers_free()

    def remove(self) -> None:
        if self._image is not None:
            bpy.data.images.remove(self._image)
            self._image = None


def _save(image: bpy.types.Image | None, scene: bpy.types.Scene, path: Path, format: ImageFormat) -> None:
    options: dict[str, Any] = {"color_mode": "RGB"}
    if format is ImageFormat.JPEG:
        options["quality"] = JPEG_QUALITY
    else:
        options |= {"color_depth": "8", "compression": 15}
    with compat.image_settings(scene, _BLENDER_FORMATS[format], **options):
        _save_as_is(image, scene, path)


def _save_as_is(image: bpy.types.Image | None, scene: bpy.types.Scene, path: Path) -> None:
    """Save under a temporary name, and then under the final one."""
    temporary = path.with_name(owned_name(path.name))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            if image is None:
                raise RuntimeError("no render")
            image.save_render(str(temporary), scene=scene)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"Cannot write {path}: {error.strerror or error}; free space there or choose another output folder"
        ) from error
    except RuntimeError as error:
        if "acquire" in str(error) or image is None:
            raise SceneError(
                "Nothing has been rendered yet; render an image (F12), or set Source to Files on Disk"
            ) from error
        reason = " ".join(str(error).split())
        raise OutputError(f"Blender cannot write {path} ({reason}); choose another output folder") from error
