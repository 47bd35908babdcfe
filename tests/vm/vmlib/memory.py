# SPDX-License-Identifier: GPL-2.0
"""Memory of the guest: what the kernel counts, swap space, and memory cgroups."""


def vmstat(vm):
    """/proc/vmstat as {name: number}."""
    return {key: int(value) for key, value in map(str.split, vm.out('cat /proc/vmstat').split('\n'))}


def meminfo(vm, key):
    """A line of /proc/meminfo, in bytes."""
    return int(vm.out(f"awk '/^{key}:/ {{ print $2 }}' /proc/meminfo")) * 1024


def swap_on_disk(vm, device='/dev/vda'):
    vm.sh(f'mkswap {device} >/dev/null && swapon {device}')


def swap_on_zram(vm, size):
    vm.sh(f'modprobe zram && echo {size} >/sys/block/zram0/disksize')
    swap_on_disk(vm, '/dev/zram0')


def make_group(vm, path, limit='max'):
    """A memory cgroup, on the first of which the file system is mounted."""
    root = '/sys/fs/cgroup'
    vm.sh(f'mountpoint -q {root} || mount -t cgroup2 none {root}; echo +memory >{root}/cgroup.subtree_control && '
          f'mkdir {path} && echo {limit} >{path}/memory.max')


def fill_memory(vm, leave):
    """Take memory away until so many bytes are available."""
    folder = '/run/full'
    vm.sh(f'mkdir -p {folder} && mount -t tmpfs -o size=100% none {folder}')
    amount = meminfo(vm, 'MemAvailable') - leave
    vm.sh(f'dd if=/dev/zero of={folder}/it bs=64k count={max(0, amount) >> 16} 2>/dev/null', 120)


def free_memory(vm):
    vm.sh('umount /run/full')


class MemorySampler:
    """The least memory that was available, as long as tasks run: those who look are frozen then."""
    SCRIPT = """least=; while :; do
while read key value unit; do
	[ $key = MemAvailable: ] && { [ -z "$least" ] || [ $value -lt $least ]; } && least=$value && echo $value
done </proc/meminfo; sleep 0.05; done"""

    def __init__(self, vm):
        self.job = vm.agent.start(self.SCRIPT)
        self.job.next_line()

    def stop(self):
        """In bytes."""
        self.job.kill()
        return int(self.job.wait().out.split()[-1]) * 1024
