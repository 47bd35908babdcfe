# SPDX-License-Identifier: GPL-2.0
"""Letting a guest sleep, from the host's side."""
from .errors import CaseFailed

STATES = {'s3': 'mem', 's2idle': 'freeze', 's4': 'disk'}
PM_TESTS = ('freezer', 'devices', 'platform', 'processors', 'core')


def try_suspend(vm, how, seconds=120, state='mem'):
    """Sleep and wake up; state is what pm-test-LEVEL tries. The status and text of the write to /sys/power/state."""
    if how.startswith('pm-test-'):
        level = how[len('pm-test-'):]
    else:
        level, state = 'none', STATES[how]
    return vm.sh(f'echo {level} >/sys/power/pm_test; echo {state} >/sys/power/state; s=$?; '
                 'echo none >/sys/power/pm_test; exit $s', seconds, check=False)


def suspend(vm, how, seconds=120):
    """Sleep and wake up; it is an error if the guest refuses, or did not really sleep."""
    before = (vm.power_cycles, vm.events('SUSPEND'))
    result = try_suspend(vm, how, seconds)
    if not result.ok:
        raise CaseFailed(f'{how} was refused: {result.text()}')
    if how == 's4' and vm.power_cycles == before[0]:
        raise CaseFailed('the machine did not lose its power during hibernation')
    if how == 's3' and vm.events('SUSPEND') == before[1]:
        raise CaseFailed('the machine did not enter S3')
