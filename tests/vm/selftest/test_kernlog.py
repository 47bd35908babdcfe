# SPDX-License-Identifier: GPL-2.0
import unittest

from vmlib import kernlog

QUIET = '''[    1.0] xe 0000:00:05.0: [drm] Found dg1
[    1.1] debug: enabling error capture
[    1.2] PM: suspend entry (deep)
'''


class Troubles(unittest.TestCase):
    def lines(self, text, expected=()):
        return [line for _, line in kernlog.troubles(text, expected)]

    def test_quiet_log(self):
        self.assertEqual(self.lines(QUIET), [])

    def test_each_kind(self):
        for line in ('WARNING: CPU: 0 PID: 1 at lib/x.c:1 f+0x1/0x2', 'BUG: unable to handle page fault',
                     'xe 0000:00:05.0: [drm] *ERROR* GT0: oh', 'WARNING: possible circular locking dependency detected',
                     'BUG: KASAN: slab-use-after-free in f', 'INFO: task kworker/0:1 blocked for more than 120 s',
                     'Out of memory: Killed process 77', 'Kernel panic - not syncing: Fatal', 'Oops: 0000 [#1] SMP',
                     'UBSAN: array-index-out-of-bounds in f', 'general protection fault, probably for',
                     'i915 0000:00:05.0: [drm] GPU HANG: ecode 12:1:00000000', 'i915 raw-wakerefs=2 wakelocks=0 on cleanup',
                     'xe 0000:00:05.0: VRAM cannot be saved, no suspend: -EIO',
                     'DMA-API: xe 0000:00:05.0: device driver frees DMA memory it has not allocated'):
            self.assertEqual(len(self.lines(QUIET + '[    2.0] ' + line)), 1, line)

    def test_expected(self):
        text = QUIET + '[ 2.0] xe: [drm] *ERROR* engine reset\n[ 2.1] xe: [drm] *ERROR* other\n'
        self.assertEqual(self.lines(text, [r'engine reset']), ['[ 2.1] xe: [drm] *ERROR* other'])

    def test_report_names_the_line_and_the_rest(self):
        text = QUIET + '[ 2.0] BUG: one\n[ 2.1] BUG: two\n'
        shown = kernlog.report(text, kernlog.troubles(text))
        self.assertIn('BUG: one', shown)
        self.assertIn('and 1 more', shown)

    def test_missing(self):
        self.assertEqual(kernlog.missing(QUIET, ['Found dg1', 'Found dg2']), ['Found dg2'])
