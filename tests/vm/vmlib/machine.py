# SPDX-License-Identifier: GPL-2.0
"""A virtual machine: QEMU, its cards, its console and its command channel."""
import json
import os
import subprocess
import threading
import time
from dataclasses import dataclass

from . import config, scratch
from .agent import Agent
from .console import Console
from .errors import CaseFailed, GuestDied
from .lines import connect
from .model import Model
from .process import processes
from .qmp import Qmp
from .waker import Waker

# Stalls that only mean a loaded host are not to be taken for defects of the kernel.
CMDLINE = ('console=ttyS0 loglevel=7 panic=-1 oops=panic nowatchdog rcupdate.rcu_cpu_stall_timeout=300 '
           'suspend.pm_test_delay=1 hibernate.pm_test_delay=0 no_console_suspend no_hash_pointers printk.devkmsg=on '
           'printk.time=1 log_buf_len=8M hibernate=nocompress')

# With five-level page tables KASAN takes an interrupt within identify_cpu() for a wild access:
# for that moment the kernel does not know how deep its tables are.
# An iteration of a string instruction costs as much for a byte as for eight, and counts as an
# instruction: no kernel is to move single bytes.
CPU = 'max,la57=off,erms=off,fsrm=off'


@dataclass(frozen=True)
class Shape:
    """What a machine is made of."""
    kernel: str = 'stock'
    vram: str = '512M'
    # What of it the CPU reaches: all.
    bar: str = ''
    ram: str = '2G'
    disk: str = ''
    # A second disk, for what the first has no room for.
    disk2: str = ''
    cards: int = 1
    # One, where a guest goes to S3: when QEMU's firmware wakes up it starts the other processors
    # and does not wait for them, so that the kernel may find one neither stopped nor started.
    cpus: int = 1
    cmdline: str = ''
    # Time goes by instructions: one is one nanosecond. Needs one CPU, and no card.
    icount: bool = False
    # Debian's systemd from a disk before the others, in place of the small system in memory.
    systemd: bool = False

    @property
    def swap(self):
        """The first disk that is free: where an image is looked for."""
        return '/dev/vdb' if self.systemd else '/dev/vda'


class Machine:
    def __init__(self, shape, folder, deadline, model_binary=config.DEFAULT_MODEL):
        self.shape = shape
        self.folder = folder
        self.deadline = deadline
        self.power_cycles = 0
        self._events = []
        self._seen = threading.Condition()
        self._stopping = False
        self._qemu = self._qmp = None
        self.models = []
        # A socket's path may have 107 characters only, a cache folder's may have more.
        self._sockets = scratch.make('vram-vm-')
        self.agent = Agent(deadline)
        self.console = Console(f'{folder}/console.log')
        self._disks = self._make_disks()
        self.waker = Waker(self, Console(f'{folder}/console.log'))
        try:
            for index in range(shape.cards):
                self.models.append(Model(model_binary, folder, self._sockets, index, shape.vram, deadline,
                                         ('--bar', shape.bar) if shape.bar else ()))
            self._power_on()
            self._guard = threading.Thread(target=self._watch, daemon=True)
            self._guard.start()
            self.agent.wait_hello(90)
        except BaseException:
            self.stop()
            raise

    @property
    def model(self):
        return self.models[0]

    # Commands in the guest

    def sh(self, script, seconds=60, check=True):
        return self.agent.run(script, seconds, check)

    def out(self, script, seconds=60):
        return self.sh(script, seconds).out.strip()

    def write(self, path, text):
        self.sh(f"cat >{path} <<'END'\n{text}\nEND")

    # Power

    def command(self, name, **arguments):
        """To QEMU's monitor. Nothing happens when QEMU is just not running."""
        qmp = self._qmp
        return qmp.command(name, **arguments) if qmp else None

    def cards_powered_down(self):
        return all(model.powered_down() for model in self.models)

    def wait_event(self, name, count=1, seconds=60):
        for left in self.deadline.step(seconds, f'event {name} of QEMU'):
            with self._seen:
                if self._events.count(name) >= count:
                    return
                self._seen.wait(left)

    def events(self, name):
        with self._seen:
            return self._events.count(name)

    def stop(self):
        self._stopping = True
        self.waker.stop()
        self.agent.guest_is_gone('the machine was stopped')
        if self._qmp:
            self._qmp.close()
        if self._qemu:
            processes.stop(self._qemu)
        self.agent.detach()
        for model in self.models:
            model.stop()
        scratch.drop(self._sockets)
        for disk in self._disks:
            os.unlink(disk)
        self._disks = []

    # Inside

    def _make_disks(self):
        paths = []
        if self.shape.systemd:
            paths.append(f'{self.folder}/systemd.ext4')
            subprocess.run(['cp', '--sparse=always', config.systemd_disk(self.shape.kernel), paths[0]], check=True)
        for size in filter(None, (self.shape.disk, self.shape.disk2)):
            paths.append(f'{self.folder}/disk{len(paths)}.raw')
            with open(paths[-1], 'wb') as f:
                f.truncate(config.size(size))
        return paths

    def _argv(self):
        s = self.shape
        cmdline = CMDLINE
        if s.icount:
            cmdline += ' tsc_early_khz=1000000 tsc=reliable'
        elif tsc := config.host_tsc_khz():
            cmdline += f' tsc_early_khz={tsc}'
        if s.disk:
            cmdline += f' resume={s.swap}'
        system = ['-kernel', config.kernel_image(s.kernel)]
        if s.systemd:
            cmdline += ' root=/dev/vda rw'
        else:
            system += ['-initrd', config.initramfs(s.kernel)]
        clock = ['-accel', 'tcg,thread=single', '-icount', 'shift=0'] if s.icount else ['-accel', 'tcg,thread=multi']
        argv = [config.QEMU, *clock, '-cpu', CPU, '-smp', str(s.cpus), '-m', s.ram,
                '-object', f'memory-backend-memfd,id=ram,size={s.ram},share=on',
                '-machine', 'pc,memory-backend=ram,hpet=off', '-nodefaults', '-no-user-config',
                '-display', 'none', '-no-reboot',
                '-global', 'PIIX4_PM.disable_s3=0', '-global', 'PIIX4_PM.disable_s4=0',
                *system, '-append', f'{cmdline} {s.cmdline}'.strip(),
                '-chardev', f'file,id=console,path={self.console.path},append=on', '-serial', 'chardev:console',
                '-chardev', f'socket,id=agent,path={self._sockets}/agent.sock,server=on,wait=off',
                '-serial', 'chardev:agent',
                '-qmp', f'unix:{self._sockets}/qmp.sock,server=on,wait=off']
        for disk in self._disks:
            argv += ['-drive', f'file={disk},if=virtio,format=raw,cache=unsafe']
        for slot, model in enumerate(self.models, 5):
            argv += ['-device', json.dumps({'driver': 'vfio-user-pci', 'addr': f'{slot:02x}.0',
                                            'socket': {'type': 'unix', 'path': model.socket}})]
        return argv

    def _power_on(self):
        for name in ('agent.sock', 'qmp.sock'):
            if os.path.exists(f'{self._sockets}/{name}'):
                os.unlink(f'{self._sockets}/{name}')
        self._qemu = processes.start(self._argv(), f'{self.folder}/qemu.log', self.folder)
        alive = self._qemu_runs
        self._qmp = Qmp(f'{self._sockets}/qmp.sock', f'{self.folder}/qmp.log', self._on_event, self.deadline, alive)
        self.agent.attach(connect(f'{self._sockets}/agent.sock', self.deadline, alive, 'QEMU'))

    def _qemu_runs(self):
        return self._qemu.poll() is None

    def _on_event(self, name, _data):
        with self._seen:
            self._events.append(name)
            self._seen.notify_all()
        self.waker.on_event(name)

    def _watch(self):
        """QEMU's end is either the power-off of a hibernation, or the end of the guest."""
        while True:
            self._qemu.wait()
            processes.stop(self._qemu)
            self._qmp.wait_closed()
            if self._stopping:
                return
            if not self._hibernated():
                break
            try:
                self._restart()
            except (GuestDied, CaseFailed) as error:
                if not self._stopping:
                    self.agent.guest_is_gone(f'the machine did not start again: {error}')
                return
        self.agent.guest_is_gone(f'the guest ended; its last words:\n{self.console.last_words()}')

    def _hibernated(self):
        with self._seen:
            return bool(self._disks) and 'SUSPEND_DISK' in self._events[-3:]

    def _restart(self):
        self._qmp.close()
        self.agent.detach()
        with self._seen:
            self._events.append('POWER_CYCLE')
            self._seen.notify_all()
        self.power_cycles += 1
        # The cards must have seen the end of the old QEMU, which is their loss of power.
        for _ in self.deadline.step(20, 'the cards to lose their power'):
            if not any(model.has_client() for model in self.models):
                break
            time.sleep(0.05)
        self._power_on()
