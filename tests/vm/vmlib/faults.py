# SPDX-License-Identifier: GPL-2.0
"""Faults of the card around a suspend, for the cases about them."""
from .hold import Hold

MIB = 1 << 20
# What drivers say when an engine fails or stops, as it must here.
RESETS = {'xe': (r'Engine reset: engine_class=', r'Timedout job: '),
          'i915-execlists': (r'GPU HANG: ecode 12:', r'GPU error state saved to',
                             r'Resetting \w+ for (CS error|preemption time out)'),
          'i915-guc': (r'GPU HANG: ecode 12:', r'GPU error state saved to')}
SIZE = 128 * MIB


def expect_fired(t):
    t.check(t.model.counters()['faults_fired'], 'the fault did not take place: the case shows nothing')


def expect_survived(t, found):
    """It slept, everything is there, and the card works."""
    t.check(found.suspend.ok and not found.mismatches and not found.errors, found.summary())
    found.hold.expect_working()


def sleep_with(t, fault, how='s3'):
    """Fill, sleep with the fault, compare."""
    found = t.suspend_and_compare(how, size=SIZE, arm=lambda: t.model.fault(fault))
    expect_fired(t)
    return found


def allow_resets(t):
    for pattern in RESETS[t.case.driver]:
        t.allow(pattern)


def expect_fresh_work(t, driver=None):
    """Whatever became of the old contents, new ones are as good as ever."""
    hold = Hold(t.vm, driver or t.case.driver, size=32 * MIB)
    hold.expect_intact(hold.fill())
    hold.quit()
