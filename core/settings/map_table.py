"""The dense maps: what each of them shows, which passes it takes, and how its file stores it.

This is the one table of them. Settings, command line, panel, checklist, `dataset.json` and docs/maps.md follow it;
frame_maps.py makes the pixels and map_files.py the files. It runs in Blender's process too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from ..base.choice import Choice
from ..base.dataset_folder import map_file
from ..base.json_fields import LEFT_OUT, JsonObject, in_json
from .render_pass import Pass

CAMERA_AXES = "camera: x right, y down, z forward (OpenCV)"
_WORLD_AXES = "world: as in Blender, z up"
_IMAGE_AXES = "image: u right, v down"


class MapKind(Enum):
    """What a map shows, however it is stored. The value names its folder.

    Attributes:
        title: for people.
        shows: what its values are, in a few words.
        passes: the render passes that it is made of.
        needs_camera: whether it can only be made where a scene record describes the camera.
        is_length: whether its values are lengths: metres, or scene units without a scene record.
        unit: of other values.
        axes: that its components refer to; "" for plain numbers.
    """

    title: str
    shows: str
    passes: tuple[Pass, ...]
    needs_camera: bool
    is_length: bool
    unit: str
    axes: str

    DEPTH = "depth", "Depth", "distance of the surface along the camera's z axis", (Pass.DEPTH,), False, "m", ""
    RAY_DEPTH = "ray_depth", "Ray Depth", "distance of the surface from the camera", (Pass.DEPTH,), True, "m", ""
    NORMALS = "normals", "Normals", "unit vectors away from the surface", (Pass.NORMAL,), True, "1", CAMERA_AXES
    FLOW_FORWARD = (
        "flow_forward",
        "Forward Flow",
        "where the surface of the pixel is in the next frame, less where it is now",
        (Pass.VECTOR, Pass.DEPTH),
        False,
        "pixels",
        _IMAGE_AXES,
    )
    FLOW_BACKWARD = (
        "flow_backward",
        "Backward Flow",
        "where the surface of the pixel was in the previous frame, less where it is now",
        (Pass.VECTOR, Pass.DEPTH),
        False,
        "pixels",
        _IMAGE_AXES,
    )
    OCCLUSION_FORWARD = (
        "occlusion_forward",
        "Forward Occlusion",
        "whether the surface of the pixel is hidden or out of the image in the next frame",
        (Pass.VECTOR, Pass.DEPTH),
        False,
        "flag",
        "",
    )
    OCCLUSION_BACKWARD = (
        "occlusion_backward",
        "Backward Occlusion",
        "whether the surface of the pixel was hidden or out of the image in the previous frame",
        (Pass.VECTOR, Pass.DEPTH),
        False,
        "flag",
        "",
    )
    FLOW_STEP = (
        "flow_step",
        "Flow by Step",
        "where the surface of the pixel is some frames later or earlier, less where it is now",
        (Pass.DEPTH,),
        True,
        "pixels",
        _IMAGE_AXES,
    )
    OCCLUSION_STEP = (
        "occlusion_step",
        "Occlusion by Step",
        "whether the surface of the pixel is hidden or out of the image some frames later or earlier",
        (Pass.DEPTH,),
        True,
        "flag",
        "",
    )
    DISPARITY = (
        "disparity",
        "Disparity",
        "column of the surface in the left view of a stereo pair, less its column in the right one",
        (Pass.DEPTH,),
        True,
        "pixels",
        _IMAGE_AXES,
    )
    POSITION = (
        "position",
        "Position",
        "place of the surface in the world",
        (Pass.POSITION, Pass.DEPTH),
        False,
        "m",
        _WORLD_AXES,
    )
    NOCS = (
        "nocs",
        "NOCS",
        "place of the surface in its instance's 3D box: 0.5 in the middle, 1 for the length of the box's diagonal",
        (Pass.DEPTH,),
        True,
        "1",
        "instance: those of its pose",
    )
    SURFACES = (
        "surfaces",
        "Surfaces",
        "number of the surface of the scene, with the place, name and shape of each, from which Flow by Step is made",
        (Pass.DEPTH,),
        True,
        "number",
        _WORLD_AXES,
    )
    UV = "uv", "UV", "place on the object's active UV map", (Pass.UV,), False, "1", "u right, v up in the texture"
    POINTS = (
        "points",
        "Point Cloud",
        "points of the world that the camera sees, with colour, instance and category",
        (Pass.DEPTH,),
        True,
        "m",
        _WORLD_AXES,
    )
    INSTANCES = (
        "instances",
        "Instances",
        "number of the instance, its place in the frame record's list, counted from 1",
        (),
        False,
        "number",
        "",
    )
    CATEGORIES = "categories", "Categories", "id of the instance's category, as in COCO", (), False, "id", ""

    def __new__(
        cls, value: str, title: str, shows: str, passes: tuple[Pass, ...], needs_camera: bool, unit: str, axes: str
    ) -> "MapKind":
        kind = object.__new__(cls)
        kind._value_ = value
        kind.title, kind.shows, kind.passes = title, shows, passes
        kind.needs_camera, kind.unit, kind.axes = needs_camera, unit, axes
        kind.is_length = unit == "m"
        return kind


class DenseMap(Choice):
    """A kind of map in a format.

    Attributes:
        kind: what it shows.
        file_format: for people.
        suffix: of its files.
        stored: what the numbers in the file are.
        invalid: what stands where there is no value.
    """

    kind: MapKind
    file_format: str
    suffix: str
    stored: str
    invalid: str

    def __new__(cls, kind: MapKind, suffix: str, stored: str, invalid: str) -> "DenseMap":
        value = f"{kind.value}_{suffix[1:]}"
        member = str.__new__(cls, value)
        member._value_ = value
        member.kind, member.suffix, member.stored, member.invalid = kind, suffix, stored, invalid
        member.file_format = suffix[1:].upper()
        member.label = f"{kind.title} {member.file_format}"
        unit = "metres" if kind.is_length else {"1": "", "number": "", "id": "", "flag": ""}.get(kind.unit, kind.unit)
        member.help = f"{kind.shows[0].upper()}{kind.shows[1:]}{f', in {unit}' if unit else ''}; {stored}"
        return member

    # The order is that of the panel. A .blend file stores each by its name, so a new one may go anywhere.
    DEPTH_PNG = MapKind.DEPTH, ".png", "16-bit grey, value x scale = depth", "0"
    DEPTH_NPY = MapKind.DEPTH, ".npy", "float32, (H, W)", "NaN"
    DEPTH_EXR = MapKind.DEPTH, ".exr", "float32, channel Z", "NaN"
    RAY_DEPTH_PNG = MapKind.RAY_DEPTH, ".png", "16-bit grey, value x scale = distance", "0"
    RAY_DEPTH_NPY = MapKind.RAY_DEPTH, ".npy", "float32, (H, W)", "NaN"
    RAY_DEPTH_EXR = MapKind.RAY_DEPTH, ".exr", "float32, channel Z", "NaN"
    NORMALS_PNG = MapKind.NORMALS, ".png", "16-bit RGB, value / 32767.5 - 1 = component", "0 0 0"
    NORMALS_NPY = MapKind.NORMALS, ".npy", "float32, (H, W, 3)", "0 0 0"
    NORMALS_EXR = MapKind.NORMALS, ".exr", "float32, channels X, Y, Z", "0 0 0"
    FLOW_FORWARD_FLO = MapKind.FLOW_FORWARD, ".flo", "Middlebury, float32 u, v", "1e10 1e10"
    FLOW_FORWARD_PNG = MapKind.FLOW_FORWARD, ".png", "KITTI, 16-bit RGB: (R - 32768) / 64 = u, G likewise = v", "B = 0"
    FLOW_FORWARD_NPY = MapKind.FLOW_FORWARD, ".npy", "float32, (H, W, 2)", "NaN NaN"
    FLOW_BACKWARD_FLO = MapKind.FLOW_BACKWARD, ".flo", "Middlebury, float32 u, v", "1e10 1e10"
    FLOW_BACKWARD_PNG = (
        MapKind.FLOW_BACKWARD,
        ".png",
        "KITTI, 16-bit RGB: (R - 32768) / 64 = u, G likewise = v",
        "B = 0",
    )
    FLOW_BACKWARD_NPY = MapKind.FLOW_BACKWARD, ".npy", "float32, (H, W, 2)", "NaN NaN"
    OCCLUSION_FORWARD_PNG = MapKind.OCCLUSION_FORWARD, ".png", "8-bit grey, 0 = seen, 255 = hidden", "128"
    OCCLUSION_BACKWARD_PNG = MapKind.OCCLUSION_BACKWARD, ".png", "8-bit grey, 0 = seen, 255 = hidden", "128"
    FLOW_STEP_FLO = MapKind.FLOW_STEP, ".flo", "Middlebury, float32 u, v", "1e10 1e10"
    FLOW_STEP_PNG = MapKind.FLOW_STEP, ".png", "KITTI, 16-bit RGB: (R - 32768) / 64 = u, G likewise = v", "B = 0"
    FLOW_STEP_NPY = MapKind.FLOW_STEP, ".npy", "float32, (H, W, 2)", "NaN NaN"
    OCCLUSION_STEP_PNG = MapKind.OCCLUSION_STEP, ".png", "8-bit grey, 0 = seen, 255 = hidden", "128"
    DISPARITY_PNG = MapKind.DISPARITY, ".png", "KITTI, 16-bit grey, value / 256 = disparity", "0"
    DISPARITY_NPY = MapKind.DISPARITY, ".npy", "float32, (H, W)", "NaN"
    POSITION_NPY = MapKind.POSITION, ".npy", "float32, (H, W, 3)", "NaN NaN NaN"
    POSITION_EXR = MapKind.POSITION, ".exr", "float32, channels X, Y, Z", "NaN NaN NaN"
    NOCS_PNG = MapKind.NOCS, ".png", "16-bit RGB, value / 65535 = coordinate", "0 0 0"
    NOCS_NPY = MapKind.NOCS, ".npy", "float32, (H, W, 3)", "NaN NaN NaN"
    SURFACES_NPZ = (
        MapKind.SURFACES,
        ".npz",
        "int32 number, (H, W); float64 matrices, (N, 4, 4), mesh to world in scene units; JSON surfaces",
        "-1",
    )
    UV_NPY = MapKind.UV, ".npy", "float32, (H, W, 2)", "NaN NaN"
    POINTS_PLY = (
        MapKind.POINTS,
        ".ply",
        "binary PLY: float x, y, z, uchar red, green, blue, ushort instance, category",
        "no point",
    )
    INSTANCES_PNG = MapKind.INSTANCES, ".png", "16-bit grey", "0"
    CATEGORIES_PNG = MapKind.CATEGORIES, ".png", "16-bit grey", "0"

    @property
    def made_of(self) -> "tuple[DenseMap, ...]":
        """The maps of its own frame and of others that it is made of, when all frames are there; mostly none."""
        if self.kind in (MapKind.OCCLUSION_FORWARD, MapKind.OCCLUSION_BACKWARD):
            return DenseMap.FLOW_FORWARD_NPY, DenseMap.FLOW_BACKWARD_NPY, DenseMap.DEPTH_NPY
        if self.kind in (MapKind.FLOW_STEP, MapKind.OCCLUSION_STEP):
            return DenseMap.DEPTH_NPY, DenseMap.SURFACES_NPZ
        if self.kind is MapKind.DISPARITY:
            return (DenseMap.DEPTH_NPY,)
        return ()

    def path(self, frame_path: str) -> str:
        """Its file of a frame below the output folder; `frame_path` is FrameFiles.path."""
        return map_file(self.kind.value, frame_path, self.suffix)


MAP_OF_NAME = {map.value: map for map in DenseMap}


@dataclass(frozen=True)
class WrittenMap(JsonObject):
    """A map of a frame as its record knows it.

    Attributes:
        map: which one.
        file: path below the output folder, with forward slashes.
        unit: of its values: "m", or "scene units" of a length without a scene record.
        scale: units for a step of the stored number; None where numbers are stored as they are.
        valid: how many pixels have a value.
        out_of_range: how many have none only because the file's format could not hold theirs.
        ids: of a map of categories, the number of each name; else None.
        step: of a map that leads to another frame by the user's choice, how many frames later that is; else None.
        unknown: of such a map, reason -> how many pixels with a surface have no value for it.
    """

    map: DenseMap
    file: str
    unit: str
    scale: float | None
    valid: int
    out_of_range: int
    ids: Mapping[str, int] | None = field(default=None, metadata=LEFT_OUT)
    step: int | None = field(default=None, metadata=LEFT_OUT)
    unknown: Mapping[str, int] = field(default_factory=dict, metadata=in_json(only_with="step"))


def later_maps(maps: tuple[DenseMap, ...]) -> tuple[DenseMap, ...]:
    """Those of some maps that can only be made when all frames are there."""
    return tuple(map for map in maps if map.made_of)


def maps_to_write(maps: tuple[DenseMap, ...]) -> tuple[DenseMap, ...]:
    """The maps to write with a frame: those that are chosen, and those that later ones are made of, in their order."""
    wanted = {one for map in maps for one in (map.made_of or (map,))}
    return tuple(map for map in DenseMap if map in wanted)


def passes_of(maps: tuple[DenseMap, ...]) -> list[Pass]:
    """The passes that some maps are made of, each once."""
    return list(dict.fromkeys(pass_ for map in maps for pass_ in map.kind.passes))
