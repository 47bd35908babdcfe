# SPDX-License-Identifier: GPL-2.0
"""Unix stream sockets that answer late, and line by line."""
import socket
import time

from .errors import GuestDied


def connect(path, deadline, alive, what):
    """Connect to a socket that its server may still have to make."""
    for _ in deadline.step(20, f'{what} to listen on its socket'):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.connect(path)
            return sock
        except (FileNotFoundError, ConnectionRefusedError):
            sock.close()
        if not alive():
            raise GuestDied(f'{what} ended before it could be reached')
        time.sleep(0.02)


class LineReader:
    """recv() cut into lines. Returns None when the other side has closed."""

    def __init__(self, sock):
        self.sock = sock
        self.data = b''

    def readline(self):
        while b'\n' not in self.data:
            more = self.sock.recv(65536)
            if not more:
                return None
            self.data += more
        line, self.data = self.data.split(b'\n', 1)
        return line.decode(errors='replace')
