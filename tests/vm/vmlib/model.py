# SPDX-License-Identifier: GPL-2.0
"""The emulated card: one dgpu-model process and its control socket."""
import mmap
import os
import threading

from .errors import CaseFailed, GuestDied
from .lines import LineReader, connect
from .process import processes

PAGE = 4096
# Poison tells where it stands, and, in these bits, which loss it is from.
POISON, LOSSES = 0xdead << 48, 0xff << 40


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

    def poison_share(self):
        """How much of VRAM's contents is what a loss of power left there (after "poison address").

        Pages that begin with zeros do not count: nothing was ever written there.
        """
        folder = f'/proc/{self.child.pid}/fd'
        links = {f'{folder}/{fd}': os.readlink(f'{folder}/{fd}') for fd in os.listdir(folder)}
        path = next((path for path, target in links.items() if target.startswith('/memfd:vram')), None)
        if path is None:
            raise CaseFailed('the device model has no VRAM to look at')
        with open(path, 'rb') as f, mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as vram:
            words = ((page, int.from_bytes(vram[page * PAGE:page * PAGE + 8], 'little'))
                     for page in range(len(vram) // PAGE))
            kinds = [word & ~LOSSES == POISON | page for page, word in words if word]
        return sum(kinds) / max(1, len(kinds))

    def stop(self):
        self._sock.close()
        processes.stop(self.child)
