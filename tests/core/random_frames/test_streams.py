"""A frame depends on seed, frame and try alone."""

import numpy as np

from core.random_frames.stored_draws import pack_integers, pack_values, place_of, unpack_integers, values_at
from core.random_frames.streams import uniforms

FRAMES = np.arange(1, 101)
FIRST = np.zeros(100, int)


def test_a_frame_alone_is_that_of_the_run() -> None:
    run = uniforms(7, FRAMES, FIRST, "row", 4)
    assert (uniforms(7, np.array([57]), np.array([0]), "row", 4)[0] == run[56]).all()
    assert (uniforms(7, FRAMES[::3], FIRST[::3], "row", 4) == run[::3]).all(), "a share"
    assert (uniforms(7, FRAMES, FIRST, "row", 9)[:, :4] == run).all(), "more numbers for each frame"


def test_all_that_it_depends_on_matters() -> None:
    run = uniforms(7, FRAMES, FIRST, "row", 1)
    others = [
        uniforms(8, FRAMES, FIRST, "row", 1),
        uniforms(7, FRAMES + 100, FIRST, "row", 1),
        uniforms(7, FRAMES, FIRST + 1, "row", 1),
        uniforms(7, FRAMES, FIRST, "row.2", 1),
        uniforms(7, -FRAMES, FIRST, "row", 1),
    ]
    for other in others:
        assert not (other == run).any()
        assert abs(np.corrcoef(other[:, 0], run[:, 0])[0, 1]) < 0.35


def test_every_numpy_gives_these() -> None:
    """Written down with numpy 1.26; the same with 2.x, see `make matrix`."""
    found = uniforms(1, np.array([1, 57]), np.array([0, 3]), "camera", 2)
    assert found.tolist() == [[0.268300977592841, 0.3571721523752339], [0.08608896511481734, 0.32220811953715234]]


def test_what_was_drawn_can_be_stored() -> None:
    values = np.array([[1.5, 2.0], [0.1, -3.0]])
    texts = {"Key.energy": pack_values(np.array([10.0, 0.3])), "Camera.location": pack_values(values)}
    assert values_at(texts, 1, 2) == {"Key.energy": 0.3, "Camera.location": [0.1, -3.0]}
    frames = unpack_integers(pack_integers(np.array([3, 9, 27])))
    assert [place_of(frames, frame) for frame in (3, 27, 4)] == [0, 2, None]
