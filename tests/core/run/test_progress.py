"""Time left, against clocks that are made up."""

import pytest

from core.run.progress import Progress, duration


def test_nothing_done_says_nothing_of_time() -> None:
    assert Progress(400, now=5.0).text() == "0 of 400 frames"


def test_steady_run() -> None:
    progress = Progress(10, now=100.0)
    for done in range(1, 5):
        progress.update(done, 100.0 + 2 * done)
    assert progress.seconds_left() == pytest.approx(12.0)
    assert progress.text() == "4 of 10 frames, 12 s left"
    progress.update(10, 120.0)
    assert progress.text() == "10 of 10 frames"
    assert Progress(1, now=0.0).text() == "0 of 1 frame"


def test_frames_that_were_up_to_date_are_soon_forgotten() -> None:
    progress = Progress(2000, now=0.0)
    progress.update(1000, 1.0)
    for second in range(2, 62):
        progress.update(1000 + second, float(second))
    assert progress.seconds_left() == pytest.approx(2000 - 1061, rel=0.05)


def test_waiting_makes_the_rest_look_longer() -> None:
    progress = Progress(10, now=0.0)
    progress.update(5, 5.0)
    before = progress.seconds_left()
    progress.update(5, 15.0)
    assert progress.seconds_left() == pytest.approx(3 * before)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s"), (3600, "1 h 0 min"), (12000, "3 h 20 min")],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text
