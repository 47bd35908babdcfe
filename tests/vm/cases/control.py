# SPDX-License-Identifier: GPL-2.0
"""Negative controls: what must fail does fail. Without them a passing case would say little."""
from vmlib.case import case
from vmlib.hold import Hold
from vmlib.sleep import suspend

MIB = 1 << 20


@case(must_fail='trouble in the kernel log', timeout=60)
def control_kernel_log(t):
    """A kernel warning that no case expects fails the case."""
    t.vm.sh('echo "WARNING: CPU: 0 PID: 1 at harness.c:1 made_up+0x1/0x2" >/dev/kmsg')


@case(must_fail='expected in the kernel log, but not there', timeout=60)
def control_kernel_log_absent(t):
    """A message that a case waits for and that does not come fails the case."""
    t.want('a message that nobody prints')
    t.vm.sh('true')


@case(must_fail='VRAM contents differ', driver='xe', timeout=90)
def control_changed_byte(t):
    """One byte changed behind the test's back is found."""
    hold = Hold(t.vm, 'xe', size=64 * MIB)
    filled = hold.fill()
    hold.ask('spoil')
    hold.expect_intact(filled)


@case(must_fail='the guest ended', timeout=60)
def control_guest_dies(t):
    """A guest that crashes is noticed at once, with its last words."""
    t.vm.sh('echo c >/proc/sysrq-trigger; sleep 100', 50)


@case(must_fail='not within', timeout=60)
def control_time_limit(t):
    """A step that does not end is ended."""
    t.vm.sh('sleep 100', 1)


@case(must_fail='the machine did not enter S3', timeout=60)
def control_no_suspend(t):
    """A suspend that does not really happen is not taken for one."""
    t.vm.sh('mount -o bind /dev/null /sys/power/state')
    suspend(t.vm, 's3')
