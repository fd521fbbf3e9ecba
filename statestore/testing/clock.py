"""A clock to hold in the hand."""

import time


class Clock:
    """Tells seconds since the epoch, and moves on only by ``tick``: ``store.clock = clock``.

    It starts at the present, to the second, so that a server which expires by its own clock is never ahead.
    """

    def __init__(self, start: float | None = None) -> None:
        self.time = float(int(time.time())) if start is None else start

    def __call__(self) -> float:
        """Return the time it is."""
        return self.time

    def tick(self, seconds: float = 1) -> None:
        """Let ``seconds`` go by."""
        self.time += seconds
