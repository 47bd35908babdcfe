# SPDX-License-Identifier: GPL-2.0
"""The bench's picture: free memory by the size of its blocks, before and after each step."""
import subprocess

from .errors import CaseFailed
from .measured import MIB_PAGES

MOMENTS = {'filled': 'before', 'saved': 'backed up', 'restored': 'restored', 'freed': 'all freed'}
SCRIPT = '''
set terminal svg size 1180,640 font "sans,13" background rgb "white"
set output "{picture}"
set multiplot layout 2,2 title "Free memory by block size, {mib} MiB of tts (emulated machine)" font "sans,17"
set style data histogram
set style histogram clustered gap 1
set style fill solid noborder
set logscale y
set yrange [0.01:{top:.0f}]
set ylabel "MiB free"
set xlabel "size of block (KiB)"
set grid ytics lc rgb "#cccccc"
set border 3
set tics nomirror out
set key top left
{plots}
unset multiplot
'''
PLOT = '''set title "{title}"
plot "{data}" index {index} using 3:xtic(2) lc rgb "#eaa45e" title "stock", \\
     "" index {index} using 4 lc rgb "#5b93cc" title "branch"'''


def draw(stock, branch, mib, folder):
    """Writes free.tsv and free.svg; returns the picture's path."""
    data, picture = f'{folder}/free.tsv', f'{folder}/free.svg'
    top = 0
    with open(data, 'w') as f:
        f.write('# order\tKiB\tMiB free on stock\tMiB free on the branch\n')
        for moment, title in MOMENTS.items():
            f.write(f'# {title}\n')
            for order, pair in enumerate(zip(stock[f'free_{moment}'], branch[f'free_{moment}'])):
                free = [(nr << order) / MIB_PAGES for nr in pair]
                top = max(top, *free)
                f.write(f'{order}\t{4 << order}\t{free[0]:.3f}\t{free[1]:.3f}\n')
            f.write('\n\n')
    plots = '\n'.join(PLOT.format(title=title, data=data, index=index)
                      for index, title in enumerate(MOMENTS.values()))
    script = SCRIPT.format(picture=picture, mib=mib, top=top * 3, plots=plots)
    done = subprocess.run(['gnuplot'], input=script, text=True, capture_output=True)
    if done.returncode:
        raise CaseFailed(f'gnuplot: {done.stderr.strip()}')
    return picture
