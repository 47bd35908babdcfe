# SPDX-License-Identifier: GPL-2.0
"""What compare prints, from outcomes that are made up."""
import unittest

import compare
from vmlib.case import Case
from vmlib.defects import MENDED
from vmlib.runner import Outcome


def made(name, *defects):
    return Case(name, 'x', None, defects=defects)


def outcome(case, kernel, verdict='PASS', **shown):
    return Outcome(case, kernel, verdict, 1.0, shown=shown)


class CompareTest(unittest.TestCase):
    def setUp(self):
        self.assertLessEqual({'D1', 'D9', 'D10', 'M1'}, set(MENDED))
        self.late, self.early, self.both = made('late', 'D10'), made('early', 'D1'), made('both', 'M1', 'D9')
        self.cases = [self.late, self.both, self.early]

    def outcomes(self):
        found = [outcome(case, kernel, **{defect: kernel == 'stock' for defect in case.defects})
                 for case in self.cases for kernel in ('stock', 'branch')]
        return {(o.case.name, o.kernel): o for o in found}

    def table(self, outcomes):
        return compare.table(self.cases, list(outcomes.values()))

    def test_good(self):
        self.assertEqual(self.table(self.outcomes()), ([
            'D1   stock=fail  branch=pass  early',
            'D9   stock=fail  branch=pass  both',
            'D10  stock=fail  branch=pass  late',
            'M1   stock=fail  branch=pass  both'], True))

    def test_nothing(self):
        self.assertEqual(compare.table([], []), ([], False))

    def check_row(self, change, wanted):
        outcomes = self.outcomes()
        change(outcomes)
        lines, good = self.table(outcomes)
        self.assertIn(wanted, lines)
        self.assertFalse(good)

    def test_not_run(self):
        self.check_row(lambda o: o.pop(('early', 'stock')), 'D1   stock=error branch=pass  early')

    def test_ended_before_it_showed(self):
        def change(outcomes):
            outcomes['late', 'branch'] = outcome(self.late, 'branch', 'FAIL')
        self.check_row(change, 'D10  stock=fail  branch=error late')

    def test_shows_on_the_branch(self):
        def change(outcomes):
            outcomes['early', 'branch'] = outcome(self.early, 'branch', 'FAIL', D1=True)
        self.check_row(change, 'D1   stock=fail  branch=fail  early')

    def test_does_not_show_on_stock(self):
        def change(outcomes):
            outcomes['early', 'stock'] = outcome(self.early, 'stock', 'FAIL', D1=False)
        self.check_row(change, 'D1   stock=pass  branch=pass  early')

    def test_other_failure_on_the_branch(self):
        def change(outcomes):
            outcomes['early', 'branch'] = outcome(self.early, 'branch', 'FAIL', D1=False)
        self.check_row(change, 'D1   stock=fail  branch=error early')

    def test_one_of_many(self):
        def change(outcomes):
            outcomes['both', 'branch'] = outcome(self.both, 'branch', 'FAIL', D9=True, M1=False)
        self.check_row(change, 'D9   stock=fail  branch=fail  both')
        self.check_row(change, 'M1   stock=fail  branch=pass  both')


if __name__ == '__main__':
    unittest.main()
