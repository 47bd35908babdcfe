# SPDX-License-Identifier: GPL-2.0
"""Engines that stop while programs use them, or that are late."""
import errno

from vmlib.case import DRIVERS, case
from vmlib.faults import MIB, allow_resets, expect_fired, expect_fresh_work
from vmlib.hold import Hold
from vmlib.sleep import suspend, try_suspend
from vmlib.vram_backup import VramBackup, error_of

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


def writes_back_late(driver):
    @case(f'fault_save_delay_{driver}', driver=driver, kernels=('branch', 'debug'), timeout=150,
          shows=f'{driver}: engines that write contexts back some time after their last job do not do so into what '
                'is saved already')
    def run(t):
        backup = VramBackup(t.vm)
        backup.verify(True)
        hold = Hold(t.vm, driver, size=16 * MIB)
        filled = hold.fill()
        for delay in 2 * (1, 2, 3, 4, 5, 6):
            t.model.fault(f'save-delay {delay}')
            suspend(t.vm, 's3')
            stats = backup.stats()
            t.equal((stats['error'], stats['retries'], stats['failures']), (0, 0, 0),
                    f'error, retries and failures with {delay} ms')
        expect_fired(t)
        hold.expect_intact(filled)
        hold.expect_working()


def undone_without_write_back(driver):
    @case(f'fault_save_delay_undone_{driver}', driver=driver, kernels=('branch', 'debug'), timeout=150,
          shows=f'{driver}: with contexts that were not written back before the GT stopped a suspend that failed is '
                'undone, and no blit is done a second time')
    def run(t):
        t.allow(r'\*ERROR\* Device suspend failed')
        backup = VramBackup(t.vm)
        hold = Hold(t.vm, driver, size=16 * MIB)
        filled = hold.fill()
        t.model.fault('save-delay 60000')

        def blits_of_a_suspend():
            before = t.model.counters()['blits']
            hold.expect_working()
            suspend(t.vm, 's3')
            return t.model.counters()['blits'] - before

        blits_of_a_suspend()
        usual = blits_of_a_suspend()
        points = [point for point in ('gt-stop', 'save-early-cpu', 'gt-suspend', 'suspended', 'irq')
                  if point in backup.points()]
        for point in points:
            hold.expect_working()
            backup.arm((point, ))
            t.equal(error_of(try_suspend(t.vm, 's3')), errno.EIO, f'error of a suspend that fails at {point}')
            backup.disarm()
            t.equal(blits_of_a_suspend(), usual, f'blits of the next suspend after a failure at {point}')
        hold.expect_intact(filled)


for card_driver in DRIVERS:
    writes_back_late(card_driver)
    # With execlists the driver waits for contexts to be written back.
    if card_driver != 'i915-execlists':
        undone_without_write_back(card_driver)
    for name in ('bcs0', 'rcs0'):
        recovers(card_driver, name)
