# SPDX-License-Identifier: GPL-2.0
"""Interrupts that are lost or late during a suspend."""
from vmlib.case import DRIVERS, case
from vmlib.faults import expect_survived, sleep_with


def harmless(name, fault, driver, what):
    @case(f'fault_{name}_{driver}', driver=driver, timeout=150, shows=f'{driver}: {what} interrupts during a suspend do no harm')
    def run(t):
        expect_survived(t, sleep_with(t, fault))


for card_driver in DRIVERS:
    harmless('irq_drop', 'irq-drop 2', card_driver, 'lost')
    harmless('irq_delay', 'irq-delay 20 50', card_driver, 'late')
