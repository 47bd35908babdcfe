# SPDX-License-Identifier: GPL-2.0
"""Why a case does not pass."""


class CaseFailed(Exception):
    """The thing under test did not do what the case expects."""


class CaseSkipped(Exception):
    """The case does not apply here; the text says why."""


class GuestDied(CaseFailed):
    """The guest or the card's process ended, or the guest no longer answers."""


class TimedOut(CaseFailed):
    """A step, or the whole case, took longer than its limit."""
