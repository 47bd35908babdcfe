# SPDX-License-Identifier: GPL-2.0
"""The files of a card's VRAM backup: what it is doing, asking for it, failing it."""
import errno
import os
import re

from .errors import CaseFailed

SLOT = '0000:00:05.0'
POINT = re.compile(r'(\S+) passed (\d+) fired (\d+)( \*)?')


def error_of(result):
    """The errno that a shell's write failed with, 0 if it did not."""
    if result.ok:
        return 0
    for number in errno.errorcode:
        if os.strerror(number) in result.text():
            return number
    raise CaseFailed(f'no error that has a name: {result.text()}')


def name(error):
    return errno.errorcode.get(error, str(error)) if error else 'success'


def number(text):
    return int(text) if re.fullmatch(r'-?\d+', text) else text


class VramBackup:
    def __init__(self, vm, slot=SLOT):
        self.vm = vm
        self.dir = f'/sys/kernel/debug/dri/{slot}/vram_backup'
        self.device = f'/sys/bus/pci/devices/{slot}'

    def state(self):
        """phase, kind and store as text; of each list {'bytes': N, 'saved': N, ...}."""
        found = {}
        for line in self.vm.out(f'cat {self.dir}/state').split('\n'):
            key, *words = line.split()
            if key in ('early', 'late', 'external'):
                found[key] = dict(zip(words[::2], map(int, words[1::2])))
            else:
                found[key] = ' '.join(words)
        return found

    def stats(self):
        lines = self.vm.out(f'cat {self.dir}/stats').split('\n')
        return {key: number(value) for key, value in map(str.split, lines)}

    def objects(self):
        """What is pinned: dicts with list, state, bytes, checksum ('-' if there is none) and what."""
        keys = ('list', 'state', 'bytes', 'checksum', 'what')
        lines = self.vm.out(f'cat {self.dir}/objects').split('\n')
        if tuple(lines[0].split()) != keys:
            raise CaseFailed(f'the list of objects begins with "{lines[0]}"')
        return [dict(zip(keys, map(number, line.split(maxsplit=4)))) for line in lines[1:]]

    def write(self, path, text, seconds=60):
        """The errno of a write, 0 if there was none."""
        return error_of(self.vm.sh(f"echo -n '{text}' >{path}", seconds, check=False))

    def trigger(self, word, seconds=60):
        return self.write(f'{self.dir}/trigger', word, seconds)

    def verify(self, on):
        self.vm.sh(f'echo {int(on)} >{self.dir}/verify')

    # Injected failures

    def points(self):
        """{name: (how often it was passed, how often it failed)}, in their order."""
        found = POINT.findall(self.vm.out(f'cat {self.dir}/fail/point'))
        return {point: (int(passed), int(fired)) for point, passed, fired, _ in found}

    def fired(self):
        return {point: fired for point, (_, fired) in self.points().items() if fired}

    def arm(self, points, times=1):
        """Let these steps fail, all in all so many times; -1 is without an end."""
        fail = f'{self.dir}/fail'
        self.vm.sh(f'cd {fail} && echo 100 >probability && echo 1 >interval && echo {times} >times && '
                   f'echo {" ".join(points)} >point')

    def disarm(self):
        self.vm.sh(f'cd {self.dir}/fail && echo none >point && echo 0 >probability')

    # The store of evicted contents

    def set_store(self, path, seconds=60):
        return self.write(f'{self.device}/vram_backup/store', path, seconds)

    def set_store_size(self, text):
        return self.write(f'{self.device}/vram_backup/store_size', text)

    def store(self):
        """(path, size, bytes that are available)."""
        path, size, avail = self.vm.out(f'cd {self.device}/vram_backup && cat store store_size store_avail').split('\n')
        return path, int(size), int(avail)
