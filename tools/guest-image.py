# SPDX-License-Identifier: GPL-2.0
"""Build what the test guest boots: an initramfs, or a disk. Runs in the build root; see guest-image."""
import argparse
import fcntl
import hashlib
import os
import re
import stat
import subprocess
import sys

from guest_disk import write_disk

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CACHE = os.environ['VRAM_BACKUP_CACHE']
DIRS = ('proc', 'sys', 'dev', 'tmp', 'run', 'root', 'bin', 'sbin', 'etc', 'etc/modprobe.d',
        'var', 'var/log', 'lib', 'lib64', 'lib/firmware', 'lib/modules', 'tests')
FIRMWARE = 'lib/firmware/i915/dg1_guc_70.bin'


def fail(message):
    sys.exit(f'guest-image: {message}')


def run(*cmd):
    done = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        fail(f'{" ".join(cmd)} failed:\n{done.stdout}')
    return done.stdout


def libraries(program):
    """What the dynamic loader needs for a program: {path in the image: path here}."""
    found = {}
    out = subprocess.run(['ldd', program], capture_output=True, text=True)
    if out.returncode:
        return found
    for line in out.stdout.splitlines():
        match = re.search(r'(?:=> )?(/\S+) \(0x', line)
        if match:
            found[match.group(1).lstrip('/')] = os.path.realpath(match.group(1))
        elif 'not found' in line:
            fail(f'{program}: {line.strip()}')
    return found


def build_programs(kernel_dir, out):
    """Compile the guest's programs; returns {path in the image: path here}."""
    include = os.path.join(kernel_dir, 'include')
    run('make', '-s', '-C', f'{TOP}/tests/vm/guest', f'OUT={out}/vm')
    files = {'bin/guest-agent': f'{out}/vm/guest-agent'}
    run('make', '-s', '-j2', '-C', f'{TOP}/tests/igt', f'OUT={out}/igt', f'KERNEL_INCLUDE={include}')
    for name in run('make', '-s', '-C', f'{TOP}/tests/igt', 'list').split():
        files[f'tests/{name}'] = f'{out}/igt/{name}'
    return files


def firmware(model, out):
    """The stub the model executes in place of Intel's GuC firmware."""
    path = f'{out}/dg1_guc_70.bin'
    if not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(model):
        run(model, '--write-firmware', path)
    return path


def modules(kernel_dir):
    base = os.path.join(kernel_dir, 'modules')
    releases = os.listdir(f'{base}/lib/modules') if os.path.isdir(f'{base}/lib/modules') else []
    if len(releases) != 1:
        fail(f'expected one kernel release below {base}/lib/modules, found {releases}')
    if not os.path.exists(f'{base}/lib/modules/{releases[0]}/modules.dep'):
        run('depmod', '-b', base, releases[0])
    found = {}
    for folder, _, names in os.walk(f'{base}/lib/modules'):
        for name in names:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                found[os.path.relpath(path, base)] = path
    return found


class Cpio:
    """Writes the "newc" archive the kernel unpacks at boot."""

    def __init__(self, out):
        self.out = out
        self.inode = 0

    def entry(self, name, mode, data=b'', rdev=(0, 0)):
        self.inode += 1
        raw = name.encode() + b'\0'
        fields = (self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, *rdev, len(raw), 0)
        head = b'070701' + b''.join(b'%08X' % field for field in fields)
        self.put(head + raw)
        self.put(data)

    def put(self, data):
        self.out.write(data + b'\0' * (-len(data) % 4))

    def close(self):
        self.entry('TRAILER!!!', 0)


def write_image(path, files, links):
    folders = set(DIRS)
    for name in [*files, *links]:
        while name := os.path.dirname(name):
            folders.add(name)
    with open(path + '.new', 'wb') as out:
        cpio = Cpio(out)
        for name in sorted(folders):
            cpio.entry(name, stat.S_IFDIR | 0o755)
        cpio.entry('dev/console', stat.S_IFCHR | 0o600, rdev=(5, 1))
        for name, target in sorted(links.items()):
            cpio.entry(name, stat.S_IFLNK | 0o777, target.encode())
        for name, source in sorted(files.items()):
            with open(source, 'rb') as data:
                executable = os.stat(source).st_mode & 0o111 or name == 'init'
                cpio.entry(name, stat.S_IFREG | (0o755 if executable else 0o644), data.read())
        cpio.close()
    os.rename(path + '.new', path)


def fingerprint(files, links, *more):
    digest = hashlib.sha256()
    for path in (__file__, *more):
        with open(path, 'rb') as f:
            digest.update(f.read())
    for name, source in sorted(files.items()):
        info = os.stat(source)
        digest.update(f'{name} {source} {info.st_size} {info.st_mtime_ns}\n'.encode())
    digest.update(repr(sorted(links.items())).encode())
    return digest.hexdigest()


def is_made(image, stamp, now):
    if not os.path.exists(image) or not os.path.exists(stamp):
        return False
    with open(stamp) as f:
        return f.read() == now


def make_initramfs(out, files):
    files['bin/mkfs.ext4'] = '/sbin/mke2fs'
    for program in list(files.values()):
        files.update(libraries(program))
    files['bin/busybox'] = '/bin/busybox'
    files['init'] = f'{TOP}/tests/vm/guest/init'
    links = {'bin/sh': 'busybox'}
    image, stamp = f'{out}/initramfs.cpio', f'{out}/stamp'
    now = fingerprint(files, links)
    if not is_made(image, stamp, now):
        write_image(image, files, links)
        finish(image, stamp, now, files)


def make_disk(out, files):
    """On a tree of tools/guest-root, with the settings in tests/vm/guest/etc."""
    tree, links = f'{CACHE}/guest/systemd', {}
    for folder, _, names in os.walk(f'{TOP}/tests/vm/guest/etc'):
        for path in (os.path.join(folder, name) for name in names):
            name = os.path.relpath(path, f'{TOP}/tests/vm/guest')
            if os.path.islink(path):
                links[name] = os.readlink(path)
            else:
                files[name] = path
    image, stamp = f'{out}/systemd.ext4', f'{out}/systemd.stamp'
    now = fingerprint(files, links, f'{TOP}/tools/guest_disk.py', f'{tree}.stamp')
    if not is_made(image, stamp, now):
        try:
            write_disk(image, tree, files, links)
        except subprocess.CalledProcessError as error:
            fail(f'{error.cmd[0]} failed with status {error.returncode}; is the disk full?')
        finish(image, stamp, now, files)


def finish(image, stamp, now, files):
    with open(stamp, 'w') as f:
        f.write(now)
    print(f'guest-image: {image}: {os.stat(image).st_blocks >> 11} MiB, {len(files)} files')


def main():
    parser = argparse.ArgumentParser(prog='guest-image', description=__doc__)
    parser.add_argument('kernel', choices=('stock', 'branch', 'debug', 'debug-i915'))
    parser.add_argument('--model', default=f'{CACHE}/build/model/dgpu-model',
                        help='device model that writes the stub firmware')
    parser.add_argument('--systemd', action='store_true', help='a disk with Debian\'s systemd, in place of an initramfs')
    args = parser.parse_args()

    kernel_dir = f'{CACHE}/kernel/{args.kernel}'
    if not os.path.exists(f'{kernel_dir}/bzImage'):
        fail(f"kernel '{args.kernel}' is not built: {kernel_dir}/bzImage is missing")
    if not os.access(args.model, os.X_OK):
        fail(f'the device model is not built: {args.model} is missing')
    out = f'{CACHE}/guest/{args.kernel}'
    os.makedirs(out, exist_ok=True)
    with open(f'{out}/lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        files = build_programs(kernel_dir, out)
        files.update(modules(kernel_dir))
        files[FIRMWARE] = firmware(args.model, out)
        (make_disk if args.systemd else make_initramfs)(out, files)


if __name__ == '__main__':
    main()
