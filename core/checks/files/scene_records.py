"""The scene record of a frame: it can be read, and it is the one that the frame record was made from."""

from ...scene.scene_record import SceneRecord, scene_path
from ..checked_frame import CheckedFrame
from ..report import Problems

_AGAIN = "annotate the frame again"


def has_scene_record(frame: CheckedFrame) -> bool:
    """Whether there is one in the dataset, of a frame that was annotated with one."""
    return frame.record.unit_scale is not None and scene_path(frame.dataset.scenes, frame.record.path).exists()


def check_scene_record(frame: CheckedFrame) -> Problems:
    """Its file is whole; camera and unit scale are those of the record. SceneError where it cannot be read."""
    record = frame.record
    path = scene_path(frame.dataset.scenes, record.path)
    scene = SceneRecord.read(path)
    name = path.relative_to(frame.dataset.path).as_posix()
    if record.camera != scene.camera:
        yield f"The camera of the record is not that of {name}; {_AGAIN}"
    if record.unit_scale != scene.unit_scale:
        yield f"The unit scale of the record is {record.unit_scale}, but that of {name} is {scene.unit_scale}; {_AGAIN}"
