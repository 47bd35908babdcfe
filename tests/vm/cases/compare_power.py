# SPDX-License-Identifier: GPL-2.0
"""What a card has beside VRAM that its power takes away."""
from vmlib.case import case
from vmlib.sleep import suspend

# Where the GGTT's entries are in the first BAR, and one in the middle that no object has.
ENTRIES, UNUSED = 8 << 20, 0x80000


def entry(t, bar, number):
    return int(t.vm.out(f'busybox devmem {bar + ENTRIES + 8 * number:#x} 64'), 16)


@case(driver='xe', defect='D25', timeout=90)
def compare_ggtt_holes_xe(t):
    """xe: unused entries of the GGTT lead to the scratch page again after S3 (stock: to anywhere)."""
    t.keep_awake()
    bar = int(t.vm.out('head -n 1 /sys/bus/pci/devices/0000:00:05.0/resource').split()[0], 16)
    before = entry(t, bar, UNUSED)
    t.check(before & 1 and entry(t, bar, UNUSED + 1) == before, f'an entry without an object is {before:#x}')
    suspend(t.vm, 's3')
    after = entry(t, bar, UNUSED)
    t.showed(after != before, f'an entry without an object was {before:#x}, and is {after:#x}')
