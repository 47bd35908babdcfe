# SPDX-License-Identifier: GPL-2.0
"""How a program here ends: nothing that it started outlives it, whatever happens."""
import os
import sys

from . import scratch
from .errors import CaseFailed
from .process import processes


def run(name, main):
    """Run main() and exit with what it returns."""
    try:
        status = main()
    except KeyboardInterrupt:
        print(f'\n{name}: interrupted', file=sys.stderr)
        status = 130
    except BrokenPipeError:
        # Whoever read what is printed has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 141
    except CaseFailed as error:
        print(f'{name}: {error}', file=sys.stderr)
        status = 1
    finally:
        processes.stop_all()
        scratch.drop_all()
    sys.exit(status)
