"""The scene record: what Blender knows about a frame and its EXR files do not."""

import dataclasses
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.errors import SceneError
from ..base.files import canonical_json, complete_file
from ..settings.category_table import Category
from .camera import Camera
from .keypoints import KeypointPlace
from .placements import Placement

SCENE_VERSION = 3
SCENES_FOLDER = "scenes"

_COPY_SUFFIX = re.compile(r"\.\d{3,}$")


# What decides on a category where no rule does, see SceneEntry.origin.
UNKNOWN, REFUSED = "unknown", "refused"


@dataclass(frozen=True)
class Facts:
    """What the rules of a category table can look at, besides the name and the pass index.

    Attributes:
        name: in Blender, where the entry has another one, since two things of a kind share it; else "".
        category, category_id, supercategory: custom properties; None or "" where it has none.
        ignore: the custom property of that name.
        data: name of the object's data.
        collections: those that it is directly in, of a collection likewise.
        own_collection: the one that the scene sorts it into; "" where the scene does not use several.
        materials: in the order of the slots.
        tags: as an asset.
        instancer: name of the empty that instances a collection with it, where there is just one.
        holdout, shadow_catcher: as rendered.
    """

    name: str = ""
    category: str | None = None
    category_id: int | None = None
    supercategory: str = ""
    ignore: bool = False
    data: str = ""
    collections: tuple[str, ...] = ()
    own_collection: str = ""
    materials: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    instancer: str = ""
    holdout: bool = False
    shadow_catcher: bool = False

    def as_json(self) -> dict[str, Any]:
        """What is not as by default."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, default in _DEFAULT_FACTS
            if (value := getattr(self, name)) != default
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Facts":
        """Raises TypeError where the data is something else."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
        }
        return cls(**values)


_DEFAULT_FACTS = [(field.name, field.default) for field in dataclasses.fields(Facts)]


@dataclass(frozen=True)
class SceneEntry:
    """Something in the scene that a label can stand for: an object, a material, or an asset.

    Attributes:
        name: as in the Cryptomatte manifest.
        pass_index: as in the index pass; 0 where it has none.
        category: name of one of the kind's categories; None makes it background.
        parent: of an object, the name of its parent; "" for none.
        collection: of an object, the name of the collection that it is directly in; "" for none.
        instance_id: of an object, its custom property of that name; "" for none.
        origin: what decided on the category: the value of a Source, else UNKNOWN, or REFUSED where an unknown thing is
            an error.
        ignored: whether it is not labelled and not background either.
        facts: what the category was decided by, so that it can be decided again.
    """

    name: str
    pass_index: int
    category: str | None
    parent: str = ""
    collection: str = ""
    instance_id: str = ""
    origin: str = ""
    ignored: bool = False
    facts: Facts = Facts()

    @property
    def own_name(self) -> str:
        """Its name in Blender."""
        return self.facts.name or self.name

    @property
    def is_known(self) -> bool:
        """Whether a rule decided on the category, which may be background."""
        return self.origin not in (UNKNOWN, REFUSED)

    def decided(self, category: str | None, origin: str, ignored: bool) -> "SceneEntry":
        """The same with another category."""
        # Not dataclasses.replace, which takes several times as long; a scene may have thousands of entries.
        return SceneEntry(
            self.name,
            self.pass_index,
            category,
            self.parent,
            self.collection,
            self.instance_id,
            origin,
            ignored,
            self.facts,
        )

    def as_json(self) -> list[Any]:
        return [
            self.name,
            self.pass_index,
            self.category,
            self.parent,
            self.collection,
            self.instance_id,
            self.origin,
            self.ignored,
            self.facts.as_json(),
        ]

    @classmethod
    def from_json(cls, row: list[Any]) -> "SceneEntry":
        """Raises TypeError or ValueError where the row is no entry."""
        name, pass_index, category, parent, collection, instance_id, origin, ignored, facts = row
        return cls(
            str(name),
            int(pass_index),
            None if category is None else str(category),
            str(parent),
            str(collection),
            str(instance_id),
            str(origin),
            bool(ignored),
            Facts.from_json(facts),
        )


def contradiction(entries: Iterable[SceneEntry], shared: str) -> str:
    """A sentence on two of some entries that share something and are of different categories; "" where all agree."""
    first, *others = sorted(entries, key=lambda entry: entry.name)
    for other in others:
        if other.category != first.category:
            return (
                f"{first.name!r} ({first.category or 'background'}) and {other.name!r} "
                f"({other.category or 'background'}) share {shared}; give each its own and render again"
            )
    return ""


def refusal(name: str) -> str:
    """A sentence on a thing that no rule gives a category, where that is an error."""
    return (
        f"{name!r} is of no category, and the category table says that this is an error; add a rule or a custom "
        "property for it, or choose what else becomes of unknown objects"
    )


@dataclass(frozen=True)
class SceneEntries:
    """All entries of one kind, and their categories, also those that a frame does not show."""

    categories: tuple[Category, ...] = ()
    entries: tuple[SceneEntry, ...] = ()

    @property
    def indexed(self) -> bool:
        """Whether any of them has a pass index other than 0, which is background."""
        return any(entry.pass_index for entry in self.entries)

    def index_clash(self) -> str:
        """A sentence on entries of different categories that share a pass index; "" where there are none."""
        of_index: dict[int, list[SceneEntry]] = defaultdict(list)
        for entry in self.entries:
            of_index[entry.pass_index].append(entry)
        of_index.pop(0, None)
        clashes = (contradiction(of_index[index], f"the pass index {index}") for index in sorted(of_index))
        return next(filter(None, clashes), "")

    def as_json(self) -> dict[str, Any]:
        # Rows instead of objects: a scene may have thousands of entries in each of thousands of frames.
        return {
            "categories": [category.as_json() for category in self.categories],
            "entries": [entry.as_json() for entry in self.entries],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "SceneEntries":
        """Raises KeyError, TypeError or ValueError where the data is not such a table."""
        return cls(
            tuple(Category.from_json(category) for category in data["categories"]),
            tuple(SceneEntry.from_json(row) for row in data["entries"]),
        )


@dataclass(frozen=True)
class SceneRecord:
    """One frame of a Blender scene.

    Attributes:
        scene: the scene's name.
        frame: frame number.
        width, height: pixels of the rendered image, with the resolution percentage.
        pixel_aspect: width of a pixel divided by its height.
        unit_scale: metres in one scene unit.
        camera: of this view; None where the scene has no camera, or one that sees from many places (spherical stereo).
        objects, materials, assets: what each kind of label can stand for. An asset is a top-most parent.
        parents, collections: what objects can be grouped by: whatever is a parent of an object or instances one, and
            the collections that they are in.
        placements: where objects are and how large, sorted by name; empty unless somebody asked for it.
        opaque: x0, y0, x1, y1, half-open, of the part of the image that is opaque where nothing is, as it is within the
            border of a render; None where the film is transparent, or that is not known.
        table: the categories of the category table, whether anything is of them or not.
        keypoints: where those are that the categories of the table list.
        geometry: digest of the file with the surfaces of instances that share a label, or of all objects where amodal
            masks are wanted, see scene_geometry.py; None where there is no such file.
        view_layer: the name of the view layer that the objects are in; "" for all that are rendered.
        view: name of the stereo view; "" where the render is not a stereo one.
    """

    scene: str
    frame: int
    width: int
    height: int
    pixel_aspect: float
    unit_scale: float
    camera: Camera | None
    objects: SceneEntries
    materials: SceneEntries
    assets: SceneEntries
    parents: SceneEntries = SceneEntries()
    collections: SceneEntries = SceneEntries()
    table: tuple[Category, ...] = ()
    opaque: tuple[int, int, int, int] | None = None
    placements: tuple[Placement, ...] = ()
    keypoints: tuple[KeypointPlace, ...] = ()
    geometry: str | None = None
    view_layer: str = ""
    view: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "scene_version": SCENE_VERSION,
            "scene": self.scene,
            "frame": self.frame,
            "width": self.width,
            "height": self.height,
            "pixel_aspect": self.pixel_aspect,
            "unit_scale": self.unit_scale,
            "camera": None if self.camera is None else self.camera.as_json(),
            "objects": self.objects.as_json(),
            "materials": self.materials.as_json(),
            "assets": self.assets.as_json(),
            "parents": self.parents.as_json(),
            "collections": self.collections.as_json(),
            "table": [category.as_json() for category in self.table],
            "opaque": None if self.opaque is None else list(self.opaque),
            "placements": [placement.as_json() for placement in self.placements],
            "keypoints": [place.as_json() for place in self.keypoints],
            "geometry": self.geometry,
            "view_layer": self.view_layer,
            "view": self.view,
        }

    def write(self, path: Path) -> None:
        """Raises OutputError where the file cannot be written."""
        with complete_file(path) as file:
            file.write(canonical_json(self.as_json()))

    @classmethod
    def read(cls, path: Path) -> "SceneRecord":
        """Raises SceneError where the file is missing, damaged or of another version."""
        try:
            data = json.loads(path.read_bytes())
            if data["scene_version"] != SCENE_VERSION:
                raise SceneError(
                    f"{path} was written by another version of Labelpass; export again from Blender with this one"
                )
            return cls(
                scene=str(data["scene"]),
                frame=int(data["frame"]),
                width=int(data["width"]),
                height=int(data["height"]),
                pixel_aspect=float(data["pixel_aspect"]),
                unit_scale=float(data["unit_scale"]),
                camera=None if data["camera"] is None else Camera.from_json(data["camera"]),
                objects=SceneEntries.from_json(data["objects"]),
                materials=SceneEntries.from_json(data["materials"]),
                assets=SceneEntries.from_json(data["assets"]),
                parents=SceneEntries.from_json(data["parents"]),
                collections=SceneEntries.from_json(data["collections"]),
                table=tuple(Category.from_json(category) for category in data["table"]),
                opaque=None if data["opaque"] is None else _rectangle(data["opaque"]),
                placements=tuple(map(Placement.from_json, data["placements"])),
                keypoints=tuple(map(KeypointPlace.from_json, data["keypoints"])),
                geometry=None if data["geometry"] is None else str(data["geometry"]),
                view_layer=str(data["view_layer"]),
                view=str(data["view"]),
            )
        except OSError as error:
            raise SceneError(
                f"Cannot read {path}: {error.strerror}; export again from Blender, "
                "or give the folder of the frame's scene record with --scene"
            ) from error
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise SceneError(f"{path} is no scene record or is damaged; export again from Blender") from error


def _rectangle(corners: list[Any]) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = map(int, corners)
    return x0, y0, x1, y1


def scene_path(folder: Path, frame_path: str) -> Path:
    """Where the scene record of a frame lies in a folder of them; `frame_path` is FrameFiles.path."""
    return folder / f"{frame_path}.json"


def category_of_name(name: str) -> str:
    """The category of something that only has a name: the name without the ".001" that Blender adds to copies."""
    return _COPY_SUFFIX.sub("", name) or name
