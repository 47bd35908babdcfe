# SPDX-License-Identifier: GPL-2.0
"""The kernel's own KUnit suites, in the guest."""
from vmlib import ktap
from vmlib.case import case
from vmlib.errors import CaseFailed

OURS = ('xe_vram_backup', 'ttm_tt_backup', 'ttm_backup', 'ttm_vram_backup')


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
    if t.kernel == 'stock':
        # These tests are about what the branch mends.
        mended = [name for name in results.failed if name.split('.')[0] in OURS]
        results.failed = [name for name in results.failed if name not in mended]
        if mended:
            t.note(f'failed, as they should without the branch: {", ".join(mended)}')
    if results.failed:
        raise CaseFailed(f'KUnit: {results.summary()}: {results.failed}')
    t.note(f'{", ".join(sorted(ran))}: {results.summary()}')


@case(driver='xe', timeout=240)
def kunit_xe_live(t):
    """xe's live suites pass on the card: buffers, migration, dma-buf, MOCS."""
    run_modules(t, ['xe_live_test'], ['xe_bo', 'xe_migrate', 'xe_dma_buf', 'xe_mocs'], 200)


# Two tests do what is forbidden, to see that TTM warns.
@case(cards=0, timeout=180, expect=(r'WARNING: .* at ttm_bo_reserve_no_wait_ticket\+',
                                    r'WARNING: .* at ttm_device_init\+'))
def kunit_ttm(t):
    """TTM's suites pass; they need no card."""
    found = t.vm.out("find /lib/modules -name 'ttm_*_test.ko*'").split()
    modules = sorted(path.split('/')[-1].split('.')[0] for path in found)
    t.check(modules, 'the guest has no TTM test modules')
    run_modules(t, modules, ['ttm_device', 'ttm_pool', 'ttm_resource', 'ttm_tt', 'ttm_bo'], 120)
