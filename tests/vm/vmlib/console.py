# SPDX-License-Identifier: GPL-2.0
"""The kernel's messages: the file QEMU writes the serial console to, read as it grows."""
import os
import time


class Console:
    def __init__(self, path):
        self.path = path
        self._offset = 0
        self._tail = b''
        open(path, 'ab').close()

    def new_lines(self):
        """Whole lines that came since the last call."""
        with open(self.path, 'rb') as f:
            f.seek(self._offset)
            data = f.read()
        self._offset += len(data)
        data = self._tail + data
        *lines, self._tail = data.split(b'\n')
        return [line.decode(errors='replace').rstrip('\r') for line in lines]

    def text(self):
        with open(self.path, 'rb') as f:
            return f.read().decode(errors='replace').replace('\r', '')

    def size(self):
        return os.path.getsize(self.path)

    def since(self, offset):
        with open(self.path, 'rb') as f:
            f.seek(offset)
            return f.read().decode(errors='replace').replace('\r', '')

    def wait_for(self, word, deadline, seconds, offset=0):
        for _ in deadline.step(seconds, f'"{word}" on the console'):
            if word in self.since(offset):
                return
            time.sleep(0.02)

    def last_words(self, count=12):
        return '\n'.join(self.text().strip().split('\n')[-count:])
