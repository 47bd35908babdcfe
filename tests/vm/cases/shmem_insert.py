# SPDX-License-Identifier: GPL-2.0
"""Memory that was put into a shmem file without a copy: KUnit, with and without real swap."""
from cases.kunit import run_modules
from vmlib.case import case
from vmlib.memory import make_group, swap_on_disk, swap_on_zram, vmstat

KERNELS = ('branch', 'debug')
GROUP = '/sys/fs/cgroup/insert'
# Pages are checked when they are freed.
CHECKED = 'init_on_free=1'
# All of it is filled page by page.
ROOM = '24M'


def run_suite(t, needed, options=''):
    """The suite; needed: the tests that must not be skipped."""
    results = run_modules(t, [f'shmem_insert_kunit {options}'], ['shmem_insert'], 100,
                          before=f'echo $$ >{GROUP}/cgroup.procs')
    needed = [f'shmem_insert.shmem_insert_{name}' for name in needed]
    skipped = [line for line in results.skipped if line.split(':')[0] in needed]
    t.check(not skipped, f'skipped: {skipped}')


def run_with_swap(t, device):
    """The suite with swap space, and what the kernel counted meanwhile."""
    make_group(t.vm, GROUP)
    before = vmstat(t.vm)
    run_suite(t, ('swap', 'reclaim', 'swap_occupied', 'swap_truncate', 'swap_full', 'race'),
              f'reclaim={GROUP}/memory.reclaim')
    more = {key: value - before[key] for key, value in vmstat(t.vm).items() if key in before}
    t.check(more['pswpout'] and more['pswpin'], f'nothing was swapped: {more["pswpout"]} out, {more["pswpin"]} in')
    t.note(f'{more["pswpout"]} pages out, {more["pswpin"]} in')
    # A kernel without transparent huge pages splits all, and does not count.
    if 'thp_swpout' in more:
        t.check(more['thp_swpout'], 'no folio of the largest order was swapped out as a whole')
        t.check(more['thp_swpout_fallback'], 'no folio of the largest order was split')
        t.note(f'largest folios: {more["thp_swpout"]} as a whole, {more["thp_swpout_fallback"]} split')
    t.vm.sh(f'swapoff {device} && modprobe -r shmem_insert_kunit', 60)


@case(cards=0, timeout=120, kernels=KERNELS, cmdline=CHECKED)
def kunit_shmem_insert(t):
    """Insertion into shmem passes its suite, out of memory at every step included."""
    make_group(t.vm, GROUP, '64M')
    # Every allocation after the one that a test picks fails as well, for its task only.
    t.vm.sh('cd /sys/kernel/debug/failslab && echo Y >task-filter && echo 0 >verbose && echo -1 >times && '
            'echo 100 >probability')
    run_suite(t, ('memcg', 'memcg_limit', 'no_space', 'faults', 'race'))


@case(cards=0, timeout=120, kernels=KERNELS, check=('debug',), cmdline=CHECKED, disk=ROOM)
def kunit_shmem_insert_disk(t):
    """Inserted folios of all orders come back from swap space on a disk, full and fragmented too."""
    swap_on_disk(t.vm)
    run_with_swap(t, '/dev/vda')


@case(cards=0, timeout=120, kernels=KERNELS, cmdline=CHECKED)
def kunit_shmem_insert_zram(t):
    """Inserted folios of all orders come back from compressed memory, full and fragmented too."""
    swap_on_zram(t.vm, ROOM)
    run_with_swap(t, '/dev/zram0')
