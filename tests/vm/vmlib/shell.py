# SPDX-License-Identifier: GPL-2.0
"""A prompt in the guest, for people."""
import os
import select
import shutil
import sys
import termios
import tty

from . import scratch
from .case import Case, Context
from .deadline import Deadline
from .errors import CaseFailed, TimedOut
from .memory import swap_on_disk

LEAVE = b'\x1d'
A_WEEK = 7 * 24 * 3600
SCRIPT = """stty rows {rows} cols {cols} 2>/dev/null; cd /root; PS1='guest# ' exec sh -i"""


def interactive(kernel, driver, vram, model_binary):
    folder = scratch.make('vram-shell-')
    shape = Case('shell', '', None, shape={'vram': vram, 'disk': '4G', 'disk2': '1G'}, driver='' if driver == 'none' else driver)
    context = Context(shape, kernel, folder, Deadline(A_WEEK), model_binary)
    print(f'Booting the {kernel} kernel with a DG1 of {vram}, driver {driver} ...', flush=True)
    try:
        vm = context.vm
        swap_on_disk(vm)
        print('Sleep with "echo mem >/sys/power/state" or "echo disk >/sys/power/state"; the host wakes the guest.\n'
              'Test programs are in /tests: /tests/xe_vram_backup --run-subtest s3, or i915_lmem_backup.\n'
              'The card is 0000:00:05.0, /dev/vda is swap space, /dev/vdb is free for a store.\n'
              f'Its faults, from the host: socat - UNIX:{vm.model.control} (see model/README.md).\n'
              'Leave with Ctrl-] or "exit".\n', flush=True)
        size = shutil.get_terminal_size()
        job = vm.agent.start(SCRIPT.format(rows=size.lines, cols=size.columns), pty=True)
        return bridge(vm.agent, job)
    except CaseFailed as error:
        print(f'\n{error}', file=sys.stderr)
        if vm := context.machine_if_any():
            print(f'last words on the console:\n{vm.console.last_words()}', file=sys.stderr)
        return 1
    finally:
        context.stop()
        scratch.drop(folder)


def end_of_input(job):
    """Again and again: a program that the shell waits for may have taken the first one."""
    while True:
        job.send(b'\x04')
        try:
            return job.wait(10)
        except TimedOut:
            continue


def bridge(agent, job):
    """Copies between the terminal and the guest until the guest's shell or the user ends it."""
    def show(_job, data):
        os.write(sys.stdout.fileno(), data)
    terminal = sys.stdin.isatty()
    saved = termios.tcgetattr(sys.stdin) if terminal else None
    os.write(sys.stdout.fileno(), bytes(job.out))
    agent.on_output = show
    try:
        if terminal:
            tty.setraw(sys.stdin)
        while job.status is None and not agent.dead():
            if not select.select([sys.stdin], [], [], 0.2)[0]:
                continue
            data = os.read(sys.stdin.fileno(), 1024)
            if LEAVE in data:
                break
            if data:
                job.send(data)
            elif not terminal:
                end_of_input(job)
    finally:
        if saved:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)
    print('\nThe guest is switched off.')
    return 0
