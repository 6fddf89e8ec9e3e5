"""A mesh where it stands in the scene, as it is rasterised."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class PlacedMesh:
    """A mesh in the scene.

    Attributes:
        number: of what it belongs to: of a label, where surfaces are searched; of an instance, for amodal masks.
        mesh: which one.
        matrix: (4, 4), from the mesh to the world.
    """

    number: int
    mesh: str
    matrix: npt.NDArray[np.floating[Any]]
