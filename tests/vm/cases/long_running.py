# SPDX-License-Identifier: GPL-2.0
"""Work without an end of its own, as compute programs have it, over suspends."""
import errno

from cases.compare_suspend import STOPPED
from vmlib.case import case
from vmlib.faults import MIB
from vmlib.hold import Hold
from vmlib.memory import swap_on_disk
from vmlib.sleep import suspend, try_suspend
from vmlib.vram_backup import VramBackup, name


@case(driver='xe', timeout=200, defect='D4')
def compare_long_running_xe(t):
    """xe: work without an end of its own goes on after S3 where it was (stock: it is ended, or contents are lost)."""
    # A card whose GT has lost its contexts may have anything to complain of.
    for pattern in (*STOPPED, r'\bxe \d{4}:\d\d:\d\d\.\d: ') if t.has_defect() else ():
        t.allow(pattern)
    hold = Hold(t.vm, 'xe', size=32 * MIB)
    filled = hold.fill()
    hold.ask('long')
    suspend(t.vm, 's3')
    found = hold.compare('cpu')
    if found['mismatches'] or found['errors']:
        t.showed(True, f'beside it {found["mismatches"]} of {found["bytes"]} bytes are lost')
        return
    hold.expect_intact(filled)
    found = hold.ask('end')
    t.showed((found['begun'], found['ended']) != (1, 1), f'begun: {found["begun"]}, came to its end: {found["ended"]}')


def sleep_with(t, how):
    if how == 'cycle':
        # Such work keeps the card awake: it is told, and goes on.
        got = VramBackup(t.vm).trigger('cycle')
        t.check(got == errno.EBUSY, f'cycle: {name(got)}')
    elif how.startswith('pm-test-'):
        result = try_suspend(t.vm, how)
        t.check(result.ok, f'{how}: {result.text()}')
    else:
        # While such work is there the card does not sleep by itself, which would lose all, too.
        t.model.fault('d3-loss on')
        suspend(t.vm, how)
        t.model.fault('d3-loss off')


@case(driver='xe', kernels=('branch', 'debug'), disk='4G', timeout=300)
def xe_long_running(t):
    """xe: work without an end of its own goes on after each kind of sleep, also after several of them."""
    t.want(r'VRAM: the device is in use')
    swap_on_disk(t.vm)
    hold = Hold(t.vm, 'xe', size=32 * MIB)
    filled = hold.fill()
    for hows in (('s3', ), ('s2idle', ), ('pm-test-freezer', ), ('pm-test-devices', ), ('cycle', ), ('s4', ),
                 ('cycle', 's3', 'pm-test-devices', 's3')):
        hold.ask('long')
        for how in hows:
            sleep_with(t, how)
        found = hold.ask('end')
        t.equal((found['begun'], found['ended']), (1, 1), f'{", ".join(hows)}: beginnings, ends')
        hold.expect_intact(filled)
