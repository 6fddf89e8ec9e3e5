"""Why the compositor's picture does not show what the labels show, in words."""

import pytest

from core.scene.compositing import Compositing


@pytest.mark.parametrize(
    ("compositing", "view_layer", "reason"),
    [
        (Compositing(), "Labels", ""),
        (Compositing(layers=("Labels",)), "Labels", ""),
        (Compositing(layers=("Beauty",)), "", ""),
        (Compositing(layers=("Beauty",)), "Labels", "the compositor also shows the view layer 'Beauty'"),
        (Compositing(layers=("Beauty", "Sky")), "", "the compositor also shows the view layer 'Sky'"),
        (
            Compositing(layers=("Labels", "Beauty", "Sky"), scenes=("Titles",)),
            "Labels",
            "the compositor also shows the view layers 'Beauty' and 'Sky' and the scene 'Titles'",
        ),
        (
            Compositing(moves=("Flip", "Crop")),
            "Labels",
            "the compositor moves or crops pixels (nodes 'Flip' and 'Crop')",
        ),
        (
            Compositing(moves=("A", "B", "C", "D", "E"), scenes=("Titles",)),
            "",
            "the compositor moves or crops pixels (nodes 'A', 'B', 'C' and 2 more) and the compositor also shows the "
            "scene 'Titles'",
        ),
    ],
)
def test_mismatch(compositing: Compositing, view_layer: str, reason: str) -> None:
    assert compositing.mismatch(view_layer) == reason
