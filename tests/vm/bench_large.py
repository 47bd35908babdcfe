# SPDX-License-Identifier: GPL-2.0
"""A suspend with 8 GB in VRAM on a machine with 1 GB of RAM, no swap space, and a store in a file."""
import argparse
import os

from main import prepare
from vmlib import config, program, scratch
from vmlib.case import Case, Context
from vmlib.deadline import Deadline
from vmlib.errors import CaseFailed
from vmlib.hold import Hold
from vmlib.memory import MemorySampler, meminfo, vmstat
from vmlib.sleep import suspend
from vmlib.vram_backup import VramBackup, name

MIB = 1 << 20
SIZE = 8192 * MIB
SHAPE = {'ram': '1G', 'vram': '16G', 'disk': '9G'}
# What the peak of memory may be beyond the largest object and all that is pinned.
MARGIN = 64 * MIB


def say(text=''):
    print(text, flush=True)


def compare(hold, filled, reader):
    found = hold.compare(reader)
    say(f'{reader}: {found["bytes"] // MIB} MiB compared, {found["mismatches"]} mismatches, '
        f'{found["errors"]} objects unreadable')
    if found['mismatches'] or found['errors'] or found['bytes'] != filled['bytes']:
        raise CaseFailed(f'contents differ: {found}')


def measure(context, size):
    """One S3; what the session tells of it, and the least memory that was available."""
    vm = context.vm
    vm.sh('mkfs.ext4 -q -F /dev/vda && mkdir -p /mnt && mount /dev/vda /mnt && fallocate -l 8400M /mnt/store')
    backup = VramBackup(vm)
    if error := backup.set_store('/mnt/store'):
        raise CaseFailed(f'setting a store: {name(error)}')
    hold = Hold(vm, 'xe', size=size)
    hold.STEP = 3000
    say(f'filling {size // MIB} MiB ...')
    filled = hold.fill()
    before = meminfo(vm, 'MemAvailable')
    sampler = MemorySampler(vm)
    say('sleeping ...')
    suspend(vm, 's3', 3000)
    least = sampler.stop()
    stats = backup.stats()
    say('comparing ...')
    # The blitter has objects come back into VRAM, where the CPU reads them.
    compare(hold, filled, 'blit')
    compare(hold, filled, 'cpu')
    hold.expect_working()
    if killed := vmstat(vm)['oom_kill']:
        raise CaseFailed(f'{killed} processes were killed')
    context.check_log()
    return stats, before, least


def main():
    parser = argparse.ArgumentParser(prog='tests/vm/bench large', description=__doc__)
    parser.add_argument('--model', default=config.DEFAULT_MODEL)
    parser.add_argument('--patience', type=float, default=1.0, help='factor on all time limits (default: %(default)s)')
    parser.add_argument('--mib', type=int, default=SIZE // MIB, help='so much in VRAM (default: %(default)s)')
    args = parser.parse_args()
    prepare(('branch', ), args.model)
    work = scratch.make('vram-bench-')
    context = Context(Case('bench', '', None, driver='xe', shape=SHAPE), 'branch', scratch.make('run-', work),
                      Deadline(6000, args.patience), args.model)
    try:
        stats, before, least = measure(context, args.mib * MIB)
    finally:
        context.stop()
        scratch.drop(work)
    most = stats['plan_largest'] + stats['plan_pinned'] + MARGIN
    rows = [('evicted', stats['evicted_bytes']), ('of it to the store', stats['store_bytes']),
            ('the largest object', stats['plan_largest']), ('pinned', stats['plan_pinned']),
            ('memory held by the session, at most', stats['ram_peak']),
            ('memory available before', before), ('at least, while tasks ran', least)]
    text = '\n'.join(f'{title}\t{value / MIB:.1f}' for title, value in rows)
    os.makedirs(os.environ['OUT'], exist_ok=True)
    with open(f'{os.environ["OUT"]}/large.tsv', 'w') as f:
        f.write(f'what\tMiB\n{text}\n')
    for title, value in rows:
        say(f'  {title:38}{value / MIB:>10.1f} MiB')
    if stats['ram_peak'] > most:
        say(f'BROKEN: the session held {stats["ram_peak"] / MIB:.1f} MiB, expected at most {most / MIB:.1f}')
        say('\nBench FAILED.')
        return 1
    say('\nBench passed.')
    return 0


if __name__ == '__main__':
    program.run('bench', main)
