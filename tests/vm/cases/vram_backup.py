# SPDX-License-Identifier: GPL-2.0
"""VRAM backup, asked for through debugfs, and the store it may use."""
import errno

from vmlib.case import case
from vmlib.faults import expect_fresh_work
from vmlib.hold import Hold
from vmlib.memory import fill_memory, free_memory, meminfo, swap_on_disk, vmstat
from vmlib.sleep import suspend, try_suspend
from vmlib.vram_backup import VramBackup, error_of, name

MIB = 1 << 20
KERNELS = ('branch', 'debug')
SIZE = 64 * MIB
PHASES = ('prepare', 'evict', 'save-late', 'save-early', 'restore-early', 'restore-late', 'complete')
BUSY = r'\*ERROR\* VRAM: the device is in use, or may not suspend at runtime'
NO_SUSPEND = r'VRAM cannot be saved, no suspend'


def of_each_driver(**options):
    """Declares a case for xe, and with _i915 behind its name for i915."""
    # What loses its content is overwritten each time, all of VRAM.
    options = {'kernels': KERNELS, 'vram': '256M', **options}

    def declare(function):
        case(driver='xe', **options)(function)
        case(f'{function.__name__}_i915', driver='i915-execlists', shows=f'i915: {function.__doc__}',
             **options)(function)
        return function
    return declare


def module(t):
    return t.case.driver.split('-', maxsplit=1)[0]


def start(t, size=SIZE):
    hold = Hold(t.vm, t.case.driver, size=size)
    return VramBackup(t.vm), hold, hold.fill()


def expect_errno(t, got, wanted, what):
    t.check(got == wanted, f'{what}: {name(got)}, expected {name(wanted)}')


def expect_idle(t, backup):
    """No session, and nothing is left of the last one."""
    state = backup.state()
    t.equal((state['phase'], state['kind']), ('idle', 'none'), 'phase and kind')
    for which in ('early', 'late', 'external'):
        lists = state[which]
        t.check(not lists['prepared'] and not lists['saved'] and not lists['failed'],
                f'{which} objects with a copy after a session: {lists}')


def expect_done(t, backup, filled):
    """The session that is over moved everything, and lost nothing on the way."""
    stats = backup.stats()
    t.check(stats['evicted_bytes'] >= filled['bytes'], f'only {stats["evicted_bytes"]} bytes were evicted')
    t.check(stats['saved'] and stats['saved'] == stats['restored'],
            f'{stats["saved"]} objects saved, {stats["restored"]} restored')
    for key in ('error', 'retries', 'failures', 'injected'):
        t.equal(stats[key], 0, key)
    t.check(stats['ram_peak'] >= stats['allocated'] > 0, f'memory: {stats}')
    # What was evicted stays in memory until somebody uses it.
    t.check(stats['ram'] <= stats['evicted_bytes'],
            f'copies take {stats["ram"]} bytes, {stats["evicted_bytes"]} evicted')
    idle = [phase for phase in PHASES if not stats[f'ns_{phase}']]
    t.check(not idle, f'phases that took no time: {idle}')
    expect_idle(t, backup)
    return stats


@of_each_driver(timeout=120)
def vram_backup_cycle(t):
    """A backup whose VRAM is poisoned in between brings back every byte, the blitter moving nearly all."""
    backup, hold, filled = start(t, 0)
    before = t.model.counters()
    expect_errno(t, backup.trigger('cycle'), 0, 'cycle')
    stats = expect_done(t, backup, filled)
    moved = t.model.counters()['bytes_from_vram'] - before['bytes_from_vram']
    t.check(moved >= filled['bytes'], f'the blitter moved {moved} bytes out of VRAM only')
    t.check(stats['blit_bytes'] > stats['cpu_bytes'] > 0, f'bytes by blitter and CPU: {stats}')
    hold.expect_intact(filled)
    t.note(f'{stats["evicted_bytes"] // MIB} MiB evicted, {stats["saved"]} objects saved, '
           f'{stats["cpu_bytes"] >> 10} KiB of them by the CPU')
    # And once more: what came back can go again.
    expect_errno(t, backup.trigger('cycle'), 0, 'second cycle')
    expect_done(t, backup, filled)
    hold.expect_intact(filled)


@case('control_vram_backup_cycle', driver='xe', kernels=KERNELS, timeout=120, must_fail='VRAM contents differ',
      shows='Negative control: a byte that changed beside a backup is found')
def control(t):
    backup, hold, filled = start(t)
    expect_errno(t, backup.trigger('cycle'), 0, 'cycle')
    hold.ask('spoil')
    hold.expect_intact(filled)


@of_each_driver(timeout=150)
def vram_backup_by_hand(t):
    """Backup and restore one by one; meanwhile nothing else begins, and whoever needs VRAM waits."""
    backup, hold, filled = start(t)
    gone = Hold(t.vm, t.case.driver, size=16 * MIB, seed=2)
    gone.fill()
    expect_errno(t, backup.trigger('restore'), errno.ENODATA, 'restore without a backup')
    expect_errno(t, backup.trigger('recover'), 0, 'recover without a backup')
    expect_idle(t, backup)
    expect_errno(t, backup.trigger('backup'), 0, 'backup')
    state = backup.state()
    t.equal((state['phase'], state['kind']), ('suspended', 'manual'), 'phase and kind of a backup')
    for which in ('early', 'late'):
        t.check(state[which]['saved'] and not state[which]['present'], f'{which} objects in a backup: {state[which]}')
    t.check(not any(o['state'] == 'present' for o in backup.objects()), 'an object was left out')
    for word in ('backup', 'cycle'):
        expect_errno(t, backup.trigger(word), errno.EBUSY, f'{word} during a backup')
    t.want(NO_SUSPEND)
    expect_errno(t, error_of(try_suspend(t.vm, 's3')), errno.EBUSY, 'suspend during a backup')
    expect_errno(t, error_of(try_suspend(t.vm, 'pm-test-devices', state='disk')), errno.EBUSY,
                 'hibernation during a backup')
    t.equal(backup.state()['kind'], 'manual', 'kind after all that')
    # One program waits for its contents (i915's can be read where they are), another one ends.
    hold.job.send('cpu\n')
    gone.job.send('quit\n')
    expect_errno(t, backup.trigger('restore'), 0, 'restore')
    found = hold.answer('cpu')
    t.equal((found['bytes'], found['mismatches'], found['errors']), (filled['bytes'], 0, 0),
            'bytes, mismatches and errors of a comparison begun during the backup')
    gone.job.wait(60)
    expect_idle(t, backup)
    t.equal(backup.stats()['error'], 0, 'error')
    hold.expect_intact(filled)
    expect_errno(t, backup.trigger('restore'), errno.ENODATA, 'second restore')
    suspend(t.vm, 's3')
    hold.expect_intact(filled)


@of_each_driver(timeout=120)
def vram_backup_bad_words(t):
    """Unknown words and users without rights are refused, and nothing changes."""
    backup, hold, filled = start(t, 16 * MIB)
    before = backup.stats(), backup.objects()
    for word in ('nonsense', '\n', ' ', 'cycles', 'cycle cycle', 'Cycle', 'restorerestore', 'x' * 15, 'x' * 16,
                 'x' * 5000, 'cycle' + ' ' * 5000):
        expect_errno(t, backup.trigger(word), errno.EINVAL, f'"{word[:20]}"')
    for word in ('nonsense', 'begin nonsense', 'x' * 5000):
        expect_errno(t, backup.write(f'{backup.dir}/fail/point', word), errno.EINVAL, f'point "{word[:20]}"')
    t.vm.sh('echo "nobody:x:65534:65534:nobody:/:/bin/sh" >>/etc/passwd')
    as_nobody = "su -s /bin/sh nobody -c '{}'"
    for word in ('cycle', 'backup', 'restore', 'recover', 'nonsense'):
        opened = t.vm.sh(as_nobody.format(f'echo {word} >{backup.dir}/trigger'), check=False)
        expect_errno(t, error_of(opened), errno.EACCES, f'opening the file for "{word}" as nobody')
        # Opened by root, and handed on.
        written = t.vm.sh(as_nobody.format(f'echo {word} >&3') + f' 3>{backup.dir}/trigger', check=False)
        expect_errno(t, error_of(written), errno.EPERM, f'"{word}" as nobody')
    for file in ('store', 'store_size'):
        result = t.vm.sh(as_nobody.format(f'echo none >{backup.device}/vram_backup/{file}'), check=False)
        expect_errno(t, error_of(result), errno.EACCES, f'writing {file} as nobody')
    t.equal((backup.stats(), backup.objects()), before, 'statistics and objects')
    expect_idle(t, backup)
    hold.expect_intact(filled)
    expect_errno(t, backup.trigger('cycle\n'), 0, 'cycle')
    hold.expect_intact(filled)


@case(driver='xe', disk='40M', timeout=150)
def vram_backup_image_too_large(t):
    """A hibernation whose image does not fit the swap space ends with an error, and every byte is there."""
    swap_on_disk(t.vm)
    hold = Hold(t.vm, 'xe', size=SIZE)
    filled = hold.fill()
    for _ in range(2):
        # Tasks run again before the driver hears of the failure: these jobs go on at once.
        hold.job.send('jobs\n' * 100)
        expect_errno(t, error_of(try_suspend(t.vm, 's4')), errno.ENOSPC, 'hibernation')
        errors = [hold.answer('jobs')['error'] for _ in range(100)]
        t.equal(set(errors), {0}, 'errors of jobs under way')
        hold.expect_intact(filled)
        filled = hold.fill()
    t.equal(t.vm.power_cycles, 0, 'power-offs')
    suspend(t.vm, 's3')
    hold.expect_intact(filled)


@case(driver='xe', kernels=KERNELS, timeout=150)
def vram_backup_no_runtime_suspend(t):
    """With power/control on a backup is refused, and everything stays as it was; later it works."""
    backup, hold, filled = start(t)
    t.keep_awake()
    t.want(BUSY)
    for word in ('cycle', 'backup'):
        expect_errno(t, backup.trigger(word), errno.EBUSY, word)
        expect_idle(t, backup)
        t.equal(backup.stats()['error'], -errno.EBUSY, 'error in the statistics')
        hold.expect_intact(filled)
    t.vm.sh(f'echo auto >{backup.device}/power/control')
    expect_errno(t, backup.trigger('cycle'), 0, 'cycle')
    hold.expect_intact(filled)


@of_each_driver(timeout=150)
def vram_backup_unload(t):
    """A driver that is unloaded in the middle of a backup lets go of it, and works when it comes back."""
    backup, hold, _ = start(t, 16 * MIB)
    expect_errno(t, backup.trigger('backup'), 0, 'backup')
    hold.job.kill(9)
    hold.job.wait(60)
    t.vm.sh(f'modprobe -r {module(t)}', 60)
    t.load(t.case.driver)
    expect_idle(t, backup)
    expect_fresh_work(t)
    expect_errno(t, backup.trigger('cycle'), 0, 'cycle')


@of_each_driver(timeout=120)
def vram_backup_verify(t):
    """With verify on each pinned object has a checksum of what was saved, and it is right afterwards."""
    backup, hold, filled = start(t)
    t.check(all(o['checksum'] == '-' for o in backup.objects()), 'checksums that nobody asked for')
    backup.verify(True)
    expect_errno(t, backup.trigger('cycle'), 0, 'cycle')
    expect_done(t, backup, filled)
    bare = [o for o in backup.objects() if o['bytes'] and o['state'] != 'empty' and o['checksum'] == '-']
    t.check(not bare, f'objects without a checksum: {bare}')
    hold.expect_intact(filled)
    suspend(t.vm, 's3')
    expect_done(t, backup, filled)
    hold.expect_intact(filled)
    backup.verify(False)
    expect_errno(t, backup.trigger('cycle'), 0, 'cycle')
    t.check(all(o['checksum'] == '-' for o in backup.objects()), 'checksums are still there')


@of_each_driver(timeout=60)
def vram_backup_of_nothing(t):
    """With no user's object in VRAM every kind of suspend has little to do, and does not stumble over that."""
    backup = VramBackup(t.vm)
    for how in ('cycle', 's3', 's4'):
        if how == 'cycle':
            expect_errno(t, backup.trigger('cycle'), 0, how)
        elif how == 's3':
            suspend(t.vm, 's3')
        else:
            expect_errno(t, error_of(try_suspend(t.vm, 'pm-test-devices', state='disk')), 0, how)
        stats = backup.stats()
        t.equal((stats['evicted'], stats['error']), (0, 0), f'{how}: objects evicted and error')
        t.equal(stats['saved'], stats['restored'], f'{how}: objects saved and restored')
        expect_idle(t, backup)
    expect_fresh_work(t)


def expect_told(t, events, failed):
    """The uevent about objects that could not be restored names the card and their number."""
    told = {}
    while 'VRAM_BACKUP_OBJECTS' not in told:
        line = events.next_line(20)
        t.check(line is not None, 'nobody listens to uevents any more')
        key, _, value = line.partition('=')
        told = {**(told if key != 'ACTION' else {}), key: value}
    events.kill()
    t.equal((told.get('ACTION'), told.get('VRAM_BACKUP'), told['VRAM_BACKUP_OBJECTS']),
            ('change', 'restore-failed', str(failed)), 'uevent')
    t.check('0000:00:05.0' in told.get('DEVPATH', ''), f'the uevent is about {told.get("DEVPATH")}')


@of_each_driver(timeout=150)
def vram_backup_recover(t):
    """What neither blitter nor CPU restores keeps its copy, and comes back when it is asked for."""
    t.want(r'VRAM: \d+ pinned objects could not be restored, their copies are kept')
    # Without its users' page tables the GPU may be given up, with its users' contents it may not.
    for pattern in (r'\*ERROR\* Nothing can be executed after a suspend',
                    r'\*ERROR\* CRITICAL: Xe has declared device',
                    r'\*ERROR\* VRAM: page tables or what engines need were not restored in time'):
        t.allow(pattern)
    for word in ('restore', 'recover'):
        backup, hold, filled = start(t)
        backup.arm(['restore-late-blit', 'restore-late-cpu'], -1)
        # They come through a socket, which the debug kernel has none of.
        events = t.vm.agent.start('exec uevent env') if t.kernel != 'debug' else None
        expect_errno(t, backup.trigger('cycle'), errno.EIO, 'cycle in which no restore succeeds')
        state, stats = backup.state(), backup.stats()
        t.equal(state['phase'], 'idle', 'phase')
        t.check(state['late']['failed'] and not state['late']['saved'], f'late objects: {state["late"]}')
        t.equal(stats['error'], -errno.EIO, 'error')
        t.check(stats['ram'] > 0, 'the copies are gone')
        if events:
            expect_told(t, events, state['late']['failed'] + state['external']['failed'])
        expect_errno(t, backup.trigger(word), errno.EIO, f'{word} that fails, too')
        t.equal(backup.state()['late']['failed'], state['late']['failed'], 'objects that have a copy only')
        backup.disarm()
        expect_errno(t, backup.trigger(word), 0, word)
        expect_idle(t, backup)
        found = hold.compare('cpu')
        t.equal((found['bytes'], found['mismatches'], found['errors']), (filled['bytes'], 0, 0),
                f'bytes, mismatches and errors after "{word}"')
        jobs = name(abs(hold.ask('jobs')['error']))
        t.note(f'{word}: jobs end with {jobs}')
        if module(t) == 'i915':
            # What users changed in page tables without content is lost: nothing runs before they are gone.
            t.equal(jobs, 'EIO', 'how jobs end on page tables that came back too late')
            suspend(t.vm, 's3')
            t.equal(name(abs(hold.ask('jobs')['error'])), 'EIO', 'how they end after a suspend')
            hold.quit()
            suspend(t.vm, 's3')
            expect_fresh_work(t)
        else:
            hold.quit()
        # A card that was given up is as good as new for a driver that is.
        t.vm.sh(f'modprobe -r {module(t)}')
        t.load(t.case.driver)
        expect_fresh_work(t)


@of_each_driver(disk='96M', timeout=150)
def vram_backup_store(t):
    """The store's files: what is refused leaves the store that was, and a backup uses it only when short of memory."""
    backup, hold, filled = start(t)
    t.allow(r'\*ERROR\* VRAM: .* cannot be the backup store')
    t.equal(backup.store(), ('none', 0, 0), 'store at first')
    t.vm.sh('mkfs.ext4 -q -F /dev/vda && mkdir -p /mnt && mount /dev/vda /mnt && : >/mnt/empty && '
            'fallocate -l 16M /mnt/small && mkdir /mnt/dir && ln -s small /mnt/link')

    def refuse_all(store):
        for path, error in (('/mnt/none', errno.ENOENT), ('/mnt/dir', errno.EISDIR), ('/mnt/empty', errno.EINVAL),
                            ('\n', errno.EINVAL), ('/dev/zero', errno.EINVAL), ('mnt/none', errno.ENOENT),
                            ('/mnt/small/x', errno.ENOTDIR), ('/dev/vda', errno.EBUSY),
                            ('/' + 'x' * 300, errno.ENAMETOOLONG)):
            expect_errno(t, backup.set_store(path), error, f'store "{path[:20]}"')
        for text in ('nonsense', '-1', '16Q', '1 M', 'M', '\n', ' '):
            expect_errno(t, backup.set_store_size(text), errno.EINVAL, f'store_size "{text}"')
        t.equal(backup.store(), store, 'store after all that was refused')

    refuse_all(('none', 0, 0))
    expect_errno(t, backup.set_store('/mnt/link'), 0, 'a file as the store')
    path, size, avail = backup.store()
    t.equal((path, size), ('/mnt/link', 0), 'store')
    t.check(15 * MIB < avail <= 16 * MIB, f'{avail} bytes are available')
    refuse_all((path, size, avail))
    expect_errno(t, backup.set_store_size('8M\n'), 0, 'store_size 8M')
    t.equal(backup.store(), (path, 8 * MIB, avail), 'store when the next one is to be smaller')
    expect_errno(t, backup.set_store('/mnt/empty\n'), 0, 'an empty file of a given size')
    path, size, smaller = backup.store()
    t.check(path == '/mnt/empty' and 7 * MIB < smaller <= 8 * MIB, f'{path}, {smaller} bytes')
    expect_errno(t, backup.trigger('backup'), 0, 'backup')
    expect_errno(t, backup.set_store('/mnt/small'), errno.EBUSY, 'another store during a backup')
    expect_errno(t, backup.set_store('none'), errno.EBUSY, 'no store during a backup')
    expect_errno(t, backup.trigger('restore'), 0, 'restore')
    t.equal(backup.stats()['plan_to'], 'ram', 'destination with memory for all of it')
    t.equal(backup.store()[0], '/mnt/empty', 'store after a backup')
    hold.expect_intact(filled)
    expect_errno(t, backup.set_store('none'), 0, 'no store')
    t.equal(backup.store()[0::2], ('none', 0), 'store at last')
    # Nothing holds the file system any more.
    t.vm.sh('umount /mnt')


@of_each_driver(disk='256M', ram='1G', timeout=200)
def vram_backup_short_of_memory(t):
    """With memory for half of VRAM the rest goes to the store; without one the suspend is refused."""
    backup, hold, filled = start(t, 160 * MIB)
    # 64 MiB are left to everybody else, and evicted objects pass through memory.
    fill_memory(t.vm, 64 * MIB + filled['bytes'] // 2)
    t.want(r'VRAM: no room for its content')
    t.want(NO_SUSPEND)
    expect_errno(t, error_of(try_suspend(t.vm, 's3')), errno.ENOSPC, 'suspend without a store')
    expect_errno(t, backup.trigger('cycle'), errno.ENOSPC, 'cycle without a store')
    t.equal(backup.stats()['evicted'], 0, 'objects evicted before a refusal')
    expect_idle(t, backup)
    hold.expect_intact(filled)
    expect_errno(t, backup.set_store('/dev/vda'), 0, 'store')
    avail = backup.store()[2]
    t.check(avail > 200 * MIB, f'{avail} bytes are available')
    for how in ('cycle', 's3'):
        if how == 'cycle':
            expect_errno(t, backup.trigger('cycle', 120), 0, 'cycle')
        else:
            suspend(t.vm, 's3')
        stats = backup.stats()
        t.equal(stats['plan_to'], 'store', 'destination')
        t.check(stats['store_bytes'] > filled['bytes'] * 9 // 10, f'{stats["store_bytes"]} bytes went to the store')
        t.check(stats['ram_peak'] < filled['bytes'] // 2, f'{stats["ram_peak"]} bytes of memory at the peak')
        t.note(f'{how}: {stats["store_bytes"] // MIB} MiB to the store, '
               f'at most {stats["ram_peak"] // MIB} MiB in memory')
        # The blitter works in VRAM: with its jobs contents come back there.
        found = hold.compare('blit')
        t.equal((found['mismatches'], found['errors']), (0, 0), 'mismatches and errors')
        hold.expect_intact(filled)
        t.equal(backup.store()[2], avail, 'bytes available when all is back')
    free_memory(t.vm)
    expect_errno(t, backup.set_store('none'), 0, 'no store')
    suspend(t.vm, 's3')
    hold.expect_intact(filled)


@of_each_driver(disk='256M', ram='1G', timeout=120)
def vram_backup_read_when_short(t):
    """A program that reads its contents with the CPU first when they are back from the store is not killed."""
    backup, hold, filled = start(t, 160 * MIB)
    expect_errno(t, backup.set_store('/dev/vda'), 0, 'store')
    fill_memory(t.vm, 64 * MIB + filled['bytes'] // 4)
    expect_errno(t, backup.trigger('cycle', 120), 0, 'cycle')
    t.equal(backup.stats()['plan_to'], 'store', 'destination')
    before = meminfo(t.vm, 'MemAvailable')
    hold.compare('cpu')
    taken = before - meminfo(t.vm, 'MemAvailable')
    hold.expect_intact(filled)
    t.note(f'{taken // MIB} MiB of memory taken by reading')
    t.check(taken < filled['bytes'] // 8, f'{taken} bytes of memory taken by contents that were in VRAM')
    t.equal(vmstat(t.vm)['oom_kill'], 0, 'processes killed')


@of_each_driver(timeout=150)
def vram_backup_unbind(t):
    """A driver that is unbound during a backup by hand lets go of whoever waits, and works when it is bound again."""
    backup, hold, _ = start(t)
    expect_errno(t, backup.trigger('backup'), 0, 'backup')
    # It waits for what is not there, until there is no device any more.
    hold.job.send('jobs\n')
    driver = f'/sys/bus/pci/drivers/{module(t)}'
    t.vm.sh(f'echo 0000:00:05.0 >{driver}/unbind', 60)
    hold.job.send('quit\n')
    hold.job.wait(60)
    t.vm.sh(f'echo 0000:00:05.0 >{driver}/bind', 60)
    expect_fresh_work(t)
    suspend(t.vm, 's3')
    expect_fresh_work(t)
