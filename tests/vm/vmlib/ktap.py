# SPDX-License-Identifier: GPL-2.0
"""KTAP, the way KUnit reports results in the kernel log."""
import re
from dataclasses import dataclass, field

RESULT = re.compile(r'^( *)(?:# )?(ok|not ok) (\d+) (?:- )?(.*?)(?: # SKIP ?(.*))?$')
STAMP = re.compile(r'^(<\d+>)?\[ *\d+\.\d+\](\[ *[TC]\d+\])? ?')


@dataclass
class Results:
    passed: list = field(default_factory=list)
    failed: list = field(default_factory=list)
    skipped: list = field(default_factory=list)

    def summary(self):
        return f'{len(self.passed)} passed, {len(self.failed)} failed, {len(self.skipped)} skipped'


def parse(text):
    """Results of single tests; lines that sum up a suite or a parameterised test are left out.

    A result line follows the lines of what it sums up, which are indented deeper.
    """
    results = Results()
    path = []
    deeper = -1
    for raw in text.split('\n'):
        line = STAMP.sub('', raw)
        title = re.match(r'^( *)# Subtest: (.*)$', line)
        if title:
            path = path[:max(0, len(title.group(1)) // 4 - 1)] + [title.group(2).strip()]
        match = RESULT.match(line)
        if not match:
            continue
        indent, verdict, _, name, why = match.groups()
        level = len(indent)
        sums_up = deeper > level
        deeper = level
        if sums_up:
            continue
        full = '.'.join([*path[:level // 4], name.strip()])
        if why is not None:
            results.skipped.append(f'{full}: {why}'.rstrip(': '))
        elif verdict == 'ok':
            results.passed.append(full)
        else:
            results.failed.append(full)
    return results
