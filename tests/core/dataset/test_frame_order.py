"""The order of frames, against that of a list of tuples, and the memory that it takes."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from core.dataset.frame_order import FrameOrder, PackedTexts

NAMES = st.sampled_from(["", "a", "b", "Ä", "\udcff", "a/b", "shot_0001"])
NUMBERS = st.one_of(st.integers(-3, 3), st.sampled_from([1 << 62, 1 << 70, -(1 << 80)]))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5)))
def test_texts_come_back(texts: list[str]) -> None:
    packed = PackedTexts(iter(texts))
    assert len(packed) == len(texts)
    assert [*packed] == texts
    assert [packed[place] for place in range(len(texts))] == texts


@given(st.lists(st.tuples(NAMES, NUMBERS, NAMES), max_size=12), st.integers(1, 3))
def test_order_is_that_of_tuples(frames: list[tuple[str, int, str]], step: int) -> None:
    """Also where only names tell frames apart, where nothing does, and with the largest numbers."""
    order = FrameOrder()
    for place, (sequence, number, _) in enumerate(frames):
        order.add(sequence, number, place * step)
    order.sort(lambda place: frames[place // step][2])

    expected = sorted((*frame, place * step) for place, frame in enumerate(frames))
    assert len(order) == len(frames)
    assert [*order.places()] == [place for *_, place in expected]
    assert [*order.keys()] == [(sequence, number) for sequence, number, *_ in expected]


def test_memory_of_many_frames() -> None:
    """A tuple with its texts takes 300 bytes."""
    count = 20_000
    tracemalloc.start()
    try:
        found, order = PackedTexts(), FrameOrder()
        for place in range(count):
            found.append(f"shot/frame_{place:06}")
            order.add("shot", place, place)
        order.sort(lambda place: found[place])
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 80 * count
