"""What the checklist has to say of a scene and only evaluating it tells: copies, and what is seen without a label."""

import itertools
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import bpy

from ...core.scene.unlabelled import WithoutLabel
from ..scene.hidden_copies import find_hidden_copies
from ..scene.readers.instances import MOST_LOOKED_AT, find_copies
from ..scene.render_graph import NoRenderGraphError, in_render_graph
from ..scene.scene_reader import visible_objects
from ..scene.unlabelled import ShownObjects, View, freestyle_of, lights_in


@dataclass(frozen=True)
class EvaluatedFacts:
    """The attributes are those of LabelFacts."""

    copies: str = ""
    indexed_copies: str = ""
    unlabelled: tuple[WithoutLabel, ...] = ()
    volume: str = ""

    def joined(self, other: "EvaluatedFacts") -> "EvaluatedFacts":
        """What this or another view layer shows."""
        return EvaluatedFacts(
            self.copies or other.copies,
            self.indexed_copies or other.indexed_copies,
            tuple(dict.fromkeys((*self.unlabelled, *other.unlabelled))),
            self.volume or other.volume,
        )


@dataclass(frozen=True)
class LabelledScene:
    """A scene to be evaluated.

    Attributes:
        scene: the original one.
        labelled: its objects that have a category, in the order of their names.
        background: its objects that have none and are not ignored.
        indexed: whether any of its objects has a pass index.
    """

    scene: bpy.types.Scene
    labelled: Collection[bpy.types.Object]
    background: Collection[bpy.types.Object]
    indexed: bool

    def as_shown(self) -> EvaluatedFacts:
        """As the viewport shows the scene, and with copies that only a render shows, as far as the data tell."""
        if self.scene != bpy.context.scene:
            return self._read(None, ())  # only of that scene it is known what is evaluated
        depsgraph = bpy.context.evaluated_depsgraph_get()
        seen = visible_objects(self.scene, every_layer=True)
        hidden = find_hidden_copies(bpy.context.view_layer, seen, self.background)
        return self._read(depsgraph, itertools.chain(find_copies(depsgraph, self.background), hidden))

    def as_rendered(self) -> EvaluatedFacts:
        """As a render shows all view layers of the scene, which takes as long as Blender evaluates them."""
        found = EvaluatedFacts()
        try:
            for layer in self.scene.view_layers:
                if layer.use:
                    found = found.joined(in_render_graph(self.scene, layer, self._read_rendered))
        except NoRenderGraphError:
            return self.as_shown()
        return found

    def _read_rendered(self, depsgraph: bpy.types.Depsgraph) -> EvaluatedFacts:
        return self._read(depsgraph, find_copies(depsgraph, self.background))

    def _read(self, depsgraph: bpy.types.Depsgraph | None, copies: Iterable[tuple[str, int]]) -> EvaluatedFacts:
        shown = ShownObjects(self.scene, depsgraph, MOST_LOOKED_AT)
        return EvaluatedFacts(*self._first_copies(copies), self._unlabelled(shown, depsgraph), shown.volume_in(View()))

    def _first_copies(self, copies: Iterable[tuple[str, int]]) -> tuple[str, str]:
        """Names of an object whose copies share a Cryptomatte id, and of one whose copies share an index; else ""."""
        of_name = of_index = ""
        for name, index in copies:
            of_name, of_index = of_name or (name if not index else ""), of_index or (name if index else "")
            if of_name and (of_index or not self.indexed):
                break
        return of_name, of_index

    def _unlabelled(self, shown: ShownObjects, depsgraph: bpy.types.Depsgraph | None) -> tuple[WithoutLabel, ...]:
        """Wherever the camera looks."""
        found = []
        for ob in self.labelled:
            what = shown.of(ob)
            if kind := what.in_view(View()):
                found.append(WithoutLabel(ob.name_full, kind, what.labelled))
        return (*found, *lights_in(View(), depsgraph), *freestyle_of(self.scene))
