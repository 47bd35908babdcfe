# SPDX-License-Identifier: GPL-2.0
"""What a suspend costs the CPU against how much there is in VRAM, and what follows from it."""
from dataclasses import dataclass

# What an object may cost more than it did with a tenth as many.
STEEPER = 0.25
# With fewer the rest of a suspend is most of its cost.
MANY = 10_000
# Less than this is not told apart from nothing: what /proc/uptime says is in steps of 10 million.
NOISE = 150_000_000


@dataclass(frozen=True)
class Cost:
    """One suspend with so many objects of so many bytes, in guest instructions."""
    objects: int
    each: int
    instructions: int

    @property
    def bytes(self):
        return self.objects * self.each


def busy(before, after):
    """Instructions between two readings of /proc/uptime (seconds up, seconds idle); a nanosecond is one."""
    up, idle = (b - a for a, b in zip(before, after))
    return round((up - idle) * 1e9)


def per_object(cost, empty):
    """Without what a suspend costs anyhow, which is the cost of the smallest."""
    return (cost.instructions - empty.instructions) / max(1, cost.objects - empty.objects)


def broken(by_objects, by_bytes):
    """What is not as it has to be, in words. Each: {kernel: costs, the smallest first}."""
    for what, values in (('objects', by_objects), ('bytes', by_bytes)):
        stock, branch = values['stock'], values['branch']
        if branch[-1].instructions < NOISE:
            continue
        if stock[-1].instructions < branch[-1].instructions:
            yield (f'{branch[-1].objects} objects, {branch[-1].bytes >> 20} MiB: {branch[-1].instructions:,} '
                   f'instructions on the branch, {stock[-1].instructions:,} on stock')
        many = [cost for cost in branch if what == 'bytes' or cost.objects >= MANY]
        shares = [per_object(cost, branch[0]) for cost in many[1 if what == 'bytes' else 0:]]
        if len(shares) > 1 and shares[-1] > shares[0] * (1 + STEEPER):
            yield (f'by {what}, the branch: {shares[-1]:,.0f} instructions an object with the most of them, '
                   f'{shares[0]:,.0f} with fewer: not linear')
