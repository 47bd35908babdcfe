# SPDX-License-Identifier: GPL-2.0
import unittest

from vmlib import measured
from vmlib.errors import CaseFailed

LOG = '''[    3.0]     # Subtest: ttm_backup_bench
[    3.0]     # ttm_backup_bench: loop_ns=2000100
[    3.0]     # ttm_backup_bench: loop_instructions=2000000
[    3.0]     # ttm_backup_bench: pages=1024
[    3.1]     # ttm_backup_bench: backup_ns=40960
[    3.1]     # ttm_backup_bench: restore_ns=81920
[    3.1]     # ttm_backup_bench: free_saved=5,0,0,0,0,0,0,0,0,3,2
[    3.1]     # ttm_backup_bench: pass:1 fail:0 skip:0 total:1
[    3.1]     # other: differ=7
'''
END = '[    3.2]     # ttm_backup_bench: differ=0\n'


class Measured(unittest.TestCase):
    def test_parse(self):
        values = measured.parse(LOG + END)
        self.assertEqual(values['differ'], 0)
        self.assertEqual(values['free_saved'], [5, 0, 0, 0, 0, 0, 0, 0, 0, 3, 2])
        self.assertNotIn('pass', values)
        self.assertEqual(measured.per_mib(values, 'backup'), 10240)
        self.assertAlmostEqual(measured.clock_error(values), 5e-5)
        self.assertEqual(measured.huge_free(values['free_saved']), (3 * 512 + 2 * 1024) / 256)

    def test_refused(self):
        for text in (LOG, LOG + END + END, ''):
            with self.assertRaises(CaseFailed):
                measured.parse(text)

    def test_two_runs(self):
        first = {'backup_ns': 100, 'restore_ns': 200}
        self.assertAlmostEqual(measured.apart(first, {'backup_ns': 100, 'restore_ns': 160}), 0.25)

    def test_ratio(self):
        self.assertEqual(measured.ratio(10, 4), '2.5')
        self.assertEqual(measured.ratio(131380, 16), '8,211')
        self.assertEqual(measured.ratio(0, 0), '1')
        self.assertEqual(measured.ratio(7, 0), 'none left')

    def test_beside_copies(self):
        timed = {'backup_ns': 1000 * 256, 'restore_ns': 800 * 256, 'pages': 256, 'copy_page_ns': 500,
                 'clear_page_ns': 300}
        runs = {'4 MiB': timed, 'counted': {'pages': 512, 'backup_copied': 512, 'restore_copied': 256}}
        self.assertEqual(measured.beside_copies(runs, 'backup'), 200 * 256)
        self.assertEqual(measured.beside_copies(runs, 'restore'), 550 * 256)


def made(backup_ns, copied):
    exact = {'differ': 0, 'loop_ns': 1000, 'loop_instructions': 1000, 'pages': 256}
    timed = {**exact, 'backup_ns': backup_ns, 'restore_ns': 100}
    return {'4 MiB': dict(timed), 'again': dict(timed), 'counted': {**exact, 'backup_copied': copied}}


class Broken(unittest.TestCase):
    def setUp(self):
        self.values = {'stock': made(500, 256), 'branch': made(100, 0)}

    def found(self):
        return list(measured.broken(self.values, ['4 MiB']))

    def test_all_kept(self):
        self.assertEqual(self.found(), [])

    def test_each_alone(self):
        for kernel, run, key, value, words in (
                ('stock', 'counted', 'differ', 1, 'other contents'),
                ('branch', 'again', 'loop_ns', 1002, 'not an instruction'),
                ('stock', 'again', 'restore_ns', 104, 'apart'),
                ('branch', 'counted', 'backup_copied', 1, '1 pages were copied'),
                ('stock', 'counted', 'backup_copied', 0, 'counting does not work'),
                ('branch', '4 MiB', 'backup_ns', 102, '4.9 times')):
            self.setUp()
            self.values[kernel][run][key] = value
            found = self.found()
            self.assertEqual(len(found), 1, found)
            self.assertIn(words, found[0])
