# SPDX-License-Identifier: GPL-2.0
"""The emulated card: one dgpu-model process and its control socket."""
import threading

from .errors import CaseFailed, GuestDied
from .lines import LineReader, connect
from .process import processes


class Model:
    def __init__(self, binary, folder, sockets, index, vram, deadline, options=()):
        self.name = f'card{index}'
        self.socket = f'{sockets}/{self.name}.sock'
        self.control = f'{sockets}/{self.name}.control'
        self.log = f'{folder}/{self.name}.log'
        self._lock = threading.Lock()
        self.child = processes.start(
            [binary, '--socket', self.socket, '--control', self.control, '--card', 'dg1',
             '--vram', vram, '--log', self.log, *options], f'{folder}/{self.name}.out', folder)
        self._sock = connect(self.control, deadline, self.alive, 'the device model')
        self._sock.settimeout(20)
        self._lines = LineReader(self._sock)

    def alive(self):
        return self.child.poll() is None

    def ask(self, line):
        """One line to the model; the rest of its answer after 'ok'."""
        with self._lock:
            try:
                self._sock.sendall(line.encode() + b'\n')
                answer = self._lines.readline()
            except OSError as error:
                raise GuestDied(f'the device model does not answer "{line}": {error}') from error
        if answer is None:
            raise GuestDied(f'the device model closed its control socket at "{line}"')
        if not answer.startswith('ok'):
            raise CaseFailed(f'the device model refused "{line}": {answer}')
        return answer[2:].strip()

    def values(self, line):
        """An answer of key=value words; numbers as int."""
        pairs = (word.split('=', 1) for word in self.ask(line).split() if '=' in word)
        return {key: int(value) if value.isdigit() else value for key, value in pairs}

    def counters(self):
        return self.values('counters')

    def powered_down(self):
        return self.values('state').get('power') == 'd3'

    def has_client(self):
        return self.values('state').get('client') == 'yes'

    def fault(self, text):
        return self.ask(f'fault {text}')

    def stop(self):
        self._sock.close()
        processes.stop(self.child)
