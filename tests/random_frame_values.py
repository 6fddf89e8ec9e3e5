"""What the frames of tests/installed/random_frame.py are in Blender 4.5, and how far others may be from that."""

import json
from pathlib import Path

import numpy as np

RECORDED = Path(__file__).parent / "data" / "random-frames-demo.json"
# Of a value, or of 1 where it is smaller. Versions 4.2 to 5.2 on x86-64 did not differ at all; another processor or
# compiler may round the last of the 24 bits in another way.
TOLERANCE = 1e-5


def check_frames(found: dict[str, list[float]]) -> None:
    """Raises AssertionError where a frame is another one, or was drawn again in one Blender alone."""
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    assert found.keys() == recorded.keys()
    expected, values = (np.array([one[name] for name in sorted(recorded)]) for one in (recorded, found))
    apart = np.abs(values - expected) / np.maximum(1, np.abs(expected))
    assert apart.max() <= TOLERANCE, f"frames are apart by {apart.max(axis=0).tolist()}"
