"""How a panoramic camera projects, from its settings; the formulas are in core/scene/panorama.py."""

import math

import bpy

from ....core.scene.panorama import EQUIDISTANT, EQUISOLID, POLYNOMIAL, Panorama

# Pixels for 1 of X and of Y, and the parts of the image's width and height (from the top) where both are 0.
_Scale = tuple[float, float, float, float]


def read_panorama(
    camera: bpy.types.Camera, size: tuple[int, int], crop: tuple[int, int], render: bpy.types.RenderSettings
) -> Panorama | None:
    """
    Args:
        camera: the data of an evaluated camera.
        size: width and height of the uncropped image.
        crop: column and row (from the top) of the rendered image's first pixel in it.
        render: for the aspect of a pixel.

    Returns:
        None for a type that is not known, or whose range of angles is empty.
    """
    kind = camera.panorama_type.lower()
    try:
        fx, fy, middle_x, middle_y = _scale(camera, kind, size, render)
    except (KeyError, ZeroDivisionError):
        return None
    is_fisheye = kind in (EQUIDISTANT, EQUISOLID, POLYNOMIAL)
    return Panorama(
        type=kind,
        fx=fx,
        fy=fy,
        # Unlike that of a perspective camera, the shift is a part of the width to the right, and of the height upwards.
        cx=(middle_x - camera.shift_x) * size[0] - crop[0],
        cy=(middle_y + camera.shift_y) * size[1] - crop[1],
        fov=camera.fisheye_fov if is_fisheye else None,
        polynomial=tuple(getattr(camera, f"fisheye_polynomial_k{power}") for power in range(5))
        if kind == POLYNOMIAL
        else (),
    )


def _scale(camera: bpy.types.Camera, kind: str, size: tuple[int, int], render: bpy.types.RenderSettings) -> _Scale:
    """Raises KeyError for a type that is not known, and ZeroDivisionError for an empty range."""
    width, height = size
    if kind == EQUIDISTANT:
        return width / camera.fisheye_fov, height / camera.fisheye_fov, 0.5, 0.5
    if kind in (EQUISOLID, POLYNOMIAL):
        across, down = _sensor(camera, size, render)
        unit = camera.fisheye_lens if kind == EQUISOLID else 1.0
        return unit * width / across, unit * height / down, 0.5, 0.5
    if kind == "equirectangular":
        return _of_ranges(
            size, (camera.longitude_min, camera.longitude_max), (camera.latitude_min, camera.latitude_max)
        )
    if kind == "central_cylindrical":
        radius = camera.central_cylindrical_radius
        low, high = camera.central_cylindrical_range_v_min / radius, camera.central_cylindrical_range_v_max / radius
        sides = camera.central_cylindrical_range_u_min, camera.central_cylindrical_range_u_max
        return _of_ranges(size, sides, (low, high))
    fields = {"equiangular_cubemap_face": math.pi / 2, "mirrorball": 2.0}
    return width / fields[kind], height / fields[kind], 0.5, 0.5


def _of_ranges(size: tuple[int, int], across: tuple[float, float], up: tuple[float, float]) -> _Scale:
    """Of X from left to right, and of -Y from the bottom to the top."""
    width, height = across[1] - across[0], up[1] - up[0]
    return size[0] / width, size[1] / height, -across[0] / width, up[1] / height


def _sensor(camera: bpy.types.Camera, size: tuple[int, int], render: bpy.types.RenderSettings) -> tuple[float, float]:
    """Width and height of what the image covers of the sensor, in millimetres."""
    width, height = size[0] * render.pixel_aspect_x, size[1] * render.pixel_aspect_y
    by_width = width > height if camera.sensor_fit == "AUTO" else camera.sensor_fit == "HORIZONTAL"
    # With Auto the sensor's width is that of the longer side.
    length = camera.sensor_height if camera.sensor_fit == "VERTICAL" else camera.sensor_width
    return (length, length * height / width) if by_width else (length * width / height, length)
