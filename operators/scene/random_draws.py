"""What was drawn for a frame of the open scene."""

import bpy

from ...core.random_frames.stored_draws import place_of, unpack_integers, values_at
from ...core.scene.random_draw import RandomDraw


def drawn_at(scene: bpy.types.Scene, frame: int) -> RandomDraw | None:
    """The draw of a frame; None where it is not one of baked random frames."""
    stored = scene.labelpass.random_frames
    if not stored.baked or stored.trying:
        return None
    place = place_of(unpack_integers(stored.frames), frame)
    if place is None:
        return None
    texts = {item.name: item.values for item in stored.drawn}
    tries = int(unpack_integers(stored.frame_tries)[place])
    return RandomDraw(stored.baked_seed, tries, values_at(texts, place, stored.baked))


def baked_seed(scene: bpy.types.Scene) -> int | None:
    """The seed of the random frames that are baked; None where none are."""
    stored = scene.labelpass.random_frames
    return stored.baked_seed if stored.baked and not stored.trying else None
