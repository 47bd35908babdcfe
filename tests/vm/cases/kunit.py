# SPDX-License-Identifier: GPL-2.0
"""The kernel's own KUnit suites, in the guest."""
from vmlib import ktap
from vmlib.case import case
from vmlib.defects import COMPARED, present
from vmlib.errors import CaseFailed
from vmlib.memory import swap_on_disk

# Tests that show a defect, and so fail where the kernel has it.
SHOW = {'ttm_tt_backup.ttm_tt_setup_backup_refused': 'D23',
        'ttm_tt_backup.ttm_tt_backup_retry': 'D17',
        'ttm_tt_backup.ttm_tt_backup_no_progress': 'D18',
        'ttm_tt_backup.ttm_tt_restore_drops': 'D19',
        'xe_vram_backup.xe_vram_backup_unpin_prepared': 'D7',
        'xe_vram_backup.xe_vram_backup_evict_retry': 'D9',
        'xe_vram_backup.xe_vram_backup_pin_after_display': 'D6',
        'xe_vram_backup.xe_vram_backup_resume_failed': 'D2'}


def defects_of(*suites):
    return [defect for name, defect in SHOW.items() if name.split('.')[0] in suites]


LAST = 'ttm_bo_test'
# Any allocation may fail, where a test asks for it for its own task.
FAIL_ALL = ('cd /sys/kernel/debug && for d in failslab fail_page_alloc; do echo N >$d/ignore-gfp-wait; '
            'echo 0 >$d/verbose; done; echo N >fail_page_alloc/ignore-gfp-highmem; echo 0 >fail_page_alloc/min-order')


# A test of the kernel's own that hopes to be where it waits before a thread has slept 20 ms. On a
# busy host it is not, now and then, and says nothing at all where KASAN makes seconds of that.
TIMED = {'ttm_bo_validate.ttm_bo_validate_move_fence_not_signaled': 'ttm_bo_validate_test'}


def run_again(t, failed, seconds):
    """Of the tests that failed, those that are not TIMED or fail a second and a third time as well."""
    if t.kernel == 'debug' and failed & set(TIMED):
        t.note(f'failed, but depend on the time: {", ".join(sorted(failed & set(TIMED)))}')
        return failed - set(TIMED)
    for _ in range(2):
        if not failed or failed - set(TIMED):
            return failed
        t.note(f'once more: {", ".join(sorted(failed))}')
        start = t.vm.console.size()
        for module in {TIMED[name] for name in failed}:
            t.vm.sh(f'rmmod {module} && modprobe {module}', seconds)
        t.console()
        failed = names(ktap.parse(t.vm.console.since(start)).failed)
    return failed


def names(tests):
    """The tests without the parameter, the card's address, that may follow a name."""
    return {'.'.join(name.split('.')[:2]) for name in tests}


def run_modules(t, modules, suites, seconds, before='true'):
    """Load test modules, which run at once, and judge the results in the kernel log. What they were.

    before: what the shell that loads them does first.
    """
    start = t.vm.console.size()
    for module in modules:
        t.vm.sh(f'{before}; modprobe {module}', seconds)
    t.console()
    results = ktap.parse(t.vm.console.since(start))
    suites_run = {name.split('.')[0] for name in (*results.passed, *results.failed, *results.skipped)}
    if absent := [suite for suite in suites if suite not in suites_run]:
        raise CaseFailed(f'suites that did not run: {absent}; those that did: {sorted(suites_run)}')
    due = {name for name, defect in SHOW.items() if name.split('.')[0] in suites and present(defect, t.kernel)}
    failed = names(results.failed)
    failed = (failed & due) | run_again(t, failed - due, seconds)
    ran = names((*results.passed, *results.failed))
    t.shown.update((SHOW[name], name in failed) for name in sorted(ran & set(SHOW)))
    if wrong := sorted(failed - due):
        raise CaseFailed(f'KUnit: {results.summary()}; failed: {wrong}')
    if absent := sorted(due - failed):
        raise CaseFailed(f'passed, though this kernel has what they are to show: {absent}')
    if due:
        t.note(f'failed, as they must on this kernel: {", ".join(f"{name} ({SHOW[name]})" for name in sorted(due))}')
    t.note(f'{", ".join(sorted(suites_run))}: {results.summary()}')
    return results


# A test of xe's fills twice the memory that there is.
@case(driver='xe', ram='512M', timeout=240, defect=defects_of('xe_vram_backup'))
def kunit_xe_live(t):
    """xe's live suites pass on the card: buffers, migration, dma-buf, MOCS. On stock only what shows a defect runs."""
    suites = ['xe_vram_backup']
    if t.kernel == 'stock':
        t.vm.sh(f'printf {suites[0]} >/sys/module/kunit/parameters/filter_glob')
    else:
        suites += ['xe_bo', 'xe_migrate', 'xe_dma_buf', 'xe_mocs']
    run_modules(t, ['xe_live_test'], suites, 200)


# Three tests do what is forbidden, to see that TTM or lockdep warns.
@case(cards=0, disk='64M', timeout=240, defect=defects_of('ttm_tt_backup'), check=(*COMPARED, 'debug'), expect=(
    r'WARNING: .* at ttm_bo_reserve(_no_wait_ticket)?\+', r'WARNING: .* at ttm_device_init\+',
    r'WARNING: possible recursive locking detected'))
def kunit_ttm(t):
    """TTM's suites pass; they need no card."""
    found = t.vm.out("find /lib/modules -name 'ttm_*_test.ko*'").split()
    # What one of them does on purpose ends lockdep's work: it comes last.
    modules = sorted((path.split('/')[-1].split('.')[0] for path in found), key=lambda name: (name == LAST, name))
    t.check(modules, 'the guest has no TTM test modules')
    suites = ['ttm_device', 'ttm_pool', 'ttm_resource', 'ttm_tt', 'ttm_bo', 'ttm_tt_backup']
    if t.kernel != 'stock':
        suites += ['ttm_swapout', 'ttm_backup', 'ttm_backup_file', 'ttm_pool_backup', 'ttm_vram_backup',
                   'ttm_vram_backup_walk', 'ttm_vram_backup_evict', 'ttm_vram_backup_edge']
    # Nothing is backed up where nothing could be swapped out.
    swap_on_disk(t.vm)
    t.vm.sh(FAIL_ALL)
    run_modules(t, modules, suites, 220)
