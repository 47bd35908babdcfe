# SPDX-License-Identifier: GPL-2.0
"""As people sleep who have systemd: udev loads the driver, systemctl suspends, their session is frozen."""
from vmlib.case import DRIVERS, KNOWN, case
from vmlib.hold import Hold
from vmlib.memory import fill_memory, free_memory, swap_on_disk
from vmlib.systemd import manual_files, sleep, wait_running
from vmlib.vram_backup import SLOT, VramBackup

STORE = f'/var/lib/vram-backup/{SLOT}'
# What users start is in a slice that systemd freezes before it has the kernel sleep.
SESSION = 'systemd-run --quiet --scope --slice=user-1000.slice'


def expect_slept(t, verb):
    slept = sleep(t.vm, verb)
    t.check(slept.status == 0 and slept.service == 'success', f'{verb}: {slept.text()}')


def take_card(driver):
    """Options on the kernel's command line, for udev loads both modules: one of them asks for the card."""
    module, options = DRIVERS[driver]
    return ' '.join([f'{name}.force_probe=!4905' for name in ('xe', 'i915') if name != module] +
                    [f'{module}.{key}={value}' for key, value in options.items()])


def store_as_in_manual(t, module):
    """The manual's udev rule and service, in place before the driver binds."""
    files = manual_files()
    t.equal(len(files), 2, f'files for systemd in the manual ({", ".join(files)})')
    t.vm.sh(f'mkdir -p -m 700 /var/lib/vram-backup && fallocate -l 300M {STORE} && chmod 600 {STORE}')
    for path, text in files.items():
        t.vm.write(path, text.rstrip('\n'))
    t.vm.sh(f'udevadm control --reload && systemctl daemon-reload && cd /sys/bus/pci/drivers/{module} && echo {SLOT} >unbind && '
            f'echo {SLOT} >bind && udevadm settle')
    for _ in t.deadline.step(30, 'the service that the udev rule wants'):
        if t.vm.sh(f'systemctl is-active vram-backup-store@{SLOT}.service', check=False).ok:
            return


# As little memory as this: neither what is in VRAM fits, nor anything but the store.
LEFT = 120 << 20


def declare(driver):
    @case(f'systemd_{driver}', kernels=('branch', ), check=('branch', ) if driver == 'xe' else (), timeout=300,
          systemd=True, cmdline=take_card(driver), vram='256M', ram='512M', disk='1G',
          shows=f"{driver} under Debian's systemd: a refused suspend is told, then S3 and hibernation, VRAM going to "
          "the manual's store")
    def run(t):
        for pattern in KNOWN.get(DRIVERS[driver][0], ()):
            t.allow(pattern)
        wait_running(t.vm)
        t.equal(t.vm.out('ls /dev/dri | grep -c renderD'), '1', 'render nodes, udev having loaded the driver')
        hold = Hold(t.vm, driver, within=SESSION)
        filled = hold.fill()
        fill_memory(t.vm, LEFT)

        # What is pinned is less than a MiB, and told.
        t.want(r'VRAM: no room for its content: .* [1-9]\d* MiB pinned')
        t.want(r'VRAM cannot be saved')
        slept = sleep(t.vm, 'suspend')
        t.check(slept.service != 'success', f'no room, and yet: {slept.text()}')
        # The manual says what users see of it.
        t.equal((slept.status, slept.said), (0, ''), 'what systemctl itself said')
        said = t.vm.out('journalctl -o cat -u systemd-suspend.service')
        t.check('No space left on device' in said, f'the journal does not say why: {said}')
        t.equal(t.console().count('VRAM cannot be saved'), 2, 'attempts: S3, and suspend to idle in its place')
        t.equal(t.vm.events('SUSPEND'), 0, 'entries of S3')
        hold.expect_intact(filled)
        hold.quit()

        store_as_in_manual(t, DRIVERS[driver][0])
        backup = VramBackup(t.vm)
        t.equal(backup.store()[0], STORE, 'store')
        hold = Hold(t.vm, driver, within=SESSION)
        filled = hold.fill()
        expect_slept(t, 'suspend')
        t.equal(t.vm.events('SUSPEND'), 1, 'entries of S3')
        hold.expect_intact(filled)
        stats = backup.stats()
        t.equal(stats['store_bytes'], stats['evicted_bytes'], 'bytes that went to the store')
        free_memory(t.vm)
        swap_on_disk(t.vm, t.vm.shape.swap)
        expect_slept(t, 'hibernate')
        t.equal(t.vm.power_cycles, 1, 'times that the power was off')
        hold.expect_intact(filled)
        t.note(f'{filled["bytes"] >> 20} MiB of VRAM intact after S3, with {LEFT >> 20} MiB of memory left, and hibernation')


for card_driver in DRIVERS:
    declare(card_driver)
