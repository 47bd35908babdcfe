# SPDX-License-Identifier: GPL-2.0
"""Faults of the card during a suspend: who notices, and what becomes of the contents."""
from vmlib.case import case
from vmlib.errors import CaseFailed
from vmlib.hold import Hold
from vmlib.sleep import suspend

MIB = 1 << 20
SIZE = 128 * MIB
RESET = r'Engine reset: engine_class=bcs'


def expect_fired(t):
    t.check(t.model.counters()['faults_fired'], 'the fault did not take place: the case shows nothing')


def expect_survived(t, found):
    """It slept, everything is there, and the card works."""
    t.check(found.suspend.ok and not found.mismatches and not found.errors, found.summary())
    found.hold.expect_working()


def harmless(name, fault, shows, fires=True):
    @case(f'fault_{name}', driver='xe', timeout=150, shows=shows)
    def run(t):
        found = t.suspend_and_compare('s3', size=SIZE, arm=lambda: t.model.fault(fault))
        expect_survived(t, found)
        if fires:
            expect_fired(t)


harmless('irq_drop', 'irq-drop 2', 'xe: lost interrupts during a suspend do no harm')
harmless('irq_delay', 'irq-delay 20 50', 'xe: late interrupts during a suspend do no harm')
harmless('reset_keeps_vram', 'reset-loss off', 'xe: a card that keeps VRAM over S3 is restored like any other', fires=False)


def noticed(name, fault):
    @case(f'fault_{name}', driver='xe', timeout=200,
          shows=f'xe: with {fault} during eviction the engine is reset, and contents survive')
    def run(t):
        found = t.suspend_and_compare('s3', size=SIZE, arm=lambda: t.model.fault(fault))
        t.want(RESET)
        expect_fired(t)
        expect_survived(t, found)


noticed('blit_fail', 'blit-fail 5')
noticed('blit_hang', 'blit-hang 5')


def silent(name, fault):
    @case(f'fault_{name}', driver='xe', timeout=150,
          shows=f'{fault}: no driver can notice without checksums, and the comparison does')
    def run(t):
        found = t.suspend_and_compare('s3', size=SIZE, arm=lambda: t.model.fault(fault))
        expect_fired(t)
        t.check(found.suspend.ok, found.summary())
        t.check(found.mismatches, 'changed contents were not found')
        t.note(found.summary())


silent('blit_skip', 'blit-skip 4')
silent('blit_corrupt', 'blit-corrupt 4')


def reset_without_memory(t, module):
    """The card after a reset from which its memory never comes up, and no driver bound."""
    t.vm.sh(f'modprobe -r {module}')
    t.model.fault('lmem-init off')
    suspend(t.vm, 's3')


@case(driver='i915-guc', timeout=120)
def fault_lmem_never_ready_i915(t):
    """i915 refuses a card whose memory never comes up."""
    reset_without_memory(t, 'i915')
    t.want(r'LMEM not initialized by firmware')
    t.allow(r'Device initialization failed \(-19\)')
    try:
        t.load('i915-guc')
    except CaseFailed:
        return
    t.check(False, 'i915 took a card without memory')


@case(driver='xe', timeout=120)
def fault_lmem_never_ready_xe(t):
    """xe takes a card whose memory never comes up: it only has an assertion for debug builds."""
    reset_without_memory(t, 'xe')
    t.want(r'Assertion `xe_mmio_read32.*0x101010')
    t.allow(r'WARNING: .* at xe_device_probe_early')
    t.load('xe')


@case(driver='xe', timeout=150)
def fault_poison(t):
    """Contents survive whatever a card that lost its power holds afterwards: zeros, addresses, a pattern."""
    for word in ('zero', 'address', '0xffffffff'):
        t.model.ask(f'poison {word}')
        found = t.suspend_and_compare('s3', size=64 * MIB)
        expect_survived(t, found)
        found.hold.quit()


@case('control_d3_loss', driver='xe', timeout=150, expect=('.*',))
def control_d3_loss(t):
    """Negative control: power lost while the card sleeps at run time, when xe saves nothing, is noticed."""
    power = '/sys/bus/pci/devices/0000:00:05.0/power'
    hold = Hold(t.vm, 'xe', size=64 * MIB)
    hold.fill()
    t.model.fault('d3-loss on')
    t.vm.sh(f'echo 50 >{power}/autosuspend_delay_ms; echo auto >{power}/control')
    t.vm.sh(f'for i in $(seq 300); do grep -q suspended {power}/runtime_status && exit; sleep 0.1; done; exit 1', 60)
    t.check(t.model.counters()['bytes_lost'], 'the card lost nothing')
    t.vm.sh(f'echo on >{power}/control')
    hold.job.send('jobs\ncpu\n')
    try:
        jobs = hold.answer('jobs')
        broken = jobs['error'] or hold.answer('cpu')['mismatches']
    except CaseFailed as why:
        broken = str(why)
    t.check(broken, 'nobody noticed that the card lost all its state')
    t.note(f'noticed: {broken}')
