"""The dense maps: what each of them shows, which passes it takes, and how its file stores it.

This is the one table of them. Settings, command line, panel, checklist, `dataset.json` and docs/maps.md follow it;
frame_maps.py makes the pixels and the codecs in core/maps/codecs the files. It runs in Blender's process too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from ..base.choice import Choice
from ..base.dataset_folder import map_file
from ..base.json_fields import LEFT_OUT, JsonObject, in_json
from .map_storage import Storage
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
        storage: how its file stores that.
        file_format: for people.
    """

    kind: MapKind
    storage: Storage
    file_format: str

    def __new__(cls, kind: MapKind, storage: Storage) -> "DenseMap":
        ending = storage.suffix[1:]
        value = f"{kind.value}_{ending}"
        member = str.__new__(cls, value)
        member._value_ = value
        member.kind, member.storage = kind, storage
        member.file_format = ending.upper()
        member.label = f"{kind.title} {member.file_format}"
        unit = "metres" if kind.is_length else {"1": "", "number": "", "id": "", "flag": ""}.get(kind.unit, kind.unit)
        member.help = f"{kind.shows[0].upper()}{kind.shows[1:]}{f', in {unit}' if unit else ''}; {storage.stored}"
        return member

    # The order is that of the panel. A .blend file stores each by its name, so a new one may go anywhere.
    DEPTH_PNG = MapKind.DEPTH, Storage.DEPTH_PNG
    DEPTH_NPY = MapKind.DEPTH, Storage.ONE_FLOAT_NPY
    DEPTH_EXR = MapKind.DEPTH, Storage.ONE_FLOAT_EXR
    RAY_DEPTH_PNG = MapKind.RAY_DEPTH, Storage.RAY_DEPTH_PNG
    RAY_DEPTH_NPY = MapKind.RAY_DEPTH, Storage.ONE_FLOAT_NPY
    RAY_DEPTH_EXR = MapKind.RAY_DEPTH, Storage.ONE_FLOAT_EXR
    NORMALS_PNG = MapKind.NORMALS, Storage.NORMALS_PNG
    NORMALS_NPY = MapKind.NORMALS, Storage.NORMALS_NPY
    NORMALS_EXR = MapKind.NORMALS, Storage.NORMALS_EXR
    FLOW_FORWARD_FLO = MapKind.FLOW_FORWARD, Storage.FLOW_FLO
    FLOW_FORWARD_PNG = MapKind.FLOW_FORWARD, Storage.FLOW_PNG
    FLOW_FORWARD_NPY = MapKind.FLOW_FORWARD, Storage.TWO_FLOATS_NPY
    FLOW_BACKWARD_FLO = MapKind.FLOW_BACKWARD, Storage.FLOW_FLO
    FLOW_BACKWARD_PNG = MapKind.FLOW_BACKWARD, Storage.FLOW_PNG
    FLOW_BACKWARD_NPY = MapKind.FLOW_BACKWARD, Storage.TWO_FLOATS_NPY
    OCCLUSION_FORWARD_PNG = MapKind.OCCLUSION_FORWARD, Storage.OCCLUSION_PNG
    OCCLUSION_BACKWARD_PNG = MapKind.OCCLUSION_BACKWARD, Storage.OCCLUSION_PNG
    FLOW_STEP_FLO = MapKind.FLOW_STEP, Storage.FLOW_FLO
    FLOW_STEP_PNG = MapKind.FLOW_STEP, Storage.FLOW_PNG
    FLOW_STEP_NPY = MapKind.FLOW_STEP, Storage.TWO_FLOATS_NPY
    OCCLUSION_STEP_PNG = MapKind.OCCLUSION_STEP, Storage.OCCLUSION_PNG
    DISPARITY_PNG = MapKind.DISPARITY, Storage.DISPARITY_PNG
    DISPARITY_NPY = MapKind.DISPARITY, Storage.ONE_FLOAT_NPY
    POSITION_NPY = MapKind.POSITION, Storage.THREE_FLOATS_NPY
    POSITION_EXR = MapKind.POSITION, Storage.THREE_FLOATS_EXR
    NOCS_PNG = MapKind.NOCS, Storage.NOCS_PNG
    NOCS_NPY = MapKind.NOCS, Storage.THREE_FLOATS_NPY
    SURFACES_NPZ = MapKind.SURFACES, Storage.SURFACES_NPZ
    UV_NPY = MapKind.UV, Storage.TWO_FLOATS_NPY
    POINTS_PLY = MapKind.POINTS, Storage.POINTS_PLY
    INSTANCES_PNG = MapKind.INSTANCES, Storage.LABELS_PNG
    CATEGORIES_PNG = MapKind.CATEGORIES, Storage.LABELS_PNG

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
        return map_file(self.kind.value, frame_path, self.storage.suffix)


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


def two_frame_maps(maps: tuple[DenseMap, ...]) -> tuple[DenseMap, ...]:
    """Those of some maps that can only be made when all frames are there."""
    return tuple(map for map in maps if map.made_of)


def maps_to_write(maps: tuple[DenseMap, ...]) -> tuple[DenseMap, ...]:
    """The maps to write with a frame, in order: those that are chosen, and those that two-frame maps are made of."""
    wanted = {one for map in maps for one in (map.made_of or (map,))}
    return tuple(map for map in DenseMap if map in wanted)


def passes_of(maps: tuple[DenseMap, ...]) -> list[Pass]:
    """The passes that some maps are made of, each once."""
    return list(dict.fromkeys(pass_ for map in maps for pass_ in map.kind.passes))
