# SPDX-License-Identifier: GPL-2.0
"""Declaring cases, and what a running case has in its hands."""
import importlib
import os
import re
from dataclasses import dataclass, field

from . import kernlog, sleep
from .config import KERNELS
from .defects import COMPARED, present
from .errors import CaseFailed, CaseSkipped
from .hold import Hold
from .machine import Machine, Shape

DRIVERS = {
    'xe': ('xe', {'force_probe': '4905', 'huc_firmware_path': '""'}),
    'i915-execlists': ('i915', {'force_probe': '4905', 'enable_guc': '0', 'disable_display': '1',
                                'huc_firmware_path': '""'}),
    'i915-guc': ('i915', {'force_probe': '4905', 'enable_guc': '1', 'disable_display': '1',
                          'huc_firmware_path': '""'}),
}
# Messages of the drivers that no case here is about.
KNOWN = {
    # With its last request i915 hands back a display power domain, 100 ms later
    # (__gt_park(), intel_display_power_put_async()). Without a display a suspend within these
    # 100 ms does not wait for it. The scanner sees to it that no more than this one is held.
    'i915': [r'WARNING: .* at intel_runtime_pm_driver_release\+', r'i915 raw-wakerefs=1 wakelocks=0 on cleanup',
             # i915_gem_gtt_prepare_pages() maps with attributes that _finish_pages() does not name; one such
             # report and the debugging of DMA is over.
             r'DMA-API: i915 .*device driver frees DMA memory with different attributes',
             r'WARNING: .* at check_unmap\+'],
}
# That a suspend took more than ten seconds says something about the host.
SLOW = (r'WARNING: .* at suspend_test_finish\+', )
_registry = {}


@dataclass
class Case:
    name: str
    shows: str
    function: object
    kernels: tuple = KERNELS
    shape: dict = field(default_factory=dict)
    driver: str = ''
    options: dict = field(default_factory=dict)
    timeout: int = 180
    expect: tuple = ()
    check: tuple = ('branch',)
    must_fail: str = ''
    alone: bool = False
    defects: tuple = ()

    @property
    def spins(self):
        """Whether it has several processors."""
        return self.shape.get('cpus', 1) > 1

    @property
    def systemd(self):
        """Whether its machine boots Debian's systemd."""
        return self.shape.get('systemd', False)

    @property
    def i915(self):
        """Whether it needs that driver."""
        return 'i915' in self.driver or 'i915' in self.name

    @property
    def summary(self):
        return ' '.join(self.shows.split()).split('. ')[0].rstrip('.')


def case(name=None, *, shows=None, kernels=KERNELS, driver='', options=None, timeout=180, expect=(), check=None,
         must_fail='', alone=False, defect=(), **shape):
    """Declare a case. Words that are not parameters describe the machine, see machine.Shape.

    shows: what it shows, where one function serves several cases (default: its docstring).
    expect: patterns of kernel messages that are no failure here.
    check: the kernels that the regular set runs it on (default: branch, with a defect stock too); the complete
           set runs it on any.
    must_fail: a negative control; the case passes when it fails with this text.
    alone: whether nothing else may run beside it, since it depends on the machine's time. No other case runs
           beside a guest with several processors, whose spinning ones take the time of those that they wait for.
    defect: the id of the defect that it is about, or several; the case tells with showed() whether it is there.
    """
    defects = (defect, ) if isinstance(defect, str) else tuple(defect)
    if check is None:
        check = COMPARED if defects else ('branch', )

    def declare(function):
        if not (shows or function.__doc__):
            raise ValueError(f'case {function.__name__} does not say what it shows')
        Shape(**shape)
        made = Case(name or function.__name__, shows or function.__doc__, function, tuple(kernels), shape, driver,
                    options or {}, timeout, tuple(expect),
                    tuple(check), must_fail, alone, defects)
        if made.name in _registry:
            raise ValueError(f'two cases are called {made.name}')
        _registry[made.name] = made
        return function
    return declare


def load_cases(folder):
    """All cases, in the order of their files' names and of their lines there."""
    for name in sorted(os.listdir(folder)):
        if name.endswith('.py') and not name.startswith('_'):
            importlib.import_module(f'cases.{name[:-3]}')
    return dict(_registry)


@dataclass
class Found:
    """What became of VRAM contents over one sleep."""
    hold: object
    filled: dict
    suspend: object
    cpu: dict
    blit: dict

    @property
    def mismatches(self):
        return max(self.cpu['mismatches'], self.blit['mismatches'])

    @property
    def errors(self):
        return max(self.cpu['errors'], self.blit['errors'])

    def summary(self):
        slept = 'slept' if self.suspend.ok else f'refused to sleep ({self.suspend.text()})'
        return f'{slept}; {self.mismatches} of {self.filled["bytes"]} bytes differ, {self.errors} objects unreadable'


class Context:
    """What a case gets: a machine that boots when first asked for, and checks."""

    def __init__(self, case_, kernel, folder, deadline, model_binary):
        self.case = case_
        self.kernel = kernel
        self.folder = folder
        self.deadline = deadline
        self.notes = []
        self.shown = {}
        self._model_binary = model_binary
        self._expected = [*case_.expect, *SLOW, *KNOWN.get(case_.driver.split('-')[0], ())]
        self._wanted = []
        self._guest_lost = False
        self._vm = None

    @property
    def vm(self):
        """The machine, with the case's driver bound."""
        if self._vm is None:
            shape = Shape(kernel=self.kernel, **self.case.shape)
            self._vm = Machine(shape, self.folder, self.deadline, self._model_binary)
            if self.case.driver:
                self.load(self.case.driver, **self.case.options)
        return self._vm

    @property
    def model(self):
        return self.vm.model

    def try_load(self, driver, **more):
        """Load a driver's module. The number of render nodes, one for each card that was bound."""
        module, options = DRIVERS[driver]
        words = ' '.join(f'{key}={value}' for key, value in {**options, **more}.items() if value is not None)
        self.vm.write('/etc/modprobe.d/card.conf', f'options {module} {words}')
        self.vm.sh(f'modprobe {module}', 120)
        return int(self.vm.out('ls /dev/dri 2>/dev/null | grep -c renderD || true') or 0)

    def load(self, driver, **more):
        """Bind a driver to all cards."""
        nodes = self.try_load(driver, **more)
        if nodes != self.vm.shape.cards:
            raise CaseFailed(f'{driver} made {nodes} render nodes for {self.vm.shape.cards} cards')

    def keep_awake(self):
        """No card sleeps on its own because it is idle."""
        self.vm.sh('for f in /sys/class/drm/card?/device/power/control; do echo on >$f; done')

    def check(self, truth, message):
        if not truth:
            raise CaseFailed(message)

    def equal(self, got, wanted, what):
        if got != wanted:
            raise CaseFailed(f'{what}: {got}, expected {wanted}')

    def suspend_and_compare(self, how='s3', percent=80, size=0, arm=None):
        """Fill VRAM, do what arm() does, sleep, compare. What was found, for the case to judge."""
        hold = Hold(self.vm, self.case.driver, percent, size)
        filled = hold.fill()
        if arm:
            arm()
        result = sleep.try_suspend(self.vm, how)
        return Found(hold, filled, result, hold.compare('cpu'), hold.compare('blit'))

    def has_defect(self):
        """Whether the case's defect must show on this kernel."""
        return present(self.case.defects[0], self.kernel)

    def showed(self, shown, what, defect=None):
        """Whether a defect of the case showed itself, which fails the case where it must not, and if it must."""
        defect = defect or self.case.defects[0]
        self.shown[defect] = bool(shown)
        self.note(f'{defect} {"shows" if shown else "does not show"}: {what}')
        if bool(shown) != present(defect, self.kernel):
            raise CaseFailed(f'{defect} {"shows, though it is mended" if shown else "does not show"}: {what}')

    def skip(self, why):
        raise CaseSkipped(why)

    def note(self, text):
        """Something worth reading behind the case's result."""
        self.notes.append(text)

    def allow(self, pattern):
        """A kernel message that is no failure from here on."""
        self._expected.append(pattern)

    def want(self, pattern):
        """A kernel message that must come, and is no failure."""
        self._expected.append(pattern)
        self._wanted.append(pattern)

    def lose_guest(self):
        """The guest answers no more, as the case expects: only what it said is looked at."""
        self._guest_lost = True

    def console(self):
        """The kernel's messages up to now, all of them."""
        if self._guest_lost:
            return self.vm.console.text()
        mark = f'harness: mark {os.urandom(4).hex()}'
        self.vm.sh(f'echo "{mark}" >/dev/kmsg')
        self.vm.console.wait_for(mark, self.deadline, 20)
        return self.vm.console.text()

    def check_log(self):
        if self._vm is None:
            return
        text = self.console()
        if found := kernlog.troubles(text, self._expected):
            raise CaseFailed(kernlog.report(text, found))
        if absent := kernlog.missing(text, self._wanted):
            raise CaseFailed(f'expected in the kernel log, but not there: {absent}')

    def counters(self):
        """What each card has counted, and where its engines are."""
        return [{**model.counters(), **model.values('engines')} for model in self._vm.models] if self._vm else []

    def machine_if_any(self):
        return self._vm

    def stop(self):
        if self._vm:
            self._vm.stop()


def matches(name, patterns):
    return any(re.fullmatch(p.replace('*', '.*'), name) for p in patterns)
