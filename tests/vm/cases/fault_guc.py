# SPDX-License-Identifier: GPL-2.0
"""A GuC that does not answer, or takes no firmware: clear errors, in bounded time, and a way back."""
from vmlib.case import DRIVERS, case
from vmlib.faults import expect_fired, expect_fresh_work

REFUSED = {'xe': (r'\*ERROR\* .*GT0: firmware signature verification failed',
                  r'\*ERROR\* .*Failed to initialize uC \(-EPROTO\)', r'probe with driver xe failed with error -71'),
           'i915-guc': (r'GUC: firmware signature verification failed',
                        r'\*ERROR\* .*GuC initialization failed -ENOEXEC', r'\*ERROR\* .*declaring it wedged')}
SILENT = {'xe': (r'\*ERROR\* .*GuC mmio request 0x508: no reply', r'probe with driver xe failed with error -110'),
          'i915-guc': (r'\*ERROR\* .*GUC: mmio request 0x508: no reply', r'\*ERROR\* .*declaring it wedged')}
# What follows from these on the way out.
MORE = {'xe': (r'\*ERROR\* .*GT0: (load failed: status|Failed to enable GuC CT)',
               r'\*ERROR\* .*Failed to initialize uC \(-ETIMEDOUT\)'),
        'i915-guc': (r'GUC: load failed: status', r'\*ERROR\* .*Unsuccessful self-config \(-ETIMEDOUT\)',
                     r'\*ERROR\* .*CT: Failed to (register RECV buffer|enable CTB) \(-ETIMEDOUT\)',
                     r'\*ERROR\* .*GuC initialization failed -ETIMEDOUT', r'\*ERROR\* .*Enabling uc failed \(-5\)')}


def refused(name, fault, driver, messages, what):
    @case(f'fault_{name}_{driver}', timeout=120, shows=f'{driver}: {what} makes binding end with an error, and binding '
          'again works')
    def run(t):
        module = DRIVERS[driver][0]
        for pattern in messages[driver]:
            t.want(pattern)
        for pattern in MORE[driver]:
            t.allow(pattern)
        t.model.fault(fault)
        nodes = t.try_load(driver)
        expect_fired(t)
        # i915 keeps a card whose GuC failed, for its display, and refuses to submit.
        t.equal(nodes, 1 if driver == 'i915-guc' else 0, 'render nodes')
        t.vm.sh(f'modprobe -r {module}')
        t.model.fault('clear')
        t.load(driver)
        expect_fresh_work(t, driver)


for card_driver in ('xe', 'i915-guc'):
    refused('guc_firmware', 'guc-firmware off', card_driver, REFUSED, 'a GuC that takes no firmware')
    refused('guc_silent', 'guc-silent on', card_driver, SILENT, 'a GuC that does not answer')
