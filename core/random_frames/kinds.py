"""The rows that can be added by one click: what varies in random frames."""

from enum import Enum

from ..base.choice import Choice


class Group(str, Enum):
    """Where a row stands in the menu."""

    THINGS = "Things"
    CAMERA = "Camera"
    LIGHT_AND_LOOK = "Light and Look"


class RowKind(Choice):
    """What a row of random frames varies."""

    PLACE_ON_SURFACE = (
        "place_on_surface",
        "Place on Surface",
        "Put things on what they stand on, or on another surface, turned and clear of each other",
    )
    DROP = "drop", "Physics Drop", "Let things fall on a surface and lie as they come to rest, also on each other"
    PLACE_IN_VOLUME = "place_in_volume", "Place in Volume", "Put things into the box around an object"
    ROTATION = "rotation", "Rotation", "Turn things where they are"
    SCALE = "scale", "Scale", "Make things larger and smaller where they are"
    PRESENT = "present", "Present or Not", "Show each thing in some of the frames"
    ONE_OF_SEVERAL = "one_of_several", "One of Several", "Show one object of a collection, and hide the others"
    DISTRACTORS = (
        "distractors",
        "Distractors",
        "Put objects of a collection on the surface that are not to be found, so that a model learns the difference",
    )
    AROUND_TARGET = (
        "around_target",
        "Around Target",
        "Let the camera look at things from a shell around them",
    )
    LENS = "lens", "Lens", "Vary the focal length of the camera"
    LIGHTS = "lights", "Lights", "Vary energy, color temperature, place and number of the lights"
    MATERIAL_INPUT = "material_input", "Material Input", "Vary an input of a material: a color, roughness, any other"
    IMAGES = "images", "Images of Folder", "Show one image of a folder in an image texture or the world"
    WORLD = "world", "World", "Vary how strongly the world lights the scene"
    EXPOSURE = "exposure", "Exposure", "Vary the exposure of the images"
    PROPERTY = "property", "Property", "Vary any property; right-click it and choose Vary in Random Frames"

    @property
    def group(self) -> Group | None:
        """Where it stands in the menu; None where it is added in another way."""
        if self is RowKind.PROPERTY:
            return None
        if self in (RowKind.AROUND_TARGET, RowKind.LENS):
            return Group.CAMERA
        of_things = list(RowKind)[: list(RowKind).index(RowKind.AROUND_TARGET)]
        return Group.THINGS if self in of_things else Group.LIGHT_AND_LOOK

    @property
    def is_placing(self) -> bool:
        """Whether it gives things a place."""
        return self in (RowKind.PLACE_ON_SURFACE, RowKind.DROP, RowKind.PLACE_IN_VOLUME, RowKind.DISTRACTORS)
