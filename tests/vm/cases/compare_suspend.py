# SPDX-License-Identifier: GPL-2.0
"""Suspends that fail, and cards that do not come back: what becomes of VRAM on stock and on the branch."""
from vmlib.case import case
from vmlib.errors import TimedOut
from vmlib.faults import MIB, expect_fired
from vmlib.hold import Hold
from vmlib.sleep import suspend, try_suspend

SIZE = 64 * MIB
# What a driver says of a suspend that failed, and of what it did about it.
SUSPEND_FAILED = (r'\*ERROR\* .*GT0: (GuC )?suspend failed', r'\*ERROR\* .*GuC mmio request 0x5507: no reply',
                  r'\*ERROR\* .*Device suspend failed')
# What follows of jobs on a GPU that is stopped, and stays so.
STOPPED = (r'Timedout job: ', r'Engine reset: ', r'\*ERROR\* ', r'\bWARNING: ')
NO_GT = (r'\*ERROR\* .*GT0: (load failed|firmware signature)', r'\*ERROR\* .* after a suspend: -E',
         r'\*ERROR\* .*Device resume failed', r'declared device .* wedged', r'device wedged')


def jobs_end(hold, seconds=90):
    """What became of a job on each queue: '' or what went wrong. Programs wait a minute for a job."""
    hold.STEP = seconds
    try:
        error = hold.ask('jobs')['error']
    except TimedOut:
        return 'a job neither ends nor fails'
    finally:
        hold.STEP = Hold.STEP
    return f'a job ended with errno {error}' if error else ''


@case(driver='xe', timeout=300, defect='D1')
def compare_stale_xe(t):
    """xe: after a suspend that failed all works as before, and so does the next one (stock: the GPU stays stopped).

    The GuC does not answer when it is to reset itself, after all of VRAM was saved. What is filled in after
    that is new: the objects, their page tables, and what queues have in their rings.
    """
    for pattern in SUSPEND_FAILED + (STOPPED if t.has_defect() else ()):
        t.allow(pattern)
    hold = Hold(t.vm, 'xe', size=SIZE)
    filled = hold.fill()
    t.model.fault('guc-reset off')
    result = try_suspend(t.vm, 's3')
    expect_fired(t)
    t.model.fault('clear')
    t.check(not result.ok, 'the suspend was to fail')
    t.equal(t.vm.events('SUSPEND'), 0, 'entries of S3')
    if wrong := jobs_end(hold):
        t.showed(True, f'after a suspend that failed {wrong}')
        return
    hold.expect_intact(filled)
    filled = hold.fill()
    suspend(t.vm, 's3')
    hold.expect_intact(filled)
    t.showed(False, f'{filled["bytes"]} bytes that were new after a failed suspend are intact after the next')


ECANCELED = 125


@case(driver='xe', timeout=300, defect='D2')
def compare_no_gt_xe(t):
    """xe: a GT that does not come back leaves contents readable, and jobs fail at once (stock: they wait for ever)."""
    for pattern in NO_GT + (STOPPED if t.has_defect() else ()):
        t.allow(pattern)
    if not t.has_defect():
        t.want(r'CRITICAL: Xe has declared device .* as wedged')
    hold = Hold(t.vm, 'xe', size=SIZE)
    filled = hold.fill()
    t.model.fault('guc-firmware off')
    try_suspend(t.vm, 's3')
    expect_fired(t)
    t.model.fault('clear')
    t.equal(t.vm.events('SUSPEND'), 1, 'entries of S3')
    found = hold.compare('cpu')
    t.equal((found['bytes'], found['mismatches'], found['errors']), (filled['bytes'], 0, 0),
            'bytes read by the CPU, of them different, objects unreadable')
    told = jobs_end(hold)
    t.check(told, 'a job was to fail')
    t.showed(str(ECANCELED) not in told, told)
