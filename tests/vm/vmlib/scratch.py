# SPDX-License-Identifier: GPL-2.0
"""Folders that are gone when the harness is."""
import os
import shutil
import tempfile

_folders = set()


def make(prefix, parent=None):
    folder = tempfile.mkdtemp(prefix=prefix, dir=parent)
    _folders.add(folder)
    return folder


def adopt(folder):
    """A folder of the caller's own naming."""
    os.makedirs(folder)
    _folders.add(folder)
    return folder


def drop(folder):
    shutil.rmtree(folder, ignore_errors=True)
    _folders.discard(folder)


def drop_all():
    for folder in list(_folders):
        drop(folder)
