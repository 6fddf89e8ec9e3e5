"""A made-up frame that agrees with itself: four boxes before a camera, with poses, keypoints and amodal masks."""

import numpy as np

from core.base.box import Box
from core.masks.runs import find_masks
from core.records.frame_record import FrameRecord
from core.records.instance import Amodal
from core.scene.keypoints import ABSENT, Keypoint, Visibility
from core.scene.placements import Bounds, Placement
from core.scene.poses import Pose, find_poses
from core.settings.category_table import Category
from tests.builders import as_matrix, pinhole, plain_camera, plain_instance, plain_record

WIDTH, HEIGHT, UNIT_SCALE = 64, 48, 0.5
CAMERA = plain_camera(k=pinhole(50.0, 32.0, 24.0))
CATEGORIES = (Category("beam", 3), Category("cube", 1, keypoints=("front", "back")))
# Low and high corner in the camera's axes, scene units; pixels that the box covers when alone; surface's depth there.
SHAPES = {
    "Beam": ((-0.5, 0.8, -1.0), (0.5, 1.5, 3.0), (24, 38, 40, 48), 2.0),  # through the near plane
    "Border": ((3.5, -1.0, 6.0), (5.5, 1.0, 8.0), (54, 16, 77, 32), 6.0),  # half of it out of the image
    "Far": ((-0.5, -0.8, 6.0), (1.5, 1.2, 8.0), (28, 18, 44, 34), 6.0),  # half hidden by Near
    "Near": ((-1.0, -0.5, 3.5), (0.0, 0.5, 4.5), (18, 17, 32, 31), 3.5),
}
POINTS = {  # in the camera's axes, scene units
    "Border": (None, None),
    "Far": ((1.0, 0.2, 6.0), (-0.2, 0.2, 6.5)),
    "Near": ((-0.5, 0.0, 3.5), (-0.5, 0.0, 4.5)),
}
ORDER = ["Border", "Far", "Near", "Beam"]  # painted over each other


def pose_of(low: tuple[float, ...], high: tuple[float, ...]) -> Pose:
    middle = (np.array(low) + high) / 2
    matrix = np.eye(4)
    matrix[:3, 3] = middle
    half = tuple((np.array(high) - middle).tolist())
    bounds = Bounds(tuple(-one for one in half), half)
    placement = Placement("it", as_matrix(matrix), {"it": bounds})
    ((pose,), notes) = find_poses([("it", ["it"])], {"it": placement}, CAMERA, UNIT_SCALE)
    assert pose is not None and not notes
    return pose


def keypoint(point: tuple[float, ...] | None, seen: bool) -> Keypoint:
    if point is None:
        return ABSENT
    x, y, z = CAMERA.project(np.array([point]))[0].tolist()
    return Keypoint(x, y, Visibility.VISIBLE if seen else Visibility.OCCLUDED, z * UNIT_SCALE)


def frame_of(number: int, sequence: str = "") -> tuple[FrameRecord, np.ndarray]:
    """A record, and its planar depth in metres."""
    labels, depth = np.zeros((HEIGHT, WIDTH), np.uint32), np.full((HEIGHT, WIDTH), np.nan, np.float32)
    alone = {}
    for name in ORDER:
        x0, y0, x1, y1 = SHAPES[name][2]
        alone[name] = np.zeros((HEIGHT, WIDTH), np.uint32)
        for image, value in ((labels, ORDER.index(name) + 1), (alone[name], 1), (depth, SHAPES[name][3] * UNIT_SCALE)):
            image[y0:y1, x0:x1] = value
    masks = {ORDER[mask.label - 1]: mask for mask in find_masks(labels)}
    instances = []
    for name, (low, high, box, _) in SHAPES.items():
        (whole,) = find_masks(alone[name])
        pixels = (box[2] - box[0]) * (box[3] - box[1])
        points = POINTS.get(name)
        instances.append(
            plain_instance(
                name,
                "beam" if name == "Beam" else "cube",
                (masks[name].label,),
                masks[name],
                pose=pose_of(low, high),
                amodal=Amodal(whole.rle, Box(*box), pixels, whole.area, masks[name].area),
                keypoints=points and (keypoint(points[0], True), keypoint(points[1], name == "Near")),
            )
        )
    (diagonal,) = find_masks(np.eye(HEIGHT, WIDTH, dtype=np.uint32))
    record = plain_record(
        sequence=sequence,
        frame=number,
        name=f"f_{number:04}",
        width=WIDTH,
        height=HEIGHT,
        unit_scale=UNIT_SCALE,
        camera=CAMERA,
        categories=CATEGORIES,
        instances=tuple(instances),
        ignored=(plain_instance("ignored", "", (9,), diagonal),),
    )
    return record, depth
