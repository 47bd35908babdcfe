// SPDX-License-Identifier: GPL-2.0
/*
 * guest-agent TTY: runs shell scripts for the host over a serial line.
 *
 * Both directions carry frames: a header line "@ID OP LENGTH SUM" and LENGTH bytes,
 * SUM being the Adler-32 of those bytes in hex. Bytes that are no frame are skipped,
 * so firmware chatter and what a reset tears in two do no harm.
 *
 *   to the guest:   run SCRIPT | pty SCRIPT | in BYTES | eof | sig NUMBER
 *   to the host:    hello | out BYTES | err BYTES | exit "exit N" or "signal N"
 *
 * Jobs run side by side, each in a process group of its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define MAX_JOBS 32
#define MAX_FRAME (1u << 20)
#define CHUNK 4096

struct job {
	unsigned long id;
	pid_t pid;
	int pidfd;
	int in;
	int out;
	int err;
};

struct agent {
	int tty;
	size_t used;
	struct job jobs[MAX_JOBS];
	char buf[MAX_FRAME + 128];
};

static uint32_t adler32(const unsigned char *p, size_t n)
{
	uint32_t low = 1, high = 0;

	while (n--) {
		low = (low + *p++) % 65521;
		high = (high + low) % 65521;
	}
	return high << 16 | low;
}

static void write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			exit(1);
		p += done;
		n -= done;
	}
}

static void send_frame(struct agent *a, unsigned long id, const char *op,
		       const char *data, size_t n)
{
	char head[80];
	int len;

	len = snprintf(head, sizeof(head), "@%lu %s %zu %x\n", id, op, n,
		       adler32((const unsigned char *)data, n));
	write_all(a->tty, head, len);
	write_all(a->tty, data, n);
}

static struct job *find_job(struct agent *a, unsigned long id)
{
	for (int i = 0; i < MAX_JOBS; i++)
		if (a->jobs[i].pid && a->jobs[i].id == id)
			return &a->jobs[i];
	return NULL;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void exec_shell(const char *script)
{
	signal(SIGPIPE, SIG_DFL);
	execl("/bin/sh", "sh", "-c", script, (char *)NULL);
	_exit(127);
}

static pid_t spawn_pty(struct job *job, const char *script)
{
	int master;
	pid_t pid = forkpty(&master, NULL, NULL, NULL);

	if (pid == 0) {
		setenv("TERM", "linux", 1);
		exec_shell(script);
	}
	if (pid > 0) {
		job->out = master;
		job->in = fcntl(master, F_DUPFD_CLOEXEC, 0);
		fcntl(master, F_SETFD, FD_CLOEXEC);
	}
	return pid;
}

static pid_t spawn_piped(struct job *job, const char *script)
{
	int pipes[3][2];
	pid_t pid;

	for (int i = 0; i < 3; i++)
		if (pipe2(pipes[i], O_CLOEXEC))
			return -1;
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		dup2(pipes[0][0], 0);
		dup2(pipes[1][1], 1);
		dup2(pipes[2][1], 2);
		exec_shell(script);
	}
	/* In both processes: neither may act on the group before it is there. */
	setpgid(pid, pid);
	close(pipes[0][0]);
	close(pipes[1][1]);
	close(pipes[2][1]);
	job->in = pipes[0][1];
	job->out = pipes[1][0];
	job->err = pipes[2][0];
	return pid;
}

static void start_job(struct agent *a, unsigned long id, const char *script, int pty)
{
	static const char busy[] = "signal 0";
	struct job *job = NULL;

	for (int i = 0; i < MAX_JOBS && !job; i++)
		if (!a->jobs[i].pid)
			job = &a->jobs[i];
	if (!job) {
		send_frame(a, id, "exit", busy, strlen(busy));
		return;
	}
	*job = (struct job){ .id = id, .pidfd = -1, .in = -1, .out = -1, .err = -1 };
	job->pid = pty ? spawn_pty(job, script) : spawn_piped(job, script);
	if (job->pid < 0) {
		job->pid = 0;
		send_frame(a, id, "exit", busy, strlen(busy));
		return;
	}
	/* A pipe stays open as long as any grandchild holds it: only the process itself tells the end. */
	job->pidfd = syscall(SYS_pidfd_open, job->pid, 0);
	fcntl(job->in, F_SETFL, O_NONBLOCK);
	fcntl(job->out, F_SETFL, O_NONBLOCK);
	if (job->err >= 0)
		fcntl(job->err, F_SETFL, O_NONBLOCK);
}

static void feed_job(struct agent *a, struct job *job, const char *data, size_t n)
{
	static const char full[] = "agent: the job does not read its input\n";

	if (!n)
		return;
	if (job->in < 0 || write(job->in, data, n) != (ssize_t)n)
		send_frame(a, job->id, "err", full, strlen(full));
}

static void handle_frame(struct agent *a, unsigned long id, const char *op, char *data, size_t n)
{
	char last = data[n];
	struct job *job;

	data[n] = 0;
	if (!strcmp(op, "run") || !strcmp(op, "pty")) {
		start_job(a, id, data, op[0] == 'p');
	} else if (!strcmp(op, "ping")) {
		send_frame(a, id, "hello", "", 0);
	} else if ((job = find_job(a, id))) {
		if (!strcmp(op, "in"))
			feed_job(a, job, data, n);
		else if (!strcmp(op, "eof"))
			close_fd(&job->in);
		else if (!strcmp(op, "sig"))
			kill(-job->pid, atoi(data));
	}
	data[n] = last;
}

/* Returns the bytes to drop from the buffer, 0 if more are needed. */
static size_t parse_one(struct agent *a)
{
	char *start = memchr(a->buf, '@', a->used);
	char *eol, op[16];
	unsigned long id;
	unsigned int sum;
	size_t n, head;

	if (!start)
		return a->used;
	if (start != a->buf)
		return start - a->buf;
	eol = memchr(a->buf, '\n', a->used);
	if (!eol)
		return a->used > 100 ? 1 : 0;
	*eol = 0;
	if (sscanf(a->buf, "@%lu %15s %zu %x", &id, op, &n, &sum) != 4 || n > MAX_FRAME) {
		*eol = '\n';
		return 1;
	}
	*eol = '\n';
	head = eol + 1 - a->buf;
	if (a->used < head + n)
		return 0;
	if (adler32((unsigned char *)a->buf + head, n) != sum)
		return 1;
	handle_frame(a, id, op, a->buf + head, n);
	return head + n;
}

static void read_tty(struct agent *a)
{
	ssize_t got = read(a->tty, a->buf + a->used, sizeof(a->buf) - 1 - a->used);
	size_t drop;

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got <= 0)
		exit(1);
	a->used += got;
	while (a->used && (drop = parse_one(a))) {
		a->used -= drop;
		memmove(a->buf, a->buf + drop, a->used);
	}
}

/* Returns 0 when nothing more can be read now. */
static int forward(struct agent *a, struct job *job, int *fd, const char *op)
{
	char buf[CHUNK];
	ssize_t got;

	if (*fd < 0)
		return 0;
	got = read(*fd, buf, sizeof(buf));
	if (got > 0) {
		send_frame(a, job->id, op, buf, got);
		return 1;
	}
	if (got == 0 || (errno != EAGAIN && errno != EINTR))
		close_fd(fd);
	return 0;
}

static void end_job(struct agent *a, struct job *job)
{
	char text[32];
	int status = 0;

	waitpid(job->pid, &status, 0);
	while (forward(a, job, &job->out, "out"))
		;
	while (forward(a, job, &job->err, "err"))
		;
	if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "signal %d", WTERMSIG(status));
	else
		snprintf(text, sizeof(text), "exit %d", WEXITSTATUS(status));
	close_fd(&job->in);
	close_fd(&job->out);
	close_fd(&job->err);
	close_fd(&job->pidfd);
	send_frame(a, job->id, "exit", text, strlen(text));
	job->pid = 0;
}

static void serve(struct agent *a)
{
	struct pollfd fds[1 + 3 * MAX_JOBS];

	for (;;) {
		fds[0] = (struct pollfd){ .fd = a->tty, .events = POLLIN };
		for (int i = 0; i < MAX_JOBS; i++) {
			struct job *job = &a->jobs[i];
			int on = job->pid != 0;

			fds[1 + 3 * i] = (struct pollfd){ on ? job->out : -1, POLLIN, 0 };
			fds[2 + 3 * i] = (struct pollfd){ on ? job->err : -1, POLLIN, 0 };
			fds[3 + 3 * i] = (struct pollfd){ on ? job->pidfd : -1, POLLIN, 0 };
		}
		if (poll(fds, 1 + 3 * MAX_JOBS, -1) < 0)
			continue;
		if (fds[0].revents)
			read_tty(a);
		for (int i = 0; i < MAX_JOBS; i++) {
			struct job *job = &a->jobs[i];

			if (fds[1 + 3 * i].revents)
				forward(a, job, &job->out, "out");
			if (fds[2 + 3 * i].revents)
				forward(a, job, &job->err, "err");
			if (fds[3 + 3 * i].revents)
				end_job(a, job);
		}
	}
}

static int open_tty(const char *path)
{
	struct termios t;
	int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || tcgetattr(fd, &t))
		return -1;
	cfmakeraw(&t);
	cfsetspeed(&t, B115200);
	t.c_cflag |= CLOCAL;
	t.c_cflag &= ~CRTSCTS;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	return tcsetattr(fd, TCSANOW, &t) ? -1 : fd;
}

int main(int argc, char **argv)
{
	struct agent *a = calloc(1, sizeof(*a));

	if (argc != 2 || !a) {
		fprintf(stderr, "usage: guest-agent TTY\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	a->tty = open_tty(argv[1]);
	if (a->tty < 0) {
		perror(argv[1]);
		return 1;
	}
	send_frame(a, 0, "hello", "", 0);
	serve(a);
}
