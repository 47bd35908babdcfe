# SPDX-License-Identifier: GPL-2.0
"""Defects of Linux 7.3 that cases show, by their ids in the list of defects.

A case states the defect where it must be there, and its absence where it is mended: the day
a fix comes, its id moves here and the case turns round.
"""
MENDED = {'D1', 'D2', 'D3', 'D5', 'D6', 'D7', 'D8', 'D9', 'D10', 'D11', 'D12', 'D13', 'D14', 'D15', 'D16', 'D17', 'D18',
          'D19', 'D20-ttm', 'D23', 'D24', 'D25', 'D26', 'M1'}

# Where the regular set runs the cases that show a defect.
COMPARED = ('stock', 'branch')


def present(defect, kernel):
    return kernel == 'stock' or defect not in MENDED
