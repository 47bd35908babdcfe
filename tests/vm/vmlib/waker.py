# SPDX-License-Identifier: GPL-2.0
"""Wakes a sleeping guest, as a user with a power button would.

S3 is seen from QEMU's SUSPEND event. Suspend-to-idle has no event: the guest says on its
console that it begins, and the card says when it has lost its power; a button pressed
earlier would be taken for a wakeup that came in time, and end the suspend before it began.
"""
import threading
import time

S2IDLE_BEGIN = 'PM: suspend entry (s2idle)'
SUSPEND_END = 'PM: suspend exit'


class Waker:
    def __init__(self, machine, console):
        self.machine = machine
        self.console = console
        self.hold = threading.Event()
        self._asleep_s3 = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def on_event(self, name):
        if name == 'SUSPEND':
            self._asleep_s3.set()
        elif name in ('WAKEUP', 'SHUTDOWN', 'RESET'):
            self._asleep_s3.clear()

    def stop(self):
        self._stop.set()
        self._thread.join(10)

    def _run(self):
        idle = None
        while not self._stop.wait(0.05):
            for line in self.console.new_lines():
                if S2IDLE_BEGIN in line:
                    idle = IdleSleep(self.machine)
                elif SUSPEND_END in line:
                    idle = None
            if self.hold.is_set():
                continue
            if self._asleep_s3.is_set():
                self._asleep_s3.clear()
                self._stop.wait(0.1)
                self.machine.command('system_wakeup')
            if idle:
                idle.poll()


class IdleSleep:
    """One suspend to idle: when to press the button, and how often."""
    FIRST_PRESS = 0.7
    NEXT_PRESS = 1.5

    def __init__(self, machine):
        self.machine = machine
        self.press_at = None

    def poll(self):
        now = time.monotonic()
        if self.press_at is None:
            if self.machine.cards_powered_down():
                self.press_at = now + self.FIRST_PRESS
        elif now >= self.press_at:
            self.press_at = now + self.NEXT_PRESS
            self.machine.command('system_powerdown')
