# SPDX-License-Identifier: GPL-2.0
"""i915's live selftests, one group after the other, on execlists."""
import os
import re

from vmlib import config
from vmlib.case import DRIVERS, case
from vmlib.errors import CaseFailed

GROUPS = ('migrate', 'gem_migrate', 'memory_region', 'objects', 'requests', 'hangcheck', 'execlists', 'gt_lrc',
          'gt_pm', 'gem')
ALL_PASSED = '-25'
# What cannot pass here, and why.
LEFT_OUT = {
    # Gives a context one millisecond to be preempted before its engine is reset, and fails on such a
    # reset. From the card's interrupt to the driver's tasklet it can take longer in an emulated machine.
    'execlists': ('live_preempt_cancel', ),
    # Compares the card's clock with the kernel's over three milliseconds; on a busy host a processor of
    # the machine stands still that long between the two.
    'gt_pm': ('live_gt_clocks', ),
}
# Groups that break things on purpose, and what i915 says of it.
RESET = r'Resetting \w+ for (CS error|preemption time out|stopped heartbeat on \w+)'
EXPECT = {'requests': (RESET, ), 'hangcheck': (RESET, r'Resetting chip for '), 'execlists': (RESET, )}
# Groups that give the card a few milliseconds for something: on a busy host one failure says little.
TIMED = ('requests', 'hangcheck', 'execlists', 'gt_pm')


def parameters(kernel, kind='live'):
    """The module parameter of each group: its name holds a line number of the source."""
    for folder, _, names in os.walk(f'{config.CACHE}/kernel/{kernel}/modules'):
        if 'i915.ko' in names:
            with open(f'{folder}/i915.ko', 'rb') as f:
                found = re.findall(rb'parmtype=(igt__\d+__%s_(\w+)):bool' % kind.encode(), f.read())
            return {group.decode(): name.decode() for name, group in found}
    raise CaseFailed('the kernel has no module i915')


def declare(group):
    @case(f'i915_live_{group}', timeout=420, expect=EXPECT.get(group, ()), cpus=2 if group in TIMED else 1,
          alone=group in TIMED,
          shows=f'i915 live selftests "{group}" pass')
    def selftest(t):
        names = parameters(t.kernel)
        t.check(group in names, f'this kernel has no live selftest {group}')
        options = ' '.join(f'{key}={value}' for key, value in DRIVERS['i915-execlists'][1].items())
        if without := LEFT_OUT.get(group):
            options += ' st_filter=' + ','.join(f'!{name}' for name in without)
            t.note(f'without {", ".join(without)}')
        # Nobody reads what a capture of the card's state would hold, and it takes its time.
        options += f' live_selftests=-1 error_capture=0 st_timeout=200 {names[group]}=1'
        failure = attempt(t, group, options)
        if failure and group in TIMED:
            t.note(f'{failure}; once more')
            t.allow(r'\*ERROR\*')
            t.vm.sh('modprobe -r i915')
            failure = attempt(t, group, options)
        t.check(not failure, failure)


def attempt(t, group, options, kind='live'):
    """Runs a group. What failed, or nothing."""
    start = t.vm.console.size()
    t.vm.sh(f'modprobe i915 {options}', 400, check=False)
    verdict = t.vm.out(f'cat /sys/module/i915/parameters/{kind}_selftests')
    t.console()
    log = t.vm.console.since(start)
    t.check(f'Running {group}' in log, f'the group did not run; live_selftests is {verdict}')
    ran = re.findall(r'i915: Running (\S+/\S+)', log)
    if verdict != ALL_PASSED:
        return f'selftest {ran[-1] if ran else group} ended with error {verdict}'
    t.note(f'{len(ran)} tests')
    return ''


for name in GROUPS:
    declare(name)

# The failures that these groups inject, and what is said of them.
INJECTED = (r'VRAM: no room for its content', r'VRAM: eviction ended after', r'\*ERROR\* VRAM: ',
            r'VRAM: \d+ pinned objects could not be restored', r'VRAM: objects come back faster',
            r'Failed to re-initialize GPU\[0\], declaring it wedged!')
SHOWN = {'D13': 'retry', 'D16': ''}


def backup(name, driver, kind, **more):
    @case(name, vram='256M', timeout=420, expect=INJECTED, defect=('D13', 'D16'), **more,
          shows=f'{name}: content of each kind of object comes back from a backup, after failures, too '
          '(stock: there is no such test)')
    def run(t):
        names = parameters(t.kernel, kind)
        if 'vram_backup' not in names:
            for defect in SHOWN:
                t.showed(True, 'no selftest covers the backup', defect)
            return
        options = ' '.join(f'{key}={value}' for key, value in DRIVERS[driver][1].items())
        options += f' {kind}_selftests=-1 st_timeout=200 {names["vram_backup"]}=1'
        failure = attempt(t, 'vram_backup', options, kind)
        log = t.vm.console.text()
        t.check(not failure, failure)
        for defect, part in SHOWN.items():
            t.showed(not re.search(rf'Running .*igt_.*backup.*{part}', log), f'selftests ran: {len(log)}', defect)


backup('compare_selftest_mock_i915', 'i915-execlists', 'mock')
backup('compare_selftest_i915-execlists', 'i915-execlists', 'live')
# How work is submitted makes no difference to it: a minute for each run by name.
backup('compare_selftest_i915-guc', 'i915-guc', 'live', check=())
