# SPDX-License-Identifier: GPL-2.0
"""TTM's swapout on a real driver, driven through ttm/tt_shrink in debugfs."""
from vmlib.case import case
from vmlib.defects import COMPARED, present
from vmlib.hold import Hold
from vmlib.memory import meminfo, swap_on_disk

MIB = 1 << 20
PAGE = 4096
KEPT, NEEDLESS = 96 * MIB, 32 * MIB
FILE = '/sys/kernel/debug/ttm/tt_shrink'
# Once for each object there is, and more.
LOOP = 'for i in $(seq 1000); do echo {word} >{file} && n=$(cat {file}) && echo $n && [ $n -gt 0 ] || break; done'


def shrink(t, word):
    """Ask for pages until there are no more. How many came, and what the last answer was."""
    answers = [int(line) for line in t.vm.out(LOOP.format(word=word, file=FILE), 180).split()]
    t.check(answers and answers[-1] <= 0, f'"{word}" came to no end: {answers[-3:]}')
    return sum(n for n in answers if n > 0), answers[-1]


def read_until_dry(t):
    """Read the file as stock has it, until it tells of no more pages. How many there were."""
    total = 0
    while (pages := int(t.vm.out(f'cat {FILE}'))) > 0:
        total += pages
    return total


def hold_in_ram(t, size, seed):
    hold = Hold(t.vm, 'xe', size=size, seed=seed, place='system')
    return hold, hold.fill()


@case(driver='xe', disk='2G', timeout=240, check=COMPARED)
def swapout_xe(t):
    """TTM can swap out what xe has in system memory, and all of it comes back (stock: it passes over xe)."""
    swap_on_disk(t.vm)
    t.keep_awake()
    hold, filled = hold_in_ram(t, KEPT, 1)
    if present('D20-ttm', t.kernel):
        t.equal(read_until_dry(t), 0, 'pages that TTM swapped out')
        hold.expect_intact(filled)
        return
    t.equal(read_until_dry(t), 0, 'pages given back for a watermark, which does not count external pages')
    t.equal(shrink(t, 'watermark'), (0, 0), 'pages given back for a watermark, and the last answer')
    t.equal(shrink(t, 'purge'), (0, 0), 'pages purged though all are needed, and the last answer')
    before = meminfo(t.vm, 'Shmem')
    pages, last = shrink(t, 'swap')
    t.equal(last, 0, 'last answer')
    t.check(pages * PAGE >= KEPT, f'only {pages} pages were given back')
    grown = meminfo(t.vm, 'Shmem') - before
    t.check(grown > KEPT // 2, f'{grown} bytes went to the store, out of {pages} pages')
    t.note(f'{pages} pages swapped out, {grown // MIB} MiB of them in the store')
    hold.expect_intact(filled)
    # And once more: what came back can go again.
    pages, last = shrink(t, 'swap')
    t.check(pages * PAGE >= KEPT and last == 0, f'the second time {pages} pages, last answer {last}')
    hold.expect_intact(filled)
    hold.quit()
    # The driver checks its count of shrinkable pages when it goes.
    t.vm.sh('modprobe -r xe')


@case(driver='xe', disk='2G', kernels=('branch', 'debug'), timeout=240)
def swapout_purge_xe(t):
    """Purging takes just what user space does not need, tells so, and swapping out takes that first."""
    swap_on_disk(t.vm)
    t.keep_awake()
    kept, filled = hold_in_ram(t, KEPT, 1)
    needless, _ = hold_in_ram(t, NEEDLESS, 2)
    t.equal(needless.ask('dontneed')['kept'], NEEDLESS, 'bytes kept when they are not needed any more')
    pages, last = shrink(t, 'purge')
    t.equal((pages * PAGE, last), (NEEDLESS, 0), 'bytes purged, and the last answer')
    t.equal(needless.ask('willneed')['kept'], 0, 'bytes kept after a purge')
    kept.expect_intact(filled)
    needless.ask('fill')
    needless.ask('dontneed')
    # One object at a time: as long as purgeable ones are left, none of the others goes.
    first = 0
    while first < NEEDLESS:
        first += int(t.vm.out(f'echo swap >{FILE} && cat {FILE}')) * PAGE
    t.equal(first, NEEDLESS, 'bytes given back up to the last purgeable object')
    t.equal(needless.ask('willneed')['kept'], 0, 'bytes kept after a swapout')
    kept.expect_intact(filled)
    kept.quit()
    needless.quit()
    t.vm.sh('modprobe -r xe')


@case(driver='xe', kernels=('branch', 'debug'), timeout=120)
def swapout_refused(t):
    """Unknown words are refused; without swap space nothing of xe moves, and tt_shrink tells why."""
    t.keep_awake()
    hold, filled = hold_in_ram(t, 16 * MIB, 1)
    for word in ('nonsense', '', 'swapp', 'swap swap', 'x' * 5000):
        result = t.vm.sh(f'echo "{word}" >{FILE}', check=False)
        t.check('Invalid argument' in result.text(), f'"{word[:10]}" was not refused: {result.status} {result.text()}')
    # No refused word left a result behind: this read makes its own.
    t.equal(t.vm.out(f'cat {FILE}'), '0', 'answer to a read')
    t.equal(shrink(t, 'swap'), (0, -28), 'pages and answer without swap space')
    hold.expect_intact(filled)
    t.equal(t.vm.out(f'stat -c %a {FILE}'), '600', 'mode of the file')
