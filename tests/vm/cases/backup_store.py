# SPDX-License-Identifier: GPL-2.0
"""Where backed up contents go: swap space of all kinds, memory cgroups, files and block devices."""
from cases.kunit import run_modules
from cases.swapout import FILE, hold_in_ram
from vmlib.case import case
from vmlib.memory import make_group, meminfo, swap_on_disk, swap_on_zram, vmstat

MIB = 1 << 20
KERNELS = ('branch', 'debug')
KEPT = 96 * MIB
GROUP = '/sys/fs/cgroup/store'


class Swapper:
    """A process in a cgroup that has TTM back up what it can: one object at a time.

    It has the file open before it enters: in a group that is full it could not open it.
    """

    def __init__(self, t, group):
        self.t = t
        self.job = t.vm.agent.start(f'exec 3>{FILE}; echo $$ >{group}/cgroup.procs; echo ready; '
                                    'while read word; do echo $word >&3; echo written; done')
        self.expect('ready')

    def expect(self, word):
        line = self.job.next_line(60)
        self.t.check(line == word, f'the process in the group said {line}, and not {word}')

    def run(self):
        """All there is. Pages, and the last answer."""
        total = 0
        while True:
            self.job.send('swap\n')
            self.expect('written')
            pages = int(self.t.vm.out(f'cat {FILE}'))
            if pages <= 0:
                return total, pages
            total += pages


def swap_out(t, group=GROUP):
    return Swapper(t, group).run()


def reclaim(t, size):
    """Have the kernel swap out what the group was charged with, as far as it goes."""
    t.vm.sh(f'echo {size} >{GROUP}/memory.reclaim', 120, check=False)


@case(driver='xe', kernels=KERNELS, timeout=240)
def store_zram(t):
    """Contents that went to the store, and from there to compressed memory, come back."""
    swap_on_zram(t.vm, '512M')
    t.keep_awake()
    make_group(t.vm, GROUP)
    hold, filled = hold_in_ram(t, KEPT, 1)
    pages, last = swap_out(t)
    t.check(pages * 4096 >= KEPT and last == 0, f'{pages} pages were backed up, last answer {last}')
    reclaim(t, KEPT)
    out = vmstat(t.vm)['pswpout']
    t.check(out * 4096 > KEPT // 2, f'only {out} pages were swapped out')
    t.note(f'{pages} pages backed up, {out} swapped out')
    hold.expect_intact(filled)


@case(driver='xe', kernels=KERNELS, disk='40M', timeout=240)
def store_swap_full(t):
    """Swap space for less than half: what does not fit is told and stays where it is, and all is intact."""
    swap_on_disk(t.vm)
    t.keep_awake()
    make_group(t.vm, GROUP)
    hold, filled = hold_in_ram(t, KEPT, 1)
    pages, last = swap_out(t)
    t.equal(last, 0, 'last answer as long as there is some swap space')
    reclaim(t, KEPT)
    more, more_filled = hold_in_ram(t, 32 * MIB, 7)
    _, last = swap_out(t)
    free = meminfo(t.vm, 'SwapFree') >> 10
    t.note(f'{pages} pages backed up, {free} KiB of swap space free after that')
    t.equal(last, -28, 'last answer with swap space full')
    more.expect_intact(more_filled)
    hold.expect_intact(filled)


@case(driver='xe', kernels=KERNELS, disk='1G', timeout=240)
def store_memcg_limit(t):
    """In a cgroup at its limit a backup stops part of the way; another from outside of it finishes it."""
    swap_on_disk(t.vm)
    t.keep_awake()
    make_group(t.vm, GROUP, '24M')
    # With swap space reclaim would make room without an end.
    t.vm.sh(f'echo 0 >{GROUP}/memory.swap.max')
    hold, filled = hold_in_ram(t, KEPT, 1)
    # How much it is without a limit, once what is not the test's own is out of the way.
    for _ in range(2):
        whole, last = swap_out(t, '/sys/fs/cgroup')
        t.equal(last, 0, 'last answer without a limit')
        hold.expect_intact(filled)
    before = meminfo(t.vm, 'Shmem')
    pages, last = swap_out(t)
    t.check(last in (-12, -28), f'last answer at the limit: {last}')
    t.check(0 < pages * 4096 < KEPT, f'{pages} pages were backed up at the limit')
    t.check(meminfo(t.vm, 'Shmem') - before < 25 * MIB, 'more went to the store than the limit permits')
    killed = t.vm.out(f"awk '$1 == \"oom_kill\" {{ print $2 }}' {GROUP}/memory.events")
    t.equal(killed, '0', 'processes killed')
    rest, last = swap_out(t, '/sys/fs/cgroup')
    t.equal(last, 0, 'last answer outside of the group')
    # With the rest of the object that was at the limit.
    t.equal(pages + rest, whole, 'pages backed up in two parts')
    t.note(f'{pages} pages at the limit, {rest} outside of it')
    hold.expect_intact(filled)


@case(driver='xe', disk='1G', ram='320M', timeout=300, kernels=KERNELS)
def store_shrinker(t):
    """xe's own shrinker test: twice the memory that there is, with swap space for all of it."""
    swap_on_disk(t.vm)
    start = vmstat(t.vm)['pswpout']
    t.vm.sh('printf xe_bo_shrink >/sys/module/kunit/parameters/filter_glob')
    run_modules(t, ['xe_live_test'], ['xe_bo_shrink'], 240)
    t.note(f'{vmstat(t.vm)["pswpout"] - start} pages swapped out')


def path_test(t, path, mib=16, **more):
    words = ' '.join(f'{key}={value}' for key, value in more.items())
    run_modules(t, [f'ttm_backup_path_test path={path} mib={mib} {words}'], ['ttm_backup_path'], 60)
    t.notes.pop()
    t.vm.sh('modprobe -r ttm_backup_path_test')


EROFS, ENOSPC, EBUSY, EINVAL, EISDIR, ENOENT, ETXTBSY, EBADF, EIO = -30, -28, -16, -22, -21, -2, -26, -9, -5


@case(cards=0, disk='96M', timeout=120, kernels=KERNELS)
def store_file(t):
    """A store on ext4, on file systems without extents, in tmpfs: sparse, whole, too large, in use."""
    t.vm.sh('mkfs.ext4 -q -F /dev/vda && mkdir -p /mnt && mount /dev/vda /mnt')
    t.vm.sh('truncate -s 16M /mnt/sparse; fallocate -l 16M /mnt/whole; : >/mnt/empty')
    path_test(t, '/mnt/whole')
    path_test(t, '/mnt/empty')
    path_test(t, '/mnt/sparse')
    blocks = int(t.vm.out('stat -c %b /mnt/sparse')) * 512
    t.check(blocks >= 16 * MIB, f'space for a sparse file was not reserved: {blocks} bytes')
    path_test(t, '/mnt/empty', 200, refused=ENOSPC)
    path_test(t, '/mnt', refused=EISDIR)
    path_test(t, '/mnt/none', refused=ENOENT)
    path_test(t, '/dev/zero', refused=EINVAL)
    path_test(t, '/mnt/whole', rdonly=1, refused=EBADF)
    t.vm.sh('rm -f /mnt/*; fallocate -l 16M /mnt/swap && mkswap /mnt/swap >/dev/null && swapon /mnt/swap')
    path_test(t, '/mnt/swap', refused=ETXTBSY)
    t.vm.sh('swapoff /mnt/swap && mount -o remount,ro /mnt')
    path_test(t, '/mnt/swap', refused=EROFS)
    t.vm.sh('umount /mnt && mkfs.ext4 -q -F -t ext2 /dev/vda && mount -t ext4 /dev/vda /mnt && '
            'truncate -s 16M /mnt/sparse && dd if=/dev/zero of=/mnt/whole bs=1M count=16 2>/dev/null')
    # No extents: space cannot be reserved, so it has to be there.
    path_test(t, '/mnt/whole')
    path_test(t, '/mnt/sparse', refused=EINVAL)
    path_test(t, '/mnt/whole', 17, refused=ENOSPC)
    t.vm.sh('mount -t tmpfs none /tmp; : >/tmp/store')
    path_test(t, '/tmp/store')


@case(cards=0, disk='64M', timeout=120, kernels=KERNELS)
def store_disk(t):
    """A store on a block device: whole, too small, read-only, in use by others, and one that fails."""
    path_test(t, '/dev/vda', 64)
    path_test(t, '/dev/vda', 65, refused=ENOSPC)
    t.vm.sh('blockdev --setro /dev/vda')
    path_test(t, '/dev/vda', refused=EROFS)
    t.vm.sh('blockdev --setrw /dev/vda && mkfs.ext4 -q -F /dev/vda && mkdir -p /mnt && mount /dev/vda /mnt')
    path_test(t, '/dev/vda', refused=EBUSY)
    # A device behind which there is less than it says: writing fails where it ends.
    t.vm.sh('mkdir -p /small && mount -t tmpfs -o size=8M none /small && truncate -s 32M /small/image && '
            'losetup /dev/loop0 /small/image')
    t.allow(r'I/O error, dev loop0')
    path_test(t, '/dev/loop0', 32, broken=EIO)
    t.vm.sh('losetup -d /dev/loop0 && umount /mnt')
    swap_on_disk(t.vm)
    path_test(t, '/dev/vda', refused=EBUSY)
