# SPDX-License-Identifier: GPL-2.0
"""VRAM contents survive every kind of sleep, with a card that is at least three quarters full."""
from vmlib import igt
from vmlib.case import case
from vmlib.hold import Hold
from vmlib.memory import swap_on_disk
from vmlib.sleep import PM_TESTS, suspend, try_suspend

PROGRAMS = {'xe': 'xe_vram_backup', 'i915-execlists': 'i915_lmem_backup', 'i915-guc': 'i915_lmem_backup'}
MIB = 1 << 20


def note_amount(t, stats):
    compared = sum(values['bytes'] for name, values in stats if name == 'compare')
    t.note(f'{igt.filled_enough(stats) // MIB} MiB filled, {compared // MIB} MiB compared, all equal')


def declare(driver):
    program = PROGRAMS[driver]
    # i915 saves and restores in the same way, however it submits work: the rest by name.
    once = () if driver == 'i915-guc' else ('branch',)

    @case(f'{driver}_s3', driver=driver, shows=f'{driver}: VRAM survives S3')
    def s3(t):
        stats = igt.run(t.vm, program, ['s3'])
        t.equal(t.vm.events('SUSPEND'), 1, 'entries of S3')
        note_amount(t, stats)

    @case(f'{driver}_s2idle', driver=driver, vram='256M',
          shows=f'{driver}: VRAM survives suspend to idle with power loss in D3')
    def s2idle(t):
        t.keep_awake()
        t.model.fault('d3-loss on')
        before = t.model.counters()['d3']
        stats = igt.run(t.vm, program, ['s2idle'])
        t.check(t.model.counters()['d3'] > before, 'the card never went to D3')
        note_amount(t, stats)

    @case(f'{driver}_s4', driver=driver, disk='4G', timeout=240,
          shows=f'{driver}: VRAM survives hibernation, QEMU being ended and started again')
    def s4(t):
        swap_on_disk(t.vm)
        stats = igt.run(t.vm, program, ['s4'])
        t.equal(t.vm.power_cycles, 1, 'times that the power was off')
        note_amount(t, stats)

    @case(f'{driver}_hybrid', driver=driver, disk='4G', timeout=240, check=once,
          shows=f'{driver}: VRAM survives S3 on top of a written image (hybrid sleep), and a plain S3 after it')
    def hybrid(t):
        swap_on_disk(t.vm)
        hold = Hold(t.vm, driver, size=64 * MIB)
        filled = hold.fill()
        result = t.vm.sh('echo suspend >/sys/power/disk && echo disk >/sys/power/state', 150, check=False)
        t.check(result.ok, f'hybrid sleep was refused: {result.text()}')
        t.equal((t.vm.events('SUSPEND'), t.vm.power_cycles), (1, 0), 'entries of S3, times that the power was off')
        hold.expect_intact(filled)
        filled = hold.fill()
        suspend(t.vm, 's3')
        hold.expect_intact(filled)

    @case(f'{driver}_pm_test', driver=driver, cpus=2, timeout=240, check=once,
          shows=f'{driver}: VRAM stays when a suspend is cut short, at each of the five pm_test levels')
    def pm_test(t):
        stats = igt.run(t.vm, program, [f'pm-test-{level}' for level in PM_TESTS], f'--bytes {128 * MIB}')
        t.equal(sum(name == 'suspend' for name, _ in stats), len(PM_TESTS), 'suspends')

    @case(f'{driver}_called_off', driver=driver, check=once,
          shows=f'{driver}: VRAM survives S3 after a hibernation that was called off before devices were asked')
    def called_off(t):
        igt.run(t.vm, program, ['called-off'], f'--bytes {128 * MIB}')
        t.equal(t.vm.events('SUSPEND'), 1, 'entries of S3')

    # i915 may hang in one suspend of some hundred, as on stock: see runner.STALLED.
    @case(f'{driver}_s3_cycles', driver=driver, timeout=300,
          check=() if driver == 'i915-execlists' else ('branch',), shows=f'{driver}: VRAM survives 20 times S3')
    def s3_cycles(t):
        igt.run(t.vm, program, ['s3-cycles'], f'--bytes {96 * MIB}', seconds=280)
        t.equal(t.vm.events('SUSPEND'), 20, 'entries of S3')

    # Minutes each, on a kernel that checks everything: those of i915 are left to a run by name.
    @case(f'{driver}_every_suspend', driver=driver, disk='4G', timeout=300, cmdline='kmemleak=on',
          check=('debug',) if driver == 'xe' else (),
          shows=f'{driver}: S3, suspend to idle, pm_test in one boot, and no report of a kernel built for debugging')
    def every_suspend(t):
        t.keep_awake()
        t.model.fault('d3-loss on')
        hows = ['s3', 's2idle', 'pm-test-devices', 'pm-test-core']
        stats = igt.run(t.vm, program, hows, f'--bytes {64 * MIB}', seconds=240)
        t.equal(sum(name == 'suspend' for name, _ in stats), len(hows), 'suspends')
        t.check(t.vm.events('SUSPEND') > 0, 'no S3')
        # With KASAN an image of a few hundred megabytes takes minutes to write; what drivers do comes before.
        swap_on_disk(t.vm)
        hold = Hold(t.vm, driver, size=64 * MIB)
        filled = hold.fill()
        for level in ('devices', 'core'):
            result = try_suspend(t.vm, f'pm-test-{level}', state='disk')
            t.check(result.ok, f'hibernation up to {level} was refused: {result.text()}')
            hold.expect_intact(filled)
        hold.quit()
        # With the driver still loaded: TTM leaves four small lists of its page pool behind when it goes.
        leaks = t.vm.sh('cd /sys/kernel/debug && [ -f kmemleak ] || exit 0; echo scan >kmemleak && sleep 6 && '
                        'echo scan >kmemleak && cat kmemleak', 120).out
        t.check(not leaks.strip(), f'kmemleak: {leaks[:3000]}')

    @case(f'{driver}_runtime', driver=driver, vram='256M', check=once,
          shows=f'{driver}: VRAM stays while an idle card sleeps in D3hot')
    def runtime(t):
        before = t.model.counters()['d3']
        note_amount(t, igt.run(t.vm, program, ['runtime']))
        t.check(t.model.counters()['d3'] > before, 'the card never went to D3')


for name in PROGRAMS:
    declare(name)


@case(driver='xe', timeout=90)
def xe_wakeup_counted(t):
    """xe: a wakeup event after user space has looked for them ends the suspend that follows, and is no error."""
    hold = Hold(t.vm, 'xe', size=32 * MIB)
    filled = hold.fill()
    # While file systems are written out it may be seen, or not: the driver is to be the first.
    t.vm.sh('echo 0 >/sys/power/sync_on_suspend')
    if t.kernel != 'stock':
        t.want(r'VRAM: a wakeup or a signal ends the suspend: -EBUSY')
    count = t.vm.out('cat /sys/power/wakeup_count')
    t.vm.sh(f'echo {count} >/sys/power/wakeup_count')
    t.vm.command('system_powerdown')
    for _ in t.deadline.step(20, 'a wakeup event'):
        if t.vm.out('cat /sys/power/wakeup_count') != count:
            break
    result = try_suspend(t.vm, 's3')
    t.check('busy' in result.text(), f'the suspend was to end with EBUSY: {result.text() or "slept"}')
    t.equal(t.vm.events('SUSPEND'), 0, 'entries of S3')
    hold.expect_intact(filled)
    suspend(t.vm, 's3')
    hold.expect_intact(filled)
