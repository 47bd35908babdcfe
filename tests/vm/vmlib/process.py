# SPDX-License-Identifier: GPL-2.0
"""Child processes: they end with the harness, and only they are ended by it."""
import signal
import subprocess
import threading


class Processes:
    """All children that live now, so that an interrupt can end them."""

    def __init__(self):
        self._lock = threading.Lock()
        self._live = set()

    def start(self, argv, log, cwd):
        with open(log, 'ab') as out:
            # setpriv: the kernel ends the child even if the harness itself is killed.
            child = subprocess.Popen(['setpriv', '--pdeathsig', 'KILL', *argv], stdin=subprocess.DEVNULL,
                                     stdout=out, stderr=out, cwd=cwd, start_new_session=True)
        with self._lock:
            self._live.add(child)
        return child

    def stop(self, child, grace=3):
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(grace)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        with self._lock:
            self._live.discard(child)

    def stop_all(self):
        with self._lock:
            children = list(self._live)
        for child in children:
            self.stop(child, grace=1)


processes = Processes()
