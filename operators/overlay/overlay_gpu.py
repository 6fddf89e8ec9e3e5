"""Drawing an overlay with the GPU: one batch for all boxes, for all 3D boxes, for all outlines and for all keypoints,
one texture for all masks, made once and drawn often.

Blender blends what is drawn over an Image Editor in linear light, so the shaders take linear colours.
"""

from dataclasses import dataclass

import blf
import bpy
import gpu
import numpy as np
import numpy.typing as npt
from gpu_extras.batch import batch_for_shader

from ...core.categories.palette import Colour, is_light, linear_light
from ...core.drawing.overlay import Overlay, box_frames, largest_on_screen
from ...core.drawing.overlay_geometry import Shapes
from ...core.drawing.text_labels import first_free, places_for_name

# In pixels, at a resolution scale of 1.
_LINE_WIDTH = 2
_FONT_SIZE = 12
_MARGIN = 4
_SMALLEST_NAMED_BOX = 30
_MOST_NAMES = 100
_FONT = 0  # Blender's own
_PALETTE_WIDTH = 1024

# Place on the image (0 to 1, y up) to pixels of the region, to what the GPU draws into.
_TO_SCREEN = "vec4 to_screen(vec2 pixels) { return vec4(pixels / region_size * 2.0 - 1.0, 0.0, 1.0); }\n"


def _box_shader() -> gpu.types.GPUShader:
    info = gpu.types.GPUShaderCreateInfo()
    between = gpu.types.GPUStageInterfaceInfo("labelpass_box")
    between.flat("VEC4", "tint")
    info.push_constant("VEC2", "scale")
    info.push_constant("VEC2", "offset")
    info.push_constant("VEC2", "region_size")
    info.push_constant("FLOAT", "line_width")
    info.vertex_in(0, "VEC2", "corner")
    info.vertex_in(1, "VEC2", "side")
    info.vertex_in(2, "VEC4", "colour")
    info.vertex_out(between)
    info.fragment_out(0, "VEC4", "fragment")
    info.vertex_source(
        _TO_SCREEN
        + "void main() { tint = colour; "
        + "gl_Position = to_screen(corner * scale + offset + side * vec2(line_width, -line_width)); }"
    )
    info.fragment_source("void main() { fragment = tint; }")
    return gpu.shader.create_from_info(info)


def _mask_shader() -> gpu.types.GPUShader:
    """Colours pixels by the instance that they belong to; those at its outline twice as opaque as the others."""
    info = gpu.types.GPUShaderCreateInfo()
    between = gpu.types.GPUStageInterfaceInfo("labelpass_mask")
    between.smooth("VEC2", "place")
    info.push_constant("VEC2", "scale")
    info.push_constant("VEC2", "offset")
    info.push_constant("VEC2", "region_size")
    info.push_constant("FLOAT", "opacity")
    info.sampler(0, "FLOAT_2D", "numbers")
    info.sampler(1, "FLOAT_2D", "palette")
    info.vertex_in(0, "VEC2", "corner")
    info.vertex_out(between)
    info.fragment_out(0, "VEC4", "fragment")
    info.vertex_source(_TO_SCREEN + "void main() { place = corner; gl_Position = to_screen(corner * scale + offset); }")
    # The texture lies on its side, as the masks do: its x goes down the image, its y to the right.
    info.fragment_source(f"""
        int number_at(ivec2 texel)
        {{
            return int(texelFetch(numbers, clamp(texel, ivec2(0), textureSize(numbers, 0) - 1), 0).r);
        }}
        void main()
        {{
            ivec2 texel = ivec2(floor(place.yx * vec2(textureSize(numbers, 0))));
            int number = number_at(texel);
            if (number == 0) {{
                discard;
            }}
            bool inside = number_at(texel + ivec2(1, 0)) == number && number_at(texel - ivec2(1, 0)) == number
                       && number_at(texel + ivec2(0, 1)) == number && number_at(texel - ivec2(0, 1)) == number;
            vec3 colour = texelFetch(palette, ivec2(number % {_PALETTE_WIDTH}, number / {_PALETTE_WIDTH}), 0).rgb;
            fragment = vec4(colour, inside ? opacity : min(1.0, 2.0 * opacity));
        }}""")
    return gpu.shader.create_from_info(info)


class Shaders:
    """Those of all overlays; made when the first one is drawn, since only then there is a GPU."""

    def __init__(self) -> None:
        self.box = _box_shader()
        self.mask = _mask_shader()


@dataclass(frozen=True)
class Switches:
    """What is drawn of an overlay."""

    boxes: bool
    boxes_3d: bool
    amodal: bool
    keypoints: bool
    names: bool
    masks: bool
    opacity: float


@dataclass(frozen=True)
class _Plates:
    """The names that one view of the image shows.

    Attributes:
        view: what they were placed for.
        batch: their plates, None where there are none.
        texts: name, colour of the plate, and place of its first letter in the region.
    """

    view: tuple[object, ...]
    batch: gpu.types.GPUBatch | None
    texts: list[tuple[str, Colour, int, int]]


class OverlayDrawing:
    """An overlay on the GPU. Everything here has to happen while Blender draws."""

    def __init__(self, overlay: Overlay, shaders: Shaders) -> None:
        self._overlay, self._shaders = overlay, shaders
        self._colours = [linear_light(colour) for colour in overlay.colours]
        self._plates: _Plates | None = None
        self._boxes_3d = _batch(overlay.boxes_3d, shaders)
        self._keypoints = _batch(overlay.keypoints, shaders)
        self._amodal = _batch(overlay.amodal, shaders)
        self._boxes = self._masks = self._numbers = self._palette = None
        if len(overlay.boxes) == 0:
            return
        corners, sides, triangles = box_frames(overlay.boxes)
        tints = np.repeat(np.array(self._colours, dtype=np.float32), 8, axis=0)
        vertices = {"corner": corners, "side": sides, "colour": tints}
        self._boxes = batch_for_shader(shaders.box, "TRIS", vertices, indices=triangles)
        whole = {"corner": [(0, 0), (1, 0), (0, 1), (1, 1)]}
        self._masks = batch_for_shader(shaders.mask, "TRI_STRIP", whole)
        self._numbers = _texture(overlay.numbers.T[..., None], "R32F")
        palette = np.zeros((-(-(len(self._colours) + 1) // _PALETTE_WIDTH), _PALETTE_WIDTH, 4), dtype=np.float32)
        palette.reshape(-1, 4)[1 : len(self._colours) + 1] = self._colours
        self._palette = _texture(palette, "RGBA32F")

    def draw(self, context: bpy.types.Context, show: Switches) -> None:
        """Draw into the region of an Image Editor, in its pixels."""
        if self._boxes is None:
            return
        region, ui_scale = context.region, context.preferences.system.ui_scale
        size, overlay = (region.width, region.height), self._overlay
        # In float: view_to_region would round to whole pixels.
        low = np.array(region.view2d.region_to_view(0, 0))
        scale = np.array(size) / (np.array(region.view2d.region_to_view(*size)) - low)
        offset = -low * scale
        # The record counts rows from the top.
        pixel_scale = scale * (1, -1) / (overlay.width, overlay.height)
        pixel_offset = offset + np.array((0, scale[1]))
        line_width = max(1, round(_LINE_WIDTH * ui_scale))
        gpu.state.blend_set("ALPHA")
        if show.masks:
            shader = self._shaders.mask
            _bind(shader, scale * (1, -1), pixel_offset, size)
            shader.uniform_float("opacity", show.opacity)
            shader.uniform_sampler("numbers", self._numbers)
            shader.uniform_sampler("palette", self._palette)
            self._masks.draw(shader)
        for batch, is_shown in (
            (self._amodal, show.amodal),
            (self._boxes, show.boxes),
            (self._boxes_3d, show.boxes_3d),
            (self._keypoints, show.keypoints),
        ):
            if batch is not None and is_shown:
                shader = self._shaders.box
                _bind(shader, pixel_scale, pixel_offset, size)
                shader.uniform_float("line_width", line_width)
                batch.draw(shader)
        if show.names:
            view = (size, ui_scale, *pixel_scale.tolist(), *pixel_offset.tolist())
            if self._plates is None or self._plates.view != view:
                # With y down, as core has it.
                on_screen = overlay.boxes * np.tile(pixel_scale, 2) + np.tile(pixel_offset, 2)
                on_screen[:, [1, 3]] = size[1] - on_screen[:, [1, 3]]
                self._plates = self._place_names(on_screen, size, ui_scale, view)
            self._draw_names(self._plates, size, ui_scale)
        gpu.state.blend_set("NONE")

    def _place_names(
        self, boxes: npt.NDArray[np.float64], size: tuple[int, int], ui_scale: float, view: tuple[object, ...]
    ) -> "_Plates":
        """The names of the largest boxes, each where there is a free place at its box."""
        overlay = self._overlay
        chosen = largest_on_screen(boxes, size, _SMALLEST_NAMED_BOX * ui_scale, _MOST_NAMES)
        margin = round(_MARGIN * ui_scale)
        blf.size(_FONT, _FONT_SIZE * ui_scale)
        height = round(blf.dimensions(_FONT, "Ég")[1]) + margin
        plates = np.empty((len(chosen), 4), dtype=np.int64)
        named: list[int] = []
        for index in chosen.tolist():
            width = round(blf.dimensions(_FONT, overlay.names[index])[0]) + 2 * margin
            corners = tuple(np.rint(boxes[index]).astype(int).tolist())
            places = places_for_name(corners, (width, height), size)
            free = first_free(places, plates[: len(named)])
            if free is not None:
                plates[len(named)] = places[free]
                named.append(index)
        plates = plates[: len(named)]
        baseline = round(_depth_of_letters() + margin / 2)
        texts = [
            (overlay.names[index], overlay.colours[index], x + margin, size[1] - bottom + baseline)
            for (x, _, _, bottom), index in zip(plates.tolist(), named, strict=True)
        ]
        return _Plates(view, self._batch_of_plates(plates, named) if named else None, texts)

    def _batch_of_plates(self, plates: npt.NDArray[np.int64], named: list[int]) -> gpu.types.GPUBatch:
        corners = plates[:, [[0, 1], [2, 1], [2, 3], [0, 3]]].astype(np.float32).reshape(-1, 2)
        tints = np.repeat(np.array([self._colours[index] for index in named], dtype=np.float32), 4, axis=0)
        triangles = (np.array([(0, 1, 2), (0, 2, 3)]) + 4 * np.arange(len(plates))[:, None, None]).reshape(-1, 3)
        vertices = {"corner": corners, "side": np.zeros_like(corners), "colour": tints}
        return batch_for_shader(self._shaders.box, "TRIS", vertices, indices=triangles.astype(np.int32))

    def _draw_names(self, plates: "_Plates", size: tuple[int, int], ui_scale: float) -> None:
        if plates.batch is None:
            return
        shader = self._shaders.box
        _bind(shader, np.array((1, -1)), np.array((0, size[1])), size)
        shader.uniform_float("line_width", 0.0)
        plates.batch.draw(shader)
        blf.size(_FONT, _FONT_SIZE * ui_scale)
        for text, paper, x, y in plates.texts:
            ink = 0.0 if is_light(paper) else 1.0
            blf.color(_FONT, ink, ink, ink, 1.0)
            blf.position(_FONT, x, y, 0)
            blf.draw(_FONT, text)


def _batch(shapes: Shapes | None, shaders: Shaders) -> gpu.types.GPUBatch | None:
    if shapes is None or len(shapes.triangles) == 0:
        return None
    colours, which = np.unique(shapes.colours, axis=0, return_inverse=True)
    tints = np.array([linear_light(tuple(colour)) for colour in colours.tolist()], dtype=np.float32)[which.ravel()]
    vertices = {"corner": shapes.corners, "side": shapes.sides, "colour": tints}
    return batch_for_shader(shaders.box, "TRIS", vertices, indices=shapes.triangles)


def _depth_of_letters() -> float:
    """How far letters reach below their line, in pixels."""
    return blf.dimensions(_FONT, "Eg")[1] - blf.dimensions(_FONT, "E")[1]


def _bind(
    shader: gpu.types.GPUShader,
    scale: npt.NDArray[np.float64],
    offset: npt.NDArray[np.float64],
    size: tuple[int, int],
) -> None:
    shader.bind()
    shader.uniform_float("scale", scale.tolist())
    shader.uniform_float("offset", offset.tolist())
    shader.uniform_float("region_size", size)


def _texture(values: npt.NDArray[np.float32], format: str) -> gpu.types.GPUTexture:
    """A texture of (height, width, channels) values, unfiltered."""
    height, width, _ = values.shape
    flat = np.ascontiguousarray(values).ravel()
    return gpu.types.GPUTexture((width, height), format=format, data=gpu.types.Buffer("FLOAT", flat.size, flat))
