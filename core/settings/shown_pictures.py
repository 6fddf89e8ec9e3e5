"""What `labelpass show` can draw of a frame. The command line lists it, so it needs no numpy."""

from collections.abc import Mapping

from .map_table import MapKind

IMAGE, BOXES, MASKS, KEYPOINTS, BOXES_3D, AMODAL = "image", "boxes", "masks", "keypoints", "boxes3d", "amodal"

# Besides the dense maps, which are drawn under the names of their kinds.
OF_INSTANCES: Mapping[str, str] = {
    IMAGE: "the training image",
    BOXES: "boxes and names of all instances",
    MASKS: "masks in the colours of categories",
    KEYPOINTS: "keypoints with their skeletons; occluded ones are rings",
    BOXES_3D: "3D boxes and axes of poses",
    AMODAL: "outlines of amodal masks, with what is hidden tinted",
}
# A point cloud is no image.
MAP_KINDS: Mapping[str, MapKind] = {kind.value: kind for kind in MapKind if kind is not MapKind.POINTS}
SHOWN: tuple[str, ...] = (*OF_INSTANCES, *MAP_KINDS)
