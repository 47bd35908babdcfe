# SPDX-License-Identifier: GPL-2.0
"""Where things are, and what the host is like."""
import os
import re
from functools import lru_cache

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
CACHE = os.environ.get('VRAM_BACKUP_CACHE') or os.path.join(
    os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache'), 'vram-backup')
KERNELS = ('stock', 'branch', 'debug')
# What KASAN and lockdep cost.
SLOWER = {'debug': 4, 'debug-i915': 4}
QEMU = 'qemu-system-x86_64'
DEFAULT_MODEL = f'{CACHE}/build/model/dgpu-model'
RUN_DIR = f'{CACHE}/run'


def kernel_with(kernel, i915):
    """The one that has i915, if need be: the debug kernel takes less time to build without."""
    return 'debug-i915' if kernel == 'debug' and i915 else kernel


def kernel_image(kernel):
    return f'{CACHE}/kernel/{kernel}/bzImage'


def initramfs(kernel):
    return f'{CACHE}/guest/{kernel}/initramfs.cpio'


def systemd_disk(kernel):
    return f'{CACHE}/guest/{kernel}/systemd.ext4'


@lru_cache
def host_tsc_khz():
    """The guest measures its TSC badly on a loaded host, so it is told."""
    with open('/proc/cpuinfo') as f:
        match = re.search(r'^cpu MHz\s*: ([0-9.]+)', f.read(), re.M)
    return int(float(match.group(1)) * 1000) if match else None


def size(text):
    """'512M' or '16G' in bytes."""
    match = re.fullmatch(r'(\d+)([KMGT]?)', text)
    if not match:
        raise ValueError(f"'{text}' is no size: give something like 512M or 2G")
    return int(match.group(1)) << {'': 0, 'K': 10, 'M': 20, 'G': 30, 'T': 40}[match.group(2)]
