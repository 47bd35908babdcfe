# SPDX-License-Identifier: GPL-2.0
"""What must not stand in a kernel log, unless a case says it expects it."""
import re

TROUBLE = re.compile('|'.join((
    r'\bWARNING: ', r'\bBUG: ', r'\bOops\b', r'\bKASAN: ', r'\bUBSAN: ', r'\bKCSAN: ',
    r'possible (circular|recursive) locking', r'inconsistent .* lock state', r'suspicious RCU usage',
    r'INFO: task .* blocked', r'rcu: INFO: .* stall', r'general protection fault',
    r'Unable to handle kernel', r'refcount_t: ', r'kmemleak: \d+ new', r'Out of memory: ', r'invoked oom-killer',
    r'\*ERROR\*', r'Kernel panic', r'\[drm\] .*(failed|error)',
    r'GPU HANG', r'Timedout job', r'Engine reset', r'Resetting \w+ for', r'declared device .* wedged',
    r'DMA-API: .*device driver', r'raw-wakerefs=', r'DEBUG_LOCKS_WARN_ON', r'sysfs: cannot create duplicate',
    r'VRAM cannot be saved',
)))
# A message of a task that is preempted in printk() while consoles are suspended: printk's own affair.
NOISE = re.compile(r'WARNING: kernel/printk/nbcon\.c:\d+ at nbcon_kthreads_wake\+')
CONTEXT = 3


def troubles(text, expected=()):
    """Lines that look like trouble and match none of the expected patterns."""
    allowed = [re.compile(pattern) for pattern in expected]
    found = []
    lines = text.split('\n')
    for number, line in enumerate(lines):
        if TROUBLE.search(line) and not NOISE.search(line) and not any(pattern.search(line) for pattern in allowed):
            found.append((number, line.strip()))
    return found


def report(text, found):
    """The first trouble with the lines around it, and how many there are."""
    lines = text.split('\n')
    number = found[0][0]
    shown = '\n'.join(lines[max(0, number - 1):number + CONTEXT])
    more = f'\n(and {len(found) - 1} more)' if len(found) > 1 else ''
    return f'trouble in the kernel log:\n{shown}{more}'


def missing(text, wanted):
    """Patterns of messages that a case waits for and that did not come."""
    return [pattern for pattern in wanted if not re.search(pattern, text)]
