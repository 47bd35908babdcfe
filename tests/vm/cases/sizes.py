# SPDX-License-Identifier: GPL-2.0
"""Cards with little and with much VRAM, and two cards at once."""
from vmlib import igt
from vmlib.case import case
from vmlib.hold import Hold
from vmlib.memory import swap_on_disk
from vmlib.sleep import suspend

MIB = 1 << 20


def declare(vram):
    @case(f'xe_s3_vram_{vram}', driver='xe', vram=vram, ram='3G', timeout=240, check=() if vram == '1G' else ('branch',),
          shows=f'xe: contents all over {vram} of VRAM survive S3')
    def size(t):
        # A large card is not filled: the host would need as much memory.
        amount = '' if vram in ('256M', '1G') else f'--bytes {512 * MIB}'
        stats = igt.run(t.vm, 'xe_vram_backup', ['s3'], amount, seconds=220)
        fill = dict(stats)['fill']
        t.note(f'{fill["bytes"] // MIB} MiB of {fill["vram"] // MIB} MiB VRAM')


for name in ('256M', '1G', '4G', '16G'):
    declare(name)


@case(driver='xe', cards=2, vram='256M', ram='3G', disk='4G', timeout=300)
def xe_two_cards(t):
    """Two cards, each with contents of its own, survive S3, suspend to idle and hibernation together."""
    swap_on_disk(t.vm)
    t.keep_awake()
    for model in t.vm.models:
        model.fault('d3-loss on')
    holds = [Hold(t.vm, 'xe', seed=card + 1, node=f'/dev/dri/renderD{128 + card}') for card in range(2)]
    filled = [hold.fill() for hold in holds]
    for how in ('s3', 's2idle', 's4'):
        suspend(t.vm, how)
        for hold, amount in zip(holds, filled):
            hold.expect_intact(amount)
