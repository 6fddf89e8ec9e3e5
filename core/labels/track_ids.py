"""Identity through a sequence: a number that a thing keeps in every frame, whichever process computes it."""

import hashlib

from ..base.files import canonical_json

_BITS = 53  # what every reader of JSON takes as it is


def track_id(*identity: object) -> int:
    """A number made of what identifies a thing in all frames, such as names and Blender's persistent ids.

    Frames are annotated separately, on several machines, so there is no common counter; it is a hash. Of 100,000
    things two get the same number with a chance of one in a million.

    Args:
        identity: plain values that JSON can hold.

    Returns:
        1 or more, below 2^53.
    """
    hashed = hashlib.sha256(canonical_json(list(identity))).digest()
    return (int.from_bytes(hashed[:8], "little") >> (64 - _BITS)) or 1
