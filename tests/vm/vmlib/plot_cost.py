# SPDX-License-Identifier: GPL-2.0
"""The picture of what a suspend costs against the number of objects, and against their bytes."""
import subprocess

from .errors import CaseFailed

SCRIPT = '''
set terminal svg size 1180,480 font "sans,13" background rgb "white"
set output "{picture}"
set multiplot layout 1,2 title "Instructions of a suspend (emulated machine)" font "sans,17"
set style data linespoints
set logscale xy
set ylabel "instructions"
set grid lc rgb "#cccccc"
set border 3
set tics nomirror out
set key top left
set xlabel "objects of 4 KiB"
plot "{data}" index 0 using 1:3 lw 2 pt 7 lc rgb "#eaa45e" title "stock", \\
     "" index 0 using 1:4 lw 2 pt 7 lc rgb "#5b93cc" title "branch"
set xlabel "MiB, in objects of 16 MiB"
plot "{data}" index 1 using 2:3 lw 2 pt 7 lc rgb "#eaa45e" title "stock", \\
     "" index 1 using 2:4 lw 2 pt 7 lc rgb "#5b93cc" title "branch"
unset multiplot
'''


def draw(sweeps, folder):
    """Writes cost.tsv and cost.svg; sweeps: ({kernel: costs}, ...) in the order of the plots."""
    data, picture = f'{folder}/cost.tsv', f'{folder}/cost.svg'
    with open(data, 'w') as f:
        f.write('# objects\tMiB\tinstructions on stock\ton the branch\n')
        for values in sweeps:
            for stock, branch in zip(values['stock'], values['branch']):
                f.write(f'{stock.objects}\t{stock.bytes / 2 ** 20:.6g}\t{stock.instructions}\t{branch.instructions}\n')
            f.write('\n\n')
    done = subprocess.run(['gnuplot'], input=SCRIPT.format(picture=picture, data=data), text=True,
                          capture_output=True)
    if done.returncode:
        raise CaseFailed(f'gnuplot: {done.stderr.strip()}')
    return picture
