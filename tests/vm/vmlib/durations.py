# SPDX-License-Identifier: GPL-2.0
"""How long cases took the last time, to say how long a run will take."""
import json
import os

from . import config

# Of the time limit, the first time.
GUESS = 0.1


def _path():
    return f'{config.RUN_DIR}/durations.json'


def _load():
    try:
        with open(_path()) as f:
            return json.load(f)
    except (OSError, ValueError):
        return {}


class Durations:
    def __init__(self):
        self._known = _load()

    def expected(self, case, kernel):
        return self._known.get(f'{case.name} {kernel}', GUESS * case.timeout * config.SLOWER.get(kernel, 1))

    def record(self, outcomes):
        """Merged with what is there now: several runs may be under way."""
        os.makedirs(config.RUN_DIR, exist_ok=True)
        known = _load()
        known.update({f'{o.case.name} {o.kernel}': round(o.seconds, 1) for o in outcomes if o.verdict == 'PASS'})
        new = f'{_path()}.{os.getpid()}'
        with open(new, 'w') as f:
            json.dump(known, f, indent=0, sort_keys=True)
        os.replace(new, _path())
