# SPDX-License-Identifier: GPL-2.0
"""vram_hold in the guest: contents in VRAM, or system memory, that a case can look at whenever it likes."""
from .errors import CaseFailed


def parse_stat(line):
    """'stat NAME key=value ...' as (name, {key: value})."""
    _, name, *words = line.split()
    values = {}
    for word in words:
        key, value = word.split('=', 1)
        try:
            values[key] = int(value)
        except ValueError:
            try:
                values[key] = float(value)
            except ValueError:
                values[key] = value
    return name, values


class Hold:
    STEP = 120

    def __init__(self, vm, driver, percent=80, size=0, seed=1, node='/dev/dri/renderD128', place='vram', each=0,
                 within=''):
        """within: a command that runs another one."""
        amount = f'--bytes {size}' if size else f'--percent {percent}'
        if each:
            amount += f' --each {each}'
        if place == 'system':
            amount += ' --system'
        self.vm = vm
        self.driver = driver.split('-', maxsplit=1)[0] if place == 'vram' else ''
        self.job = vm.agent.start(f'exec {within} vram_hold --device {node} {amount} --seed {seed} {driver.split("-")[0]}')
        self.answer('open')

    def answer(self, word):
        """Lines up to the one that ends an action: its stat line, with other text as 'said'."""
        found, said = {}, []
        while True:
            line = self.job.next_line(self.STEP)
            if line is None:
                result = self.job.wait()
                raise CaseFailed(f'vram_hold ended with status {result.status} at "{word}": {result.text()[-800:]}')
            if line.startswith('stat '):
                found = parse_stat(line)[1]
            elif line == f'done {word}':
                return {**found, 'said': said}
            elif line.startswith('error '):
                raise CaseFailed(f'vram_hold: {line[6:]}')
            else:
                said.append(line)

    def ask(self, word):
        self.job.send(word + '\n')
        return self.answer(word)

    def fill(self):
        filled = self.ask('fill')
        self.use()
        return filled

    def use(self):
        """Have all contents in VRAM. i915 puts each object there when a job uses it, xe with any job."""
        if self.driver == 'i915':
            found = self.compare('blit')
            if found['mismatches'] or found['errors']:
                raise CaseFailed(f'contents differ when they are used: {found}')

    def quit(self):
        self.job.send('quit\n')
        return self.job.wait(self.STEP)

    def compare(self, how):
        """how: cpu or blit. Numbers of bytes, mismatches and errors."""
        return self.ask(how)

    def expect_intact(self, filled):
        """Every byte as it was filled, for the CPU and for the blitter, and all queues work."""
        for how in ('cpu', 'blit'):
            found = self.compare(how)
            if found['mismatches'] or found['errors'] or found['bytes'] != filled['bytes']:
                raise CaseFailed(f'VRAM contents differ ({how}): {found["mismatches"]} of {filled["bytes"]} bytes, '
                                 f'{found["errors"]} objects unreadable: {"; ".join(found["said"])}')
        self.expect_working()

    def expect_working(self):
        jobs = self.ask('jobs')
        if jobs['error']:
            raise CaseFailed(f'after {jobs["done"]} jobs one failed with errno {jobs["error"]}')
