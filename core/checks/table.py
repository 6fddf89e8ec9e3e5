"""All checks of frames, in the order in which they are made."""

from collections.abc import Mapping
from functools import partial

from ..settings.map_table import DenseMap, MapKind
from .check import Check
from .checked_frame import CheckedFrame
from .files.readable_files import check_image, check_maps, check_pictures, check_soft_masks
from .files.scene_records import check_scene_record, has_scene_record
from .instances.alignment import check_alignment
from .instances.amodal import check_amodal
from .instances.keypoints import check_keypoints, check_visibility, check_visibility_png
from .instances.masks import check_category_map, check_instance_map, check_masks
from .instances.poses import check_poses
from .maps.depth_and_normals import check_depth, check_depth_png, check_normals, check_projection
from .maps.depths import check_depth_of_boxes, check_formats, check_nocs, check_ray_depth, has_several_formats
from .maps.disparity import check_disparity, check_views
from .maps.flow import check_flow_of_instances, check_flow_of_rest, check_round_trip
from .maps.occlusion import check_occlusion
from .maps.points import check_points
from .maps.stepped_flow import check_flow_step_against_flow, check_flow_step_of_instances, check_flow_step_of_rest
from .maps.two_frame_maps import check_two_frame_maps


def _has_image(frame: CheckedFrame) -> bool:
    return frame.record.colour is not None


def _has_pictures(frame: CheckedFrame) -> bool:
    return bool(frame.record.pictures)


def _has_maps(frame: CheckedFrame) -> bool:
    return bool(frame.record.maps)


def _has_two_frame_maps(frame: CheckedFrame) -> bool:
    files = (map.path(frame.record.path) for map in frame.record.later_maps)
    return bool(frame.merged.maps) or any(frame.dataset.file(file).exists() for file in files)


def _has_camera(frame: CheckedFrame) -> bool:
    return frame.record.camera is not None


def _has_soft_masks(frame: CheckedFrame) -> bool:
    return any(one.soft_mask is not None for one in frame.record.instances)


def _has_poses(frame: CheckedFrame) -> bool:
    return _has_camera(frame) and any(one.pose is not None for one in frame.record.instances)


def _has_keypoints(frame: CheckedFrame) -> bool:
    return any(one.keypoints is not None for one in frame.record.instances)


def _has_amodal(frame: CheckedFrame) -> bool:
    return any(one.amodal is not None for one in frame.record.instances)


def _is_left(frame: CheckedFrame) -> bool:
    return frame.record.view == "left"


def _leads_one_on(frame: CheckedFrame) -> bool:
    return frame.record.flow_step == 1


def _leads_one_back(frame: CheckedFrame) -> bool:
    return frame.record.flow_step == -1


# Both cameras are pinholes, or perspective or orthographic ones.
_PINHOLES, _PROJECTIVE = CheckedFrame.pinhole, CheckedFrame.projective
_DEPTH, _POSITION, _FORWARD = DenseMap.DEPTH_NPY, DenseMap.POSITION_NPY, DenseMap.FLOW_FORWARD_NPY
_PLACES = DenseMap.DEPTH_NPY, DenseMap.SURFACES_NPZ

# Of a frame alone. What cannot be read is left out of the checks after those that read.
OF_FRAME = (
    Check("training images", check_image, has=_has_image),
    Check("pictures", check_pictures, has=_has_pictures),
    Check("maps can be read", check_maps, has=_has_maps),
    Check("two-frame maps can be read", check_two_frame_maps, has=_has_two_frame_maps),
    Check("scene records", check_scene_record, has=has_scene_record),
    Check("masks, boxes and areas", check_masks),
    Check("poses and projected boxes", check_poses, has=_has_poses),
    Check("amodal masks and counts", check_amodal, has=_has_amodal),
    Check("place of masks and amodal masks", check_alignment, has=_has_amodal),
    Check("keypoints", check_keypoints, has=_has_keypoints),
    Check("keypoints and depth", check_visibility, (_DEPTH,), _has_keypoints),
    Check("keypoints and depth PNG", check_visibility_png, (DenseMap.DEPTH_PNG,), _has_keypoints),
    Check("soft masks", check_soft_masks, has=_has_soft_masks),
    Check("instance map", check_instance_map, (DenseMap.INSTANCES_PNG,)),
    Check("category map", check_category_map, (DenseMap.CATEGORIES_PNG,)),
    Check("depth and position", check_depth, (_DEPTH, _POSITION)),
    Check("depth PNG and position", check_depth_png, (DenseMap.DEPTH_PNG, _POSITION)),
    Check("projected position", check_projection, (_POSITION,)),
    Check("normals", check_normals, (DenseMap.NORMALS_NPY,)),
    Check("formats of one map", check_formats, has=has_several_formats),
    Check("depth and ray depth", check_ray_depth, (MapKind.DEPTH, MapKind.RAY_DEPTH), _has_camera),
    Check("depth and 3D boxes", check_depth_of_boxes, (MapKind.DEPTH,), _has_poses),
    Check("depth and NOCS", check_nocs, (MapKind.DEPTH, MapKind.NOCS), _has_poses),
    Check("point cloud", check_points, (DenseMap.POINTS_PLY,), _has_camera),
)
# Those of them that a frame without maps can have.
OF_FRAME_WITHOUT_MAPS = tuple(check for check in OF_FRAME if not check.needs)
# Of a frame and the next one of its sequence.
OF_NEXT_FRAME = (
    Check(
        "flow of points at rest",
        check_flow_of_rest,
        (_FORWARD, _POSITION),
        needs_other=(_POSITION,),
        both=_PINHOLES,
    ),
    Check("flow of instances with poses", check_flow_of_instances, (_FORWARD, _POSITION), both=_PINHOLES),
    Check("forward and backward flow", check_round_trip, (_FORWARD,), needs_other=(DenseMap.FLOW_BACKWARD_NPY,)),
)
# Of a frame and the one that a two-frame map of this kind leads to.
ALONG_TWO_FRAME_MAP: Mapping[MapKind, tuple[Check, ...]] = {
    MapKind.DISPARITY: (
        Check("disparity and depth", check_disparity, (MapKind.DISPARITY, _DEPTH), both=_PROJECTIVE),
        Check(
            "disparity of both views",
            check_views,
            (MapKind.DISPARITY,),
            _is_left,
            (MapKind.DISPARITY,),
            _PROJECTIVE,
        ),
    ),
    MapKind.OCCLUSION_FORWARD: (
        Check(
            "forward occlusion",
            partial(check_occlusion, MapKind.OCCLUSION_FORWARD),
            (MapKind.OCCLUSION_FORWARD, _DEPTH, MapKind.FLOW_FORWARD),
            needs_other=(_DEPTH,),
            both=_PROJECTIVE,
        ),
    ),
    MapKind.OCCLUSION_BACKWARD: (
        Check(
            "backward occlusion",
            partial(check_occlusion, MapKind.OCCLUSION_BACKWARD),
            (MapKind.OCCLUSION_BACKWARD, _DEPTH, MapKind.FLOW_BACKWARD),
            needs_other=(_DEPTH,),
            both=_PROJECTIVE,
        ),
    ),
    MapKind.OCCLUSION_STEP: (
        Check(
            "occlusion by step",
            partial(check_occlusion, MapKind.OCCLUSION_STEP),
            (MapKind.OCCLUSION_STEP, *_PLACES),
            needs_other=_PLACES,
            both=_PROJECTIVE,
        ),
    ),
    MapKind.FLOW_STEP: (
        Check(
            "flow by step of surfaces at rest",
            check_flow_step_of_rest,
            (MapKind.FLOW_STEP, *_PLACES),
            needs_other=_PLACES,
            both=_PROJECTIVE,
        ),
        Check(
            "flow by step of instances with poses",
            check_flow_step_of_instances,
            (MapKind.FLOW_STEP, _DEPTH),
            _has_poses,
            both=_PROJECTIVE,
        ),
        Check(
            "flow by step and forward flow",
            check_flow_step_against_flow,
            (MapKind.FLOW_STEP, MapKind.FLOW_FORWARD),
            _leads_one_on,
            both=_PROJECTIVE,
        ),
        Check(
            "flow by step and backward flow",
            check_flow_step_against_flow,
            (MapKind.FLOW_STEP, MapKind.FLOW_BACKWARD),
            _leads_one_back,
            both=_PROJECTIVE,
        ),
    ),
}
