# SPDX-License-Identifier: GPL-2.0
"""What a suspend with contents in VRAM costs the CPU: stock against branch, by objects and by bytes."""
import argparse
import os
import shutil

from main import prepare
from vmlib import config, cost, plot_cost, program, scratch
from vmlib.case import Case, Context
from vmlib.deadline import Deadline
from vmlib.errors import CaseFailed
from vmlib.hold import Hold
from vmlib.measured import ratio
from vmlib.sleep import try_suspend

KERNELS = ('stock', 'branch')
KIB, MIB = 1 << 10, 1 << 20
SHAPE = {'ram': '2G', 'vram': '1G', 'icount': True}
SMALL, LARGE = 4 * KIB, 16 * MIB
OBJECTS = (10, 1_000, 10_000, 100_000)
NUMBERS = (1, 4, 16, 48)
# Each object is mapped, and the kernel has a limit for that.
MAPS = 'echo 1000000 >/proc/sys/vm/max_map_count'
NO_PAUSE = 'echo 0 >/sys/module/suspend/parameters/pm_test_delay'


def say(text=''):
    print(text, flush=True)


def uptime(vm):
    return tuple(float(word) for word in vm.out('cat /proc/uptime').split())


def measure(kernel, objects, each, args, work):
    """One suspend, all of it but the platform's part, on a machine of its own."""
    say(f'{kernel}: {objects:,} objects of {each // KIB:,} KiB ...')
    context = Context(Case('bench', '', None, driver='xe', shape=SHAPE), kernel, scratch.make('run-', work),
                      Deadline(3000, args.patience), args.model)
    try:
        vm = context.vm
        vm.sh(f'{MAPS}; {NO_PAUSE}')
        hold = Hold(vm, 'xe', size=objects * each, each=each)
        hold.STEP = 2400
        filled = hold.fill()
        before = uptime(vm)
        result = try_suspend(vm, 'pm-test-devices', 1800)
        after = uptime(vm)
        if not result.ok:
            raise CaseFailed(f'{kernel}: no suspend: {result.text()}')
        found = hold.compare('cpu')
        if found['mismatches'] or found['errors'] or found['bytes'] != filled['bytes']:
            raise CaseFailed(f'{kernel}: contents differ: {found}')
        context.check_log()
    finally:
        context.stop()
    return cost.Cost(objects, each, cost.busy(before, after))


def print_table(title, values):
    say(f'\n{title:34}{"stock":>16}{"branch":>16}{"an object":>12}{"an object":>12}{"ratio":>8}')
    pairs = list(zip(values['stock'], values['branch']))
    for stock, branch in pairs:
        each = [f'{cost.per_object(c, first):,.0f}' if c is not first else '' for c, first in zip((stock, branch), pairs[0])]
        say(f'  {f"{stock.objects:,} objects, {stock.bytes / MIB:,.4g} MiB":32}{stock.instructions:>16,}'
            f'{branch.instructions:>16,}{each[0]:>12}{each[1]:>12}{ratio(stock.instructions, branch.instructions):>8}')


def main():
    parser = argparse.ArgumentParser(prog='tests/vm/bench suspend', description=__doc__)
    parser.add_argument('--model', default=config.DEFAULT_MODEL)
    parser.add_argument('--patience', type=float, default=1.0, help='factor on all time limits (default: %(default)s)')
    parser.add_argument('--most', type=int, default=OBJECTS[-1], help='leave out more objects (default: %(default)s)')
    args = parser.parse_args()
    out = os.environ['OUT']
    prepare(KERNELS, args.model)
    work = scratch.make('vram-bench-')
    try:
        def sweep(shapes):
            # Side by side, so that what disturbs one disturbs the other.
            costs = [[measure(kernel, objects, each, args, work) for kernel in KERNELS] for objects, each in shapes]
            return dict(zip(KERNELS, zip(*costs)))
        by_objects = sweep([(objects, SMALL) for objects in OBJECTS if objects <= args.most])
        by_bytes = sweep([(number, LARGE) for number in NUMBERS])
        say('\nInstructions of the CPU for a suspend and resume of all devices:')
        print_table('By objects', by_objects)
        print_table('By bytes', by_bytes)
        plot_cost.draw((by_objects, by_bytes), work)
        os.makedirs(out, exist_ok=True)
        for name in ('cost.tsv', 'cost.svg'):
            shutil.copy(f'{work}/{name}', out)
        say(f'\nNumbers: {out}/cost.tsv   Picture: {out}/cost.svg')
    finally:
        scratch.drop(work)
    wrong = list(cost.broken(by_objects, by_bytes))
    for text in wrong:
        say(f'BROKEN: {text}')
    say('\nBench FAILED.' if wrong else '\nBench passed.')
    return 1 if wrong else 0


if __name__ == '__main__':
    program.run('bench', main)
