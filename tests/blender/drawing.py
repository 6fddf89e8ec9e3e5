"""What a panel draws, noted instead of drawn: buttons, properties and texts, in their order."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import bpy

# A sidebar of default width.
_WIDTH = 255


@dataclass
class Item:
    """Something that was drawn.

    Attributes:
        kind: "label", "prop", "operator" and so on: the method of the layout.
        name: of the property, of the operator or of the list.
        text: on it.
        icon: beside the text.
        enabled: whether it is not grey, as far as the layout says.
        alert: whether it is red.
        height: as layouts scale it.
        options: what else the panel said, and the properties of an operator that it set; of a search the names that it
            offers.
        active: whether it counts, as far as the layout says.
    """

    kind: str
    name: str
    text: str
    icon: str
    enabled: bool
    alert: bool
    height: float
    options: dict[str, Any] = field(default_factory=dict)
    active: bool = True


class Layout:
    """As bpy.types.UILayout, for what panels do with it."""

    def __init__(self, items: list[Item], above: "Layout | None" = None) -> None:
        self.items, self._above = items, above
        self.enabled = self.active = True
        self.alert = False
        self.scale_y = self.ui_units_x = 1.0
        self.alignment = "EXPAND"
        self.use_property_split = above.use_property_split if above else False
        self.use_property_decorate = True

    def _lines(self) -> Iterator["Layout"]:
        layout: Layout | None = self
        while layout is not None:
            yield layout
            layout = layout._above

    def _draw(self, kind: str, name: str, text: str, icon: str, options: dict[str, Any]) -> Item:
        height = 1.0
        for layout in self._lines():
            height *= layout.scale_y
        enabled = all(layout.enabled for layout in self._lines())
        alert = any(layout.alert for layout in self._lines())
        active = all(layout.active for layout in self._lines())
        self.items.append(Item(kind, name, text, icon, enabled, alert, height, options, active))
        return self.items[-1]

    def row(self, **_: Any) -> "Layout":
        return Layout(self.items, self)

    column = split = box = grid_flow = row

    def label(self, text: str = "", icon: str = "NONE", **options: Any) -> None:
        self._draw("label", "", text, icon, options)

    def progress(self, text: str = "", **options: Any) -> None:
        self._draw("progress", "", text, "NONE", options)

    def separator(self, **_: Any) -> None:
        pass

    def menu(self, name: str, text: str = "", icon: str = "NONE") -> None:
        self._draw("menu", name, text, icon, {})

    def popover(self, panel: str, text: str = "", icon: str = "NONE") -> None:
        self._draw("popover", panel, text, icon, {})

    def template_list(self, list_type: str, _: str, data: Any, name: str, *rest: Any, **options: Any) -> None:
        assert len(getattr(data, name)) >= 0
        self._draw("list", list_type, "", "NONE", options)

    def prop(self, data: Any, name: str, text: str | None = None, icon: str = "NONE", **options: Any) -> None:
        found = data.bl_rna.properties[name]
        self._draw("prop", name, found.name if text is None else text, icon, options)

    def prop_search(self, data: Any, name: str, search: Any, collection: str, **options: Any) -> None:
        self.prop(data, name, names=[item.name for item in getattr(search, collection)], **options)

    def operator(self, name: str, text: str | None = None, icon: str = "NONE", **options: Any) -> SimpleNamespace:
        module, function = name.split(".")
        label = getattr(getattr(bpy.ops, module), function).get_rna_type().name
        item = self._draw("operator", name, label if text is None else text, icon, options)
        properties = SimpleNamespace()
        item.options = properties.__dict__
        return properties


def context_of(scene: bpy.types.Scene) -> SimpleNamespace:
    """The context of a sidebar in a window that shows a scene."""
    return SimpleNamespace(
        scene=scene,
        view_layer=scene.view_layers[0],
        window_manager=bpy.context.window_manager,
        region=SimpleNamespace(width=_WIDTH),
        preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1.0)),
        space_data=None,
    )


def look_again(scene: bpy.types.Scene) -> None:
    """Bring what the panels show of a scene up to date, as their timer does."""
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects
    from labelpass.operators.preflight.panel_data import look_at, show

    scenes = bpy.context.window_manager.labelpass.scenes
    shown = scenes.get(scene.name_full)
    if shown is None:
        shown = scenes.add()
        shown.name = scene.name_full
    show(shown, look_at(scene, read_labelled_objects(scene)))


def draw(panel: type, scene: bpy.types.Scene, part: str = "draw") -> list[Item]:
    """What a panel, or its header, draws for a scene."""
    items: list[Item] = []
    member = SimpleNamespace(layout=Layout(items))
    for name, value in vars(panel).items():
        if callable(value) and not isinstance(value, classmethod | staticmethod) and not name.startswith("__"):
            setattr(member, name, value.__get__(member))
    getattr(panel, part)(member, context_of(scene))
    return items


def operators(items: list[Item]) -> list[str]:
    return [item.name for item in items if item.kind == "operator"]


def properties(items: list[Item]) -> list[str]:
    return [item.name for item in items if item.kind == "prop"]


def texts(items: list[Item]) -> list[str]:
    return [item.text for item in items if item.kind == "label" and item.text]


def tall(items: list[Item]) -> list[Item]:
    """The buttons that stand out."""
    return [item for item in items if item.kind in ("operator", "progress") and item.height > 1]
