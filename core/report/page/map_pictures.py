"""Pictures of dense maps in colours, to lay over the image of a frame."""

from pathlib import Path

from PIL import Image

from ...base.dataset_folder import DatasetFolder
from ...base.files import complete_file
from ...dataset.frame_pictures import FramePictures
from ...records.frame_record import FrameRecord
from ...settings.map_table import MapKind

# Those whose colours say something at a glance.
SHOWN_MAPS = (
    MapKind.DEPTH,
    MapKind.RAY_DEPTH,
    MapKind.DISPARITY,
    MapKind.NORMALS,
    MapKind.FLOW_FORWARD,
    MapKind.FLOW_BACKWARD,
    MapKind.FLOW_STEP,
)
FOLDER = "maps"
# Pixels of the longer side.
_SIZE = 480
_QUALITY = 80


def write_map_pictures(
    dataset: DatasetFolder, record: FrameRecord, folder: Path, number: int
) -> tuple[dict[str, list[str]], list[str]]:
    """Draw the maps of a frame as `labelpass show` does, without their legends.

    Args:
        dataset, record: of the frame.
        folder: of the report.
        number: of the frame in the report.

    Returns:
        Title of a map -> its picture below the folder, and a note on it; and a sentence for each that cannot be read.
    """
    if not record.maps and not record.later_maps:
        return {}, []
    pictures = FramePictures(dataset, record, _SIZE)
    there, written = pictures.there, {}
    for kind in SHOWN_MAPS:
        if kind.value not in there or not (tile := pictures.tile(kind.value)):
            continue
        file = f"{FOLDER}/{kind.value}-{number:06}.jpg"
        with complete_file(folder / file, durable=False) as stream:
            picture = Image.fromarray(tile.pixels[: pictures.height, : pictures.width])
            picture.save(stream, "JPEG", quality=_QUALITY, subsampling=0)
        written[kind.title] = [file, tile.note]
    return written, pictures.problems
