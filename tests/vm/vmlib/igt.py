# SPDX-License-Identifier: GPL-2.0
"""IGT style programs in the guest."""
import re

from .errors import CaseFailed, CaseSkipped
from .hold import parse_stat

RESULT = re.compile(r'^Subtest (\S+): (SUCCESS|SKIP|FAIL)', re.M)


def run(vm, program, subtests, options='', seconds=150):
    """Run subtests; all must succeed. Their stat lines as a list of (name, values)."""
    wanted = ','.join(subtests)
    result = vm.sh(f'IGT_HOST_WAKES=1 {program} --run-subtest "{wanted}" {options}', seconds, check=False)
    verdicts = dict(RESULT.findall(result.out))
    bad = [name for name, verdict in verdicts.items() if verdict == 'FAIL']
    if bad or result.status not in (0, 77) or not verdicts:
        raise CaseFailed(f'{program}: {", ".join(bad) or "no result"} (status {result.status})\n'
                         f'{result.out[-1500:]}{result.err[-1500:]}')
    if result.status == 77:
        raise CaseSkipped(result.text().splitlines()[-1])
    return [parse_stat(line) for line in result.out.splitlines() if line.startswith('stat ')]


def filled_enough(stats, share=0.75):
    """The tests are about a full card: at least this share of all VRAM held contents."""
    fills = [values for name, values in stats if name == 'fill']
    poor = [f for f in fills if f['bytes'] < share * f['vram']]
    if poor or not fills:
        raise CaseFailed(f'VRAM was not filled to {share:.0%}: {poor}')
    return fills[0]['bytes']
