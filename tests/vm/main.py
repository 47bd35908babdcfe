# SPDX-License-Identifier: GPL-2.0
"""Command line of the VM tests. Runs in the build root; see run."""
import argparse
import os
import signal
import subprocess
import sys

from vmlib import config, program
from vmlib.case import DRIVERS, load_cases, matches
from vmlib.runner import Runner
from vmlib.shell import interactive

HERE = os.path.dirname(os.path.abspath(__file__))


def vram(text):
    try:
        value = config.size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(error) from error
    if value & (value - 1) or not 256 << 20 <= value <= 16 << 30:
        raise argparse.ArgumentTypeError('a card has 256M to 16G, a power of two')
    return text


def arguments():
    parser = argparse.ArgumentParser(prog='tests/vm/run', description='Run cases in a virtual machine with an '
                                     'emulated Intel card. "shell" in place of cases gives a prompt in the guest.')
    parser.add_argument('cases', nargs='*', metavar='CASE', help='names; * stands for anything')
    parser.add_argument('--kernel', action='append', choices=config.KERNELS, help='may be given more than once '
                        '(default: branch if built, else stock)')
    parser.add_argument('--set', choices=('regular', 'all'), default='all', help='without names: all cases, or the '
                        'choice that shows everything once on one of the kernels (default: %(default)s)')
    parser.add_argument('--list', action='store_true', help='print the cases and end')
    parser.add_argument('-j', '--jobs', type=int, default=2, help='machines at once (default: %(default)s)')
    parser.add_argument('--patience', type=float, default=1.0, help='factor on all time limits (default: %(default)s)')
    parser.add_argument('--keep', action='store_true', help='keep the logs of cases that pass, too')
    parser.add_argument('--model', default=config.DEFAULT_MODEL, help='the device model to use')
    parser.add_argument('--driver', default='xe', choices=(*DRIVERS, 'none'), help='driver for the shell')
    parser.add_argument('--vram', default='512M', type=vram, help='VRAM of the card for the shell, 256M to 16G')
    args = parser.parse_args()
    if not args.kernel:
        args.kernel = ['branch' if os.path.exists(config.kernel_image('branch')) else 'stock']
    return args


def prepare(images, model):
    """What guests boot: pairs of a kernel, which must be there, and whether it is for systemd."""
    for kernel, systemd in images:
        if not os.path.exists(config.kernel_image(kernel)):
            sys.exit(f"tests/vm: kernel '{kernel}' is not built: {config.kernel_image(kernel)} is missing; "
                     f'make kernel KERNEL={kernel} builds it')
        made = subprocess.run([f'{config.TOP}/tools/guest-image', '--model', model,
                               *(['--systemd'] if systemd else []), kernel])
        if made.returncode:
            sys.exit(made.returncode)


def list_cases(cases):
    width = max(map(len, cases), default=0)
    for case in cases.values():
        print(f'{case.name:{width}}  {case.summary} [{", ".join(case.check) or "not regular"}]')


def choose(cases, args):
    unknown = [name for name in args.cases if not any(matches(c, [name]) for c in cases)]
    if unknown:
        sys.exit(f'tests/vm: no case is called {", ".join(unknown)}; tests/vm/run --list shows them')
    def wanted(case, kernel):
        if args.cases:
            return matches(case.name, args.cases)
        return args.set == 'all' or kernel in case.check
    return [(c, config.kernel_with(kernel, c.i915)) for kernel in args.kernel for c in cases.values()
            if kernel in c.kernels and wanted(c, kernel)]


def main():
    args = arguments()
    sys.path.insert(0, HERE)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if args.cases == ['shell']:
        kernel = config.kernel_with(args.kernel[0], 'i915' in args.driver)
        prepare([(kernel, False)], args.model)
        return interactive(kernel, args.driver, args.vram, args.model)
    cases = load_cases(f'{HERE}/cases')
    if args.list:
        list_cases(cases)
        return 0
    todo = choose(cases, args)
    prepare(dict.fromkeys((kernel, case.systemd) for case, kernel in todo), args.model)
    runner = Runner(args.jobs, args.model, args.patience, sys.stdout, args.keep)
    outcomes = runner.run(todo)
    count = {verdict: sum(o.verdict == verdict for o in outcomes) for verdict in ('PASS', 'FAIL', 'SKIP')}
    skipped = f', {count["SKIP"]} skipped' if count['SKIP'] else ''
    if runner.second:
        print(f'{runner.second} of them at the second attempt')
    print(f'{count["PASS"]} passed, {count["FAIL"]} failed{skipped}')
    return 1 if count['FAIL'] or not outcomes else 0


if __name__ == '__main__':
    program.run('tests/vm', main)
