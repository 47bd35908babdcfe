# SPDX-License-Identifier: GPL-2.0
"""The demonstration: a full card, S3 and hibernation, every byte compared, and a picture of it."""
import argparse
import os
import shutil
import sys

from main import prepare
from vmlib import config, plot, scratch
from vmlib.case import Case, Context
from vmlib.deadline import Deadline
from vmlib.errors import CaseFailed
from vmlib.hold import Hold
from vmlib.process import processes
from vmlib.sleep import prepare_disk, suspend
from vmlib.timeline import Timeline

MIB = 1 << 20
SLEEPS = (('S3', 's3'), ('hibernation', 's4'))
COLORS = {'going down': '#f6e3c5', 'off': '#d0d0d0', 'coming back': '#dcecc9', 'comparing': '#ffffff'}


def say(text=''):
    print(text, flush=True)


class Cycle:
    """One sleep: what was copied, what was found, and when."""

    def __init__(self, name, vm, hold, filled, timeline):
        self.name = name
        self.timeline = timeline
        self.begin = timeline.now()
        before = vm.model.counters()
        suspend(vm, dict(SLEEPS)[name], 180)
        self.awake = timeline.now()
        slept = vm.model.counters()
        self.cpu = hold.compare('cpu')
        self.blit = hold.compare('blit')
        hold.expect_working()
        self.end = timeline.now()
        after = vm.model.counters()
        self.saved = slept['bytes_from_vram'] - before['bytes_from_vram']
        # Buffers come back when somebody uses them, here the comparison.
        self.restored = after['bytes_to_vram'] - before['bytes_to_vram']
        self.lost = slept['wipes'] - before['wipes']
        self.by_cpu = bytes_by_cpu(vm)
        off, on = ('asleep', 'woken') if name == 'S3' else ('off', 'on')
        self.down = timeline.first(off, self.begin) or self.awake
        self.up = timeline.first(on, self.down) or self.awake

    @property
    def mismatches(self):
        return self.cpu['mismatches'] + self.blit['mismatches'] + self.cpu['errors'] + self.blit['errors']

    def phases(self):
        times = (('going down', self.begin, self.down), ('off', self.down, self.up),
                 ('coming back', self.up, self.awake), ('comparing', self.awake, self.end))
        for text, begin, end in times:
            yield begin, end, (f'{self.name}:\\n{text}' if text == 'going down' else text), COLORS[text]


def bytes_by_cpu(vm):
    """Only the driver can tell: the card does not see what the CPU reads and writes."""
    found = vm.sh('cat /sys/kernel/debug/dri/0/vram_backup/stats 2>/dev/null', check=False)
    for line in found.out.splitlines():
        words = line.replace(':', ' ').replace('=', ' ').split()
        if len(words) >= 2 and words[0] in ('cpu_bytes', 'bytes_cpu') and words[1].isdigit():
            return int(words[1])
    return None


def mib(number):
    return 'not measured' if number is None else f'{number / MIB:.1f} MiB'


def print_table(cycles, filled):
    rows = [('', *(c.name for c in cycles)),
            ('VRAM filled by CPU and blitter', *(mib(filled['bytes']) for c in cycles)),
            ('saved by the blitter', *(mib(c.saved) for c in cycles)),
            ('saved by the CPU', *(mib(c.by_cpu) for c in cycles)),
            ('VRAM contents lost by the card', *('yes' if c.lost else 'NO' for c in cycles)),
            ('brought back by the blitter', *(mib(c.restored) for c in cycles)),
            ('going down', *(f'{c.down - c.begin:.1f} s' for c in cycles)),
            ('off', *(f'{c.up - c.down:.1f} s' for c in cycles)),
            ('coming back', *(f'{c.awake - c.up:.1f} s' for c in cycles)),
            ('bytes compared (CPU + blitter)', *(mib(c.cpu['bytes'] + c.blit['bytes']) for c in cycles)),
            ('mismatches', *(str(c.mismatches) for c in cycles))]
    for title, *values in rows:
        say(f'  {title:32}' + ''.join(f'{value:>16}' for value in values))


def sleep_and_compare(context, out):
    vm = context.vm
    prepare_disk(vm)
    hold = Hold(vm, 'xe')
    filled = hold.fill()
    say(f'Filled {mib(filled["bytes"])} of {mib(filled["vram"])} VRAM: {filled["objects"]} buffers, '
        f'{mib(filled["mmap"])} by mmap, {mib(filled["copy"] + filled["color"])} by the blitter.')
    timeline = Timeline(vm)
    cycles = []
    for name, _ in SLEEPS:
        say(f'{name} ...')
        cycles.append(Cycle(name, vm, hold, filled, timeline))
    timeline.stop()
    say()
    print_table(cycles, filled)
    phases = [phase for cycle in cycles for phase in cycle.phases()]
    reading = [(cycle.awake, cycle.end) for cycle in cycles]
    picture = plot.draw(timeline, phases, reading, filled['bytes'], 'VRAM of an emulated DG1 over S3 and hibernation', out)
    say(f'\nPicture: {os.environ["OUT"]}/{os.path.basename(picture)}')
    return filled['bytes'] >= 0.75 * filled['vram'] and all(c.lost and not c.mismatches for c in cycles)


def control(context):
    """The same check with one blit of the backup left out behind the driver's back."""
    say('\nNegative control: the card silently leaves out one copy of the backup ...')
    found = context.suspend_and_compare('s3', size=128 * MIB, arm=lambda: context.model.fault('blit-skip 4'))
    say(f'  mismatches: {found.mismatches} bytes, found as it must be' if found.mismatches
        else '  no mismatch was found: this check would not notice a lost backup')
    return found.mismatches > 0


def main():
    parser = argparse.ArgumentParser(prog='tests/vm/demo', description=__doc__)
    parser.add_argument('--kernel', default='branch', choices=config.KERNELS)
    parser.add_argument('--model', default=config.DEFAULT_MODEL)
    args = parser.parse_args()
    out = os.environ['OUT']
    prepare([args.kernel], args.model)
    work = scratch.make('vram-demo-')
    good = True
    try:
        for step, disk in ((lambda c: sleep_and_compare(c, work), '4G'), (control, '')):
            case = Case('demo', '', None, shape={'disk': disk}, driver='xe')
            folder = scratch.make('run-', work)
            context = Context(case, args.kernel, folder, Deadline(400), args.model)
            try:
                good = step(context) and good
            finally:
                context.stop()
        os.makedirs(out, exist_ok=True)
        for name in ('timeline.svg', 'timeline.tsv'):
            shutil.copy(f'{work}/{name}', out)
    finally:
        scratch.drop(work)
    say('\nDemo passed.' if good else '\nDemo FAILED.')
    return 0 if good else 1


if __name__ == '__main__':
    try:
        status = main()
    except KeyboardInterrupt:
        status = 130
    except CaseFailed as error:
        say(f'demo: {error}')
        status = 1
    finally:
        processes.stop_all()
        scratch.drop_all()
    sys.exit(status)
