# SPDX-License-Identifier: GPL-2.0
"""Defects of Linux 7.3 that cases show, by their ids in the list of defects.

A case states the defect where it must be there, and its absence where it is mended: the day
a fix comes, its id moves here and the case turns round.
"""
MENDED = {
    'D1': 'xe: a suspend that fails half way leaves the GPU stopped and copies that the next resume takes for new',
    'D2': 'xe: a resume that fails frees the copies of pinned objects, and jobs wait for ever',
    'D3': 'xe: nobody looks whether a blit failed',
    'D4': 'xe: a suspend ends work of programs that have it run for long',
    'D5': 'xe: programs put objects into VRAM while it is being evicted',
    'D6': 'xe: an object pinned by a display and by another device is on no list once the display lets go',
    'D7': 'xe: the copy of an external object that is unpinned is never freed',
    'D8': 'xe: an eviction that fails for want of memory is a debug message, and the suspend goes on',
    'D9': 'xe: the second pass of a pinned eviction goes on with the error of the first for a copy',
    'D10': 'xe: one runtime suspend that fails makes all ioctls fail from then on',
    'D11': 'xe: no signal and no wakeup event ends an eviction',
    'D12': 'i915: a suspend that is called off leaves a backup that the next resume puts back',
    'D13': 'i915: a restore that fails is a warning, and the backup is dropped',
    'D14': 'i915: errors of blits out of VRAM are not looked at',
    'D15': 'i915: a GPU that was given up refuses to suspend with objects that the CPU does not reach',
    'D16': 'i915: no selftest covers the backup',
    'D17': 'TTM: a backup that ran out of room cannot be taken up again',
    'D18': 'TTM: a backup that fails at once leaves a tt without mapping and with other caching',
    'D19': 'TTM: a restore drops its copy page by page, and splits large folios for that',
    'D20-ttm': 'TTM: before hibernation tts of xe are left out',
    'D23': 'TTM: a store that is refused leaks its file',
    'D24': 'xe: S3 of a card that was given up waits without end',
    'D25': 'xe: unused entries of the GGTT lead anywhere after power was lost',
    'D26': 'xe: after an engine reset each further copy brings about another',
    'M1': 'xe: the OOM killer takes the program whose VRAM does not fit into RAM',
}

# Where the regular set runs the cases that show a defect.
COMPARED = ('stock', 'branch')


def present(defect, kernel):
    return kernel == 'stock' or defect not in MENDED
