# SPDX-License-Identifier: GPL-2.0
"""The demo's picture: what is where over time, drawn by gnuplot."""
import subprocess

from .errors import CaseFailed

MIB = 1 << 20
SCRIPT = '''
set terminal svg size 1100,620 font "sans,13" background rgb "white"
set output "{picture}"
set title "{title}" font "sans,16"
set xlabel "seconds since VRAM was filled"
set ylabel "MiB"
set xrange [0:{end:.2f}]
set yrange [0:{top:.0f}]
set key below
set grid ytics lc rgb "#dddddd"
set border 3
set tics nomirror out
{decoration}
plot "{data}" using 1:2 with filledcurves x1 lc rgb "#c8dcf0" title "contents standing in VRAM (at most)", \\
     "{data}" using 1:3 with lines lw 2.5 lc rgb "#1f6fb4" title "saved by the blitter (VRAM to RAM, summed up)", \\
     "{data}" using 1:4 with lines lw 2.5 lc rgb "#d9822b" title "brought back by the blitter (RAM to VRAM, summed up)"
'''


def rows(timeline, reading, filled):
    """(seconds, held, saved, restored) in MiB.

    The card does not see what the CPU copies, nor to whom a byte belongs: held is the amount
    filled less what has left by blits, zero after a loss, and grows with blits back. Blits out
    of VRAM within the intervals of reading are made to compare, and save nothing.
    """
    start = timeline.samples[0][1]
    held, last, total = filled, start, 0
    for at, now in timeline.samples:
        compared = any(begin <= at <= end for begin, end in reading)
        saved = 0 if compared else now['bytes_from_vram'] - last['bytes_from_vram']
        total += saved
        back = now['bytes_to_vram'] - last['bytes_to_vram']
        held = 0 if now['wipes'] > last['wipes'] else max(0, min(filled, held - saved + back))
        last = now
        yield (at, held / MIB, total / MIB,
               (now['bytes_to_vram'] - start['bytes_to_vram']) / MIB)


def draw(timeline, phases, reading, filled, title, folder):
    """Writes timeline.tsv and timeline.svg; returns the picture's path."""
    data, picture = f'{folder}/timeline.tsv', f'{folder}/timeline.svg'
    table = list(rows(timeline, reading, filled))
    with open(data, 'w') as f:
        f.write('# seconds\tMiB held\tMiB saved by blits\tMiB restored by blits\n')
        f.writelines('\t'.join(f'{value:.3f}' for value in row) + '\n' for row in table)
    top = max(max(row[1:]) for row in table) * 1.18
    decoration = []
    for number, (begin, end, text, color) in enumerate(phases, 1):
        decoration.append(f'set object {number} rectangle from {begin:.3f},graph 0 to {end:.3f},graph 1 '
                          f'behind fillcolor rgb "{color}" fillstyle solid 0.35 noborder')
        decoration.append(f'set label {number} "{text}" at {(begin + end) / 2:.3f},graph 0.97 center font "sans,11"')
    script = SCRIPT.format(picture=picture, title=title, data=data, end=table[-1][0], top=top,
                           decoration='\n'.join(decoration))
    done = subprocess.run(['gnuplot'], input=script, text=True, capture_output=True)
    if done.returncode:
        raise CaseFailed(f'gnuplot: {done.stderr.strip()}')
    return picture
