"""The formats that a dataset is exported in, each in the layout that its readers expect.

This is the one table of them. Settings, command line, panel and docs/exports.md follow it; a module of core/exports
writes each, and is imported only when it is wanted. It runs in Blender's process too.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cache
from importlib.util import find_spec

from ..base.choice import Choice

# Ultralytics ends with an error without these.
_OF_YOLO = {"train": ("train",), "val": ("val", "valid", "validation")}


class ExportNeed(Enum):
    """What a format takes from records. An export is refused where no frame has it.

    Attributes:
        what: a noun.
        way_out: how frames come to have it.
    """

    what: str
    way_out: str

    def __new__(cls, value: str, what: str, way_out: str) -> "ExportNeed":
        member = object.__new__(cls)
        member._value_ = value
        member.what, member.way_out = what, way_out
        return member

    CATEGORIES = (
        "categories",
        "a category",
        "give the objects categories in Blender, or with --categories, and annotate again",
    )
    TRACKS = (
        "tracks",
        "an instance with a track",
        "label objects, not connected components, and annotate again",
    )
    POSES = "poses", "an instance with a pose", "turn Poses and 3D Boxes on (--poses) and annotate again"
    KEYPOINTS = (
        "keypoints",
        "an instance with keypoints",
        "list the keypoints of a category in the category table and annotate again",
    )
    AMODAL = "amodal", "an instance with an amodal mask", "turn Amodal Masks on (--amodal) and annotate again"
    DEPTH_PNG = "depth_png", "a depth PNG", "choose the map Depth as PNG (--maps depth_png) and annotate again"
    CAMERA = (
        "camera",
        "a perspective camera",
        "export with Labelpass in Blender, where the camera is known, and render with a perspective camera",
    )


# The modules of formats that need pyarrow, which does not come with Labelpass.
_OF_PYARROW = ("tables.imagefolder", "tables.parquet")


@cache
def _missing(package: str) -> str:
    return package if find_spec(package) is None else ""


class ExportFormat(Choice):
    """A format, whose files are in a folder of its name.

    Attributes:
        module: of core/exports, which writes it, with its package before a dot; see exports/export_writer.py.
        source: where the format is described.
        needs: what at least one frame has to have.
    """

    module: str
    source: str
    needs: tuple[ExportNeed, ...]

    def __new__(cls, value: str, label: str, help: str, module: str, source: str, *needs: ExportNeed) -> "ExportFormat":
        member = str.__new__(cls, value)
        member._value_ = value
        member.label, member.help = label, help
        member.module, member.source, member.needs = module, source, needs
        return member

    @property
    def splits(self) -> Mapping[str, Sequence[str]]:
        """Splits that its readers cannot do without, each with the names that may stand for it, in small letters."""
        return _OF_YOLO if self.module.startswith("yolo.") else {}

    @property
    def missing_package(self) -> str:
        """A Python package that the format needs and that is not installed; "" where all is there."""
        return _missing("pyarrow") if self.module in _OF_PYARROW else ""

    COCO = (
        "coco",
        "COCO",
        "Boxes and masks as COCO's own downloads have them: annotations/instances_train.json, images/train",
        "coco.detection",
        "https://cocodataset.org/#format-data",
        ExportNeed.CATEGORIES,
    )
    COCO_KEYPOINTS = (
        "coco_keypoints",
        "COCO Keypoints",
        "Keypoints as COCO's own downloads have them: annotations/person_keypoints_train.json, images/train",
        "coco.keypoints",
        "https://cocodataset.org/#keypoints-2020",
        ExportNeed.KEYPOINTS,
    )
    COCO_PANOPTIC = (
        "coco_panoptic",
        "COCO Panoptic",
        "Segments of things and stuff: annotations/panoptic_train.json, with a PNG for each image",
        "coco.panoptic",
        "https://cocodataset.org/#panoptic-2020",
        ExportNeed.CATEGORIES,
    )
    LVIS = (
        "lvis",
        "LVIS",
        "Boxes and masks, with what each image does not show: annotations/lvis_train.json, images/train",
        "coco.lvis",
        "https://www.lvisdataset.org/dataset",
        ExportNeed.CATEGORIES,
    )
    ROBOFLOW = (
        "roboflow",
        "Roboflow COCO",
        "Boxes and masks as Roboflow and RF-DETR have them: train/_annotations.coco.json beside the images",
        "coco.roboflow",
        "https://rfdetr.roboflow.com/latest/learn/train/dataset-formats/",
        ExportNeed.CATEGORIES,
    )
    YOLO_DETECT = (
        "yolo_detect",
        "YOLO Detect",
        "Boxes for Ultralytics YOLO: data.yaml, images/train, labels/train",
        "yolo.detect",
        "https://docs.ultralytics.com/datasets/detect/",
        ExportNeed.CATEGORIES,
    )
    YOLO_SEGMENT = (
        "yolo_segment",
        "YOLO Segment",
        "Polygons for Ultralytics YOLO: data.yaml, images/train, labels/train",
        "yolo.segment",
        "https://docs.ultralytics.com/datasets/segment/",
        ExportNeed.CATEGORIES,
    )
    YOLO_POSE = (
        "yolo_pose",
        "YOLO Pose",
        "Boxes and keypoints for Ultralytics YOLO: data.yaml, images/train, labels/train",
        "yolo.pose",
        "https://docs.ultralytics.com/datasets/pose/",
        ExportNeed.KEYPOINTS,
    )
    YOLO_OBB = (
        "yolo_obb",
        "YOLO OBB",
        "Boxes that are turned (oriented) for Ultralytics YOLO: data.yaml, images/train, labels/train",
        "yolo.obb",
        "https://docs.ultralytics.com/datasets/obb/",
        ExportNeed.CATEGORIES,
    )
    YOLO_DEPTH = (
        "yolo_depth",
        "YOLO Depth",
        "Depth for Ultralytics YOLO 8.4 and later: data.yaml, images/train, depth/train",
        "yolo.depth",
        "https://docs.ultralytics.com/datasets/depth/",
        ExportNeed.DEPTH_PNG,
    )
    VOC = (
        "voc",
        "Pascal VOC",
        "Boxes and segmentations as Pascal VOC has them: Annotations, JPEGImages, ImageSets, SegmentationClass",
        "voc",
        "http://host.robots.ox.ac.uk/pascal/VOC/voc2012/",
        ExportNeed.CATEGORIES,
    )
    KITTI = (
        "kitti",
        "KITTI",
        "2D and 3D boxes as KITTI's object benchmark has them: training/image_2, label_2, calib",
        "poses.kitti",
        "https://www.cvlibs.net/datasets/kitti/eval_object.php",
        ExportNeed.CATEGORIES,
    )
    HUGGINGFACE = (
        "huggingface",
        "Hugging Face",
        "Images with boxes and masks for Hugging Face Datasets: train/metadata.parquet beside the images",
        "tables.imagefolder",
        "https://huggingface.co/docs/datasets/image_dataset",
        ExportNeed.CATEGORIES,
    )
    PARQUET = (
        "parquet",
        "Parquet",
        "Tables of images, boxes and masks for Hugging Face Datasets: train/train-000000.parquet",
        "tables.parquet",
        "https://huggingface.co/docs/hub/datasets-image",
        ExportNeed.CATEGORIES,
    )
    WEBDATASET = (
        "webdataset",
        "WebDataset",
        "Tar files with image, boxes and masks of each frame side by side: train/train-000000.tar",
        "tables.webdataset",
        "https://github.com/webdataset/webdataset",
        ExportNeed.CATEGORIES,
    )
    MOT = (
        "mot",
        "MOT",
        "Boxes with tracks as the MOT Challenge has them: train/SEQUENCE/img1, gt/gt.txt, seqinfo.ini",
        "tracking.mot",
        "https://motchallenge.net/instructions/",
        ExportNeed.TRACKS,
    )
    CVAT = (
        "cvat",
        "CVAT",
        "Boxes and masks for the annotation tool CVAT (for images 1.1): annotations.xml, images/train",
        "cvat",
        "https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/",
        ExportNeed.CATEGORIES,
    )
    TUM = (
        "tum",
        "TUM RGB-D",
        "The camera's path with lists of images and depth: train/SEQUENCE/groundtruth.txt, rgb.txt, depth.txt",
        "poses.tum",
        "https://cvg.cit.tum.de/data/datasets/rgbd-dataset/file_formats",
        ExportNeed.CAMERA,
    )
    MOTS = (
        "mots",
        "MOTS",
        "Masks with tracks as MOTS has them: train/SEQUENCE/img1, gt/gt.txt, seqinfo.ini, and train/instances",
        "tracking.mots",
        "https://www.vision.rwth-aachen.de/page/mots",
        ExportNeed.TRACKS,
    )
    BOP = (
        "bop",
        "BOP",
        "6D poses as the BOP challenge has them: train/000000/scene_gt.json, rgb, depth, mask, mask_visib",
        "poses.bop",
        "https://bop.felk.cvut.cz/datasets/",
        ExportNeed.POSES,
        ExportNeed.CAMERA,
    )
