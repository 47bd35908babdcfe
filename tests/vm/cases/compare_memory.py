# SPDX-License-Identifier: GPL-2.0
"""More in VRAM than there is room for in RAM: nobody is killed for it (M1)."""
import re
import signal

from vmlib.case import case
from vmlib.errors import CaseFailed, TimedOut
from vmlib.hold import Hold
from vmlib.memory import MemorySampler, meminfo, swap_on_disk, vmstat
from vmlib.sleep import suspend, try_suspend
from vmlib.vram_backup import VramBackup

MIB = 1 << 20
SIZE = 1400 * MIB
SMALL = {'driver': 'xe', 'ram': '1G', 'vram': '2G', 'timeout': 420}
HALF = {'driver': 'xe', 'ram': '512M', 'vram': '1G', 'timeout': 420}
OOM = (r'invoked oom-killer', r'Out of memory: Killed process')


def fill(t, size=SIZE):
    hold = Hold(t.vm, 'xe', size=size)
    return hold, hold.fill()


def killed(t):
    return vmstat(t.vm)['oom_kill']


@case(**SMALL, defect='M1')
def compare_oom_xe(t):
    """xe: 1.4 GB in VRAM, 1 GB of RAM, no swap: S3 is refused, nothing moved (stock: its program is killed)."""
    hold, filled = fill(t)
    if t.has_defect():
        for pattern in OOM:
            t.want(pattern)
        # Whatever else is said by a kernel without memory.
        t.allow(r'.')
    else:
        t.want(r'VRAM: no room for its content: ')
        t.want(r'VRAM cannot be saved, no suspend: -ENOSPC')
    if t.has_defect():
        # With little left the killer takes what comes next, but not the harness; with nothing
        # left to kill the guest ends, or nobody is there any more who could tell of the end.
        t.vm.sh('echo -1000 >/proc/$(pidof guest-agent)/oom_score_adj')
        t.vm.agent.start('echo 0 >/proc/$$/oom_score_adj; echo mem >/sys/power/state')
        try:
            t.vm.console.wait_for('(vram_hold)', t.deadline, 60)
        except TimedOut:
            pass
        t.lose_guest()
        t.showed('(vram_hold)' in ' '.join(re.findall('Killed process .*', t.vm.console.text())),
                 'the program that owns the contents is killed')
        return
    result = t.vm.sh('echo mem >/sys/power/state', 180, check=False)
    told = 'slept' if result.ok else f'refused ({result.text()})'
    t.showed(killed(t), f'{told}, {killed(t)} processes killed')
    t.check('No space left' in result.text(), f'S3 was to be refused for want of room, but {told}')
    stats = VramBackup(t.vm).stats()
    t.equal((stats['evicted'], stats['error']), (0, -28), 'objects evicted, and the error')
    hold.expect_intact(filled)


def sleep_to_store(t, how, device, size=SIZE, readers=('blit', 'cpu')):
    """With a store in a file on the device."""
    backup = VramBackup(t.vm)
    t.vm.sh(f'mkfs.ext4 -q -F {device} && mkdir -p /mnt && mount {device} /mnt && '
            f'fallocate -l {size * 3 // 2} /mnt/store')
    t.equal(backup.set_store('/mnt/store'), 0, 'setting a store')
    hold, filled = fill(t, size)
    before = meminfo(t.vm, 'MemAvailable')
    sampler = MemorySampler(t.vm)
    suspend(t.vm, how, 240)
    least = sampler.stop()
    stats = backup.stats()
    t.note(f'plan to {stats["plan_to"]}, {stats["store_bytes"] // MIB} MiB went to the store, RAM peak by the '
           f'session {stats["ram_peak"] // MIB} MiB; available {before // MIB} MiB before, {least // MIB} MiB at least')
    t.equal(killed(t), 0, 'processes killed')
    t.equal(stats['error'], 0, 'error of the session')
    most = stats['plan_largest'] + stats['plan_pinned'] + 64 * MIB
    t.check(stats['ram_peak'] <= most, f'{stats["ram_peak"]} bytes of RAM at a time, expected at most {most}')
    t.check(stats['plan_to'] == 'store' and stats['store_bytes'] >= size, f'not all went to the store: {stats}')
    # The blitter first: it has objects come back into VRAM, which the CPU reads then.
    for reader in readers:
        found = hold.compare(reader)
        t.equal((found['bytes'], found['mismatches'], found['errors']), (filled['bytes'], 0, 0),
                f'bytes read ({reader}), of them different, objects unreadable')
    hold.expect_working()
    t.equal(killed(t), 0, 'processes killed')


@case(**SMALL, disk='2300M', kernels=('branch', 'debug'))
def store_s3_without_swap(t):
    """xe: 1.4 GB in VRAM, 1 GB of RAM, no swap, S3: what RAM has no room for goes to a file."""
    sleep_to_store(t, 's3', '/dev/vda')


@case(**HALF, disk='1200M', kernels=('branch', 'debug'))
def store_s3_read_by_cpu(t):
    """xe: 700 MiB in VRAM, 512 of RAM, a store, S3: contents come back for who only reads them with the CPU."""
    sleep_to_store(t, 's3', '/dev/vda', SIZE // 2, ('cpu', ))


@case(**HALF, disk='512M', disk2='1200M', kernels=('branch', 'debug'))
def store_s4_little_swap(t):
    """xe: 700 MiB in VRAM, 512 of RAM, hibernation with as much swap for the image, and a file for VRAM."""
    swap_on_disk(t.vm)
    sleep_to_store(t, 's4', '/dev/vdb', SIZE // 2)
    t.equal(t.vm.power_cycles, 1, 'times that the power was off')


@case(driver='xe', ram='1G', vram='512M', disk='256M', timeout=150, kernels=('branch', 'debug'))
def store_vanishes(t):
    """A disk that goes away: what is in VRAM stays there and the suspend is refused; what was on it is told to be lost."""
    backup = VramBackup(t.vm)
    hold = Hold(t.vm, 'xe', size=64 * MIB)
    filled = hold.fill()
    t.equal(backup.set_store('/dev/vda'), 0, 'setting a store')
    # Contents go to the store in a hibernation only, as there is memory.
    result = try_suspend(t.vm, 'pm-test-devices', state='disk')
    t.check(result.ok and backup.stats()['store_bytes'] >= filled['bytes'], f'not on disk: {backup.stats()}')
    for pattern in (r'I/O error, dev vda', r'VRAM cannot be saved, no suspend', r'VRAM: eviction ended'):
        t.allow(pattern)
    t.vm.sh('echo 1 >$(realpath /sys/block/vda/device/..)/remove')
    # Whoever wants them back gets an error, or by a mapping SIGBUS, and nothing that is wrong.
    try:
        found = hold.compare('blit')
        t.check(not found['mismatches'] and found['errors'], f'contents of a disk that is gone: {found}')
        hold.quit()
    except CaseFailed as error:
        t.check(f'status {128 + signal.SIGBUS}' in str(error), str(error))
    hold = Hold(t.vm, 'xe', size=64 * MIB, seed=2)
    filled = hold.fill()
    result = try_suspend(t.vm, 'pm-test-devices', state='disk')
    t.check(not result.ok, 'a hibernation whose store is gone was to be refused')
    t.note(f'refused: {result.text()}')
    hold.expect_intact(filled)
    t.equal(backup.set_store('none'), 0, 'setting no store')
    suspend(t.vm, 's3')
    hold.expect_intact(filled)
