# SPDX-License-Identifier: GPL-2.0
"""Each step of a VRAM backup fails once: the error is told, nothing is lost, and the card goes on working."""
import errno

from vmlib.case import case
from vmlib.faults import expect_fresh_work
from vmlib.hold import Hold
from vmlib.memory import fill_memory, free_memory, meminfo, swap_on_disk
from vmlib.sleep import suspend, try_suspend
from vmlib.vram_backup import VramBackup, error_of, name

MIB = 1 << 20
KERNELS = ('branch', 'debug')
SIZE = 32 * MIB
ENDLESS = -1

# Steps after which the suspend is refused, with what. What counts is the number of failures: a copy
# fails for good when the blitter's fails and the CPU's, too.
REFUSED = [
    (('begin', ), 1, errno.EIO),
    (('gate', ), 1, errno.EBUSY),
    (('preflight', ), 1, errno.ENOSPC),
    (('prepare-early', ), 1, errno.ENOMEM),
    (('prepare-late', ), 1, errno.ENOMEM),
    (('evict-idle', ), 1, errno.EBUSY),
    (('evict-space', ), 1, errno.ENOSPC),
    (('evict-populate', ), 1, errno.ENOMEM),
    (('evict-unbind', ), 1, errno.EIO),
    (('evict-fence', ), 1, errno.ENOMEM),
    (('evict-stop', ), 1, errno.EBUSY),
    (('evict-wait', 'evict-cpu'), 2, errno.EIO),
    (('evict-blit', 'evict-cpu'), ENDLESS, errno.EIO),
    (('pxp', ), 1, errno.EIO),
    (('save-late-wait', 'save-late-cpu'), 2, errno.EIO),
    (('save-late-blit', 'save-late-cpu'), ENDLESS, errno.EIO),
    (('gt-stop', ), 1, errno.EIO),
    (('save-early-cpu', ), 1, errno.EIO),
    (('gt-suspend', ), 1, errno.EIO),
    (('suspended', ), 1, errno.EIO),
    (('irq', ), 1, errno.EIO),
]
STORE = [
    (('store-assign', ), 1, errno.EIO),
    (('store-write', ), 1, errno.ENOSPC),
    (('store-sync', ), 1, errno.EIO),
]
# Steps that somebody else does in place of the one that failed.
REPAIRED = ['evict-blit', 'evict-wait', 'save-late-blit', 'save-late-wait', 'restore-late-blit', 'restore-late-wait']
# The same, of those that are there only when checksums are asked for.
VERIFIED = ['evict-verify', 'restore-verify']
# The copy stays, and the end of the session is another chance.
TRIED_AGAIN = [(('restore-late-wait', 'restore-late-cpu'), 2)]
# The GT is given up. The first is xe's only.
FATAL = ['pcode', 'restore-early-cpu', 'gt-resume', 'restore-lost']
# It takes a driver that pins another one's VRAM to come by these; no guest here has one. KUnit does.
EXTERNAL = ['prepare-external', *(f'{way}-external-{step}' for way in ('save', 'restore')
                                  for step in ('blit', 'wait', 'cpu'))]
# A suspend at run time has no such step that could fail, and i915 has none at all.
NOT_IN_CYCLE = ('pxp', 'irq')
NOT_IN = {'xe': (), 'i915-execlists': NOT_IN_CYCLE, 'i915-guc': NOT_IN_CYCLE}

SAID = (r'VRAM cannot be saved, no suspend', r'\*ERROR\* Device suspend failed',
        r'\*ERROR\* VRAM: the device is in use, or may not suspend')
LOST = r'VRAM: power was lost in the middle of a restore'
GIVEN_UP = {
    'xe': (r'\*ERROR\* Nothing can be executed after a suspend', r'\*ERROR\* Device resume failed',
           r'\*ERROR\* CRITICAL: Xe has declared device .* as wedged', r'Timedout job', LOST),
    'i915-execlists': (r'Failed to re-initialize GPU\[0\], declaring it wedged!',
                       r'VRAM: \d+ pinned objects could not be restored', LOST),
}
# How jobs end then.
NO_JOBS = {'xe': errno.ECANCELED, 'i915-execlists': errno.EIO}


class Sweep:
    def __init__(self, t, how):
        self.t = t
        self.how = how
        self.backup = VramBackup(t.vm)
        self.hold = None
        self.seen = {}
        for pattern in SAID:
            t.allow(pattern)
        self.fill()

    def pinned_late(self):
        """Contexts and page tables of users are among these."""
        return sum(found['list'] == 'late' for found in self.backup.objects())

    def falls_to(self, pinned):
        """Within some seconds: drivers have workers tear down what was closed."""
        for _ in range(50):
            if self.pinned_late() <= pinned:
                return True
            self.t.vm.sh('sleep 0.2')
        return False

    def fill(self):
        self.hold = Hold(self.t.vm, self.t.case.driver, size=SIZE)
        self.filled = self.hold.fill()

    def once(self):
        """One suspend. The errno that it was refused with."""
        if self.how == 'cycle':
            return self.backup.trigger('cycle')
        if self.how == 's4':
            return error_of(try_suspend(self.t.vm, 'pm-test-devices', 60, state='disk'))
        return error_of(try_suspend(self.t.vm, self.how, 60))

    def expect(self, truth, points, what):
        self.t.check(truth, f'{" ".join(points)}: {what}')

    def compare(self, points):
        found = self.hold.compare('cpu')
        self.expect(not found['mismatches'] and not found['errors'] and found['bytes'] == self.filled['bytes'],
                    points, f'{found["mismatches"]} of {self.filled["bytes"]} bytes differ: {found["said"]}')

    def work(self, points):
        """A job has its address space's contents come back to VRAM, where the CPU leaves them where they are."""
        jobs = self.hold.ask('jobs')
        self.expect(not jobs['error'], points, f'a job failed with errno {jobs["error"]}')
        self.hold.use()

    def inject(self, points, times, wanted):
        """One suspend with failures; the statistics after it."""
        self.work(points)
        self.backup.arm(points, times)
        got = self.once()
        fired, stats, state = self.backup.fired(), self.backup.stats(), self.backup.state()
        self.backup.disarm()
        self.expect(set(fired) == set(points), points, f'those that failed are {fired}')
        self.expect(got == wanted, points, f'{name(got)}, expected {name(wanted)}')
        # A session that was refused begins no statistics of its own.
        if points != ('begin', ):
            self.expect(stats['injected'] == sum(fired.values()), points,
                        f'{stats["injected"]} injected, {fired} fired')
        self.expect((state['phase'], state['kind']) == ('idle', 'none'), points, f'afterwards {state}')
        for which in ('early', 'late', 'external'):
            self.expect(not any(state[which][key] for key in ('prepared', 'saved', 'failed')), points,
                        f'{which} objects afterwards: {state[which]}')
        self.seen.update(fired)
        return stats

    def afterwards(self, points):
        """Nothing is lost, the card works, and so does the next suspend."""
        self.compare(points)
        self.work(points)
        suspend(self.t.vm, 's3', 60)
        stats = self.backup.stats()
        self.expect(not stats['error'] and stats['saved'] == stats['restored'], points, f'the next S3: {stats}')
        self.compare(points)

    def refused(self, points, times, error):
        self.inject(points, times, error)
        self.afterwards(points)

    def repaired(self, point):
        stats = self.inject((point, ), 1, 0)
        self.expect(stats['retries'] == 1 and not stats['failures'] and not stats['error'], (point, ), f'{stats}')
        self.expect(stats['saved'] == stats['restored'], (point, ), f'{stats}')
        self.afterwards((point, ))

    def tried_again(self, points, times):
        stats = self.inject(points, times, 0)
        self.expect(stats['failures'] == 1 and not stats['error'], points, f'{stats}')
        self.afterwards(points)

    def steps(self, without=()):
        for points, times, error in REFUSED:
            if not set(points) & set(without):
                self.refused(points, times, error)
        for point in REPAIRED:
            self.repaired(point)
        self.backup.verify(True)
        for point in VERIFIED:
            self.repaired(point)
        self.backup.verify(False)
        for points, times in TRIED_AGAIN:
            self.tried_again(points, times)

    def store(self, short):
        """Steps that there are only with a store, and but for hibernation when memory is short."""
        if short:
            # With all contents in VRAM: what is left besides 64 MiB for everybody is not enough for them.
            self.work(('no step', ))
            fill_memory(self.t.vm, 64 * MIB + SIZE // 4)
        self.t.equal(self.backup.set_store('/dev/vda'), 0, 'setting a store')
        for points, times, error in STORE:
            self.inject(points, times, error)
            # Jobs before comparing: what is in system memory then is no more than there was.
            self.t.equal(self.hold.compare('blit')['mismatches'], 0, f'{points[0]}: bytes that differ')
            self.afterwards(points)
        if short:
            free_memory(self.t.vm)
        self.t.equal(self.backup.set_store('none'), 0, 'setting no store')

    def complete(self, without):
        """There is no step that this knows nothing about."""
        left = set(self.backup.points()) - set(self.seen) - set(EXTERNAL) - set(FATAL) - set(without)
        self.t.check(not left, f'steps that never failed: {sorted(left)}')
        self.t.check(not set(self.seen) & set(without), f'steps that were not to be there: {sorted(self.seen)}')
        self.t.note(f'{len(self.seen)} points fired, {len(EXTERNAL)} for pinned objects of users are not come by')


SHAPE = {'kernels': KERNELS, 'ram': '512M', 'vram': '256M', 'timeout': 300}
WELL = 'nothing is lost, it is told, and the next S3 succeeds'


def regular(driver, how):
    """How i915 submits work makes no difference to the session, and by hand it is the same as for S3."""
    return () if driver == 'i915-guc' or (driver, how) == ('i915-execlists', 'cycle') else ('branch',)


def sweep_s3(driver):
    @case(f'sweep_{driver}_s3', driver=driver, disk='128M', **SHAPE, check=regular(driver, 's3'),
          shows=f'{driver}: whatever step of a backup for S3 fails, {WELL}')
    def run(t):
        sweep = Sweep(t, 's3')
        sweep.steps(NOT_IN[driver])
        sweep.store(short=True)
        sweep.complete(NOT_IN[driver])


def sweep_cycle(driver):
    @case(f'sweep_{driver}_cycle', driver=driver, disk='128M', **SHAPE, check=regular(driver, 'cycle'),
          shows=f'{driver}: whatever step of a backup by hand fails, {WELL}')
    def run(t):
        sweep = Sweep(t, 'cycle')
        sweep.steps(NOT_IN_CYCLE)
        sweep.store(short=True)
        sweep.complete(NOT_IN_CYCLE)


def sweep_s4(driver):
    @case(f'sweep_{driver}_s4', driver=driver, disk='1G', **SHAPE, check=regular(driver, 's4'),
          shows=f'{driver}: whatever step of a backup for hibernation fails, {WELL}. All but the last '
          'without the image; what fails after the power was off is tried with it')
    def run(t):
        sweep = Sweep(t, 's4')
        sweep.steps(NOT_IN[driver])
        sweep.store(short=False)
        sweep.complete(NOT_IN[driver])
        swap_on_disk(t.vm)
        for points, times in (*TRIED_AGAIN, *(((point, ), 1) for point in REPAIRED if point.startswith('restore'))):
            # In the image they are armed still, whatever happens to the kernel that writes it.
            sweep.work(points)
            sweep.backup.arm(points, times)
            suspend(t.vm, 's4')
            fired = sweep.backup.fired()
            sweep.expect(set(fired) == set(points), points, f'those that failed after hibernation are {fired}')
            sweep.backup.disarm()
            sweep.afterwards(points)


def given_up(driver, how):
    @case(f'sweep_{driver}_given_up_{how}', driver=driver, kernels=KERNELS, vram='256M', timeout=200,
          shows=f'{driver}: when a GT does not come back after {how} it is told, and all content can be read, '
          'also later')
    def run(t):
        sweep = Sweep(t, how)
        for pattern in GIVEN_UP[driver]:
            t.allow(pattern)
        t.want(GIVEN_UP[driver][0])
        for point in [point for point in FATAL if point in sweep.backup.points()]:
            sweep.backup.arm((point, ))
            got = sweep.once()
            fired = sweep.backup.fired()
            sweep.expect(fired == {point: 1}, (point, ), f'those that failed are {fired}')
            # The PM core has no use for an error of a resume.
            sweep.expect(got == 0 or how == 'cycle', (point, ), f'the suspend ended with {name(got)}')
            sweep.compare((point, ))
            jobs = sweep.hold.ask('jobs')
            sweep.expect(abs(jobs['error']) == NO_JOBS[driver], (point, ), f'a job ended with {jobs["error"]}')
            t.note(f'{point}: {name(got)}')
            sweep.backup.disarm()
            # A suspend of a card that was given up keeps its content, or is refused.
            sweep.once()
            sweep.compare((point, ))
            pinned = sweep.pinned_late()
            sweep.hold.quit()
            # i915's own are on that list, too.
            sweep.expect(sweep.falls_to(0 if driver == 'xe' else pinned - 1), (point, ),
                         f'of {pinned} contexts and page tables {sweep.pinned_late()} outlive their users')
            module = driver.split('-', maxsplit=1)[0]
            t.vm.sh(f'modprobe -r {module}', 60)
            t.load(driver)
            expect_fresh_work(t)
            sweep.fill()


def given_up_store(driver):
    @case(f'sweep_{driver}_given_up_store', driver=driver, **SHAPE, disk='128M',
          shows=f'{driver}: when a GT does not come back all content can be read that went to the store')
    def run(t):
        sweep = Sweep(t, 's3')
        for pattern in GIVEN_UP[driver]:
            t.allow(pattern)
        t.want(GIVEN_UP[driver][0])
        fill_memory(t.vm, 64 * MIB + SIZE // 4)
        t.equal(sweep.backup.set_store('/dev/vda'), 0, 'setting a store')
        sweep.backup.arm(('gt-resume', ))
        suspend(t.vm, 's3', 60)
        t.equal(sweep.backup.fired(), {'gt-resume': 1}, 'steps that failed')
        sweep.backup.disarm()
        stored = sweep.backup.stats()['store_bytes']
        t.check(stored >= SIZE, f'{stored} bytes went to the store, expected {SIZE}')
        before = meminfo(t.vm, 'MemAvailable')
        for _ in range(2):
            sweep.compare(('gt-resume', ))
        # The CPU has it back in VRAM.
        taken = before - meminfo(t.vm, 'MemAvailable')
        t.check(taken < SIZE // 4, f'{taken} bytes of memory taken by contents that were in VRAM')
        t.check(sweep.hold.ask('jobs')['error'], 'a job of a card that was given up has succeeded')


@case(driver='xe', **SHAPE)
def sweep_xe_never_wedged(t):
    """xe: where devices are never wedged the next suspend brings back a GT that has not come back."""
    sweep = Sweep(t, 's3')
    for pattern in GIVEN_UP['xe']:
        t.allow(pattern)
    t.vm.sh(f'echo 0 >{sweep.backup.dir}/../wedged_mode')
    sweep.backup.arm(('gt-resume', ))
    sweep.once()
    sweep.expect(sweep.backup.fired() == {'gt-resume': 1}, ('gt-resume', ), 'it has not failed')
    sweep.backup.disarm()
    sweep.compare(('gt-resume', ))
    jobs = sweep.hold.ask('jobs')
    t.equal(abs(jobs['error']), errno.ECANCELED, 'error of a job without a GT')
    t.equal(sweep.once(), 0, 'error of the next suspend')
    sweep.afterwards(('gt-resume', ))


@case(driver='xe', **SHAPE, disk='128M')
def sweep_xe_given_up_full(t):
    """xe: with a card that was given up, content in the store is not read at the expense of what is in VRAM."""
    sweep = Sweep(t, 's3')
    for pattern in (*GIVEN_UP['xe'], r'Engine reset: engine_class=', r'WARNING: .* at guc_exec_queue_timedout_job\+'):
        t.allow(pattern)
    t.want(GIVEN_UP['xe'][2])
    fill_memory(t.vm, 64 * MIB + SIZE // 4)
    t.equal(sweep.backup.set_store('/dev/vda'), 0, 'setting a store')
    sweep.once()
    t.check(sweep.backup.stats()['store_bytes'] >= SIZE, 'not all went to the store')
    free_memory(t.vm)
    other = Hold(t.vm, 'xe', percent=90, seed=2)
    filled = other.fill()
    # The first job that fails is the end of the card.
    t.vm.sh(f'echo 2 >{sweep.backup.dir}/../wedged_mode')
    t.model.fault('blit-fail 1 all')
    t.check(other.compare('blit')['errors'], 'no blit has failed')
    t.model.fault('blit-fail 0')
    sweep.compare(('wedged', ))
    found = other.compare('cpu')
    t.equal((found['bytes'], found['mismatches'], found['errors']), (filled['bytes'], 0, 0), 'what was in VRAM')


for card_driver in NOT_IN:
    for sweep_kind in (sweep_s3, sweep_cycle, sweep_s4):
        sweep_kind(card_driver)
for card_driver in GIVEN_UP:
    for kind in ('s3', 'cycle'):
        given_up(card_driver, kind)
    given_up_store(card_driver)
