# SPDX-License-Identifier: GPL-2.0
"""Time limits: every wait in the harness ends, and says what it waited for."""
import time

from .errors import TimedOut


class Deadline:
    """The time a case has. A step may ask for less, never for more."""

    def __init__(self, seconds, patience=1.0):
        self.patience = patience
        self.limit = seconds * patience
        self.end = time.monotonic() + self.limit

    def left(self):
        return self.end - time.monotonic()

    def step(self, seconds, what):
        """An iterator for waiting loops: yields until the step's or the case's time is over."""
        end = min(time.monotonic() + seconds * self.patience, self.end)
        while True:
            now = time.monotonic()
            if now >= end:
                limit = 'the time of the case' if end == self.end else f'{seconds * self.patience:.0f} s'
                raise TimedOut(f'{what}: not within {limit}')
            yield min(end - now, 1.0)
