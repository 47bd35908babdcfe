# SPDX-License-Identifier: GPL-2.0
"""The demo's picture: where the contents are over time, drawn by gnuplot.

Phases last from a tenth of a second to many seconds: each gets its own width, and its
duration in words. Within a phase time runs evenly.
"""
import subprocess
from dataclasses import dataclass

from .errors import CaseFailed

MIB = 1 << 20
WIDTHS = {'going down': 1.25, 'no power': 0.75, 'coming back': 0.9, 'CPU compares': 0.9, 'blitter compares': 1.1}
COLORS = {'going down': '#fbf3e4', 'no power': '#d9d9d9', 'coming back': '#eef5e6'}
SCRIPT = '''
set terminal svg size 1180,560 font "sans,13" background rgb "white"
set output "{picture}"
set title "{title}" font "sans,17" offset 0,2.2
set ylabel "MiB of contents"
set xrange [0:{end}]
set yrange [0:{top:.0f}]
set lmargin 9
set rmargin 3
set tmargin 7.5
set bmargin 5.5
set key at screen 0.5,0.06 center horizontal samplen 2 width -6 reverse Left
set grid ytics lc rgb "#cccccc"
set border 2
set tics nomirror out
unset xtics
{decoration}
plot "{data}" using 1:3 with filledcurves x1 lc rgb "#5b93cc" title "in VRAM", \\
     "{data}" using 1:3:($3+$4) with filledcurves lc rgb "#eaa45e" title "saved in RAM (for hibernation then to disk)"
'''


@dataclass
class Phase:
    cycle: str
    name: str
    begin: float
    end: float

    @property
    def width(self):
        return WIDTHS[self.name]


def rows(timeline, reading, filled):
    """(seconds, bytes in VRAM, bytes saved in RAM).

    The card does not see what the CPU copies, nor to whom a byte belongs: what is in VRAM is
    what was filled less what has left by blits, nothing after a loss, and grows with blits
    back. Blits out of VRAM within the intervals of reading are made to compare, and save nothing.
    """
    last = timeline.samples[0][1]
    held, saved = filled, 0
    for at, now in timeline.samples:
        compared = any(begin <= at <= end for begin, end in reading)
        left = 0 if compared else now['bytes_from_vram'] - last['bytes_from_vram']
        back = now['bytes_to_vram'] - last['bytes_to_vram']
        held = 0 if now['wipes'] > last['wipes'] else max(0, min(filled, held - left + back))
        saved = max(0, min(filled - held, saved + left - back))
        last = now
        yield at, held, saved


def position(at, phases):
    """Where on the x axis a moment is; None between two cycles."""
    x = 0
    for phase in phases:
        if phase.begin <= at <= phase.end:
            return x + phase.width * (at - phase.begin) / ((phase.end - phase.begin) or 1)
        x += phase.width
    return None


def decorate(phases, top):
    x, number = 0, 0
    for phase in phases:
        number += 1
        middle = x + phase.width / 2
        color = COLORS.get(phase.name, '#ffffff')
        yield (f'set object {number} rectangle from {x},0 to {x + phase.width},{top} behind '
               f'fillcolor rgb "{color}" fillstyle solid 1 noborder')
        yield f'set label {number} "{phase.name}" at {middle},graph 1.055 center font "sans,12"'
        yield f'set label {number + 100} "{phase.end - phase.begin:.1f} s" at {middle},graph -0.045 center font "sans,12"'
        if phase.name == 'no power':
            yield (f'set label {number + 200} "VRAM is lost" at {middle},graph 0.5 center rotate by 90 '
                   'font "sans,14" textcolor rgb "#7a1f1f" front')
        yield f'set arrow {number} from {x},0 to {x},{top} nohead lc rgb "#ffffff" front'
        x += phase.width
    for cycle in dict.fromkeys(phase.cycle for phase in phases):
        number += 1
        mine = [phase for phase in phases if phase.cycle == cycle]
        begin = sum(phase.width for phase in phases[:phases.index(mine[0])])
        end = begin + sum(phase.width for phase in mine)
        yield f'set label {number + 300} "{cycle}" at {(begin + end) / 2},graph 1.125 center font "sans,15"'
        if begin:
            yield f'set arrow {number} from {begin},graph -0.08 to {begin},graph 1.15 nohead lw 2 lc rgb "#555555" front'


def draw(timeline, phases, reading, filled, title, folder):
    """Writes timeline.tsv and timeline.svg; returns the picture's path."""
    data, picture = f'{folder}/timeline.tsv', f'{folder}/timeline.svg'
    with open(data, 'w') as f:
        f.write('# position\tseconds\tMiB in VRAM\tMiB saved in RAM\n')
        for at, held, saved in rows(timeline, reading, filled):
            if (x := position(at, phases)) is not None:
                f.write(f'{x:.4f}\t{at:.3f}\t{held / MIB:.3f}\t{saved / MIB:.3f}\n')
    top = filled / MIB * 1.02
    script = SCRIPT.format(picture=picture, title=title, data=data, end=sum(phase.width for phase in phases), top=top,
                           decoration='\n'.join(decorate(phases, top)))
    done = subprocess.run(['gnuplot'], input=script, text=True, capture_output=True)
    if done.returncode:
        raise CaseFailed(f'gnuplot: {done.stderr.strip()}')
    return picture
