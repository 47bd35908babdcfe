# SPDX-License-Identifier: GPL-2.0
"""What a backup of tts costs: stock against branch, counted in guest instructions, copies and pages."""
import argparse
import os
import shutil
from dataclasses import dataclass

from main import prepare
from vmlib import config, ktap, measured, plot_free, program, scratch
from vmlib.case import Case, Context
from vmlib.deadline import Deadline
from vmlib.errors import CaseFailed
from vmlib.measured import beside_copies, huge_free, per_mib, ratio
from vmlib.memory import swap_on_disk, vmstat

KERNELS = ('stock', 'branch')
SHAPE = {'cards': 0, 'ram': '2G', 'disk': '1G', 'icount': True}
SIZE, PART = 512, 128


@dataclass(frozen=True)
class Run:
    name: str
    mib: int
    options: str = ''


WC = '4 MiB, write-combined'
# One list for each boot: the second is to find what the first has found.
BOOTS = ((Run('4 MiB', SIZE), ),
         (Run('again', SIZE), Run(WC, PART, 'wc=1'), Run('2 MiB', PART, 'tt_kib=2048'), Run('64 KiB', PART, 'tt_kib=64')),
         (Run('counted', SIZE, 'count=1'), ))
# Pages that are freed one by one stay in a list of the CPU, up to an eighth of all memory,
# and are in no block. The short lists tell this from blocks that are broken up for good.
KEEP_FEW = 'echo 1000000000 >/proc/sys/vm/percpu_pagelist_high_fraction'
# Runs to be compared by their instructions.
TIMED = ('4 MiB', WC, '2 MiB', '64 KiB')


def say(text=''):
    print(text, flush=True)


def measure(context, run):
    """One run of the module; its values."""
    vm = context.vm
    start = vm.console.size()
    vm.sh(f'modprobe ttm_backup_bench total_mib={run.mib} {run.options} && modprobe -r ttm_backup_bench', 300)
    context.console()
    text = vm.console.since(start)
    results = ktap.parse(text)
    if results.failed or not results.passed:
        raise CaseFailed(f'ttm_backup_bench, {run.name}: {results.summary()}; {results.skipped}')
    return measured.parse(text)


def swapped_out(context):
    return vmstat(context.vm)['pswpout']


def measure_kernel(kernel, args, work):
    """All runs on a kernel, by name."""
    values = {}
    for boot in BOOTS:
        case = Case('bench', '', None, shape=SHAPE)
        context = Context(case, kernel, scratch.make('run-', work), Deadline(900, args.patience), args.model)
        try:
            swap_on_disk(context.vm)
            for run in boot:
                if 'count=1' in run.options:
                    context.vm.sh(KEEP_FEW)
                say(f'{kernel}: {run.name}, {run.mib} MiB ...')
                values[run.name] = measure(context, run)
            if pages := swapped_out(context):
                raise CaseFailed(f'{kernel}: {pages} pages were swapped out, which is not to be measured')
            context.check_log()
        finally:
            context.stop()
    return values


def rows(stock, branch):
    """(title, format, number on stock, number on the branch)."""
    both = (stock, branch)
    yield (f'Backup of {SIZE} MiB in tts of 4 MiB', None)
    for what, title in (('backup', 'backup'), ('restore', 'restore')):
        yield (f'pages copied, {title}', ',.0f', *(v['counted'][f'{what}_copied'] for v in both))
    yield ('folios that reclaim will look at', ',.0f', *(v['counted']['backup_lru_folios'] for v in both))
    for what in ('backup', 'restore'):
        yield (f'pages allocated, {what}', ',.0f', *(v['4 MiB'][f'{what}_allocated'] for v in both))
        yield (f'most pages held beyond, {what}', ',.0f', *(v['counted'][f'{what}_peak'] for v in both))
    for what, title in (('backup', 'backed up'), ('restore', 'restored')):
        yield (f'Guest instructions per MiB {title}', None)
        for name in TIMED:
            yield (f'tts of {name}', ',.0f', *(per_mib(v[name], what) for v in both))
        yield ('tts of 4 MiB, copy and clear left out', ',.0f', *(beside_copies(v, what) for v in both))
    for run, title in (('4 MiB', ''), ('counted', ', lists of the CPU kept short')):
        yield (f'MiB free in blocks of 2 MiB or more{title}', None)
        for moment, when in (('empty', 'at first'), *plot_free.MOMENTS.items()):
            yield (when, ',.0f', *(huge_free(v[run][f'free_{moment}']) for v in both))


def print_table(stock, branch, path):
    say(f'\n{"":40}{"stock":>14}{"branch":>14}{"ratio":>12}')
    group = ''
    with open(path, 'w') as f:
        f.write('what\tstock\tbranch\n')
        for title, form, *pair in rows(stock, branch):
            if form is None:
                group = title
                say(title)
                continue
            f.write(f'{group}: {title}\t{pair[0]:.6g}\t{pair[1]:.6g}\n')
            say(f'  {title:38}' + ''.join(f'{number:>14{form}}' for number in pair) + f'{ratio(*pair):>12}')


def print_notes(values):
    sample = values['branch']['4 MiB']
    apart = {kernel: measured.apart(v['4 MiB'], v['again']) for kernel, v in values.items()}
    clock = max(measured.clock_error(run) for v in values.values() for run in v.values())
    say(f'\nA nanosecond of the guest is an instruction: off by {clock:.2%} at most in a loop of known length.\n'
        f'Copying a page takes {sample["copy_page_ns"]} of them, clearing one {sample["clear_page_ns"]}.\n'
        f'A second boot came to the same within {apart["stock"]:.2%} on stock, {apart["branch"]:.2%} on the branch.')
    extra = {kernel: per_mib(v[WC], 'backup') - per_mib(v['2 MiB'], 'backup') for kernel, v in values.items()}
    say(f'To make write-combined pages cached again is part of a backup, and the same work on both: about '
        f'{extra["stock"]:,.0f}\nper MiB on stock, {extra["branch"]:,.0f} on the branch.')


def main():
    parser = argparse.ArgumentParser(prog='tests/vm/bench tts', description=__doc__)
    parser.add_argument('--model', default=config.DEFAULT_MODEL)
    parser.add_argument('--patience', type=float, default=1.0, help='factor on all time limits (default: %(default)s)')
    args = parser.parse_args()
    out = os.environ['OUT']
    prepare(KERNELS, args.model)
    work = scratch.make('vram-bench-')
    try:
        values = {kernel: measure_kernel(kernel, args, work) for kernel in KERNELS}
        print_table(values['stock'], values['branch'], f'{work}/bench.tsv')
        print_notes(values)
        plot_free.draw(values['stock']['counted'], values['branch']['counted'], SIZE, work)
        os.makedirs(out, exist_ok=True)
        for name in ('bench.tsv', 'free.tsv', 'free.svg'):
            shutil.copy(f'{work}/{name}', out)
        say(f'\nNumbers: {out}/bench.tsv   Picture: {out}/free.svg')
    finally:
        scratch.drop(work)
    wrong = list(measured.broken(values, TIMED))
    for text in wrong:
        say(f'BROKEN: {text}')
    say('\nBench FAILED.' if wrong else '\nBench passed.')
    return 1 if wrong else 0


if __name__ == '__main__':
    program.run('bench', main)
