"""The dense maps of a frame: from its passes and instances to files, as the table in map_table.py describes them."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..base.errors import PassError, SceneError
from ..categories.ids import ids_in_dataset
from ..drawing.image_files import Bytes
from ..labels.labelled_frame import LabelledFrame
from ..masks.rle import paint_masks
from ..settings.map_table import DenseMap, MapKind, WrittenMap, maps_to_write
from ..settings.render_pass import Pass
from .codecs.codec import MapPixels
from .codecs.points import PointCloud
from .codecs.surfaces import SurfaceMap
from .codecs.table import codec_of
from .flow import Motion, note_on_mirroring
from .surface_map import map_surfaces

_MOST_OF_16_BIT = 0xFFFF

Numbers = npt.NDArray[np.uint16]
_Content = MapPixels | PointCloud | SurfaceMap


def write_maps(frame: LabelledFrame, colours: Bytes | None, checkpoint: Callable[[], None]) -> list[WrittenMap]:
    """Make the maps that the settings want of a frame, and write their files.

    Args:
        frame: with the instances of its record.
        colours: (H, W, 3) uint8 of the training image, for point clouds; None where there is none.
        checkpoint: called before each map; raises Cancelled to stop there.

    Returns:
        The maps that were written, in the order of their table.

    Raises:
        PassError: the frame lacks a pass, or it does not hold what it should.
        SceneError: a map needs what only a scene record knows, or holds a number beyond 16 bit.
        RecordError, CategoryError: as ids_in_dataset().
        OutputError: a file cannot be written.
    """
    job = frame.job
    dense = DenseMaps(frame, ids_in_dataset(job.dataset, frame.categories), colours)
    dense.check(job.settings.maps)
    written = []
    for map in maps_to_write(job.settings.maps):
        checkpoint()
        written.append(dense.write(map))
    return written


def notes_on_maps(frame: LabelledFrame) -> list[str]:
    """Sentences on what may be wrong with the maps that the settings want of a frame."""
    wants_flow = any(Pass.VECTOR in map.kind.passes for map in maps_to_write(frame.job.settings.maps))
    note = note_on_mirroring(frame.passes, frame.scene) if wants_flow else ""
    return [note] if note else []


class DenseMaps:
    """Makes the maps of one frame.

    Args:
        frame: with the instances of its record.
        category_ids: id of each category's name.
        colours: (H, W, 3) uint8 of the training image, for point clouds; None where there is none.
    """

    def __init__(self, frame: LabelledFrame, category_ids: Mapping[str, int], colours: Bytes | None) -> None:
        self._frame = frame
        self._passes, self._depth, self._instances = frame.passes, frame.depth, frame.instances
        self._motion = Motion(frame.passes, frame.scene)
        self._category_ids = category_ids
        self._depth_scale = frame.job.settings.depth_scale
        self._colours = colours
        self._made: tuple[MapKind, _Content] | None = None

    def check(self, maps: Sequence[DenseMap]) -> None:
        """Raises SceneError where one of some maps, two-frame maps too, needs a camera that is not known."""
        wanting = next((map for map in maps if map.kind.needs_camera), None)
        if wanting:
            with _naming(wanting):
                _ = self._depth.camera

    def write(self, map: DenseMap) -> WrittenMap:
        """Make a map and write its file; those of one kind are best asked for one after the other.

        Raises:
            PassError: the frame lacks a pass, or it does not hold what it should.
            SceneError: the map needs what only a scene record knows, or holds a number beyond 16 bit.
            OutputError: the file cannot be written.
        """
        if self._made is None or self._made[0] is not map.kind:
            with _naming(map):
                self._made = map.kind, _MAKERS[map.kind](self)
        content = self._made[1]
        path = map.path(self._frame.job.files.path)
        codec = codec_of(map, self._depth_scale)
        held = codec.write(self._frame.job.dataset.file(path), content)
        return WrittenMap(
            map=map,
            file=path,
            unit=self._depth.unit if map.kind.is_length else map.kind.unit,
            scale=codec.scale,
            valid=held,
            out_of_range=content.count - held,
            ids=self._category_ids if map.kind is MapKind.CATEGORIES else None,
        )

    def _planar_depth(self) -> MapPixels:
        return MapPixels(self._depth.planar(), self._depth.seen)

    def _ray_depth(self) -> MapPixels:
        return MapPixels(self._depth.along_rays(), self._depth.seen)

    def _normals(self) -> MapPixels:
        rotation = np.asarray(self._depth.camera.world_to_camera, dtype=np.float32)[:3, :3]
        normals = self._passes.read(Pass.NORMAL).astype(np.float32, copy=False) @ rotation.T
        length = np.sqrt(np.einsum("ijk,ijk->ij", normals, normals))
        has = np.isfinite(length) & (length > 0)
        return MapPixels(normals / np.where(has, length, 1)[..., None], has)

    # Blender gives the background no flow: where it goes is not known, and not 0.
    def _flow_forward(self) -> MapPixels:
        return MapPixels(self._motion.forward(), self._depth.seen)

    def _flow_backward(self) -> MapPixels:
        return MapPixels(self._motion.backward(), self._depth.seen)

    def _position(self) -> MapPixels:
        scale = np.float32(self._depth.unit_scale)
        values = self._passes.read(Pass.POSITION).astype(np.float32, copy=False) * scale
        return MapPixels(values, self._depth.seen)

    def _nocs(self) -> MapPixels:
        """Source: Wang et al., Normalized Object Coordinate Space, CVPR 2019, section 3."""
        points = self._depth.in_camera()
        poses = [instance.pose for instance in self._instances]
        if self._instances and not any(poses):
            raise SceneError(
                f"No instance of {self._passes.where} has a pose, and NOCS maps are in the axes of poses; export from "
                "Blender with Poses and 3D Boxes turned on, or leave NOCS out"
            )
        numbers = self._numbers[self._depth.seen]
        # The middle of each box, from the camera, and the way from the camera's axes to its own; 0 stands for none.
        middle, turn = np.zeros((len(poses) + 1, 3)), np.zeros((len(poses) + 1, 3, 3))
        has = np.zeros(len(poses) + 1, bool)
        for number, pose in enumerate(poses, start=1):
            if pose is not None and (diagonal := float(np.linalg.norm(pose.dimensions))) > 0:
                middle[number] = pose.corners_in_camera().mean(axis=0)
                turn[number] = np.transpose(pose.rotation) / diagonal
                has[number] = True
        inside = np.einsum("nij,nj->ni", turn[numbers], points - middle[numbers]) + 0.5
        values = np.zeros((*self._passes.shape, 3), np.float32)
        values[self._depth.seen] = inside
        return MapPixels(values, self._depth.seen & has[self._numbers])

    def _surface_map(self) -> SurfaceMap:
        return map_surfaces(self._frame)

    def _uv(self) -> MapPixels:
        coordinates = self._passes.read(Pass.UV).astype(np.float32, copy=False)
        if coordinates.shape[-1] < 3:
            raise PassError(
                f"The UV pass of {self._passes.where} lacks the value that says which pixels have a UV map; write it "
                "as OpenEXR MultiLayer"
            )
        return MapPixels(coordinates[..., :2], coordinates[..., 2] > 0)

    def _points(self) -> PointCloud:
        places, seen = self._depth.to_world(self._depth.in_camera()), self._depth.seen
        colours = None if self._colours is None else self._colours[seen]
        return PointCloud(places, colours, self._numbers[seen], self._categories().values[seen])

    @cached_property
    def _numbers(self) -> Numbers:
        """(H, W) uint16: the place of each pixel's instance in the record's list, from 1; 0 for none."""
        if len(self._instances) > _MOST_OF_16_BIT:
            raise SceneError(
                f"{self._passes.where} shows {len(self._instances)} instances, but a 16-bit label map holds only "
                f"{_MOST_OF_16_BIT}; leave small ones out with Minimum Area"
            )
        return paint_masks([instance.mask.rle for instance in self._instances], *self._passes.shape).astype(np.uint16)

    def _instance_numbers(self) -> MapPixels:
        return MapPixels(self._numbers, self._numbers > 0)

    def _categories(self) -> MapPixels:
        ids = [0, *(self._category_ids[instance.category] for instance in self._instances)]
        if max(ids) > _MOST_OF_16_BIT:
            raise SceneError(
                f"A category has the id {max(ids)}, but a 16-bit label map holds ids only up to {_MOST_OF_16_BIT}; "
                "give it a smaller category_id"
            )
        return MapPixels(np.array(ids, dtype=np.uint16)[self._numbers], self._numbers > 0)


_MAKERS: Mapping[MapKind, Callable[[DenseMaps], _Content]] = {
    MapKind.DEPTH: DenseMaps._planar_depth,
    MapKind.RAY_DEPTH: DenseMaps._ray_depth,
    MapKind.NORMALS: DenseMaps._normals,
    MapKind.FLOW_FORWARD: DenseMaps._flow_forward,
    MapKind.FLOW_BACKWARD: DenseMaps._flow_backward,
    MapKind.POSITION: DenseMaps._position,
    MapKind.NOCS: DenseMaps._nocs,
    MapKind.SURFACES: DenseMaps._surface_map,
    MapKind.UV: DenseMaps._uv,
    MapKind.POINTS: DenseMaps._points,
    MapKind.INSTANCES: DenseMaps._instance_numbers,
    MapKind.CATEGORIES: DenseMaps._categories,
}


@contextlib.contextmanager
def _naming(map: DenseMap) -> Iterator[None]:
    """Let an error of what is in it say which map it is about."""
    try:
        yield
    except (PassError, SceneError) as error:
        raise type(error)(f"{map.label} cannot be made: {error}") from error
