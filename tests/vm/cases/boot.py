# SPDX-License-Identifier: GPL-2.0
"""The drivers bind to the card, and it works."""
from vmlib.case import DRIVERS, case
from vmlib.hold import Hold

MIB = 1 << 20


def declare(driver):
    @case(f'probe_{driver}', driver=driver, timeout=90,
          shows=f'{driver} finds the card; CPU, blitter and all queues agree on what is in VRAM')
    def probe(t):
        hold = Hold(t.vm, driver, size=64 * MIB)
        hold.expect_intact(hold.fill())
        hold.quit()
        t.equal(t.model.counters().get('unmodelled', 0), 0, 'things the model met and does not know')


for name in DRIVERS:
    declare(name)


@case(driver='xe', timeout=120)
def reload_xe(t):
    """xe can be unloaded and loaded again."""
    for _ in range(2):
        hold = Hold(t.vm, 'xe', size=16 * MIB)
        hold.expect_intact(hold.fill())
        hold.quit()
        t.vm.sh('modprobe -r xe')
        t.load('xe')


@case(driver='i915-guc', timeout=120)
def switch_drivers(t):
    """The card can go from i915 to xe.

    Not the other way: xe leaves the WOPCM registers locked as it set them, i915 wants other
    values there, and only a reset of the function unlocks them. i915 does one when it is unloaded.
    """
    t.vm.sh('modprobe -r i915')
    t.load('xe')
    hold = Hold(t.vm, 'xe', size=16 * MIB)
    hold.expect_intact(hold.fill())
    hold.quit()
