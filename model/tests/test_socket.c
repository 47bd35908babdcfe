// SPDX-License-Identifier: GPL-2.0
/* Messages on the wire: framing, descriptors beside them, and clients that break off. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "card.h"
#include "vfu_client.h"

struct line {
	struct device *d;
	struct vfu_client server;
	int peer, fds;
};

static int line_setup(void **state)
{
	struct line *l = calloc(1, sizeof(*l));
	int pair[2];

	assert_non_null(l);
	l->d = card_new(TEST_VRAM, NULL);
	l->fds = open_fds();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_true(vfu_client_open(&l->server, pair[0]));
	l->peer = pair[1];
	*state = l;
	return 0;
}

static int line_teardown(void **state)
{
	struct line *l = *state;

	if (l->peer >= 0)
		close(l->peer);
	if (l->server.fd >= 0)
		vfu_client_close(l->d, &l->server);
	assert_int_equal(open_fds(), l->fds);
	card_free(l->d);
	free(l);
	return 0;
}

static void send_bytes(struct line *l, const void *data, size_t bytes, const int *fds, u32 fd_count)
{
	union {
		char bytes[CMSG_SPACE(16 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec io = { (void *)data, bytes };
	struct msghdr msg = { .msg_iov = &io, .msg_iovlen = 1 };

	if (fd_count) {
		struct cmsghdr *c;

		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(c), fds, fd_count * sizeof(int));
	}
	assert_int_equal(sendmsg(l->peer, &msg, MSG_NOSIGNAL), bytes);
}

static void send_message(struct line *l, u32 command, const void *payload, u32 bytes, const int *fds,
			 u32 fd_count)
{
	u8 data[4096];
	struct vfu_header h = { 0x1234, (u16)command, (u32)sizeof(h) + bytes, 0, 0 };

	memcpy(data, &h, sizeof(h));
	memcpy(data + sizeof(h), payload, bytes);
	send_bytes(l, data, sizeof(h) + bytes, fds, fd_count);
}

static struct vfu_header receive(struct line *l, void *payload, u32 room, int *fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct vfu_header h;
	struct iovec io[2] = { { &h, sizeof(h) }, { payload, room } };
	struct msghdr msg = { .msg_iov = io, .msg_iovlen = 2, .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	ssize_t got = recvmsg(l->peer, &msg, 0);

	assert_true(got >= (ssize_t)sizeof(h));
	*fd = -1;
	if (CMSG_FIRSTHDR(&msg))
		memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	while ((u32)got < h.bytes) {
		ssize_t more = recv(l->peer, (u8 *)payload + got - sizeof(h), h.bytes - (u32)got, 0);

		assert_true(more > 0);
		got += more;
	}
	assert_int_equal(got, h.bytes);
	return h;
}

static void a_question_and_its_answer(void **state)
{
	struct line *l = *state;
	struct vfu_header h;
	struct msg_info info;
	int fd;

	send_message(l, CMD_INFO, "", 0, NULL, 0);
	assert_true(vfu_client_serve(l->d, &l->server));
	h = receive(l, &info, sizeof(info), &fd);
	assert_int_equal(h.id, 0x1234);
	assert_int_equal(h.command, CMD_INFO);
	assert_int_equal(h.flags, 1);
	assert_int_equal(h.error, 0);
	assert_int_equal(h.bytes, 32);
	assert_int_equal(info.regions, 9);
	assert_int_equal(fd, -1);
}

static void errors_are_marked(void **state)
{
	struct line *l = *state;
	struct vfu_header h;
	u8 rest[16];
	int fd;

	send_message(l, CMD_READ, "", 0, NULL, 0);
	assert_true(vfu_client_serve(l->d, &l->server));
	h = receive(l, rest, sizeof(rest), &fd);
	assert_int_equal(h.bytes, 16);
	assert_int_equal(h.flags, 1 | BIT(5));
	assert_int_equal(h.error, EINVAL);
}

/* The descriptor that comes with a region is VRAM itself. */
static void regions_bring_a_descriptor(void **state)
{
	struct line *l = *state;
	struct msg_region q = { .argsz = 32, .index = 2 }, r;
	u32 word = 0;
	int fd;

	send_message(l, CMD_REGION_INFO, &q, sizeof(q), NULL, 0);
	assert_true(vfu_client_serve(l->d, &l->server));
	receive(l, &r, sizeof(r), &fd);
	assert_true(fd >= 0);
	*vram32(l->d, 0x5000) = 0xcafe;
	assert_int_equal(pread(fd, &word, 4, 0x5000), 4);
	assert_int_equal(word, 0xcafe);
	close(fd);
}

static void descriptors_come_with_the_header(void **state)
{
	struct line *l = *state;
	int file = memfd_create("ram", 0), got, i, fds[12];
	struct msg_map q = { sizeof(q), 3, 0, 0x80000000, 0x1000 };
	u8 rest[16];

	assert_int_equal(ftruncate(file, 0x1000), 0);
	send_message(l, CMD_MAP, &q, sizeof(q), &file, 1);
	assert_true(vfu_client_serve(l->d, &l->server));
	assert_int_equal(receive(l, rest, sizeof(rest), &got).error, 0);
	assert_non_null(guest_ram_at(l->d, 0x80000000, 4, true));

	/* More than the server takes: none of them stays open. */
	for (i = 0; i < 12; i++)
		fds[i] = file;
	send_message(l, CMD_MAP, &q, sizeof(q), fds, 12);
	assert_true(vfu_client_serve(l->d, &l->server));
	assert_int_equal(receive(l, rest, sizeof(rest), &got).error, EEXIST);
	close(file);
}

static void long_replies_arrive_whole(void **state)
{
	struct line *l = *state;
	struct msg_access a = { 0, 2, 100000 };
	u8 *data = malloc(16 + 100000);
	u32 i;
	int fd;

	for (i = 0; i < 100000; i += 4)
		*vram32(l->d, i) = i * 3;
	send_message(l, CMD_READ, &a, sizeof(a), NULL, 0);
	assert_true(vfu_client_serve(l->d, &l->server));
	assert_int_equal(receive(l, data, 16 + 100000, &fd).bytes, 16 + 16 + 100000);
	assert_memory_equal(data + 16, vram(l->d, 0), 100000);
	free(data);
}

static void lengths_that_cannot_be(void **state)
{
	struct line *l = *state;
	static const u32 lengths[] = { 0, 15, 16 + VFU_PAYLOAD_MAX + 1, ~0u };
	int file = memfd_create("x", 0), before = open_fds();
	size_t i;

	for (i = 0; i < ARRAY_LEN(lengths); i++) {
		struct vfu_header h = { 1, CMD_INFO, lengths[i], 0, 0 };

		send_bytes(l, &h, sizeof(h), &file, 1);
		assert_false(vfu_client_serve(l->d, &l->server));
		assert_int_equal(open_fds(), before);
	}
	close(file);
}

static void breaking_off(void **state)
{
	struct line *l = *state;
	struct vfu_header h = { 1, CMD_MAP, 48, 0, 0 };
	int file = memfd_create("x", 0);

	/* In the middle of the payload, with a descriptor on the way. */
	send_bytes(l, &h, sizeof(h), &file, 1);
	send_bytes(l, &h, 8, NULL, 0);
	close(file);
	close(l->peer);
	l->peer = -1;
	assert_false(vfu_client_serve(l->d, &l->server));
}

static void breaking_off_in_the_header(void **state)
{
	struct line *l = *state;
	int file = memfd_create("x", 0);

	send_bytes(l, "\1\2\3", 3, &file, 1);
	close(file);
	close(l->peer);
	l->peer = -1;
	assert_false(vfu_client_serve(l->d, &l->server));
}

static void nobody_reads_the_answer(void **state)
{
	struct line *l = *state;

	send_message(l, CMD_INFO, "", 0, NULL, 0);
	close(l->peer);
	l->peer = -1;
	assert_false(vfu_client_serve(l->d, &l->server));
}

/* A machine that goes away was switched off. */
static void the_end_is_a_power_off(void **state)
{
	struct line *l = *state;

	*vram32(l->d, 0x1000) = 77;
	vfu_client_close(l->d, &l->server);
	assert_int_equal(l->d->counters.power_offs, 1);
	assert_int_not_equal(*vram32(l->d, 0x1000), 77);
	assert_null(guest_ram_at(l->d, RAM_AT, 4, false));
	assert_int_equal(l->server.fd, -1);
}

#define LINE(f) cmocka_unit_test_setup_teardown(f, line_setup, line_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LINE(a_question_and_its_answer),
		LINE(errors_are_marked),
		LINE(regions_bring_a_descriptor),
		LINE(descriptors_come_with_the_header),
		LINE(long_replies_arrive_whole),
		LINE(lengths_that_cannot_be),
		LINE(breaking_off),
		LINE(breaking_off_in_the_header),
		LINE(nobody_reads_the_answer),
		LINE(the_end_is_a_power_off),
	};

	return cmocka_run_group_tests_name("socket", tests, NULL, NULL);
}
