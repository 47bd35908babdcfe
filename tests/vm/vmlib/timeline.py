# SPDX-License-Identifier: GPL-2.0
"""What a card and its guest do over time: counters sampled, events noted."""
import threading
import time

from .errors import CaseFailed, GuestDied

QMP_MARKS = {'SUSPEND': 'asleep', 'WAKEUP': 'woken', 'SHUTDOWN': 'off', 'POWER_CYCLE': 'on'}
KEYS = ('bytes_from_vram', 'bytes_to_vram', 'wipes', 'd3', 'bytes_filled')


class Timeline:
    """Samples of one machine's first card from now on, until stop()."""

    def __init__(self, vm, interval=0.03):
        self.vm = vm
        self.began = time.monotonic()
        self.samples = []
        self.events = []
        self._interval = interval
        self._seen = {name: vm.events(name) for name in QMP_MARKS}
        self._sample()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def now(self):
        return time.monotonic() - self.began

    def stop(self):
        self._done.set()
        self._thread.join(10)

    def first(self, text, after=0.0):
        """When an event first happened, or None."""
        return next((at for at, what in self.events if what == text and at >= after), None)

    def _run(self):
        while not self._done.wait(self._interval):
            for name, text in QMP_MARKS.items():
                count = self.vm.events(name)
                if count > self._seen[name]:
                    self._seen[name] = count
                    self.events.append((self.now(), text))
            try:
                self._sample()
            except (GuestDied, CaseFailed):
                return

    def _sample(self):
        values = self.vm.model.counters()
        self.samples.append((self.now(), {key: values.get(key, 0) for key in KEYS}))
