# SPDX-License-Identifier: GPL-2.0
"""Suspends of a card that is busy, half of them with a failure."""
import random
import time

from cases.sweep import KERNELS, REFUSED, REPAIRED, SAID, TRIED_AGAIN
from vmlib.case import case
from vmlib.hold import Hold
from vmlib.memory import meminfo
from vmlib.sleep import try_suspend
from vmlib.vram_backup import VramBackup, error_of, name

MIB = 1 << 20
HOWS = ('pm-test-devices', 'cycle', 'pm-test-freezer')
# What three programs do meanwhile: use what they have, write it anew, make objects and free them.
WORK = (('jobs', 'blit', 'cpu', 'jobs', 'cpu', 'jobs', 'blit'), ('fill', 'cpu', 'jobs', 'fill', 'blit'),
        ('fill', 'drop', 'fill', 'cpu', 'drop', 'fill', 'jobs'))
# What may be left over: caches, and lists of pages that nobody has claimed back. KASAN keeps
# what was freed for a while, and the leak detector has a record of each allocation.
SLACK = {'stock': 48 * MIB, 'branch': 48 * MIB, 'debug': 128 * MIB}


def suspend_once(t, backup, how):
    if how == 'cycle':
        return backup.trigger('cycle')
    return error_of(try_suspend(t.vm, how, 60, state='freeze'))


def finish(t, hold, words, what):
    """What a program has found, in order."""
    for word in words:
        found = hold.answer(word)
        bad = found.get('mismatches') or found.get('errors') or (word == 'jobs' and found['error'])
        t.check(not bad, f'{what}: {word} found {found}')


def footprint(t, backup):
    return sorted((o['list'], o['bytes']) for o in backup.objects()), meminfo(t.vm, 'MemAvailable')


def load(t, attempts):
    seed = random.randrange(1 << 32)
    t.note(f'seed {seed}')
    choose = random.Random(seed)
    backup = VramBackup(t.vm)
    for pattern in SAID:
        t.allow(pattern)
    # Without any program: with each new address page tables become more.
    before = footprint(t, backup)
    holds = [Hold(t.vm, 'xe', size=24 * MIB, seed=number + 1) for number in range(len(WORK))]
    for hold in holds:
        hold.fill()
        hold.expect_working()
    faults = [(points, times) for points, times, _ in REFUSED] + [((point, ), 1) for point in REPAIRED] + [*TRIED_AGAIN]
    ended = {}
    for attempt in range(attempts):
        points, times = choose.choice(faults) if attempt % 2 else ((), 0)
        how = HOWS[attempt // 2 % len(HOWS)]
        what = f'seed {seed}, attempt {attempt}: {how} with {" ".join(points) or "no failure"}'
        if points:
            backup.arm(points, times)
        for hold, words in zip(holds, WORK):
            for word in words:
                hold.job.send(word + '\n')
        got = suspend_once(t, backup, how)
        fired = backup.fired() if points else {}
        backup.disarm()
        t.check(got == 0 or fired, f'{what}: {name(got)}')
        for hold, words in zip(holds, WORK):
            finish(t, hold, words, what)
        t.equal(backup.state()['phase'], 'idle', f'{what}: phase')
        key = name(got) if got else 'success, failure repaired' if fired else 'success'
        ended[key] = ended.get(key, 0) + 1
    t.note(', '.join(f'{count} {key}' for key, count in sorted(ended.items())))
    for hold in holds:
        hold.ask('fill')
        found = [hold.compare(way) for way in ('cpu', 'blit')]
        t.check(not any(f['mismatches'] or f['errors'] for f in found), f'at last: {found}')
        hold.quit()
    # Queues go when the GuC has let go of them, after the program that had them.
    for _ in t.deadline.step(30, 'the objects of programs that ended to be freed'):
        objects, memory = footprint(t, backup)
        if objects == before[0]:
            break
        time.sleep(0.5)
    t.check(memory > before[1] - SLACK[t.kernel], f'{(before[1] - memory) >> 20} MiB of memory are missing')


@case(cpus=2, driver='xe', kernels=KERNELS, timeout=300)
def load_xe(t):
    """Programs that submit, write, allocate and free meet 12 suspends, half of them with a failure."""
    load(t, 12)


@case(cpus=2, driver='xe', kernels=KERNELS, timeout=1800, check=())
def load_xe_long(t):
    """The same with 200 suspends."""
    load(t, 200)
