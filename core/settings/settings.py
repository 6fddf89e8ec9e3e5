"""The settings of an export: names, defaults and help texts, written once for the sidebar and the command line."""

import dataclasses
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, get_origin, get_type_hints

from ..base.choice import Choice
from ..base.errors import UsageError
from ..base.json_fields import JsonObject
from ..base.phrases import listed
from .export_table import ExportFormat
from .format_table import CAMERA_FORMATS, DatasetFormat
from .map_table import DenseMap, maps_to_write
from .render_pass import INDEX_PASSES, Pass

JPEG_QUALITY = 95
# Source: WebP Lossless Bitstream Specification, "RIFF Header": 14 bits for each side, of which libwebp takes one less.
_WEBP_SIDE = 16383
# Where Pillow, which nearly all readers use, takes a file for an attack (PIL.Image.MAX_IMAGE_PIXELS, twice).
_WEBP_PIXELS = 178_956_970


class LabelSource(Choice):
    """The pass that separates objects."""

    AUTO = (
        "auto",
        "Automatic",
        "Object Index if any object has a pass index, otherwise Cryptomatte Object, Asset or Material, then Material "
        "Index; for Soft Masks, and with motion blur or depth of field, preferably a Cryptomatte",
    )
    OBJECT_INDEX = "object_index", "Object Index", "One instance for each pass index of an object"
    MATERIAL_INDEX = "material_index", "Material Index", "One instance for each pass index of a material"
    CRYPTO_OBJECT = "crypto_object", "Cryptomatte Object", "One instance for each object, without any pass index"
    CRYPTO_MATERIAL = "crypto_material", "Cryptomatte Material", "One instance for each material"
    CRYPTO_ASSET = "crypto_asset", "Cryptomatte Asset", "One instance for each top-most parent with its children"

    @property
    def pass_(self) -> Pass:
        """The pass of that name; ValueError for AUTO."""
        return Pass(self.value)

    @property
    def is_index(self) -> bool:
        """Whether the labels are pass indices, whatever the files hold."""
        return self is not LabelSource.AUTO and self.pass_ in INDEX_PASSES

    @classmethod
    def of(cls, pass_: Pass) -> "LabelSource":
        """The choice of that pass, one of render_pass.LABEL_PASSES."""
        return next(source for source in cls if source.value == pass_.value)


class Grouping(Choice):
    """Which objects are one instance."""

    OBJECT = "object", "Object", "One instance for each object"
    PARENT = (
        "parent",
        "Parent",
        "One instance for a parent with all its children: the nearest parent that has a category of its own, otherwise "
        "the top-most one",
    )
    TOP_PARENT = "top_parent", "Top-Most Parent", "One instance for each top-most parent with all its children"
    COLLECTION = (
        "collection",
        "Collection",
        "One instance for the objects of a collection: the nearest, going outwards, that has a category of its own, "
        "otherwise the one that they are directly in",
    )
    PASS_INDEX = "pass_index", "Pass Index", "One instance for each pass index and category"
    CATEGORY = "category", "Category", "One instance for all objects of a category"


class Ignored(Choice):
    """What happens to the pixels of ignored objects."""

    BACKGROUND = "background", "Background", "Not labelled, like pixels that show no object"
    CROWD = (
        "crowd",
        "Ignore Region",
        "COCO regions with iscrowd 1: a detection there counts neither as right nor as wrong",
    )


class Instancing(Choice):
    """What happens to copies that share a pass index or a Cryptomatte id."""

    AUTO = (
        "auto",
        "Automatic",
        "Copies from collection instances, geometry nodes and particles that share a pass index or Cryptomatte id are "
        "separated by their geometry; needs the Depth pass",
    )
    OFF = "off", "Off", "Everything with the same pass index or Cryptomatte id is one instance"


class PreviewBy(Choice):
    """What the colors of objects in Blender's viewports show before anything is rendered."""

    CATEGORY = "category", "Category", "Each category in its color, as in pictures and overlays"
    INSTANCE = "instance", "Instance", "Each instance in a color of its own"


class Parts(Choice):
    """What an instance is divided into."""

    NONE = "none", "None", "No parts"
    MATERIAL = "material", "Material", "One part for each material of an instance, by Cryptomatte or Material Index"
    OBJECT = "object", "Object", "One part for each object of a group or asset, by Cryptomatte or Object Index"

    @property
    def passes(self) -> tuple[Pass, ...]:
        """Those that separate the parts, the best first."""
        if self is Parts.NONE:
            return ()
        kind = self.value.upper()
        return Pass[f"CRYPTO_{kind}"], Pass[f"{kind}_INDEX"]


class AtBorder(Choice):
    """What happens to instances that touch the border of the image."""

    KEEP = "keep", "Keep", "Keep them like all others"
    MARK = "mark", "Mark", "Keep them, and write at_border into each annotation"
    DROP = "drop", "Drop", "Leave them out"


class ImageFormat(Choice):
    """The file format of the training images."""

    PNG = "png", "PNG", "8-bit PNG, lossless"
    JPEG = "jpeg", "JPEG", f"8-bit JPEG, quality {JPEG_QUALITY}, much smaller"
    NONE = "none", "None", "No images; annotations name the file that PNG would write"
    # The last, since a .blend stores the numbers of choices.
    WEBP = (
        "webp",
        "WebP",
        "8-bit WebP, lossless, a fifth to a half smaller than PNG; some readers only know PNG and JPEG",
    )

    @property
    def suffix(self) -> str:
        return {ImageFormat.JPEG: ".jpg", ImageFormat.WEBP: ".webp"}.get(self, ".png")

    def refusal(self, width: int, height: int) -> str:
        """A sentence if it has no images of that size, else ""."""
        if self is not ImageFormat.WEBP or (max(width, height) <= _WEBP_SIDE and width * height <= _WEBP_PIXELS):
            return ""
        return (
            f"The image has {width} x {height} pixels, and readers take a WebP of at most {_WEBP_SIDE} a side and "
            f"{_WEBP_PIXELS:,} in all; choose PNG as the Format (--image-format png)"
        )


class ImageFrom(Choice):
    """Which picture of a frame the training image is."""

    AUTO = (
        "auto",
        "Automatic",
        "The compositor's picture; the view layer's own if the compositor moves or crops pixels, or shows other view "
        "layers or scenes, since labels would not match",
    )
    COMPOSITE = "composite", "Composite", "What the compositor makes of the render"
    RENDER_LAYER = "render_layer", "Render Layer", "What the labelled view layer shows without the compositor: Combined"


class SplitBy(Choice):
    """What stays together in one split."""

    FRAME = "frame", "Frame", "Each frame by itself; neighbours of an animation may stand on both sides"
    SEQUENCE = "sequence", "Sequence", "All frames of a sequence together, so that no neighbours leak"
    SCENE = (
        "scene",
        "Scene",
        "All frames of a scene of a .blend together, of random frames those of a seed; of files alone, as by sequence",
    )


class Media(Choice):
    """How the training images get into an export."""

    LINK = "link", "Link", "Hard links, which take no space on the same disk; copies where that cannot be done"
    COPY = "copy", "Copy", "Copies, which stay as they are whatever becomes of the dataset"
    NONE = "none", "None", "No images; annotations name them as if they were there"


class CocoMasks(Choice):
    """How COCO files hold masks."""

    RLE = "rle", "RLE", "Run lengths, as pycocotools writes them; every tool that uses pycocotools reads them"
    POLYGONS = (
        "polygons",
        "Polygons",
        "Polygons that pycocotools fills to the same pixels, for tools that read nothing else; regions to ignore stay "
        "run lengths",
    )


# The formats that have an option.
_WITH_COCO_MASKS = (ExportFormat.COCO, ExportFormat.COCO_KEYPOINTS, ExportFormat.LVIS, ExportFormat.ROBOFLOW)
_WITH_SCORED_CATEGORY = (ExportFormat.MOT, ExportFormat.MOTS)
_WITH_FPS = (ExportFormat.MOT, ExportFormat.MOTS, ExportFormat.TUM)


class Stage(Enum):
    """What a setting is about; the value is the command that takes it."""

    FRAMES = "annotate"
    MERGE = "merge"
    EXPORT = "export"


class Topic(Enum):
    """What settings are about; the value is a heading of the command line's help."""

    LABELS = "what is labelled"
    KEPT = "which instances are kept"
    WRITTEN = "what is written"
    EXPORTED = "formats for training"
    RUN = "how the run goes"


def _setting(
    default: Any,
    label: str,
    help: str,
    *,
    topic: Topic,
    stands_for: str = "",
    changes_records: bool = True,
    slider: float = 0,
    largest: float | None = None,
    several_of: Sequence[Choice] = (),
    of_formats: Sequence[ExportFormat] = (),
    signed: bool = False,
    stage: Stage = Stage.FRAMES,
    needs_blender: bool = False,
) -> Any:
    """A field with its words.

    Args:
        default, label, help: what it is.
        topic: what it is about, under which the command line lists it.
        stands_for: a word for its value on the command line; "" where its type says enough.
        changes_records: whether frame records depend on it.
        slider: where a slider for a number ends, whatever may be typed.
        largest: the largest number that may be typed; None for any.
        signed: whether a number may be negative.
        several_of: the choices of a setting that takes any number of them; none for others.
        of_formats: the export formats that it is an option of; none where it is about all, or about something else.
        stage: whether it is about each frame, or about what is made of all records.
        needs_blender: whether the setting means nothing for EXR files alone.
    """
    metadata = {
        "label": label,
        "topic": topic,
        "stands_for": stands_for,
        "help": help,
        "changes_records": changes_records,
        "slider": slider,
        "largest": largest,
        "signed": signed,
        "several_of": several_of,
        "of_formats": of_formats,
        "stage": stage,
        "needs_blender": needs_blender,
    }
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings(JsonObject):
    """What a user can choose for an export. The field names are those of the panel and the command line."""

    labels: LabelSource = _setting(
        LabelSource.AUTO,
        "Label Pass",
        "Render pass that says which object each pixel shows",
        topic=Topic.LABELS,
    )
    grouping: Grouping = _setting(
        Grouping.OBJECT,
        "One Per",
        "What counts as one instance, such as a bottle of three meshes per Parent; objects with the same custom "
        "property instance_id always are one",
        topic=Topic.LABELS,
    )
    instancing: Instancing = _setting(
        Instancing.AUTO,
        "Copies",
        "What happens to copies that share a label, such as scattered stones: collection instances, geometry nodes and "
        "particles make copies that no pass separates",
        topic=Topic.LABELS,
    )
    ignored: Ignored = _setting(
        Ignored.BACKGROUND,
        "Ignored",
        "What happens to the pixels of holdouts, shadow catchers and other objects that the category rules ignore",
        topic=Topic.LABELS,
    )
    cryptomatte: str = _setting(
        "",
        "Cryptomatte",
        "Name of the Cryptomatte to label, for files of renderers that choose its name; empty takes the one that is "
        "named like a pass of Blender, or the only one",
        topic=Topic.LABELS,
    )
    parts: Parts = _setting(
        Parts.NONE,
        "Parts",
        "What each instance is divided into, such as the tires of a car",
        topic=Topic.LABELS,
    )
    view_layer: str = _setting(
        "",
        "View Layer",
        "View layer to label if a file holds several; empty takes the first that has a label pass",
        topic=Topic.LABELS,
    )
    view: str = _setting(
        "",
        "View",
        "Stereo view to label, such as left; empty takes the first",
        topic=Topic.LABELS,
    )
    all_view_layers: bool = _setting(
        False,
        "All View Layers",
        "Make a sequence of each view layer that has a label pass, each with its own images, and ignore View Layer",
        topic=Topic.LABELS,
    )
    all_views: bool = _setting(
        False,
        "All Views",
        "Make a sequence of each stereo view, and ignore View",
        changes_records=False,
        topic=Topic.LABELS,
    )
    all_scenes: bool = _setting(
        False,
        "All Scenes",
        "Export every scene of the file that has a camera, as a sequence of its own",
        changes_records=False,
        needs_blender=True,
        topic=Topic.LABELS,
    )
    min_area: int = _setting(
        0,
        "Minimum Area",
        "Leave out instances that show fewer pixels than this",
        slider=1000,
        topic=Topic.KEPT,
        stands_for="PIXELS",
    )
    min_side: int = _setting(
        0,
        "Minimum Side",
        "Leave out instances whose box is narrower or lower than this, in pixels",
        slider=100,
        topic=Topic.KEPT,
        stands_for="PIXELS",
    )
    at_border: AtBorder = _setting(
        AtBorder.KEEP,
        "At Border",
        "What to do with instances that touch the border of the image",
        topic=Topic.KEPT,
    )
    min_visibility: float = _setting(
        0.0,
        "Minimum Visibility",
        "Leave out instances of which less than this is visible, from 0 to 1 of the whole instance; what lies outside "
        "the image is not visible either",
        slider=1.0,
        largest=1.0,
        topic=Topic.KEPT,
        stands_for="FRACTION",
    )
    amodal: bool = _setting(
        False,
        "Amodal Masks",
        "Also write the mask of the whole instance, with its hidden parts, and how much of it is seen",
        topic=Topic.WRITTEN,
    )
    poses: bool = _setting(
        False,
        "Poses and 3D Boxes",
        "Also write where each instance is as seen from the camera, and a 3D box around it",
        topic=Topic.WRITTEN,
    )
    image_format: ImageFormat = _setting(
        ImageFormat.PNG,
        "Format",
        "File format of the 8-bit training images",
        topic=Topic.WRITTEN,
    )
    image_from: ImageFrom = _setting(
        ImageFrom.AUTO,
        "Image From",
        "Which picture becomes the training image if the compositor makes one of its own; All View Layers takes Render "
        "Layer",
        topic=Topic.WRITTEN,
    )
    soft_masks: bool = _setting(
        False,
        "Soft Masks",
        "Also write how much of each pixel an instance covers, in one NumPy file a frame; needs a Cryptomatte",
        topic=Topic.WRITTEN,
    )
    pictures: bool = _setting(
        True,
        "Preview Pictures",
        "Also draw the boxes over each frame, and its depth with a scale in meters",
        topic=Topic.WRITTEN,
    )
    maps: tuple[DenseMap, ...] = _setting(
        (),
        "Maps",
        "Dense maps to write for each frame: depth, normals, optical flow, labels",
        several_of=tuple(DenseMap),
        topic=Topic.WRITTEN,
        stands_for="MAPS",
    )
    depth_scale: float = _setting(
        0.001,
        "Depth Scale",
        "Meters for each step of a 16-bit depth PNG, which holds up to 65535 steps",
        slider=0.01,
        topic=Topic.WRITTEN,
        stands_for="METRES",
    )
    flow_step: int = _setting(
        2,
        "Flow Step",
        "How many frames ahead Flow by Step leads; negative for earlier frames",
        slider=10,
        signed=True,
        topic=Topic.WRITTEN,
    )
    cameras: tuple[DatasetFormat, ...] = _setting(
        (),
        "Cameras",
        "Also write the cameras of each sequence, for example for view synthesis; a frame without a scene record has "
        "none",
        changes_records=False,
        several_of=CAMERA_FORMATS,
        stage=Stage.MERGE,
        topic=Topic.WRITTEN,
        stands_for="FORMATS",
    )
    formats: tuple[ExportFormat, ...] = _setting(
        (),
        "Formats",
        "Formats to export the dataset in, each into a folder of its own with its images",
        changes_records=False,
        several_of=tuple(ExportFormat),
        stage=Stage.EXPORT,
        topic=Topic.EXPORTED,
        stands_for="FORMATS",
    )
    splits: str = _setting(
        "train=80,val=20",
        "Splits",
        "Names and shares of the splits; a frame's split depends on its name and the seed alone, so frames that are "
        "added move no others",
        changes_records=False,
        stage=Stage.EXPORT,
        topic=Topic.EXPORTED,
        stands_for="SHARES",
    )
    split_by: SplitBy = _setting(
        SplitBy.FRAME,
        "Split By",
        "What stays together in one split",
        changes_records=False,
        stage=Stage.EXPORT,
        topic=Topic.EXPORTED,
    )
    split_seed: int = _setting(
        0,
        "Split Seed",
        "Another number divides the frames in another way",
        changes_records=False,
        slider=100,
        stage=Stage.EXPORT,
        topic=Topic.EXPORTED,
    )
    media: Media = _setting(
        Media.LINK,
        "Media",
        "How the training images get into the folder of each format",
        changes_records=False,
        stage=Stage.EXPORT,
        topic=Topic.EXPORTED,
    )
    coco_masks: CocoMasks = _setting(
        CocoMasks.RLE,
        "COCO Masks",
        f"How masks are written in {listed(_WITH_COCO_MASKS)}",
        changes_records=False,
        of_formats=_WITH_COCO_MASKS,
        stage=Stage.EXPORT,
        topic=Topic.EXPORTED,
    )
    scored_category: str = _setting(
        "",
        "Scored Category",
        f"The category that counts in {listed(_WITH_SCORED_CATEGORY)}, whose evaluation scores one only; empty takes "
        "the one called pedestrian or person, or else the first",
        changes_records=False,
        of_formats=_WITH_SCORED_CATEGORY,
        stage=Stage.EXPORT,
        topic=Topic.EXPORTED,
    )
    fps: float = _setting(
        24.0,
        "Frames per Second",
        f"How many frames of a sequence are a second, for {listed(_WITH_FPS)}",
        changes_records=False,
        slider=60,
        of_formats=_WITH_FPS,
        stage=Stage.EXPORT,
        topic=Topic.EXPORTED,
    )
    workers: int = _setting(
        0,
        "Processes",
        "Number of processes that annotate frames at the same time; 0 takes one for each processor core, at most 8",
        changes_records=False,
        slider=16,
        topic=Topic.RUN,
    )
    hung_after: int = _setting(
        300,
        "Hung After",
        "Seconds after which a worker process is replaced that does nothing at all, as on a network disk that is gone; "
        "one that is only slow is left alone. 0 waits for ever",
        changes_records=False,
        slider=3600,
        topic=Topic.RUN,
        stands_for="SECONDS",
    )
    redo: bool = _setting(
        False,
        "Redo",
        "Annotate every frame again, even if it is up to date",
        changes_records=False,
        topic=Topic.RUN,
    )

    def __post_init__(self) -> None:
        if self.workers < 0:
            raise UsageError(f"There cannot be {self.workers} workers; use 1 or more, or 0 for automatic")
        if self.hung_after < 0:
            raise UsageError(
                f"Workers cannot count as hung after {self.hung_after} seconds; use for example 300, or 0 for never"
            )
        if not (self.depth_scale > 0 and math.isfinite(self.depth_scale)):
            raise UsageError(
                f"The depth scale cannot be {self.depth_scale} metres; use for example 0.001 for steps of a millimetre"
            )
        if not 0 <= self.min_visibility <= 1:
            raise UsageError(
                f"min_visibility cannot be {self.min_visibility}; use a number from 0, which keeps everything, to 1"
            )
        if self.flow_step == 0:
            raise UsageError("The flow step cannot be 0; use for example 2 for two frames ahead, or -1 for one back")
        if not (self.fps > 0 and math.isfinite(self.fps)):
            raise UsageError(f"There cannot be {self.fps} frames per second; use for example 24")
        if self.split_seed < 0:
            raise UsageError(f"The split seed cannot be {self.split_seed}; use 0 or more")
        for name in ("min_area", "min_side"):
            if getattr(self, name) < 0:
                raise UsageError(f"{name} cannot be {getattr(self, name)}; use 1 or more, or 0 to keep everything")

    @property
    def worker_count(self) -> int:
        """How many workers to start on this machine."""
        return self.workers or min(8, os.cpu_count() or 1)

    @property
    def needs_every_surface(self) -> bool:
        """Whether the surfaces of all objects have to be known, and not only of those that share a label."""
        return self.needs_amodal or DenseMap.SURFACES_NPZ in maps_to_write(self.maps)

    @property
    def needs_amodal(self) -> bool:
        """Whether all of each instance has to be found, hidden or not."""
        return self.amodal or self.min_visibility > 0

    def shaping_records(self) -> dict[str, Any]:
        """The settings that a frame record depends on: a change of one of these makes it out of date."""
        shaping = {field.name for field in dataclasses.fields(self) if field.metadata["changes_records"]}
        return {name: value for name, value in self.as_json().items() if name in shaping}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Settings":
        """Raises UsageError for a name that is not a setting, or a value that the setting cannot have."""
        types = get_type_hints(cls)
        choices = {field.name: field.metadata["several_of"] for field in dataclasses.fields(cls)}
        values = {}
        for name, value in data.items():
            if name not in types:
                raise UsageError(f"There is no setting {name!r}; the settings are {', '.join(types)}")
            kind = types[name]
            try:
                values[name] = _several_of(choices[name], value) if choices[name] else _value_of(kind, value)
            except ValueError:
                values[name] = None
            if type(values[name]) is not (get_origin(kind) or kind):
                raise UsageError(f"The setting {name!r} cannot be {value!r}; see labelpass annotate --help")
        return cls(**values)


def _value_of(kind: Any, value: Any) -> Any:
    """A value of a setting from JSON; ValueError where a choice has no such value."""
    if issubclass(kind, Choice):
        return kind(value)
    return float(value) if kind is float and type(value) is int else value


def _several_of(choices: Sequence[Choice], value: Any) -> Any:
    """Some of several choices from JSON, in their own order, so that the same choices are the same setting; ValueError
    where a value is none of them."""
    if not isinstance(value, list | tuple):
        return value
    if not all(one in choices for one in value):
        raise ValueError(value)
    return tuple(choice for choice in choices if choice in value)


def settings_of_stage(settings: Settings, stage: Stage) -> dict[str, Any]:
    """The settings of one stage, as JSON has them."""
    names = {field.name for field in dataclasses.fields(Settings) if field.metadata["stage"] is stage}
    return {name: value for name, value in settings.as_json().items() if name in names}


def shows_colours(settings: Settings) -> bool:
    """Whether the frame's colours are needed for more than the training image."""
    return settings.pictures or DenseMap.POINTS_PLY in settings.maps
