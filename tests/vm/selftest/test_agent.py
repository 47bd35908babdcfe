# SPDX-License-Identifier: GPL-2.0
"""The guest's agent and the host's end of its channel, joined by a pseudo terminal."""
import os
import pty
import socket
import subprocess
import tempfile
import threading
import unittest

from vmlib.agent import Agent
from vmlib.deadline import Deadline
from vmlib.errors import CaseFailed, GuestDied, TimedOut

HERE = os.path.dirname(os.path.abspath(__file__))


def copy(source, sink):
    while True:
        try:
            data = os.read(source, 4096)
            if not data:
                return
            os.write(sink, data)
        except OSError:
            return


class Channel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        subprocess.run(['make', '-s', '-C', f'{HERE}/../guest', f'OUT={cls.folder.name}'], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        master, slave = pty.openpty()
        ours, theirs = socket.socketpair()
        self.process = subprocess.Popen([f'{self.folder.name}/guest-agent', os.ttyname(slave)])
        self.slave = slave
        self.sockets = [ours, theirs]
        self.master = master
        self.copiers = [threading.Thread(target=copy, args=pair, daemon=True)
                        for pair in ((master, theirs.fileno()), (theirs.fileno(), master))]
        for copier in self.copiers:
            copier.start()
        self.agent = Agent(Deadline(60))
        self.agent.attach(ours)
        self.agent.wait_hello(10)

    def tearDown(self):
        self.process.kill()
        self.process.wait()
        # The copiers end before their descriptors go: the next test gets the same numbers.
        os.close(self.slave)
        for sock in self.sockets:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for copier in self.copiers:
            copier.join(10)
        os.close(self.master)
        for sock in self.sockets:
            sock.close()

    def test_status_and_both_outputs(self):
        result = self.agent.run('echo out; echo err >&2; exit 3', check=False)
        self.assertEqual((result.status, result.out, result.err), (3, 'out\n', 'err\n'))

    def test_failure_is_an_error_with_the_output(self):
        with self.assertRaisesRegex(CaseFailed, 'status 7.*because'):
            self.agent.run('echo because; exit 7')

    def test_megabytes(self):
        result = self.agent.run('head -c 3000000 /dev/zero | tr "\\0" x')
        self.assertEqual(len(result.out), 3000000)

    def test_input_line_by_line(self):
        job = self.agent.start('while read -r x; do echo "got $x"; done; echo end')
        job.send('one\n')
        self.assertEqual(job.next_line(), 'got one')
        job.send('two\n')
        self.assertEqual(job.next_line(), 'got two')
        job.end_input()
        self.assertEqual(job.next_line(), 'end')
        self.assertTrue(job.wait().ok)

    def test_side_by_side(self):
        slow = self.agent.start('read -r x; echo slow $x')
        self.assertEqual(self.agent.run('echo fast').out, 'fast\n')
        slow.send('now\n')
        self.assertEqual(slow.wait().out, 'slow now\n')

    def test_a_child_left_behind_does_not_hold_the_job(self):
        self.assertEqual(self.agent.run('sleep 1000 & echo $!').status, 0)

    def test_killed(self):
        job = self.agent.start('kill -9 $$')
        self.assertEqual(job.wait().status, 137)
        job = self.agent.start('sleep 1000')
        job.kill()
        self.assertEqual(job.wait().status, 143)

    def test_noise_is_skipped(self):
        self.sockets[0].sendall(b'@@ SeaBIOS @1 run 5\n@9 run 4 0\nabcd@7 run 999999999 0\n')
        self.assertEqual(self.agent.run('echo fine').out, 'fine\n')

    def test_pty(self):
        job = self.agent.start('tty; read -r x; echo "[$x]"', pty=True)
        job.send('hello\n')
        out = job.wait().out
        self.assertIn('/dev/pts/', out)
        self.assertIn('[hello]', out)

    def test_time_limit(self):
        with self.assertRaisesRegex(TimedOut, 'sleep 1000'):
            self.agent.run('sleep 1000', seconds=0.3)

    def test_gone(self):
        self.agent.guest_is_gone('the guest ended')
        with self.assertRaisesRegex(GuestDied, 'the guest ended'):
            self.agent.run('echo')
