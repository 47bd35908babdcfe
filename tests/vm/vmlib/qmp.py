# SPDX-License-Identifier: GPL-2.0
"""QEMU's monitor. Events go to a callback, in the reader's thread."""
import json
import queue
import socket
import threading

from .errors import GuestDied
from .lines import LineReader, connect


class Qmp:
    def __init__(self, path, log, on_event, deadline, alive):
        self._sock = connect(path, deadline, alive, 'QEMU')
        self._lines = LineReader(self._sock)
        self._log = open(log, 'a', buffering=1)
        self._on_event = on_event
        self._answers = queue.Queue()
        self._lock = threading.Lock()
        self._lines.readline()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        self.command('qmp_capabilities')

    def _read(self):
        while True:
            try:
                line = self._lines.readline()
            except OSError:
                line = None
            if line is None:
                self._answers.put(None)
                return
            self._log.write(f'< {line}\n')
            message = json.loads(line)
            if 'event' in message:
                self._on_event(message['event'], message.get('data', {}))
            else:
                self._answers.put(message)

    def command(self, name, **arguments):
        """Returns the result, or None when QEMU has ended."""
        request = {'execute': name}
        if arguments:
            request['arguments'] = arguments
        with self._lock:
            self._log.write(f'> {json.dumps(request)}\n')
            try:
                self._sock.sendall(json.dumps(request).encode() + b'\n')
                answer = self._answers.get(timeout=30)
            except (OSError, queue.Empty):
                return None
        if answer is None:
            return None
        if 'error' in answer:
            raise GuestDied(f'QEMU refused {name}: {answer["error"].get("desc")}')
        return answer.get('return')

    def wait_closed(self):
        """QEMU has ended: the events it sent last have been seen when this returns."""
        self._thread.join(5)

    def close(self):
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        if threading.current_thread() is not self._thread:
            self._thread.join(5)
        self._sock.close()
        self._log.close()
