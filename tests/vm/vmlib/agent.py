# SPDX-License-Identifier: GPL-2.0
"""The command channel: shell scripts to the guest's agent, output and status back.

Frames are "@ID OP LENGTH SUM" and LENGTH bytes, see guest/agent.c. The channel outlives
the guest's power: after a hibernation attach() is called again with the new QEMU's socket,
and jobs that were running in the guest go on as if nothing had happened.
"""
import re
import threading
import time
import zlib
from dataclasses import dataclass

from .errors import CaseFailed, GuestDied

HEADER = re.compile(rb'@(\d+) ([a-z]+) (\d+) ([0-9a-f]+)\n')


@dataclass
class Result:
    status: int
    out: str
    err: str

    @property
    def ok(self):
        return self.status == 0

    def text(self):
        return (self.out + self.err).strip()


class Job:
    """A script that runs in the guest."""

    def __init__(self, agent, number, script):
        self.agent = agent
        self.number = number
        self.script = script
        self.out = bytearray()
        self.err = bytearray()
        self.status = None
        self._read = 0

    def send(self, text):
        data = text if isinstance(text, bytes) else text.encode()
        self.agent.send(self.number, 'in', data)

    def end_input(self):
        self.agent.send(self.number, 'eof', b'')

    def kill(self, signal=15):
        self.agent.send(self.number, 'sig', str(signal).encode())

    def wait(self, seconds=60):
        self.agent.wait(lambda: self.status is not None, seconds, f"'{shorten(self.script)}' to end")
        return Result(self.status, self.out.decode(errors='replace'), self.err.decode(errors='replace'))

    def next_line(self, seconds=60):
        """The next line of output, or None at its end."""
        def ready():
            return b'\n' in self.out[self._read:] or self.status is not None
        self.agent.wait(ready, seconds, f"a line from '{shorten(self.script)}'")
        rest = bytes(self.out[self._read:])
        if b'\n' not in rest:
            return None
        line = rest.split(b'\n', 1)[0]
        self._read += len(line) + 1
        return line.decode(errors='replace')


def shorten(script):
    first = script.strip().split('\n')[0]
    return first if len(first) < 60 else first[:57] + '...'


class Agent:
    def __init__(self, deadline):
        self.deadline = deadline
        self.on_output = None
        self._changed = threading.Condition()
        self._jobs = {}
        self._numbers = 0
        self._sock = None
        self._dead = None
        self._hello = 0

    def attach(self, sock):
        with self._changed:
            self._sock = sock
            self._dead = None
        threading.Thread(target=self._reader, args=(sock,), daemon=True).start()

    def dead(self):
        return self._dead

    def detach(self):
        with self._changed:
            sock, self._sock = self._sock, None
        if sock:
            sock.close()

    def guest_is_gone(self, why):
        """Nothing will answer any more: whoever waits is told so."""
        with self._changed:
            self._dead = why
            self._changed.notify_all()

    def wait_hello(self, seconds):
        """The agent says hello when it starts."""
        self.wait(lambda: self._hello, seconds, 'the guest to boot')

    def ping(self, seconds):
        """After a resume nobody says hello: ask until there is an answer."""
        seen = self._hello
        asked = 0.0

        def answered():
            nonlocal asked
            if time.monotonic() - asked > 1:
                asked = time.monotonic()
                self.send(0, 'ping', b'')
            return self._hello != seen
        self.wait(answered, seconds, 'the guest to come back')

    def start(self, script, pty=False):
        with self._changed:
            self._numbers += 1
            job = self._jobs[self._numbers] = Job(self, self._numbers, script)
        self.send(job.number, 'pty' if pty else 'run', script.encode())
        return job

    def run(self, script, seconds=60, check=True):
        result = self.start(script).wait(seconds)
        if check and not result.ok:
            raise CaseFailed(f"'{shorten(script)}' failed with status {result.status}: {result.text()[-2000:]}")
        return result

    def send(self, number, op, data):
        head = b'@%d %s %d %x\n' % (number, op.encode(), len(data), zlib.adler32(data))
        with self._changed:
            sock = self._sock
        try:
            if sock:
                sock.sendall(head + data)
        except OSError:
            pass  # the reader, or the watcher of QEMU, tells why

    def wait(self, ready, seconds, what):
        for left in self.deadline.step(seconds, what):
            with self._changed:
                if ready():
                    return
                if self._dead:
                    raise GuestDied(f'{self._dead}, while waiting for {what}')
                self._changed.wait(min(left, 0.5))

    def _reader(self, sock):
        data = b''
        while True:
            try:
                more = sock.recv(65536)
            except OSError:
                return
            if not more:
                return
            data = self._parse(data + more)

    def _parse(self, data):
        while True:
            match = HEADER.search(data)
            if not match:
                return data[-64:] if b'@' in data[-64:] else b''
            number, op, length, total = match.groups()
            end = match.end() + int(length)
            if len(data) < end:
                return data[match.start():]
            payload = data[match.end():end]
            if zlib.adler32(payload) == int(total, 16):
                self._frame(int(number), op.decode(), payload)
                data = data[end:]
            else:
                data = data[match.start() + 1:]

    def _frame(self, number, op, payload):
        with self._changed:
            job = self._jobs.get(number)
            if op == 'hello':
                self._hello += 1
            elif job and op == 'out':
                job.out += payload
                if self.on_output:
                    self.on_output(job, payload)
            elif job and op == 'err':
                job.err += payload
            elif job and op == 'exit':
                word, value = payload.decode().split()
                job.status = int(value) if word == 'exit' else 128 + int(value)
                self._jobs.pop(number)
            self._changed.notify_all()
