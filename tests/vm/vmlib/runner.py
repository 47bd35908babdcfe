# SPDX-License-Identifier: GPL-2.0
"""Runs cases, several at once, and reports."""
import os
import queue
import shutil
import threading
import time
import traceback
from dataclasses import dataclass, field

from . import config, scratch
from .case import Context
from .deadline import Deadline
from .durations import Durations
from .errors import CaseFailed, CaseSkipped, GuestDied

# Linux's i915 may wait without end in .suspend_late, where its GT has to be idle, for a request
# that needs an interrupt: those are off by then. It has said this and then nothing more. Any
# other hang is a failure.
STALLED = 'PM: suspend devices took'
# More than these, and it is not bad luck.
SECOND_ATTEMPTS = 5


@dataclass
class Outcome:
    case: object
    kernel: str
    verdict: str
    seconds: float
    text: str = ''
    folder: str = ''
    notes: tuple = ()
    stalled: bool = False
    shown: dict = field(default_factory=dict)


def run_case(case, kernel, parent, model_binary, patience, keep_logs=False):
    # Another run may be under way: only the logs of a failure get the name without a number.
    work = f'{parent}/{case.name}-{kernel}'
    folder = f'{config.RUN_DIR}/{case.name}-{kernel}'
    os.makedirs(work)
    began = time.monotonic()
    context = Context(case, kernel, work, Deadline(case.timeout, patience * config.SLOWER.get(kernel, 1)), model_binary)
    try:
        verdict, text = attempt(case, context)
        stall = verdict == 'FAIL' and stalled(case, work)
        if verdict == 'FAIL' or keep_logs:
            keep(context, work, text)
    finally:
        context.stop()
    shutil.rmtree(folder, ignore_errors=True)
    if verdict == 'FAIL' or keep_logs:
        os.rename(work, folder)
    else:
        shutil.rmtree(work, ignore_errors=True)
    return Outcome(case, kernel, verdict, time.monotonic() - began, text, folder, tuple(context.notes), stall,
                   dict(context.shown))


def attempt(case, context):
    try:
        case.function(context)
        context.check_log()
    except CaseSkipped as why:
        return 'SKIP', str(why)
    except CaseFailed as why:
        if case.must_fail and case.must_fail in str(why):
            return 'PASS', ''
        return 'FAIL', str(why)
    except Exception:  # a defect of the case itself must not end the run
        return 'FAIL', traceback.format_exc()
    if case.must_fail:
        return 'FAIL', f'this negative control passed; it had to fail with "{case.must_fail}"'
    return 'PASS', ''


def stalled(case, folder):
    """Whether i915 hung as described, which is not the doing of what is tested."""
    console = f'{folder}/console.log'
    if not case.driver.startswith('i915') or not os.path.exists(console):
        return False
    with open(console, errors='replace') as f:
        said = f.read().split('\n')
    return any(STALLED in line for line in said[-3:])


def keep(context, folder, text):
    """What somebody needs who looks into a failed case later."""
    with open(f'{folder}/failure.txt', 'w') as f:
        f.write(text + '\n')
    try:
        with open(f'{folder}/counters.txt', 'w') as f:
            for values in context.counters():
                f.write('\n'.join(f'{key}={value}' for key, value in values.items()) + '\n\n')
    except (GuestDied, CaseFailed) as error:
        with open(f'{folder}/counters.txt', 'a') as f:
            f.write(f'not to be had: {error}\n')


class Runner:
    """A few workers take cases from a queue; results are printed as they come."""

    def __init__(self, jobs, model_binary, patience, out, keep_logs=False):
        self.jobs = jobs
        self.model_binary = model_binary
        self.patience = patience
        self.out = out
        self.keep_logs = keep_logs
        self.outcomes = []
        self.second = 0
        self._durations = Durations()
        self._to_come = {}
        self._work = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._interrupted = threading.Event()
        self._folder = scratch.adopt(f'{config.RUN_DIR}/.{os.getpid()}')

    def run(self, todo):
        self._to_come = {(case.name, kernel): self._durations.expected(case, kernel) for case, kernel in todo}
        if len(todo) > 1:
            print(f'{len(todo)} cases, {self._estimate()}', file=self.out, flush=True)
        # Whoever runs beside this has what the first leave of the CPUs, and should have ended before the last.
        self._run_together([item for item in todo if item[0].spins and not item[0].alone], 1)
        self._run_together([item for item in todo if not item[0].spins and not item[0].alone], self.jobs)
        self._run_together([item for item in todo if item[0].alone], 1)
        self._try_again()
        self._durations.record(self.outcomes)
        scratch.drop(self._folder)
        return self.outcomes

    def _try_again(self):
        """Whose guest hung in i915 gets one attempt by itself. The first one's logs stay."""
        lost = [o for o in self.outcomes if o.stalled]
        if len(lost) > SECOND_ATTEMPTS:
            return
        for first in lost:
            logs = f'{first.folder}-first'
            shutil.rmtree(logs, ignore_errors=True)
            os.rename(first.folder, logs)
            print(f'{first.case.name} [{first.kernel}] hung while i915 suspended: once more, alone; '
                  f'logs of the first attempt: {logs}', file=self.out, flush=True)
            self.outcomes.remove(first)
            self._to_come[first.case.name, first.kernel] = first.seconds
            self._run_together([(first.case, first.kernel)], 1)
            self.second += 1

    def _run_together(self, todo, jobs):
        # The longest first, so that no single case is left over at the end.
        for item in sorted(todo, key=lambda item: -self._durations.expected(*item)):
            self._work.put(item)
        workers = [threading.Thread(target=self._worker, daemon=True) for _ in range(min(jobs, len(todo)))]
        for worker in workers:
            worker.start()
        try:
            for worker in workers:
                while worker.is_alive():
                    worker.join(0.2)
        except BaseException:
            # What fails from here on fails because its machine is taken away.
            self._interrupted.set()
            raise

    def _estimate(self):
        minutes = sum(self._to_come.values()) / self.jobs / 60
        return 'about a minute' if minutes < 1.5 else f'about {minutes:.0f} minutes'

    def _worker(self):
        while True:
            try:
                case, kernel = self._work.get_nowait()
            except queue.Empty:
                return
            try:
                outcome = run_case(case, kernel, self._folder, self.model_binary, self.patience, self.keep_logs)
            except Exception:
                outcome = Outcome(case, kernel, 'FAIL', 0, traceback.format_exc())
            if self._interrupted.is_set():
                return
            with self._lock:
                self.outcomes.append(outcome)
                del self._to_come[case.name, kernel]
                self._print(outcome)

    def _print(self, o):
        line = f'{o.verdict} {o.case.name} [{o.kernel}] {o.seconds:.1f}s'
        if o.verdict == 'SKIP':
            line += f': {o.text}'
        if self._to_come and len(self.outcomes) % 10 == 0:
            line += f' ({len(self._to_come)} to come, {self._estimate()})'
        print(line, file=self.out)
        for note in o.notes:
            print(f'     {note}', file=self.out)
        if o.verdict == 'FAIL':
            for row in o.text.strip().split('\n'):
                print(f'     {row}', file=self.out)
            if o.folder:
                print(f'     logs: {o.folder}', file=self.out)
        self.out.flush()
