# SPDX-License-Identifier: GPL-2.0
import unittest

from vmlib import ktap

LOG = '''[    3.0] KTAP version 1
[    3.0] 1..2
[    3.0]     KTAP version 1
[    3.0]     # Subtest: first
[    3.0]     # module: some_test
[    3.0]     1..3
[    3.1]     ok 1 plain
[    3.1]         KTAP version 1
[    3.1]         # Subtest: rows
[    3.1]         ok 1 row a
[    3.1]         not ok 2 row b
[    3.1]     # rows: pass:1 fail:1 skip:0 total:2
[    3.1]     not ok 2 rows
[    3.2]     ok 3 absent # SKIP no such hardware
[    3.2] # first: pass:1 fail:1 skip:1 total:3
[    3.2] not ok 1 first
[    3.3]     KTAP version 1
[    3.3]     # Subtest: second
[    3.3]     ok 1 other
[    3.3] ok 2 second
'''


class Parse(unittest.TestCase):
    def test_only_single_tests_count(self):
        r = ktap.parse(LOG)
        self.assertEqual(r.passed, ['first.plain', 'first.rows.row a', 'second.other'])
        self.assertEqual(r.failed, ['first.rows.row b'])
        self.assertEqual(r.skipped, ['first.absent: no such hardware'])
        self.assertEqual(r.summary(), '3 passed, 1 failed, 1 skipped')

    def test_nothing(self):
        self.assertEqual(ktap.parse('[ 1.0] hello\n').summary(), '0 passed, 0 failed, 0 skipped')
