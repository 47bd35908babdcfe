# SPDX-License-Identifier: GPL-2.0
"""Engines that stop while programs use them."""
from vmlib.case import DRIVERS, case
from vmlib.faults import MIB, allow_resets, expect_fired, expect_fresh_work
from vmlib.hold import Hold

SAID = {'xe': r'Timedout job: .* in vram_hold', 'i915-execlists': r'Resetting {} for preemption time out',
        'i915-guc': r'GPU HANG: .* in vram_hold'}


def recovers(driver, engine):
    @case(f'fault_hang_{engine}_{driver}', driver=driver, timeout=150,
          shows=f'{driver}: when {engine} stops it is reset; contents stay, all queues and new programs work')
    def run(t):
        t.want(SAID[driver].format(engine))
        allow_resets(t)
        hold = Hold(t.vm, driver, size=32 * MIB)
        filled = hold.fill()
        t.model.fault(f'hang {engine}')
        # A driver may give up the job that was caught, or run it again.
        caught = hold.ask('jobs')
        expect_fired(t)
        counters = t.model.counters()
        t.check(counters['engine_resets'] + counters['gt_resets'], 'nothing was reset')
        t.note(f'the job that was caught: {"given up" if caught["error"] else "run again"}')
        hold.expect_intact(filled)
        hold.quit()
        expect_fresh_work(t)


for card_driver in DRIVERS:
    for name in ('bcs0', 'rcs0'):
        recovers(card_driver, name)
