# SPDX-License-Identifier: GPL-2.0
"""While tasks still run: errors, signals and programs that come between (D5, D8, D11), and runtime suspend (D10)."""
import re
import time

from cases.compare_suspend import STOPPED, jobs_end
from vmlib.case import case
from vmlib.faults import MIB, allow_resets, expect_fired, expect_fresh_work
from vmlib.hold import Hold

POWER = '/sys/bus/pci/devices/0000:00:05.0/power'
TRACING = '/sys/kernel/tracing'
FROZEN = 'Freezing user space processes'
# Allocations of whole pages fail for the task that asks for it, whatever it may do to get them.
FAIL_PAGES = ('cd /sys/kernel/debug/fail_page_alloc && echo N >ignore-gfp-wait && echo N >ignore-gfp-highmem && '
              'echo 0 >min-order && echo 0 >verbose && echo Y >task-filter && echo -1 >times && echo 100 >probability')
# The file is open, and the shell's own memory in place, before anything fails.
WRITE_WITHOUT_PAGES = ('exec 3>/sys/power/state; echo freezer >/sys/power/pm_test; echo 1 >/proc/$$/make-it-fail; '
                       'echo mem >&3; s=$?; echo 0 >/proc/$$/make-it-fail; echo none >/sys/power/pm_test; exit $s')


@case(driver='xe', timeout=120, defect='D8')
def compare_notifier_error_xe(t):
    """xe: without memory for what is in VRAM a suspend is refused (stock: it goes on, and says nothing)."""
    if not t.has_defect():
        t.want(r'VRAM cannot be saved, no suspend: -ENOMEM')
    hold = Hold(t.vm, 'xe', size=64 * MIB)
    filled = hold.fill()
    t.vm.sh(FAIL_PAGES)
    result = t.vm.sh(WRITE_WITHOUT_PAGES, 60, check=False)
    t.vm.sh('echo 0 >/sys/kernel/debug/fail_page_alloc/probability')
    t.check('Buffer eviction failed' in t.console() or not t.has_defect(), 'the eviction did not fail')
    hold.expect_intact(filled)
    t.showed(result.ok, 'the suspend went on' if result.ok else 'the suspend was refused')


@case(driver='xe', timeout=120, defect='D10')
def compare_runtime_error_xe(t):
    """xe: a runtime suspend that fails once is tried again (stock: no ioctl works any more).

    The GT does not wake up when it is asked to, which ends with a timeout.
    """
    for pattern in (*STOPPED, r'Forcewake domains? .* failed to acknowledge', r'runtime suspend failed'):
        t.allow(pattern)
    hold = Hold(t.vm, 'xe', size=32 * MIB)
    filled = hold.fill()
    t.model.fault('forcewake off')
    t.vm.sh(f'echo 50 >{POWER}/autosuspend_delay_ms; echo auto >{POWER}/control')
    for _ in t.deadline.step(30, 'a runtime suspend that fails'):
        if 'runtime suspend failed' in t.console():
            break
        time.sleep(0.2)
    expect_fired(t)
    t.model.fault('clear')
    if wrong := jobs_end(hold):
        t.showed(True, f'{wrong}; status {t.vm.out(f"cat {POWER}/runtime_status")}')
        return
    hold.expect_intact(filled)
    hold.quit()
    before = t.model.counters()['d3']
    for _ in t.deadline.step(30, 'a runtime suspend that succeeds'):
        if t.model.counters()['d3'] > before:
            break
        time.sleep(0.2)
    expect_fresh_work(t)
    t.showed(False, 'contents and queues are intact, and the card sleeps at last')


@case(driver='xe', timeout=200, defect='D11')
def compare_signal_xe(t):
    """xe: a signal ends a suspend that waits for a job (stock: it waits for the job, and goes on to sleep)."""
    allow_resets(t)
    t.allow(r'VRAM.*-EINTR')
    kept = Hold(t.vm, 'xe', size=32 * MIB)
    filled = kept.fill()
    busy = Hold(t.vm, 'xe', size=16 * MIB, seed=2)
    busy.fill()
    # The engine stops in the middle of a job, until somebody resets it for taking too long. Not the one that evicts.
    t.model.fault('hang rcs0')
    busy.job.send('jobs\n')
    for _ in t.deadline.step(20, 'an engine that stops'):
        if 'rcs0.state=hung' in t.model.ask('engines'):
            break
        time.sleep(0.02)
    start = t.vm.console.size()
    writer = t.vm.agent.start('echo freezer >/sys/power/pm_test; echo mem >/sys/power/state')
    t.vm.console.wait_for('Filesystems sync', t.deadline, 30, start)
    time.sleep(0.3)
    t.check('Timedout job' not in t.vm.console.since(start), 'the job was too short')
    writer.kill()
    writer.wait(100)
    busy.answer('jobs')
    t.vm.sh('echo none >/sys/power/pm_test')
    t.console()
    said = t.vm.console.since(start)
    order = re.findall(rf'Timedout job|ends the suspend: -EINTR|{FROZEN}', said)
    t.note(' -> '.join(dict.fromkeys(order)))
    kept.expect_intact(filled)
    t.showed(FROZEN in said, 'the suspend went on' if FROZEN in said else 'the suspend ended')
    if FROZEN not in said:
        t.equal(order[:1], ['ends the suspend: -EINTR'], 'what came first')
    expect_fresh_work(t)


# xe moves an object, or has the session evict it, as the kernel may be.
EVICTED = 'xe_bo_move|ttm_vram_backup_evict'


def late_comers(trace, writer):
    """Whether the writer evicted anything, and how many objects other tasks made after the first."""
    evicting, made = False, 0
    for line in trace.split('\n'):
        ours = f'-{writer} ' in line
        if ours and re.search(EVICTED, line):
            evicting = True
        elif 'freeze_processes' in line:
            break
        elif evicting and 'xe_bo_create' in line and not ours:
            made += 1
    return evicting, made


def late_comers_of_a_suspend(t):
    """How many objects were made behind the back of one eviction."""
    t.vm.sh(f'echo >{TRACING}/trace; echo 1 >{TRACING}/tracing_on')
    result = t.vm.sh('echo freezer >/sys/power/pm_test; echo $$; echo mem >/sys/power/state', 60, check=False)
    t.vm.sh(f'echo none >/sys/power/pm_test; echo 0 >{TRACING}/tracing_on')
    t.check(result.ok, f'the suspend was refused: {result.text()}')
    trace = t.vm.out(f'grep -E "xe_bo_create|freeze_processes|{EVICTED}" {TRACING}/trace || true')
    evicting, made = late_comers(trace, result.out.split()[0])
    t.check(evicting, f'nothing was evicted: {trace[:1000]}')
    return made


@case(driver='xe', timeout=400, defect='D5')
def compare_gate_xe(t):
    """xe: no program puts objects into VRAM while it is being evicted (stock: they do, behind the eviction's back)."""
    t.vm.sh(f'cd {TRACING} && echo 20000 >buffer_size_kb && echo 1 >events/xe/xe_bo_create/enable && '
            'echo 1 >events/power/suspend_resume/enable && '
            'for f in events/*/xe_bo_move events/*/ttm_vram_backup_evict; do [ ! -d $f ] || echo 1 >$f/enable; done')
    hold = Hold(t.vm, 'xe', size=256 * MIB)
    filled = hold.fill()
    # Each makes address spaces and queues, for which the driver makes objects in VRAM.
    maker = t.vm.agent.start('while :; do vram_hold xe </dev/null >/dev/null; echo made; done')
    maker.next_line()
    # Whether the maker gets to run within the eviction is chance: one that never does so proves little.
    for attempt in range(1, (15 if t.kernel == 'stock' else 3) + 1):
        made = late_comers_of_a_suspend(t)
        hold.expect_intact(filled)
        if made:
            break
    maker.kill()
    t.showed(made, f'{made} objects were made after the first was evicted (suspend {attempt})')
