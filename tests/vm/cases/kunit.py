# SPDX-License-Identifier: GPL-2.0
"""The kernel's own KUnit suites, in the guest."""
from vmlib import ktap
from vmlib.case import case
from vmlib.defects import COMPARED, present
from vmlib.errors import CaseFailed

# Tests that show a defect, and so fail where the kernel has it.
SHOW = {'ttm_tt_backup.ttm_tt_setup_backup_refused': 'D23',
        'xe_vram_backup.xe_vram_backup_unpin_prepared': 'D7',
        'xe_vram_backup.xe_vram_backup_evict_retry': 'D9'}


def run_modules(t, modules, suites, seconds):
    """Load test modules, which run at once, and judge the results in the kernel log."""
    start = t.vm.console.size()
    for module in modules:
        t.vm.sh(f'modprobe {module}', seconds)
    t.console()
    results = ktap.parse(t.vm.console.since(start))
    ran = {name.split('.')[0] for name in (*results.passed, *results.failed, *results.skipped)}
    if absent := [suite for suite in suites if suite not in ran]:
        raise CaseFailed(f'suites that did not run: {absent}; those that did: {sorted(ran)}')
    due = {name for name, defect in SHOW.items() if name.split('.')[0] in suites and present(defect, t.kernel)}
    # A parameter, the card's address, may follow the name.
    failed = {'.'.join(name.split('.')[:2]) for name in results.failed}
    if wrong := sorted(failed - due):
        raise CaseFailed(f'KUnit: {results.summary()}; failed: {wrong}')
    if absent := sorted(due - failed):
        raise CaseFailed(f'passed, though this kernel has what they are to show: {absent}')
    if due:
        t.note(f'failed, as they must on this kernel: {", ".join(f"{name} ({SHOW[name]})" for name in sorted(due))}')
    t.note(f'{", ".join(sorted(ran))}: {results.summary()}')


@case(driver='xe', timeout=240, check=COMPARED)
def kunit_xe_live(t):
    """xe's live suites pass on the card: buffers, migration, dma-buf, MOCS."""
    run_modules(t, ['xe_live_test'], ['xe_bo', 'xe_migrate', 'xe_dma_buf', 'xe_mocs', 'xe_vram_backup'], 200)


# Three tests do what is forbidden, to see that TTM or lockdep warns.
@case(cards=0, timeout=180, check=COMPARED, expect=(r'WARNING: .* at ttm_bo_reserve_no_wait_ticket\+',
                                    r'WARNING: .* at ttm_device_init\+',
                                    r'WARNING: possible recursive locking detected'))
def kunit_ttm(t):
    """TTM's suites pass; they need no card."""
    found = t.vm.out("find /lib/modules -name 'ttm_*_test.ko*'").split()
    modules = sorted(path.split('/')[-1].split('.')[0] for path in found)
    t.check(modules, 'the guest has no TTM test modules')
    run_modules(t, modules, ['ttm_device', 'ttm_pool', 'ttm_resource', 'ttm_tt', 'ttm_bo', 'ttm_tt_backup'], 120)
