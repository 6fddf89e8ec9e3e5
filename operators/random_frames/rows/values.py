"""Rows about single properties: any that can be animated, colours, the world and exposure."""

import colorsys
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ....core.base.errors import LabelpassError, SceneError, UsageError
from ....core.random_frames.distributions import UNIFORMS_PER_NUMBER, Distribution, NumberSpread, parse_choices, uniform
from ....core.random_frames.kinds import RowKind
from ... import compat
from ...random_rows import LabelpassRandomRow
from ..drawing import Base, Draw
from ..keyed import Keyed, split_path


@dataclass(frozen=True)
class AnyProperty:
    """A property of numbers, a switch or a choice."""

    row: str
    block: bpy.types.ID
    path: str
    component: int
    width: int
    spread: NumberSpread
    same_as: str
    name: str

    @classmethod
    def of(cls, base: Base, row: LabelpassRandomRow) -> "AnyProperty":
        block, path, prop = resolve(row)
        width = 1 if row.component >= 0 else max(1, getattr(prop, "array_length", 1))
        spread = _spread_of(row, prop)
        same_as = row.same_as if Distribution(row.distribution) is Distribution.SAME else ""
        if Distribution(row.distribution) is not Distribution.SAME:
            spread.check()
        elif not same_as or same_as == row.name:
            raise UsageError(f"A row of {path!r} is to be as another one, and names none; choose the row")
        return cls(row.name, block, path, row.component, width, spread, same_as, _name_of(row))

    def draw(self, draw: Draw) -> None:
        if self.same_as:
            found = draw.numbers.get(self.same_as)
            if found is None:
                raise UsageError(
                    f"{self.name} is to be as a row that is not there, or stands below it; move that row above it"
                )
            values = np.broadcast_to(found[:, :1], (len(found), self.width)) if found.shape[1] != self.width else found
        else:
            u = draw.uniforms(self.row, "", self.width * UNIFORMS_PER_NUMBER)
            parts = u.reshape(len(u), self.width, UNIFORMS_PER_NUMBER)
            values = np.stack([self.spread.draw(parts[:, one]) for one in range(self.width)], axis=1)
        draw.numbers[self.row] = values
        draw.keyed.append(Keyed(self.block, self.path, values, self.component))
        draw.add_named(self.name, self.row, values[:, 0] if self.width == 1 else values)


@dataclass(frozen=True)
class Colour:
    """A colour by hue, saturation and brightness."""

    row: str
    block: bpy.types.ID
    path: str
    alpha: tuple[float, ...]
    ends: tuple[tuple[float, float], ...]
    name: str

    @classmethod
    def of(cls, base: Base, row: LabelpassRandomRow) -> "Colour":
        block, path, _ = resolve(row)
        alpha = tuple(block.path_resolve(path))[3:]
        ends = (
            (row.hue_min, row.hue_max),
            (row.saturation_min, row.saturation_max),
            (row.value_min, row.value_max),
        )
        return cls(row.name, block, path, alpha, ends, _name_of(row))

    def draw(self, draw: Draw) -> None:
        u = draw.uniforms(self.row, "", 3)
        hsv = np.stack([uniform(u[:, place], *ends) for place, ends in enumerate(self.ends)], axis=1)
        rgb = np.array([colorsys.hsv_to_rgb(hue % 1.0, saturation, value) for hue, saturation, value in hsv.tolist()])
        values = np.hstack((rgb, np.broadcast_to(self.alpha, (len(rgb), len(self.alpha)))))
        draw.keyed.append(Keyed(self.block, self.path, values))
        draw.numbers[self.row] = values
        draw.add_named(self.name, self.row, rgb)


@dataclass(frozen=True)
class WorldStrength:
    """How strongly the world lights the scene."""

    row: str
    tree: bpy.types.NodeTree
    sockets: tuple[tuple[str, float], ...]
    spread: NumberSpread

    @classmethod
    def of(cls, base: Base, row: LabelpassRandomRow) -> "WorldStrength":
        tree = compat.shader_tree(base.scene.world)
        sockets = tuple(
            (f'nodes["{bpy.utils.escape_identifier(node.name)}"].inputs[1].default_value', node.inputs[1].default_value)
            for node in (tree.nodes if tree else ())
            if node.bl_idname == "ShaderNodeBackground" and not node.inputs[1].is_linked
        )
        if tree is None or not sockets:
            raise SceneError("The world has no Background node whose strength could vary; add one, or remove the row")
        spread = _spread_of(row, None)
        spread.check()
        return cls(row.name, tree, sockets, spread)

    def draw(self, draw: Draw) -> None:
        factor = self.spread.draw(draw.uniforms(self.row, "", UNIFORMS_PER_NUMBER))
        for path, strength in self.sockets:
            draw.keyed.append(Keyed(self.tree, path, (strength * factor)[:, None]))
        draw.numbers[self.row] = factor[:, None]
        draw.named["World.strength"] = factor


@dataclass(frozen=True)
class Exposure:
    """The exposure of the images."""

    row: str
    scene: bpy.types.Scene
    spread: NumberSpread

    @classmethod
    def of(cls, base: Base, row: LabelpassRandomRow) -> "Exposure":
        spread = _spread_of(row, None)
        spread.check()
        return cls(row.name, base.scene, spread)

    def draw(self, draw: Draw) -> None:
        values = self.spread.draw(draw.uniforms(self.row, "", UNIFORMS_PER_NUMBER))
        draw.keyed.append(Keyed(self.scene, "view_settings.exposure", values[:, None]))
        draw.numbers[self.row] = values[:, None]
        draw.named["Exposure"] = values


def resolve(row: LabelpassRandomRow) -> tuple[bpy.types.ID, str, bpy.types.Property]:
    """The data block that holds the property of a row, its path there, and what kind of property it is.

    Raises:
        SceneError: it is not there, or cannot be animated.
    """
    what = RowKind(row.kind).label
    if row.block is None or not row.path:
        raise SceneError(f"A row {what!r} has no property yet; choose one, or remove the row")
    block, path = row.block, row.path
    if path.startswith("node_tree."):  # which has an animation of its own
        tree = compat.shader_tree(block)
        if tree is None:
            raise SceneError(f"{block.name!r} uses no nodes any more; remove the row {what!r}")
        block, path = tree, path.removeprefix("node_tree.")
    head, name, is_custom = split_path(path)
    try:
        holder = block.path_resolve(head) if head else block
        block.path_resolve(path)
    except ValueError as error:
        raise SceneError(f"{row.block.name!r} has no {path!r} any more; remove the row {what!r}") from error
    if is_custom:
        return block, path, _CustomProperty(name, holder[name])
    prop = holder.bl_rna.properties[name]
    if not prop.is_animatable:
        raise SceneError(f"{prop.name} of {row.block.name!r} cannot be animated; remove the row {what!r}")
    if isinstance(holder, bpy.types.NodeSocket) and holder.is_linked:
        raise SceneError(
            f"{holder.name} of {row.block.name!r} comes from another node, so it would not vary; vary an input there"
        )
    return block, path, prop


def _name_of(row: LabelpassRandomRow) -> str:
    """What the values of a row are called: "Paint.Roughness", "Key.energy"."""
    head, name, _ = split_path(row.path)
    holder = row.block.path_resolve(head) if head else row.block
    return f"{row.block.name}.{holder.name if isinstance(holder, bpy.types.NodeSocket) else name}"


class _CustomProperty:
    """What is asked of a property, for a custom one."""

    def __init__(self, name: str, value: Any) -> None:
        self.identifier = name
        self.array_length = len(value) if hasattr(value, "__len__") and not isinstance(value, str) else 0
        self.type = "INT" if isinstance(value, int) else "FLOAT"
        self.subtype = "NONE"


def is_colour_row(row: LabelpassRandomRow) -> bool:
    """Whether a row varies a colour by hue, saturation and brightness."""
    if row.component >= 0 or not row.block or not row.path:
        return False
    try:
        return is_colour(resolve(row)[2])
    except LabelpassError:
        return False


def is_colour(prop: Any) -> bool:
    return prop.subtype in ("COLOR", "COLOR_GAMMA") and prop.array_length >= 3


def _spread_of(row: LabelpassRandomRow, prop: Any) -> NumberSpread:
    kind = getattr(prop, "type", "FLOAT")
    distribution = Distribution(row.distribution)
    texts, weights = parse_choices(row.choices) if distribution is Distribution.CHOICE else ((), ())
    if kind == "BOOLEAN" and distribution is not Distribution.CHOICE:
        return NumberSpread(Distribution.UNIFORM, 0, 1, whole=True)
    if kind == "ENUM" and distribution is not Distribution.CHOICE:
        items = tuple(float(item.value) for item in prop.enum_items)
        return NumberSpread(Distribution.CHOICE, choices=items, weights=(1.0,) * len(items))
    return NumberSpread(
        distribution,
        row.low,
        row.high,
        row.mean,
        row.deviation,
        tuple(_number(text, prop) for text in texts),
        weights,
        whole=kind in ("INT", "BOOLEAN", "ENUM"),
    )


def _number(text: str, prop: Any) -> float:
    """A choice as a number: that of an item of an enumeration, or what is written."""
    if getattr(prop, "type", "") == "ENUM":
        for item in prop.enum_items:
            if text in (item.identifier, item.name):
                return float(item.value)
        raise UsageError(
            f"{prop.name} has no {text!r}; choose from {', '.join(item.identifier for item in prop.enum_items)}"
        )
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is not a number; write values with commas, such as 1, 2, 5") from error
