"""The scene record: what Blender knows about a frame and its EXR files do not."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .camera import Camera
from .errors import SceneError
from .files import canonical_json, complete_file

SCENE_VERSION = 1
SCENES_FOLDER = "scenes"

_COPY_SUFFIX = re.compile(r"\.\d{3,}$")


@dataclass(frozen=True)
class Category:
    """A class of things to detect.

    Attributes:
        name: unique in a dataset.
        id: the number that the user fixed, from 1; None leaves it to the order of names.
        supercategory: "" for none.
    """

    name: str
    id: int | None = None
    supercategory: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "id": self.id, "supercategory": self.supercategory}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Category":
        """Raises KeyError, TypeError or ValueError where the data is not a category."""
        id = data["id"]
        return cls(str(data["name"]), None if id is None else int(id), str(data["supercategory"]))


@dataclass(frozen=True)
class SceneEntry:
    """Something in the scene that a label can stand for: an object, a material, or an asset.

    Attributes:
        name: as in the Cryptomatte manifest.
        pass_index: as in the index pass; 0 where it has none.
        category: name of one of the scene's categories; None makes it background.
    """

    name: str
    pass_index: int
    category: str | None


@dataclass(frozen=True)
class SceneRecord:
    """One frame of a Blender scene.

    Attributes:
        scene: the scene's name.
        frame: frame number.
        width, height: pixels of the rendered image, with the resolution percentage.
        pixel_aspect: width of a pixel divided by its height.
        unit_scale: metres in one scene unit.
        camera: None where the scene has no camera, or several at once (stereo).
        categories: all categories of the scene, also those that this frame does not show.
        objects, materials, assets: what each kind of label can stand for. An asset is a top-most parent.
    """

    scene: str
    frame: int
    width: int
    height: int
    pixel_aspect: float
    unit_scale: float
    camera: Camera | None
    categories: tuple[Category, ...]
    objects: tuple[SceneEntry, ...]
    materials: tuple[SceneEntry, ...]
    assets: tuple[SceneEntry, ...]

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
            "categories": [category.as_json() for category in self.categories],
            "objects": _entries_as_json(self.objects),
            "materials": _entries_as_json(self.materials),
            "assets": _entries_as_json(self.assets),
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
                categories=tuple(Category.from_json(category) for category in data["categories"]),
                objects=_entries_from_json(data["objects"]),
                materials=_entries_from_json(data["materials"]),
                assets=_entries_from_json(data["assets"]),
            )
        except OSError as error:
            raise SceneError(f"Cannot read {path}: {error.strerror}; export again from Blender") from error
        except (KeyError, TypeError, ValueError) as error:
            raise SceneError(f"{path} is no scene record or is damaged; export again from Blender") from error


def _entries_as_json(entries: tuple[SceneEntry, ...]) -> list[list[str | int | None]]:
    """Rows of name, pass index, category: a scene may have thousands of objects in each of thousands of frames."""
    return [[entry.name, entry.pass_index, entry.category] for entry in entries]


def _entries_from_json(rows: Any) -> tuple[SceneEntry, ...]:
    return tuple(
        SceneEntry(str(name), int(pass_index), None if category is None else str(category))
        for name, pass_index, category in rows
    )


def scene_path(folder: Path, frame_path: str) -> Path:
    """Where the scene record of a frame lies in a folder of them; `frame_path` is FrameFiles.path."""
    return folder / f"{frame_path}.json"


def category_of_name(name: str) -> str:
    """The category of something that only has a name: the name without the ".001" that Blender adds to copies."""
    return _COPY_SUFFIX.sub("", name) or name
