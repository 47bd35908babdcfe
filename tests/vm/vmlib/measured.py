# SPDX-License-Identifier: GPL-2.0
"""What ttm_backup_bench reports, read from the kernel log, and what follows from it."""
import re

from .errors import CaseFailed

LINE = re.compile(r'# ttm_backup_bench: (\w+)=([\d,]+)\s*$', re.M)
# Blocks from which a huge page can still be had.
HUGE = 9
MIB_PAGES = 256
# What the branch has to keep: so many times fewer instructions than stock for a backup.
FEWER = 5
# How far two runs, and the clock from the instructions, may be apart.
REPEATS, EXACT = 0.03, 0.001


def parse(text):
    """The values by key: numbers, and lists of numbers (free blocks by order)."""
    values = {}
    for key, value in LINE.findall(text):
        if key in values:
            raise CaseFailed(f'ttm_backup_bench: {key} was reported twice')
        numbers = [int(word) for word in value.split(',')]
        values[key] = numbers if ',' in value else numbers[0]
    if 'differ' not in values:
        raise CaseFailed(f'ttm_backup_bench did not come to its end; it reported {sorted(values)}')
    return values


def per_mib(values, what):
    """Nanoseconds, which are instructions, for each MiB."""
    return values[f'{what}_ns'] * MIB_PAGES / values['pages']


def beside_copies(runs, what):
    """As per_mib(), without copying pages and, in a backup, clearing those that are copied to."""
    timed, counted = runs['4 MiB'], runs['counted']
    each = timed['copy_page_ns'] + (timed['clear_page_ns'] if what == 'backup' else 0)
    return per_mib(timed, what) - counted[f'{what}_copied'] / counted['pages'] * MIB_PAGES * each


def clock_error(values):
    """How far off one instruction for one nanosecond is, as a share."""
    return abs(values['loop_ns'] / values['loop_instructions'] - 1)


def apart(first, second):
    """How far two runs are apart, as a share."""
    keys = ('backup_ns', 'restore_ns')
    return max(abs(first[key] / second[key] - 1) for key in keys)


def huge_free(blocks):
    """MiB free in blocks of a huge page or more."""
    return sum(nr << order for order, nr in enumerate(blocks) if order >= HUGE) / MIB_PAGES


def ratio(stock, branch):
    """How many times stock's number is the branch's, in words."""
    if stock == branch:
        return '1'
    if not branch:
        return 'none left'
    times = stock / branch
    return f'{times:,.0f}' if times >= 100 else f'{times:.3g}'


def broken(values, names):
    """What is not as it has to be, in words. values: by kernel and by run; names: the runs to compare."""
    for kernel, runs in values.items():
        for name, v in runs.items():
            if v['differ']:
                yield f'{kernel}, {name}: {v["differ"]} pages came back with other contents'
            if clock_error(v) > EXACT:
                yield f'{kernel}, {name}: a nanosecond is not an instruction ({clock_error(v):.2%} off)'
        if (far := apart(runs['4 MiB'], runs['again'])) > REPEATS:
            yield f'{kernel}: two boots are {far:.1%} apart'
    stock, branch = values['stock'], values['branch']
    if copied := branch['counted']['backup_copied']:
        yield f'branch: {copied} pages were copied for a backup, not 0'
    if not stock['counted']['backup_copied']:
        yield 'stock: no copy was counted, so counting does not work'
    for name in names:
        times = per_mib(stock[name], 'backup') / per_mib(branch[name], 'backup')
        if times < FEWER:
            yield f'tts of {name}: stock takes {times:.1f} times the instructions for a backup, not {FEWER}'
