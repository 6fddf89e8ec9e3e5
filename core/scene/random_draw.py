"""What was drawn for a random frame, so that frames can be looked up by it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..base.json_fields import JsonObject


@dataclass(frozen=True)
class RandomDraw(JsonObject):
    """The draw of one frame.

    Attributes:
        seed: of the run.
        attempt: how often the frame was drawn before, since it did not show what it should; 0 is the first draw.
        values: what was drawn, a number or a list of numbers by a name such as "Camera.distance". Distances are in
            scene units, angles in degrees, temperatures in kelvin, and "present" is 0 or 1.
    """

    seed: int
    attempt: int
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def attributes(self) -> dict[str, Any]:
        """All of it in one object, as an image has it in COCO."""
        return {"seed": self.seed, "attempt": self.attempt, **self.values}
