# SPDX-License-Identifier: GPL-2.0
import unittest

from vmlib import cost
from vmlib.cost import Cost

KIB, MIB = 1 << 10, 1 << 20


def by_objects(each, last=None):
    """Costs of 10 to 100,000 objects, the last with a price of its own."""
    numbers = (10, 1_000, 10_000, 100_000)
    return tuple(Cost(n, 4 * KIB, 40_000_000 + n * (last if last and n == numbers[-1] else each)) for n in numbers)


def by_bytes(each):
    return tuple(Cost(n, 16 * MIB, 40_000_000 + n * each) for n in (1, 4, 16, 48))


class Costs(unittest.TestCase):
    def test_busy(self):
        self.assertEqual(cost.busy((10.0, 5.0), (14.5, 7.25)), 2_250_000_000)

    def test_per_object(self):
        values = by_objects(50_000)
        self.assertEqual(cost.per_object(values[-1], values[0]), 50_000)

    def found(self, stock=50_000, branch=50_000, last=None, stock_bytes=10 ** 6, branch_bytes=10 ** 6):
        return list(cost.broken({'stock': by_objects(stock), 'branch': by_objects(branch, last)},
                                {'stock': by_bytes(stock_bytes), 'branch': by_bytes(branch_bytes)}))

    def test_all_kept(self):
        self.assertEqual(self.found(), [])
        self.assertEqual(self.found(branch=30_000), [])

    def test_dearer(self):
        found = self.found(branch=50_500)
        self.assertEqual(len(found), 1, found)
        self.assertIn('100000 objects', found[0])
        self.assertIn('48 objects', self.found(branch_bytes=10 ** 7)[0])

    def test_not_linear(self):
        found = self.found(branch=20_000, last=30_000)
        self.assertEqual(len(found), 1, found)
        self.assertIn('not linear', found[0])


if __name__ == '__main__':
    unittest.main()
