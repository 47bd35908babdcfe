# SPDX-License-Identifier: GPL-2.0
"""A disk with a Debian system for the guest, made without mounting one. For guest-image.py."""
import os
import shutil
import subprocess
import tempfile

# Room for the files that a test makes. What is not written takes none on the host.
SIZE = '3G'


def write_disk(path, tree, files, links):
    """An ext4 file system of a tree with, on top of it, files {path there: path here} and links {path: target}."""
    with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as work:
        subprocess.run(['cp', '-a', '--reflink=auto', f'{tree}/.', work], check=True)
        for name, source in files.items():
            shutil.copy(source, made(work, name))
        for name, target in links.items():
            os.symlink(target, made(work, name))
        if os.path.exists(path + '.new'):
            os.unlink(path + '.new')
        subprocess.run(['mke2fs', '-q', '-t', 'ext4', '-d', work, path + '.new', SIZE], check=True)
    os.rename(path + '.new', path)


def made(work, name):
    """Where a file is to go, its folder being there."""
    path = os.path.join(work, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path
