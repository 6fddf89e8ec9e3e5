"""How long a run will still take, from how fast it was lately, and the sentence that says so."""

from collections import deque

# Frames that were up to date go by fast, and a first one is slow: only the latest ones say how long the rest takes.
_SECONDS_REMEMBERED = 30.0


class Progress:
    """Counts what is done.

    Args:
        total: how many there are to do.
        now: seconds on any clock that only goes forward; the same clock as in the calls.
    """

    def __init__(self, total: int, now: float) -> None:
        self.total = total
        self.done = 0
        self._seen = deque([(now, 0)])

    def update(self, done: int, now: float) -> None:
        """Take down how many are done now."""
        self.done = done
        self._seen.append((now, done))
        while len(self._seen) > 2 and now - self._seen[1][0] > _SECONDS_REMEMBERED:
            self._seen.popleft()

    def seconds_left(self) -> float | None:
        """None before anything was done lately."""
        (first, done_then), (last, done_now) = self._seen[0], self._seen[-1]
        if done_now == done_then or last <= first:
            return None
        return (self.total - done_now) * (last - first) / (done_now - done_then)

    def text(self) -> str:
        """ "12 of 400 frames, 2 min 5 s left"."""
        left = self.seconds_left()
        text = f"{self.done} of {self.total} frame{'' if self.total == 1 else 's'}"
        return text if left is None or self.done >= self.total else f"{text}, {duration(left)} left"


def duration(seconds: float) -> str:
    """Seconds as people say them, two units at most: "8 s", "2 min 5 s", "3 h 20 min"."""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
