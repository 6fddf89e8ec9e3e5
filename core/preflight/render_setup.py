"""What decides on the passes of a render, as plain data; operators/preflight reads it from the scene."""

from dataclasses import dataclass
from enum import Enum

from ..scene.camera import RAY_DEPTH_TYPES
from ..scene.compositing import Compositing
from ..settings.render_pass import Pass
from .label_facts import LabelFacts


class Region(Enum):
    """What the Render Region of a scene does to its images."""

    NONE = "none"
    CROPPED = "cropped"
    BLACK_OUTSIDE = "black_outside"


@dataclass(frozen=True)
class ViewLayerSetup:
    """A view layer: its name, whether it is rendered, and the passes that are turned on in it."""

    name: str
    used: bool
    passes: frozenset[Pass]


@dataclass(frozen=True)
class ExrOutput:
    """Something that writes EXR files: the scene's own output, or a File Output node of the compositor.

    Attributes:
        name: of the node; "" for the scene's own output.
        passes: what it writes; None for every pass of every view layer.
        codec: as Blender calls it, "ZIP" for example.
        half: whether colours are stored in 16 bit, and with them a Cryptomatte (only File Output nodes do that).
    """

    name: str
    passes: frozenset[Pass] | None
    codec: str
    half: bool


@dataclass(frozen=True)
class RenderSetup:
    """What decides on the passes of a render.

    Attributes:
        engine: name of the render engine.
        engine_passes: the passes that it can make; None where that is not known.
        view_layers: at least one.
        labelled: what is known of the objects.
        outputs: what writes EXR files with passes; empty where nothing does.
        file_format: what the scene's own output writes, as Blender's interface calls it.
        width, height: of the rendered image, in pixels.
        percentage: resolution percentage.
        can_store: False where Blender cannot write these passes because pixels are not square.
        folder: where the frames go, or the dataset beside them; "" where it is relative to a .blend that was never
            saved.
        folder_is_default: whether that is Blender's own default, the temporary folder, which all scenes share.
        has_camera: whether the scene has an active camera.
        motion_blur: whether it is on.
        sequencer: whether the video sequencer replaces the render.
        preview: whether objects have the colours of the preview instead of their own.
        camera_type: of the active camera as it is rendered, as in Camera.type; "" where it is not known.
        transparent: whether the film is, so that the image has no background.
        depth_of_field: whether the active camera has it.
        drawn_as_perspective: type of the active camera, if the engine cannot render it and draws a perspective one
            without a word; else "".
        fixed_seed: whether all frames of an animation have the noise of one seed.
        shutter: when it opens and closes, in frames after the frame; it matters with motion blur only.
        compositing: what the compositor does to the picture.
        random_frames: whether random frames are baked, so that no frame goes on from the one before.
        camera_name: of the active camera.
        region: what the Render Region does to images.
        linked: whether the scene is from another file, so that changes in this one are lost.
        slot: a sentence on why the Render Slot that is shown is not the last render of the scene; "" where it is.
        is_saved: whether the scene has a .blend file.
    """

    engine: str
    engine_passes: frozenset[Pass] | None
    view_layers: tuple[ViewLayerSetup, ...]
    labelled: LabelFacts
    outputs: tuple[ExrOutput, ...]
    file_format: str
    width: int
    height: int
    percentage: int
    can_store: bool
    folder: str
    folder_is_default: bool
    has_camera: bool
    motion_blur: bool
    sequencer: bool
    preview: bool
    camera_type: str = "perspective"
    transparent: bool = False
    depth_of_field: bool = False
    drawn_as_perspective: str = ""
    fixed_seed: bool = False
    shutter: tuple[float, float] = (0.0, 0.0)
    compositing: Compositing = Compositing()
    random_frames: bool = False
    camera_name: str = ""
    region: Region = Region.NONE
    linked: bool = False
    slot: str = ""
    is_saved: bool = True

    @property
    def has_ray_depth(self) -> bool:
        """As in Camera."""
        return self.camera_type in RAY_DEPTH_TYPES

    @property
    def blur(self) -> str:
        """What lets several objects share a pixel, or a sample of it end in a volume, for people; "" for nothing."""
        volume = self.labelled.volume
        causes = [volume[:1].upper() + volume[1:]] if volume else []
        causes += ["Motion Blur"] if self.motion_blur else []
        causes += ["Depth of Field"] if self.depth_of_field else []
        return " and ".join(causes)

    def can_render(self, pass_: Pass) -> bool:
        return self.engine_passes is None or pass_ in self.engine_passes
