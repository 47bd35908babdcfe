# SPDX-License-Identifier: GPL-2.0
"""Faults of the card during a suspend: who notices, and what becomes of the contents."""
from vmlib.case import case
from vmlib.errors import CaseFailed
from vmlib.hold import Hold

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


@case(driver='xe', timeout=120, expect=(r'\*ERROR\*', r'WARNING: '))
def fault_lmem_never_ready(t):
    """xe refuses a card whose memory never comes up."""
    t.vm.sh('modprobe -r xe')
    t.model.fault('lmem-init off')
    try:
        t.load('xe')
    except CaseFailed:
        return
    t.check(False, 'xe took a card without memory')


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
    t.vm.sh(f'echo on >{power}/control; sleep 1', check=False)
    log = t.console()
    t.check('*ERROR*' in log or 'wedged' in log, 'xe said nothing about a card that lost all its state')
