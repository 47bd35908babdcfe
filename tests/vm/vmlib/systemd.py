# SPDX-License-Identifier: GPL-2.0
"""A guest that systemd runs: waiting for it, sleeping as its users do."""
import re

from . import config
from .errors import CaseFailed

MANUAL = f'{config.TOP}/Documentation/gpu/vram-backup.rst'
# A file in the manual: its path as a comment, and the lines up to the next path or what is not indented.
FILE = re.compile(r'^  # (/etc/(?:udev|systemd)/\S+)\n(.*?)(?=^  # /|^\S)', re.M | re.S)
SERVICES = {'suspend': 'systemd-suspend.service', 'hibernate': 'systemd-hibernate.service'}


def wait_running(vm):
    """Until all that starts at boot has started."""
    state = vm.sh('systemctl is-system-running --wait', 120, check=False).text()
    if state != 'running':
        failed = vm.sh('systemctl --failed --no-legend --plain', check=False).text()
        raise CaseFailed(f'systemd is {state}, not running: {failed}')


def manual_files():
    """What the manual has people write for systemd: {path: contents}."""
    with open(MANUAL) as f:
        found = FILE.findall(f.read())
    return {path: re.sub(r'^  ', '', text, flags=re.M).strip() + '\n' for path, text in found}


class Slept:
    """What systemctl has said, and what became of the service that does it."""

    def __init__(self, result, service):
        self.status = result.status
        self.said = result.err.strip()
        self.service = service

    def text(self):
        return f'systemctl ended with {self.status} ("{self.said}"), the service with "{self.service}"'


# The guest waits, not the host: what it is sent while it falls asleep is lost.
SLEEP = """show() {{ systemctl show -P $1 {unit}; }}
before=$(show InvocationID)
systemctl {verb}; status=$?
while [ "$(show InvocationID)" = "$before" ] || [ "$(show ActiveState)" = activating ]; do sleep 0.2; done
show Result
exit $status"""


def sleep(vm, verb, seconds=180):
    """systemctl suspend or hibernate, and the end of what it has begun: systemctl may be back before that."""
    result = vm.sh(SLEEP.format(verb=verb, unit=SERVICES[verb]), seconds, check=False)
    return Slept(result, result.out.strip())
