# SPDX-License-Identifier: GPL-2.0
"""A case whose guest hung in i915's suspend gets a second attempt, any other failure does not."""
import io
import os
import shutil
import tempfile
import unittest
from unittest import mock

from vmlib import config, runner
from vmlib.case import Case
from vmlib.errors import CaseFailed, TimedOut


LOST = 'no more was heard'


class FakeContext:
    def __init__(self, case, kernel, folder, deadline, model):
        self.folder, self.notes, self.shown = folder, [], {}

    def check_log(self):
        pass

    def counters(self):
        return []

    def stop(self):
        pass


def make_case(name, *results):
    """A case that ends with one of the results at each attempt: None or an exception."""
    left = list(results)

    def function(context):
        result = left.pop(0)
        with open(f'{context.folder}/console.log', 'w') as f:
            f.write('PM: suspend devices took 0.1 seconds\n' if result and LOST in str(result) else 'well\n')
        if result:
            raise result
    return Case(name, 'x', function, driver='xe' if name.startswith('xe') else 'i915-execlists'), left


class RunnerTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        for target in (mock.patch.object(config, 'RUN_DIR', self.folder), mock.patch.object(runner, 'Context', FakeContext)):
            target.start()
            self.addCleanup(target.stop)

    def run_cases(self, *cases):
        out = io.StringIO()
        made = runner.Runner(2, 'model', 1.0, out)
        outcomes = made.run([(case, 'branch') for case in cases])
        return {o.case.name: o.verdict for o in outcomes}, made.second, out.getvalue()

    def test_not_of_another_driver(self):
        case, left = make_case('xe_slow', TimedOut(LOST), None)
        verdicts, second, _ = self.run_cases(case)
        self.assertEqual(verdicts, {'xe_slow': 'FAIL'})
        self.assertEqual((len(left), second), (1, 0))

    def test_lost_then_good(self):
        case, left = make_case('slow', TimedOut(f'nothing came, {LOST}'), None)
        verdicts, second, text = self.run_cases(case)
        self.assertEqual((verdicts, second, left), ({'slow': 'PASS'}, 1, []))
        self.assertIn('nothing came', text)
        self.assertTrue(os.path.exists(f'{self.folder}/slow-branch-first/failure.txt'))

    def test_lost_twice(self):
        case, _ = make_case('slow', TimedOut(LOST), TimedOut(LOST))
        self.assertEqual(self.run_cases(case)[:2], ({'slow': 'FAIL'}, 1))

    def test_hang_is_a_failure(self):
        case, left = make_case('hang', TimedOut('not within 120 s'), None)
        self.assertEqual(self.run_cases(case)[:2], ({'hang': 'FAIL'}, 0))
        self.assertEqual(len(left), 1)

    def test_wrong_is_wrong(self):
        case, left = make_case('wrong', CaseFailed('differs'), None)
        self.assertEqual(self.run_cases(case)[:2], ({'wrong': 'FAIL'}, 0))
        self.assertEqual(len(left), 1)

    def test_too_many(self):
        made = [make_case(f'slow{i}', TimedOut(LOST), None) for i in range(runner.SECOND_ATTEMPTS + 1)]
        verdicts, second, _ = self.run_cases(*(case for case, _ in made))
        self.assertEqual((set(verdicts.values()), second), ({'FAIL'}, 0))


if __name__ == '__main__':
    unittest.main()
