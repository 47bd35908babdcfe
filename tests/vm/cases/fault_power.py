# SPDX-License-Identifier: GPL-2.0
"""What a card may do with its memory when it loses its power."""
import re

from cases.compare_suspend import NO_GT, STOPPED, jobs_end
from vmlib.case import case
from vmlib.errors import CaseFailed
from vmlib.faults import MIB, SIZE, expect_fired, expect_survived
from vmlib.hold import Hold
from vmlib.sleep import suspend
from vmlib.vram_backup import VramBackup


@case(driver='xe', timeout=150)
def fault_reset_keeps_vram_xe(t):
    """xe: a card that keeps VRAM over S3 is restored like any other."""
    found = t.suspend_and_compare('s3', size=SIZE, arm=lambda: t.model.fault('reset-loss off'))
    t.equal(t.model.counters()['wipes'], 1, 'losses of VRAM, the one at power-on included')
    expect_survived(t, found)


@case(driver='xe', timeout=150)
def fault_poison_xe(t):
    """xe: contents survive whatever a card that lost its power holds afterwards: zeros, addresses, a pattern."""
    for word in ('zero', 'address', '0xffffffff'):
        t.model.ask(f'poison {word}')
        found = t.suspend_and_compare('s3', size=64 * MIB)
        expect_survived(t, found)
        found.hold.quit()


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
    t.equal(t.try_load('i915-guc'), 0, 'render nodes of a card without memory')


@case(driver='xe', timeout=120)
def fault_lmem_never_ready_xe(t):
    """xe takes a card whose memory never comes up: it only has an assertion for debug builds."""
    reset_without_memory(t, 'xe')
    t.want(r'Assertion `xe_mmio_read32.*0x101010')
    t.allow(r'WARNING: .* at xe_device_probe_early')
    t.load('xe')


# The GuC has forgotten its buffers: nothing gets through, not even the reset that is to help.
LOST = (r'\*ERROR\* .*CT write: non-zero status', r'\*ERROR\* .*CT dequeue failed', r'\*ERROR\* .*Timed out wait for G2H',
        r'\*ERROR\* .*GuC RC setup HOST_CONTROL\(0\) failed', r'\*ERROR\* .*failed to enable GuC opt-in features',
        r'\*ERROR\* .*GT0: reset failed \(-\w+\)', r'\*ERROR\* CRITICAL: Xe has declared device', r'Timedout job: ',
        r'Schedule disable failed to respond')


@case(driver='xe', timeout=150, expect=LOST)
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


@case(driver='xe', timeout=300, expect=(*LOST, *NO_GT, *STOPPED))
def fault_power_lost_in_restore_xe(t):
    """xe: power that is lost in the middle of a restore is told, and what users have in VRAM is intact."""
    t.want(r'CRITICAL: Xe has declared device')
    hold = Hold(t.vm, 'xe', size=64 * MIB)
    filled = hold.fill()
    t.vm.waker.hold.set()
    sleeper = t.vm.agent.start('echo mem >/sys/power/state')
    t.vm.wait_event('SUSPEND')
    t.model.fault('power-loss 5')
    t.vm.waker.hold.clear()
    sleeper.wait(200)
    expect_fired(t)
    found = hold.compare('cpu')
    t.equal((found['bytes'], found['mismatches'], found['errors']), (filled['bytes'], 0, 0),
            'bytes read by the CPU, of them different, objects unreadable')
    told = jobs_end(hold)
    t.check(told, 'jobs are executed on a card that has forgotten everything')
    t.note(told)
    t.console()
    twice = re.search(r'power was lost in the middle of a restore, (\d+) pinned objects have to be restored',
                      t.vm.console.text())
    t.check(twice, 'nobody noticed that pinned objects, restored before, were lost')
    t.note(f'{twice[1]} pinned objects restored again')
    left = [o for o in VramBackup(t.vm).objects() if o['state'] == 'failed']
    t.equal(left, [], 'pinned objects whose content is in a copy only')
