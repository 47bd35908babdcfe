# SPDX-License-Identifier: GPL-2.0
"""Which defects show on stock, and on the branch: one line for each, from cases that were run just now."""
import argparse
import re
import sys

from main import HERE, prepare
from vmlib import config, program
from vmlib.case import load_cases
from vmlib.defects import COMPARED, MENDED, present
from vmlib.runner import Runner


def order(defect):
    """By letter, then by number."""
    letter, number, rest = re.fullmatch(r'([A-Z]+)(\d+)(.*)', defect).groups()
    return letter, int(number), rest


def result(outcome, defect):
    """'fail' if the defect showed, 'pass' if not; 'error' if the case did not get so far."""
    if outcome is None or defect not in outcome.shown:
        return 'error'
    if outcome.shown[defect]:
        return 'fail'
    # A case that failed for another reason has not shown that all is well. KUnit's tests stand each for itself.
    failed = outcome.verdict != 'PASS' and not present(defect, outcome.kernel) and len(outcome.case.defects) == 1
    return 'error' if failed else 'pass'


def rows(cases, outcomes):
    """(defect, case, {kernel: result}) by the defects' ids."""
    ran = {(o.case.name, o.kernel): o for o in outcomes}
    pairs = [(defect, case) for case in cases for defect in case.defects]
    for defect, case in sorted(pairs, key=lambda pair: (order(pair[0]), pair[1].name)):
        yield defect, case.name, {kernel: result(ran.get((case.name, kernel)), defect) for kernel in COMPARED}


def table(cases, outcomes):
    """The lines, and whether each defect shows on stock and does not on the branch."""
    lines, good = [], True
    for defect, name, results in rows(cases, outcomes):
        lines.append(' '.join([f'{defect:4}', *(f'{kernel}={results[kernel]:5}' for kernel in COMPARED), name]))
        good = good and results == {'stock': 'fail', 'branch': 'pass'}
    return lines, good and bool(lines)


def main():
    parser = argparse.ArgumentParser(prog='tests/vm/compare', description=__doc__)
    parser.add_argument('defects', nargs='*', metavar='ID', help='only these (default: all that have a case)')
    parser.add_argument('-j', '--jobs', type=int, default=2, help='machines at once (default: %(default)s)')
    parser.add_argument('--patience', type=float, default=1.0, help='factor on all time limits (default: %(default)s)')
    parser.add_argument('--model', default=config.DEFAULT_MODEL)
    args = parser.parse_args()
    cases = [case for case in load_cases(f'{HERE}/cases').values() if case.defects]
    known = {defect for case in cases for defect in case.defects}
    if unknown := sorted(set(args.defects) - known):
        parser.error(f'no case is about {", ".join(unknown)}; there are: {" ".join(sorted(known, key=order))}')
    cases = [case for case in cases if not args.defects or set(case.defects) & set(args.defects)]
    prepare(COMPARED, args.model)
    runner = Runner(args.jobs, args.model, args.patience, sys.stdout)
    outcomes = runner.run([(case, kernel) for case in cases for kernel in COMPARED if kernel in case.kernels])
    lines, good = table(cases, outcomes)
    good = good and all(o.verdict == 'PASS' for o in outcomes)
    print('\n' + '\n'.join(lines) + '\n')
    shown = {defect for case in cases for defect in case.defects}
    print('\n'.join(f'{defect:4} {MENDED.get(defect, "")}' for defect in sorted(shown, key=order)) + '\n')
    print('Compare passed.' if good else 'Compare FAILED: not each row is stock=fail branch=pass, or a case failed.')
    return 0 if good else 1


if __name__ == '__main__':
    sys.path.insert(0, HERE)
    program.run('compare', main)
