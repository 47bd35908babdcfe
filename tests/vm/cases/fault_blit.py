# SPDX-License-Identifier: GPL-2.0
"""Blits that go wrong while a driver saves VRAM: who notices, and what becomes of the contents."""
from vmlib.case import case
from vmlib.errors import TimedOut
from vmlib.faults import MIB, allow_resets, expect_fired, expect_fresh_work, expect_survived, sleep_with
from vmlib.hold import Hold
from vmlib.sleep import suspend, try_suspend
from vmlib.vram_backup import VramBackup

ENGINE_RESET = r'Engine reset: engine_class=bcs'


def noticed_xe(name, fault, defect=()):
    @case(f'fault_{name}_xe', driver='xe', timeout=200, defect=defect,
          shows=f'xe: with {fault} during eviction the engine is reset, and contents survive')
    def run(t):
        t.want(ENGINE_RESET)
        allow_resets(t)
        broken = defect and t.has_defect()
        if broken:
            # One of its resets may come while a queue is being started, or end a job of the kernel's,
            # such as one that binds an object, which the blitter cannot read then. If it is the same
            # job three times, the card is given up.
            t.allow(r'WARNING: .* at (xe_guc_submit_start|guc_exec_queue_timedout_job)\+')
            t.allow(r'declared device .* as wedged')
        found = sleep_with(t, fault)
        resets = t.console().count('GT0: reset started')
        if not broken:
            expect_survived(t, found)
            t.equal(resets, 1, 'resets of the GT')
        if defect:
            t.showed(resets > 1, f'{resets} resets of the GT for one blit; {found.summary()}')


# The engine's reset has the queue's jobs time out at once from then on.
noticed_xe('blit_fail', 'blit-fail 5', defect='D26')
noticed_xe('blit_hang', 'blit-hang 5')


def silent(name, fault, driver):
    @case(f'fault_{name}_{driver}', driver=driver, timeout=150,
          shows=f'{driver}: with {fault} no driver can notice without checksums, and the comparison does')
    def run(t):
        found = sleep_with(t, fault)
        t.check(found.suspend.ok, found.summary())
        t.check(found.mismatches, 'changed contents were not found')
        t.note(found.summary())
        expect_fresh_work(t)


def verified(name, fault, driver):
    @case(f'fault_{name}_verified_{driver}', driver=driver, kernels=('branch', 'debug'), timeout=150,
          shows=f'{driver}: with checksums {fault} is noticed, the CPU copies once more, and contents survive')
    def run(t):
        backup = VramBackup(t.vm)
        backup.verify(True)
        expect_survived(t, sleep_with(t, fault))
        stats = backup.stats()
        t.check(stats['retries'] and not stats['failures'] and not stats['error'], f'{stats}')


for card_driver in ('xe', 'i915-execlists'):
    for kind, blit in (('blit_skip', 'blit-skip 9'), ('blit_corrupt', 'blit-corrupt 9')):
        # Not one of the first, which may be of a context that nobody uses any more.
        silent(kind, blit, card_driver)
        verified(kind, blit, card_driver)


def lost_by_i915(name, fault, driver):
    """D14: a blit from VRAM that ended with an error counts as done; nothing else copies."""
    @case(f'fault_{name}_{driver}', driver=driver, timeout=200, defect='D14',
          shows=f'{driver}: {fault} during a suspend ends well or not at all (stock: success, and contents are lost)')
    def run(t):
        allow_resets(t)
        found = sleep_with(t, fault)
        t.showed(found.suspend.ok and found.mismatches, found.summary())
        if not t.has_defect():
            t.check(not found.mismatches and not found.errors, found.summary())
            found.hold.expect_working()
        expect_fresh_work(t)


lost_by_i915('blit_fail', 'blit-fail 5', 'i915-execlists')
lost_by_i915('blit_hang', 'blit-hang 5', 'i915-execlists')
lost_by_i915('blit_hang', 'blit-hang 5', 'i915-guc')


@case('fault_blit_fail_i915-guc', driver='i915-guc', timeout=150)
def fault_blit_fail_i915_guc(t):
    """i915-guc: the GuC tells of a failed blit, and i915 submits it again: contents survive."""
    t.want(r'GPU HANG: ecode 12:')
    allow_resets(t)
    expect_survived(t, sleep_with(t, 'blit-fail 5'))


def expect_given_up(t):
    t.want(r'\*ERROR\* CRITICAL: Xe has declared device .* as wedged')
    t.allow(r'WARNING: .* at guc_exec_queue_timedout_job\+')
    allow_resets(t)


def let_copies_fail_for_good(t):
    """A suspend that ends after freezing tasks, in which no copy succeeds: xe gives the card up."""
    expect_given_up(t)
    t.model.fault('blit-fail 1 all')
    try:
        result = try_suspend(t.vm, 'pm-test-freezer', 60)
    finally:
        t.model.fault('blit-fail 0')
    expect_fired(t)
    return result


@case(driver='xe', timeout=120, defect='D3')
def fault_blit_fails_for_good_xe(t):
    """xe: contents survive a copy that fails again and again (stock: it counts as done, and they are lost; D3).

    The card keeps its power: what is lost is lost by xe.
    """
    hold = Hold(t.vm, 'xe', size=64 * MIB)
    hold.fill()
    result = let_copies_fail_for_good(t)
    lost = hold.compare('cpu')['mismatches']
    t.showed(result.ok and lost, f'{"slept" if result.ok else "refused to sleep"}; {lost} of {64 * MIB} bytes differ')
    t.check(t.has_defect() or not lost, 'contents were lost')


def use_without_blitter(t, use):
    """Contents are used after S3, and no blit that is to bring them back succeeds. How many bytes differ then."""
    hold = Hold(t.vm, t.case.driver, size=64 * MIB)
    filled = hold.fill()
    suspend(t.vm, 's3')
    t.model.fault('blit-fail 1 all')
    use(hold)
    t.model.fault('blit-fail 0')
    expect_fired(t)
    found = hold.compare('cpu')
    t.equal((found['bytes'], found['errors']), (filled['bytes'], 0), 'bytes that were read, and objects that cannot be')
    return found['mismatches']


@case(driver='xe', timeout=120, defect='D3')
def fault_blit_coming_back_xe(t):
    """xe: contents survive when the blits fail that are to bring them back after S3 (stock: lost; D3)."""
    expect_given_up(t)
    lost = use_without_blitter(t, lambda hold: hold.ask('jobs'))
    t.showed(lost, f'{lost} of {64 * MIB} bytes differ')


@case('fault_blit_coming_back_i915-execlists', driver='i915-execlists', timeout=120)
def fault_blit_coming_back_i915(t):
    """i915: when the blits fail that are to bring contents back after S3 the CPU does it."""
    allow_resets(t)
    # The blit that compares fails, too, after its object has come back.
    t.equal(use_without_blitter(t, lambda hold: hold.compare('blit')), 0, 'bytes that differ')


@case(driver='i915-execlists', kernels=('branch', 'debug'), bar='256M', timeout=150)
def fault_blit_coming_back_small_bar_i915(t):
    """i915: contents that only the blitter can bring back wait in memory until it does."""
    allow_resets(t)
    hold = Hold(t.vm, t.case.driver, size=384 * MIB)
    filled = hold.fill()
    suspend(t.vm, 's3')
    t.model.fault('blit-fail 1 all')
    hold.compare('blit')
    found = hold.compare('cpu')
    t.equal((found['bytes'], found['mismatches'], found['errors']), (filled['bytes'], 0, 0), 'without a blitter')
    t.model.fault('blit-fail 0')
    expect_fired(t)
    hold.expect_intact(filled)


@case(driver='xe', timeout=120, defect='D24')
def fault_given_up_card_xe(t):
    """xe: S3 with a card that was given up comes to an end (stock: it spins in uc_reset_wait() for ever; D24)."""
    hold = Hold(t.vm, 'xe', size=64 * MIB)
    hold.fill()
    let_copies_fail_for_good(t)
    try:
        ended = try_suspend(t.vm, 's3', 8)
    except TimedOut:
        t.lose_guest()
        ended = None
    t.showed(not ended, f'suspend: {ended.text() or "slept"}' if ended else 'neither asleep nor awake')
