// SPDX-License-Identifier: GPL-2.0
/* The model as a process: options, sockets, and the loop that serves them. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"
#include "device.h"
#include "firmware.h"
#include "vfu.h"

#define CONTROL_CLIENTS 4

struct control_client {
	int fd;
	size_t used;
	char line[CONTROL_LINE];
};

struct server {
	struct device *device;
	int listen_fd, control_fd;
	struct vfu_client client;
	struct control_client control[CONTROL_CLIENTS];
};

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

static void usage(FILE *to)
{
	fputs("usage: dgpu-model --socket PATH [options]\n"
	      "       dgpu-model --write-firmware FILE\n"
	      "\n"
	      "A software Intel graphics card, served to QEMU as vfio-user.\n"
	      "\n"
	      "  --socket PATH          where QEMU connects\n"
	      "  --control PATH         where faults are asked for and counters read\n"
	      "  --card NAME            dg1 (the default, and the only one yet)\n"
	      "  --vram SIZE            256M to 16G, a power of two; default 512M\n"
	      "  --bar SIZE             of VRAM, what the CPU reaches; default all\n"
	      "  --log FILE             default: standard error\n"
	      "  --log-level LEVEL      error, info (default), debug or trace\n"
	      "  --strict               end at the first thing that is not modelled\n"
	      "  --write-firmware FILE  write the stub GuC firmware and end\n", to);
}

static bool parse_size(const char *text, u64 *bytes)
{
	char *end;
	u64 value = strtoull(text, &end, 10);

	if (end == text || value > 16 * GiB)
		return false;
	if (!strcmp(end, "M"))
		value *= MiB;
	else if (!strcmp(end, "G"))
		value *= GiB;
	else if (*end)
		return false;
	*bytes = value;
	return true;
}

static bool parse_level(const char *text, enum log_level *level)
{
	static const char *const names[] = { "error", "info", "debug", "trace" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		if (!strcmp(text, names[i])) {
			*level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		fprintf(stderr, "dgpu-model: %s: longer than a socket's name can be\n", path);
		exit(2);
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 4)) {
		fprintf(stderr, "dgpu-model: %s: %s\n", path, strerror(errno));
		exit(2);
	}
	return fd;
}

static void accept_machine(struct server *s)
{
	int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	log_info(s->device, "a machine connects");
	if (!vfu_client_open(&s->client, fd)) {
		log_error(s->device, "no memory for its messages");
		vfu_client_close(s->device, &s->client);
	}
}

static void accept_control(struct server *s)
{
	int fd = accept4(s->control_fd, NULL, NULL, SOCK_CLOEXEC), i;

	for (i = 0; i < CONTROL_CLIENTS && fd >= 0; i++) {
		if (s->control[i].fd < 0) {
			s->control[i].fd = fd;
			s->control[i].used = 0;
			return;
		}
	}
	if (fd >= 0)
		close(fd);
}

static void drop_control(struct control_client *c)
{
	close(c->fd);
	c->fd = -1;
}

static void serve_control(struct server *s, struct control_client *c)
{
	char answer[CONTROL_LINE], *end;
	ssize_t got = read(c->fd, c->line + c->used, sizeof(c->line) - 1 - c->used);
	size_t length;

	if (got <= 0) {
		drop_control(c);
		return;
	}
	c->used += (size_t)got;
	c->line[c->used] = '\0';
	while ((end = strchr(c->line, '\n'))) {
		*end = '\0';
		control_line(s->device, c->line, answer, sizeof(answer) - 1, s->client.fd >= 0);
		length = strlen(answer);
		answer[length++] = '\n';
		if (send(c->fd, answer, length, MSG_NOSIGNAL) != (ssize_t)length) {
			drop_control(c);
			return;
		}
		c->used -= (size_t)(end + 1 - c->line);
		memmove(c->line, end + 1, c->used + 1);
	}
	if (c->used == sizeof(c->line) - 1)
		drop_control(c);
}

static void serve(struct server *s)
{
	struct pollfd fds[3 + CONTROL_CLIENTS];
	int i;

	while (!ended) {
		/* One machine a card: the next has to wait until this one is gone. */
		fds[0] = (struct pollfd){ s->client.fd < 0 ? s->listen_fd : -1, POLLIN, 0 };
		fds[1] = (struct pollfd){ s->client.fd, POLLIN, 0 };
		fds[2] = (struct pollfd){ s->control_fd, POLLIN, 0 };
		for (i = 0; i < CONTROL_CLIENTS; i++)
			fds[3 + i] = (struct pollfd){ s->control[i].fd, POLLIN, 0 };

		if (poll(fds, ARRAY_LEN(fds), -1) < 0)
			continue;
		if (fds[0].revents)
			accept_machine(s);
		if (fds[1].revents && !vfu_client_serve(s->device, &s->client)) {
			log_info(s->device, "the machine is gone");
			vfu_client_close(s->device, &s->client);
		}
		if (fds[2].revents)
			accept_control(s);
		for (i = 0; i < CONTROL_CLIENTS; i++)
			if (fds[3 + i].revents)
				serve_control(s, &s->control[i]);
	}
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "control", required_argument, NULL, 'c' },
		{ "card", required_argument, NULL, 'd' },
		{ "vram", required_argument, NULL, 'v' },
		{ "bar", required_argument, NULL, 'b' },
		{ "log", required_argument, NULL, 'l' },
		{ "log-level", required_argument, NULL, 'L' },
		{ "strict", no_argument, NULL, 'S' },
		{ "write-firmware", required_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct device_options options = { .card = "dg1", .vram_bytes = 512 * MiB, .log_level = LOG_INFO };
	const char *socket_path = NULL, *control_path = NULL, *wrong;
	struct sigaction action = { .sa_handler = on_signal };
	static struct device device;
	struct server server = { .device = &device, .listen_fd = -1, .control_fd = -1 };
	int option, i;

	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		switch (option) {
		case 's':
			socket_path = optarg;
			break;
		case 'c':
			control_path = optarg;
			break;
		case 'd':
			options.card = optarg;
			break;
		case 'v':
			if (!parse_size(optarg, &options.vram_bytes)) {
				fprintf(stderr, "dgpu-model: --vram %s: not a size\n", optarg);
				return 2;
			}
			break;
		case 'b':
			if (!parse_size(optarg, &options.bar_bytes)) {
				fprintf(stderr, "dgpu-model: --bar %s: not a size\n", optarg);
				return 2;
			}
			break;
		case 'l':
			options.log_path = optarg;
			break;
		case 'L':
			if (!parse_level(optarg, &options.log_level)) {
				fprintf(stderr, "dgpu-model: --log-level %s: not a level\n", optarg);
				return 2;
			}
			break;
		case 'S':
			options.strict = true;
			break;
		case 'w':
			if (firmware_write(optarg))
				return 0;
			fprintf(stderr, "dgpu-model: %s: %s\n", optarg, strerror(errno));
			return 2;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (!socket_path || optind < argc) {
		usage(stderr);
		return 2;
	}

	wrong = device_init(&device, &options);
	if (wrong) {
		fprintf(stderr, "dgpu-model: %s\n", wrong);
		return 2;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	server.client.fd = -1;
	for (i = 0; i < CONTROL_CLIENTS; i++)
		server.control[i].fd = -1;
	server.listen_fd = listen_at(socket_path);
	if (control_path)
		server.control_fd = listen_at(control_path);
	device_start_engines(&device);
	log_info(&device, "%s with %llu MiB waits at %s", device.card->name,
		 (unsigned long long)(device.vram.bytes / MiB), socket_path);

	serve(&server);

	if (server.client.fd >= 0)
		vfu_client_close(&device, &server.client);
	unlink(socket_path);
	if (control_path)
		unlink(control_path);
	device_fini(&device);
	return 0;
}
