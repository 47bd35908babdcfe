# SPDX-License-Identifier: GPL-2.0
"""The demonstration: a full card, S3 and hibernation, every byte compared, and a picture of it."""
import argparse
import os
import shutil

from main import prepare
from vmlib import config, plot, program, scratch
from vmlib.case import Case, Context
from vmlib.deadline import Deadline
from vmlib.hold import Hold
from vmlib.memory import swap_on_disk
from vmlib.sleep import suspend
from vmlib.timeline import Timeline

MIB = 1 << 20
SLEEPS = (('S3', 's3'), ('hibernation', 's4'))


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
        self.poison = vm.model.poison_share()
        self.cpu = hold.compare('cpu')
        self.half = timeline.now()
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
        times = (('going down', self.begin, self.down), ('no power', self.down, self.up),
                 ('coming back', self.up, self.awake), ('CPU compares', self.awake, self.half),
                 ('blitter compares', self.half, self.end))
        for text, begin, end in times:
            yield plot.Phase(self.name, text, begin, end)


def bytes_by_cpu(vm):
    """Only the driver can tell: the card does not see what the CPU reads and writes."""
    found = vm.sh('cat /sys/kernel/debug/dri/0/vram_backup/stats 2>/dev/null', check=False)
    for line in found.out.splitlines():
        words = line.replace(':', ' ').replace('=', ' ').split()
        if len(words) >= 2 and words[0] in ('cpu_bytes', 'bytes_cpu') and words[1].isdigit():
            return int(words[1])
    return None


def mib(number):
    return f'{number / MIB:.1f} MiB'


def print_table(cycles, filled):
    rows = [('', *(c.name for c in cycles)),
            ('VRAM filled by CPU and blitter', *(mib(filled['bytes']) for c in cycles)),
            ('saved by the blitter', *(mib(c.saved) for c in cycles)),
            *([('saved by the CPU', *(mib(c.by_cpu) for c in cycles))] if cycles[0].by_cpu is not None else ()),
            ('VRAM lost, back awake', *(f'{c.poison:.1%}' for c in cycles)),
            ('brought back by the blitter', *(mib(c.restored) for c in cycles)),
            ('going down', *(f'{c.down - c.begin:.1f} s' for c in cycles)),
            ('no power', *(f'{c.up - c.down:.1f} s' for c in cycles)),
            ('coming back', *(f'{c.awake - c.up:.1f} s' for c in cycles)),
            ('bytes compared (CPU + blitter)', *(mib(c.cpu['bytes'] + c.blit['bytes']) for c in cycles)),
            ('mismatches', *(str(c.mismatches) for c in cycles))]
    for title, *values in rows:
        say(f'  {title:34}' + ''.join(f'{value:>16}' for value in values))


def sleep_and_compare(context, out):
    vm = context.vm
    swap_on_disk(vm)
    hold = Hold(vm, 'xe')
    filled = hold.fill()
    say(f'Filled {mib(filled["bytes"])} of {mib(filled["vram"])} VRAM: {filled["objects"]} buffers, '
        f'{mib(filled["mmap"])} by mmap, {mib(filled["copy"] + filled["color"])} by the blitter.')
    timeline = Timeline(vm)
    cycles = []
    for name, _ in SLEEPS:
        say(f'{name} ...')
        cycle = Cycle(name, vm, hold, filled, timeline)
        cycles.append(cycle)
        say(f'  The driver saved {mib(cycle.saved)}. Without power the card lost what it held: back awake, '
            f'{cycle.poison:.1%} of VRAM had only what the model fills it with then.\n'
            f'  The driver brought back {mib(cycle.restored)}. Every byte compared, by CPU and by blitter: '
            f'{cycle.mismatches or "no"} mismatches.')
    timeline.stop()
    say()
    print_table(cycles, filled)
    phases = [phase for cycle in cycles for phase in cycle.phases()]
    reading = [(cycle.awake, cycle.end) for cycle in cycles]
    picture = plot.draw(timeline, phases, reading, filled['bytes'],
                        'Where the contents of VRAM are, over S3 and hibernation (emulated DG1)', out)
    say(f'\nPicture: {os.environ["OUT"]}/{os.path.basename(picture)}')
    return filled['bytes'] >= 0.75 * filled['vram'] and all(c.lost and c.poison > 0.9 and not c.mismatches for c in cycles)


def control(context):
    """The same check with one blit of the backup left out behind the driver's back."""
    say('\nWould a lost byte be noticed? The same again, with a card that leaves out one copy and says nothing ...')
    found = context.suspend_and_compare('s3', size=128 * MIB, arm=lambda: context.model.fault('blit-skip 4'))
    say(f'  {found.mismatches} bytes differ: yes.' if found.mismatches
        else '  No mismatch was found: this check would not notice a lost backup.')
    return found.mismatches > 0


def kernel_version(kernel):
    with open(f'{config.CACHE}/kernel/{kernel}/version') as f:
        return f.read().strip()


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
    what = f'xe on Linux {kernel_version(args.kernel)}'
    say(f'\nDemo passed: {what} lost nothing over S3 and hibernation.' if good else f'\nDemo FAILED: {what}.')
    return 0 if good else 1


if __name__ == '__main__':
    program.run('demo', main)
