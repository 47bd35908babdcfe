# SPDX-License-Identifier: GPL-2.0
"""Defects of Linux 7.3 that cases show, by their ids in the list of defects.

A case states the defect where it must be there, and its absence where it is mended: the day
a fix comes, its id moves here and the case turns round.
"""
MENDED = {'D7', 'D9', 'D23'}

# Where the regular set runs the cases that show a defect.
COMPARED = ('stock', 'branch')


def present(defect, kernel):
    return kernel == 'stock' or defect not in MENDED
