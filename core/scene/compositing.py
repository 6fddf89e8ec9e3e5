"""What the compositor does to the picture of a frame, which labels do not go through."""

from dataclasses import dataclass

from ..base.json_fields import JsonObject
from ..base.phrases import listed

_MOST_NAMED = 3


@dataclass(frozen=True)
class Compositing(JsonObject):
    """What lies between the render and the picture that the compositor makes of it.

    Attributes:
        moves: names of the nodes on the way that move or crop pixels.
        layers: names of the view layers of this scene that the picture shows; none where there is no compositor.
        scenes: names of the other scenes that it shows.
        moves_in_files: like moves, of nodes on the way to files of File Output nodes.
    """

    moves: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    scenes: tuple[str, ...] = ()
    moves_in_files: tuple[str, ...] = ()

    def mismatch(self, view_layer: str) -> str:
        """Why the picture does not show what the labels of a view layer show, as a part of a sentence; "" if it does.

        Args:
            view_layer: its name; "" for all that are rendered.
        """
        reasons = [f"the compositor moves or crops pixels ({_named('node', self.moves)})"] if self.moves else []
        others = [layer for layer in self.layers if layer != view_layer] if view_layer else list(self.layers[1:])
        shown = [_named(what, names) for what, names in (("view layer", others), ("scene", self.scenes)) if names]
        if shown:
            reasons.append(f"the compositor also shows the {' and the '.join(shown)}")
        return " and ".join(reasons)

    @property
    def mismatch_in_files(self) -> str:
        """The same of what File Output nodes write."""
        if not self.moves_in_files:
            return ""
        return f"pixels are moved or cropped on the way to a File Output node ({_named('node', self.moves_in_files)})"


def _named(what: str, names: "tuple[str, ...] | list[str]") -> str:
    """Some things with their names, the first few of many."""
    quoted = [repr(name) for name in names[:_MOST_NAMED]]
    if len(names) > _MOST_NAMED:
        quoted.append(f"{len(names) - _MOST_NAMED} more")
    return f"{what if len(names) == 1 else f'{what}s'} {listed(quoted)}"
