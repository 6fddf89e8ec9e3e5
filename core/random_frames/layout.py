"""What stands where in each frame, so that nothing is put where something is already.

A thing takes the room of an upright cylinder, and what no row moves that of its box along the axes: on the safe side,
and the same however fine the meshes are. Conditions look at the meshes themselves.
"""

import numpy as np
import numpy.typing as npt

from .streams import Floats


class Layout:
    """The room that is taken in some frames.

    Args:
        frames: how many there are.
        boxes: (B, 2, 3) least and greatest corner of what stands still.
    """

    def __init__(self, frames: int, boxes: Floats) -> None:
        self._boxes = boxes
        self._middle = np.zeros((frames, 0, 2))
        self._radius = np.zeros((frames, 0))
        self._low = np.zeros((frames, 0))
        self._high = np.zeros((frames, 0))

    def is_free(self, points: Floats, radius: Floats, low: Floats, high: Floats) -> npt.NDArray[np.bool_]:
        """Whether there is room, (F, N).

        Args:
            points: (F, N, 2) middles.
            radius: (F,) of the thing, with the gap that it keeps.
            low, high: (F, N) where it begins and ends in z.
        """
        free = self._is_clear_of_boxes(points, radius, low, high)
        for number in range(self._radius.shape[1]):
            touches = self._touches(number, points, radius)
            free &= ~(touches & (low < self._high[:, number, None]) & (high > self._low[:, number, None]))
        return free

    def is_open(self, points: Floats, radius: Floats, low: Floats) -> npt.NDArray[np.bool_]:
        """Whether nothing that stands still is above, (F, N), so that a thing can fall there; arguments as above."""
        return self._is_clear_of_boxes(points, radius, low, np.full(low.shape, np.inf))

    def top(self, points: Floats, radius: Floats) -> Floats:
        """(F,) how high things are at (F, 2) middles of others, -inf where none is; what stands still is no thing."""
        found = np.full(len(points), -np.inf)
        for number in range(self._radius.shape[1]):
            touches = self._touches(number, points[:, None], radius)[:, 0]
            found = np.where(touches, np.maximum(found, self._high[:, number]), found)
        return found

    def copy(self) -> "Layout":
        """One that is as full, and is filled on its own."""
        found = Layout(len(self._middle), self._boxes)
        found._middle, found._radius, found._low, found._high = self._middle, self._radius, self._low, self._high
        return found

    def _touches(self, number: int, points: Floats, radius: Floats) -> npt.NDArray[np.bool_]:
        """(F, N) whether a thing that is there already is in the way of (F, N, 2) points, as seen from above."""
        near = ((points - self._middle[:, None, number]) ** 2).sum(axis=2)
        reach = radius + self._radius[:, number]
        touches: npt.NDArray[np.bool_] = (near < reach[:, None] ** 2) & (reach > 0)[:, None]
        return touches

    def _is_clear_of_boxes(self, points: Floats, radius: Floats, low: Floats, high: Floats) -> npt.NDArray[np.bool_]:
        free = np.ones(points.shape[:2], bool)
        for bottom, top in self._boxes:
            apart = np.maximum(np.maximum(bottom[:2] - points, points - top[:2]), 0.0)
            touches = (apart**2).sum(axis=2) < radius[:, None] ** 2
            free &= ~(touches & (low < top[2]) & (high > bottom[2]))
        return free

    def add(self, middle: Floats, radius: Floats, low: Floats, high: Floats, present: npt.NDArray[np.bool_]) -> None:
        """Take the room of a thing: (F, 2) middle, and (F,) each; of frames that do not show it none is taken."""
        self._middle = np.concatenate((self._middle, middle[:, None]), axis=1)
        radius = np.where(present, radius, -np.inf)
        self._radius = np.concatenate((self._radius, radius[:, None]), axis=1)
        self._low = np.concatenate((self._low, low[:, None]), axis=1)
        self._high = np.concatenate((self._high, high[:, None]), axis=1)
