# SPDX-License-Identifier: GPL-2.0
"""i915: suspends that are called off, and cards that were given up, on stock and on the branch."""
from vmlib.case import case
from vmlib.errors import CaseFailed
from vmlib.faults import MIB, allow_resets
from vmlib.hold import Hold
from vmlib.sleep import suspend, try_suspend

SIZE = 64 * MIB
DEBUGFS = '/sys/kernel/debug/dri/0000:00:05.0'
# What i915 says of jobs that find page tables of another time.
LOST = (r'GPU HANG: ecode 12:', r'GPU error state saved to', r'Resetting \w+ for ', r'Fault errors on pipe',
        r'\*ERROR\* ', r'\bWARNING: ')


def intact(hold, filled):
    """'' or what is wrong."""
    try:
        hold.expect_intact(filled)
    except CaseFailed as why:
        return str(why)
    return ''


def stale(driver):
    @case(f'compare_stale_{driver}', driver=driver, timeout=300, defect='D12',
          shows=f'{driver}: after a hibernation that ended before devices were asked, the next S3 puts back what is '
          'current (stock: page tables of the first one)')
    def run(t):
        for pattern in LOST if t.has_defect() else ():
            t.allow(pattern)
        first = Hold(t.vm, driver, size=SIZE)
        filled = first.fill()
        result = try_suspend(t.vm, 'pm-test-freezer', 60, state='disk')
        t.check(result.ok, f'a hibernation test failed: {result.text()}')
        # New objects where others were, so that page tables differ from those of the first time.
        other = Hold(t.vm, driver, size=2 * SIZE, seed=2)
        others = other.fill()
        filled = first.fill()
        suspend(t.vm, 's3')
        wrong = intact(first, filled) or intact(other, others)
        t.showed(wrong, wrong[:300] or 'all that was new after a hibernation was called off is intact')


for name in ('i915-execlists', 'i915-guc'):
    stale(name)


@case(driver='i915-execlists', timeout=200, bar='256M', defect='D15')
def compare_given_up_i915(t):
    """i915: with contents beyond the CPU's reach a card that was given up can sleep (stock: -EIO, and not told why).

    It was given up with resets switched off, and they are on again when the system is to sleep.
    """
    allow_resets(t)
    for pattern in (r'\*ERROR\* ', r'Resetting chip for ', r'device wedged, needs recovery'):
        t.allow(pattern)
    hold = Hold(t.vm, 'i915-execlists', size=384 * MIB)
    filled = hold.fill()
    t.equal(hold.ask('jobs')['error'], 0, 'error of a job')
    t.vm.sh(f'echo 0 >{DEBUGFS}/i915_params/reset; echo 1 >{DEBUGFS}/i915_wedged; echo 3 >{DEBUGFS}/i915_params/reset')
    t.check(hold.ask('jobs')['error'], 'the card was to be given up')
    result = try_suspend(t.vm, 's3')
    wrong = intact(hold, filled) if result.ok else ''
    t.showed(not result.ok or wrong,
             (wrong[:300] or f'{filled["bytes"]} bytes are intact') if result.ok else f'refused: {result.text()}')
