# SPDX-License-Identifier: GPL-2.0
"""How long cases took the last time, to say how long a run will take."""
import json
import os

from . import config

PATH = f'{config.RUN_DIR}/durations.json'
GUESS = {'stock': 20, 'branch': 20, 'debug': 60, 'debug-i915': 60}


def _load():
    try:
        with open(PATH) as f:
            return json.load(f)
    except (OSError, ValueError):
        return {}


class Durations:
    def __init__(self):
        self._known = _load()

    def expected(self, case, kernel):
        return self._known.get(f'{case.name} {kernel}', GUESS[kernel])

    def record(self, outcomes):
        """Merged with what is there now: several runs may be under way."""
        known = _load()
        known.update({f'{o.case.name} {o.kernel}': round(o.seconds, 1) for o in outcomes if o.verdict == 'PASS'})
        with open(f'{PATH}.{os.getpid()}', 'w') as f:
            json.dump(known, f, indent=0, sort_keys=True)
        os.replace(f'{PATH}.{os.getpid()}', PATH)
