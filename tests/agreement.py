"""How far two pictures of instances agree, whatever each of them calls the instances."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def share_right(ours: Array, truth: Array) -> float:
    """How many of the labelled pixels are right, if each instance is matched with the one of the truth that it
    overlaps most, and no two with the same."""
    pairs, counts = np.unique(np.stack((truth.ravel(), ours.ravel())), axis=1, return_counts=True)
    partner, taken, right = {0: 0}, {0}, 0
    for place in np.argsort(-counts, kind="stable").tolist():
        real, found = pairs[:, place].tolist()
        if real not in partner and found not in taken:
            partner[real] = found
            taken.add(found)
        right += counts[place] * (partner.get(real) == found and (real, found) != (0, 0))
    return float(right / np.count_nonzero((ours != 0) | (truth != 0)))


def partners(ours: Array, truth: Array) -> Array:
    """(H, W) bool: where both show the same instance: to one of the truth belongs that which overlaps it most."""
    pairs, counts = np.unique(np.stack((truth.ravel(), ours.ravel())), axis=1, return_counts=True)
    best = dict(pairs[:, np.argsort(counts, kind="stable")].T.tolist())
    return np.array([best[real] for real in truth.ravel().tolist()]).reshape(truth.shape) == ours
