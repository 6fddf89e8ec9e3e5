"""The scene record: what Blender knows about a frame and its EXR files do not."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Self

from ..base.errors import SceneError
from ..base.files import canonical_json, complete_file, digest
from ..base.input_files import parse_json, read_file
from ..base.json_fields import LEFT_OUT, JsonObject, JsonRow
from ..settings.category_table import LARGEST_ID, Category
from .camera import Camera, checked_scale
from .compositing import Compositing
from .keypoints import SceneKeypoint
from .placements import Placement
from .random_draw import RandomDraw
from .shared_tables import digest_of_shared, is_shared_table, read_table, share_tables, tables_folder
from .unlabelled import Unlabelled, WithoutLabel

SCENE_VERSION = 3
# Of those of which large tables lie beside them, see shared_tables.py. All else is the same, and so is what is made of
# them, so keys of frame records do not depend on it.
_VERSION_WITH_TABLES = 4
# What earlier records of this version do not have.
_LACKING: dict[str, Any] = {
    "compositing": None,
    "blender": "",
    "engine": "",
    "unlabelled": [],
    "volume": "",
    "of_viewport": False,
    "random": None,
}

_TABLES = "objects", "materials", "assets", "parents", "collections"
_NO_ENTRIES: Mapping[str, Any] = {"categories": [], "entries": []}

_COPY_SUFFIX = re.compile(r"\.\d{3,}$")


def _labelled(categories: tuple[Category, ...]) -> tuple[Category, ...]:
    if not all(one.id is None or 1 <= one.id <= LARGEST_ID for one in categories):
        raise ValueError("an id that no category can have")
    if len({one.name for one in categories}) < len(categories):
        raise ValueError("two categories of one name")
    return categories


# What decides on a category where no rule does, see SceneEntry.origin.
UNKNOWN, REFUSED = "unknown", "refused"


@dataclass(frozen=True)
class Facts(JsonObject):
    """What the rules of a category table can look at, besides the name and the pass index.

    Attributes:
        name: in Blender, where the entry has another one, since things of several libraries share it; else "".
        category, category_id, supercategory: custom properties; None or "" where it has none.
        ignore: the custom property of that name.
        data: name of the object's data.
        collections: those that it is directly in, of a collection likewise.
        own_collection: the one that the scene sorts it into; "" where the scene does not use several.
        materials: in the order of the slots.
        tags: as an asset.
        instancer: name of the empty that instances a collection with it, where there is just one.
        holdout, shadow_catcher: as rendered.
        unlabelled: where the frame may show something of it that no pass has, why; else None.
        unlabelled_part: whether other parts of it have a label.
        beyond_shape: what a render shows of it beyond its evaluated geometry: "particle hair" or "displacement".
        copy_of: where it is no object, but what geometry nodes make copies of with materials or data of their own: name
            of the entry of the object that it is besides, and whose labels it does not carry; else "".
    """

    name: str = field(default="", metadata=LEFT_OUT)
    category: str | None = field(default=None, metadata=LEFT_OUT)
    category_id: int | None = field(default=None, metadata=LEFT_OUT)
    supercategory: str = field(default="", metadata=LEFT_OUT)
    ignore: bool = field(default=False, metadata=LEFT_OUT)
    data: str = field(default="", metadata=LEFT_OUT)
    collections: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)
    own_collection: str = field(default="", metadata=LEFT_OUT)
    materials: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)
    tags: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)
    instancer: str = field(default="", metadata=LEFT_OUT)
    holdout: bool = field(default=False, metadata=LEFT_OUT)
    shadow_catcher: bool = field(default=False, metadata=LEFT_OUT)
    unlabelled: Unlabelled | None = field(default=None, metadata=LEFT_OUT)
    unlabelled_part: bool = field(default=False, metadata=LEFT_OUT)
    beyond_shape: str = field(default="", metadata=LEFT_OUT)
    copy_of: str = field(default="", metadata=LEFT_OUT)


@dataclass(frozen=True)
class SceneEntry(JsonRow):
    """Something in the scene that a label can stand for: an object, a material, or an asset.

    A row in JSON: a scene may have thousands of them in each of thousands of frames.

    Attributes:
        name: what no other thing of the kind has: its name in Blender, or that and its library's.
        pass_index: as in the index pass; 0 where it has none.
        category: name of one of the kind's categories; None makes it background.
        parent: of an object, its parent, by the name of the parent's entry; "" for none.
        collection: of an object, likewise the collection that it is directly in; "" for none.
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
        """Its name in Blender, and in the Cryptomatte manifest."""
        return self.facts.name or self.name

    @property
    def is_known(self) -> bool:
        """Whether a rule decided on the category, which may be background."""
        return self.origin not in (UNKNOWN, REFUSED)

    def key(self) -> tuple[str, str, bool, str]:
        """What groups and entries are sorted by, so that their order is the same in every process."""
        return self.name, self.category or "", self.ignored, self.origin

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


def contradiction(entries: Iterable[SceneEntry], shared: str) -> str:
    """A sentence on two of some entries that share something and are of different categories; "" where all agree."""
    first, *others = sorted(entries, key=SceneEntry.key)
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
        f"{name!r} has no category of the table, whose Other Objects are an error; add a rule or a custom property "
        "for it, or choose another value for Other Objects"
    )


@dataclass(frozen=True)
class SceneEntries(JsonObject):
    """All entries of one kind, and their categories, also those that a frame does not show."""

    categories: Annotated[tuple[Category, ...], _labelled] = ()
    entries: tuple[SceneEntry, ...] = ()

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Raises KeyError, TypeError or ValueError where the data are none, or an entry's category is missing."""
        found = super().from_json(data)
        if not {entry.category for entry in found.entries} <= {None, *(one.name for one in found.categories)}:
            raise ValueError("an entry is of no category")
        return found

    @property
    def indexed(self) -> bool:
        """Whether any of them has a pass index other than 0, which is background."""
        return any(entry.pass_index for entry in self.entries)

    def left_without_index(self) -> list[SceneEntry]:
        """Entries with a category that have the pass index 0, and hardly to make them background, though others have
        another.

        Who gives things a category by rules wants to have them labelled. Where no rule decides on any, a few without an
        index are what was left out on purpose, as a floor is; if most have none, the few others may well be strays.
        """
        if not self.indexed:
            return []
        with_category = [entry for entry in self.entries if entry.category is not None and not entry.facts.copy_of]
        by_rule = [entry for entry in with_category if entry.origin and entry.is_known]
        missing = [entry for entry in by_rule or with_category if not entry.pass_index]
        return missing if by_rule or 2 * len(missing) > len(with_category) else []

    def index_clash(self) -> str:
        """A sentence on entries of different categories that share a pass index; "" where there are none."""
        of_index: dict[int, list[SceneEntry]] = defaultdict(list)
        for entry in self.entries:
            of_index[entry.pass_index].append(entry)
        of_index.pop(0, None)
        clashes = (contradiction(of_index[index], f"the pass index {index}") for index in sorted(of_index))
        return next(filter(None, clashes), "")


@dataclass(frozen=True)
class SceneRecord(JsonObject):
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
        placements: where objects are and how large, sorted by name; empty if not asked for.
        opaque: x0, y0, x1, y1, half-open, of the part of the image that is opaque where nothing is, as it is within the
            border of a render; None where the film is transparent, or that is not known.
        table: the categories of the category table, whether anything is of them or not.
        keypoints: where those are that the categories of the table list.
        geometry: digest of the file with the surfaces of instances that share a label, or of all objects where amodal
            masks are wanted, see scene_geometry.py; None where there is no such file.
        view_layer: the name of the view layer that the objects are in; "" for all that are rendered.
        view: name of the stereo view; "" where the render is not a stereo one.
        compositing: what the compositor does to the picture; None where that is not known.
        blender, engine: the version of the Blender that described the scene, "4.2.23", and the render engine that it
            had, "CYCLES"; "" where that is not known. Files that were rendered before may be of others.
        unlabelled: what the frame may show and no pass has, besides the objects: lights and Freestyle's lines.
        volume: what to call a volume that may lie before things in view and hides their labels where a ray ends in it,
            "the volume 'Fog'"; "" where there is none.
        of_viewport: whether the objects are as a viewport shows them, since Blender did not evaluate them as a render
            does.
        random: what was drawn for it, where it is one of baked random frames; else None.
    """

    scene: str
    frame: int
    width: int
    height: int
    pixel_aspect: Annotated[float, checked_scale]
    unit_scale: Annotated[float, checked_scale]
    camera: Camera | None
    objects: SceneEntries
    materials: SceneEntries
    assets: SceneEntries
    parents: SceneEntries = SceneEntries()
    collections: SceneEntries = SceneEntries()
    table: Annotated[tuple[Category, ...], _labelled] = ()
    opaque: tuple[int, int, int, int] | None = None
    placements: tuple[Placement, ...] = ()
    keypoints: tuple[SceneKeypoint, ...] = ()
    geometry: str | None = None
    view_layer: str = ""
    view: str = ""
    compositing: Compositing | None = None
    blender: str = ""
    engine: str = ""
    unlabelled: tuple[WithoutLabel, ...] = ()
    volume: str = ""
    of_viewport: bool = False
    random: RandomDraw | None = None

    @property
    def without_label(self) -> list[WithoutLabel]:
        """What the frame may show and no pass has, without what is background."""
        found = [
            WithoutLabel(entry.name, entry.facts.unlabelled, entry.facts.unlabelled_part)
            for entry in self.objects.entries
            if entry.facts.unlabelled and entry.category is not None
        ]
        return [*found, *self.unlabelled]

    @property
    def mismatch(self) -> str:
        """Why the compositor's picture does not show what the labels show, as a part of a sentence; "" if it does, or
        if nothing is known of it."""
        return self.compositing.mismatch(self.view_layer) if self.compositing else ""

    def as_json(self) -> dict[str, Any]:
        return {"scene_version": SCENE_VERSION, **super().as_json()}

    def write(self, path: Path) -> None:
        """Raises OutputError where the file, or that of a shared table, cannot be written."""
        data = self.as_json()
        data |= share_tables({name: data[name] for name in _TABLES}, tables_folder(path))
        if any(digest_of_shared(data[name]) for name in _TABLES):
            data["scene_version"] = _VERSION_WITH_TABLES
        body = canonical_json(data)
        with complete_file(path) as file:
            file.write(_head(body) + body[1:])

    @classmethod
    def read(cls, path: Path) -> "SceneRecord":
        """Raises SceneError where the file is missing, damaged or of another version."""
        try:
            content = read_file(path)
            data = parse_json(content)
            if data["scene_version"] not in (SCENE_VERSION, _VERSION_WITH_TABLES):
                raise SceneError(
                    f"{path} was written by another version of Labelpass; export again from Blender with this one"
                )
            if "checksum" in data and not _is_whole(content, data):
                raise ValueError("another content than was written")
            shared = {name: digest for name in _TABLES if (digest := digest_of_shared(data[name]))}
            record = cls.from_json({**_LACKING, **data, **dict.fromkeys(shared, _NO_ENTRIES)})
            if not shared:
                return record
            folder = tables_folder(path)
            return replace(record, **{name: read_table(folder, one, SceneEntries) for name, one in shared.items()})
        except OSError as error:
            raise SceneError(
                f"Cannot read {error.filename}: {error.strerror}; export again from Blender, "
                "or give the folder of the frame's scene record with --scene"
            ) from error
        except (KeyError, TypeError, ValueError) as error:
            raise SceneError(f"{path} is not a scene record, or is damaged; export again from Blender") from error


def _head(body: bytes) -> bytes:
    """What a file begins with in the place of the first brace of its content."""
    return b'{"checksum":"%s",' % digest(body).encode()


def _is_whole(content: bytes, data: dict[str, Any]) -> bool:
    """Whether a file has its content as write() has put it there, or at least the same values; those of before had no
    checksum."""
    length = len(_head(b""))
    if content[:length] == _head(b"{" + content[length:]):  # which takes far less time
        return True
    rest = {key: value for key, value in data.items() if key != "checksum"}
    return bool(data["checksum"] == digest(canonical_json(rest)))


def scene_path(folder: Path, frame_path: str) -> Path:
    """Where the scene record of a frame lies in a folder of them; `frame_path` is FrameFiles.path."""
    return folder / f"{frame_path}.json"


def described_frames(folder: Path) -> Iterator[str]:
    """The frames that have a scene record in a folder of them, as FrameFiles.path, in no particular order."""
    for file in folder.rglob("[!.]*.json"):
        if not is_shared_table(file):
            yield file.relative_to(folder).with_suffix("").as_posix()


def category_of_name(name: str) -> str:
    """The category of something that only has a name: the name without the ".001" that Blender adds to copies."""
    return _COPY_SUFFIX.sub("", name) or name
