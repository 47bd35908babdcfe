// SPDX-License-Identifier: GPL-2.0
/*
 * The model as its process runs it: engines in their own thread, a machine on a
 * socket, lines of the control socket from elsewhere. Also built with ThreadSanitizer.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../control.h"
#include "blits.h"
#include "vfu_client.h"

#define CELL	0x600000u

struct machine {
	struct device *d;
	struct vfu_client server;
	int peer;
	pthread_t server_thread, control_thread;
	u32 stop;
};

/* As the process serves its machine. */
static void *serve(void *arg)
{
	struct machine *m = arg;

	while (vfu_client_serve(m->d, &m->server))
		;
	vfu_client_close(m->d, &m->server);
	return NULL;
}

static void *ask(void *arg)
{
	static const char *const lines[] = { "state", "engines", "counters", "fault list", "unmodelled", "ping" };
	struct machine *m = arg;
	char line[64], answer[CONTROL_LINE];
	u32 n = 0;

	while (!__atomic_load_n(&m->stop, __ATOMIC_RELAXED)) {
		strcpy(line, lines[n++ % ARRAY_LEN(lines)]);
		control_line(m->d, line, answer, sizeof(answer) - 1, true);
		if (strncmp(answer, "ok", 2))
			abort();
		usleep(200);
	}
	return NULL;
}

static int machine_setup(void **state)
{
	struct machine *m = calloc(1, sizeof(*m));
	int pair[2];

	assert_non_null(m);
	m->d = card_new(TEST_VRAM, NULL);
	guest_vram = mmap(NULL, TEST_VRAM, PROT_READ | PROT_WRITE, MAP_SHARED, m->d->vram.fd, 0);
	assert_true(guest_vram != MAP_FAILED);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_true(vfu_client_open(&m->server, pair[0]));
	m->peer = pair[1];
	device_start_engines(m->d);
	assert_int_equal(pthread_create(&m->server_thread, NULL, serve, m), 0);
	assert_int_equal(pthread_create(&m->control_thread, NULL, ask, m), 0);
	*state = m;
	return 0;
}

static int machine_teardown(void **state)
{
	struct machine *m = *state;

	close(m->peer);
	__atomic_store_n(&m->stop, 1, __ATOMIC_RELAXED);
	pthread_join(m->server_thread, NULL);
	pthread_join(m->control_thread, NULL);
	munmap(guest_vram, TEST_VRAM);
	guest_vram = NULL;
	card_free(m->d);
	free(m);
	return 0;
}

#define MACHINE(f) cmocka_unit_test_setup_teardown(f, machine_setup, machine_teardown)

static void exchange(struct machine *m, u32 command, const void *payload, u32 bytes, void *answer, u32 room)
{
	struct vfu_header h = { 1, (u16)command, (u32)sizeof(h) + bytes, 0, 0 };
	u8 data[256];

	memcpy(data, &h, sizeof(h));
	memcpy(data + sizeof(h), payload, bytes);
	assert_int_equal(send(m->peer, data, sizeof(h) + bytes, 0), sizeof(h) + bytes);
	assert_int_equal(recv(m->peer, &h, sizeof(h), MSG_WAITALL), sizeof(h));
	assert_int_equal(h.error, 0);
	assert_int_equal(h.bytes, sizeof(h) + room);
	if (room)
		assert_int_equal(recv(m->peer, answer, room, MSG_WAITALL), room);
}

static void put(struct machine *m, u32 offset, u32 value)
{
	struct { struct msg_access a; u32 value; u32 pad; } q = { { offset, 0, 4 }, value, 0 };
	struct msg_access answer;

	exchange(m, CMD_WRITE, &q, 20, &answer, sizeof(answer));
}

static u32 get(struct machine *m, u32 offset)
{
	struct msg_access q = { offset, 0, 4 };
	struct { struct msg_access a; u32 value; } __attribute__((packed)) answer;

	exchange(m, CMD_READ, &q, sizeof(q), &answer, 20);
	return answer.value;
}

static void submit(struct machine *m, u32 base, const struct context *c)
{
	put(m, base + 0x510, (u32)PORT(c, 1));
	put(m, base + 0x514, (u32)(PORT(c, 1) >> 32));
	put(m, base + 0x518, 0);
	put(m, base + 0x51c, 0);
	put(m, base + 0x550, 1);
}

/* Guest memory is shared with the engines: looked at as the guest does, word by word. */
static bool becomes(struct machine *m, u32 address, u32 value)
{
	u64 end = clock_ns() + 5000000000ull;

	while (clock_ns() < end) {
		if (__atomic_load_n(vram32(m->d, address), __ATOMIC_ACQUIRE) == value)
			return true;
		usleep(100);
	}
	return false;
}

static void work_beside_messages(void **state)
{
	struct machine *m = *state;
	struct context c;
	u32 i;

	context_init(m->d, &c, 0, BCS);
	for (i = 1; i <= 50; i++) {
		emit_copy(m->d, &c, 3, (struct rect){ 0x2000000, 4096, 0, 0 },
			  (struct rect){ 0x4000000, 4096, 0, 0 }, 1024, 64);
		EMIT(m->d, &c, STORE, CELL, 0, i);
		submit(m, BCS_BASE, &c);
		get(m, BCS_BASE + 0x34);
		assert_true(becomes(m, CELL, i));
	}
}

/* A busy engine does not starve the host: each register access has its turn. */
static void an_endless_batch_leaves_room(void **state)
{
	struct machine *m = *state;
	struct context c;
	u64 begin;
	u32 i;

	context_init(m->d, &c, 0, RCS);
	BATCH(m->d, 0x400000, NOOP, BATCH_START, 0x400000, 0);
	EMIT(m->d, &c, STORE, CELL, 0, 1, BATCH_START, 0x400000, 0);
	submit(m, RCS_BASE, &c);
	assert_true(becomes(m, CELL, 1));
	begin = clock_ns();
	for (i = 0; i < 200; i++)
		get(m, 0xd00);
	assert_true(clock_ns() - begin < 10000000000ull);
	put(m, 0x941c, BIT(1));
	assert_int_equal(get(m, RCS_BASE + 0x9c) & BIT(9), BIT(9));
}

static void a_semaphore_is_polled(void **state)
{
	struct machine *m = *state;
	struct context c;

	context_init(m->d, &c, 0, RCS);
	EMIT(m->d, &c, STORE, CELL + 8, 0, 1, SEMAPHORE_EQUAL, 1, CELL, 0, STORE, CELL + 4, 0, 7);
	submit(m, RCS_BASE, &c);
	assert_true(becomes(m, CELL + 8, 1));
	__atomic_store_n(vram32(m->d, CELL), 1, __ATOMIC_RELEASE);
	assert_true(becomes(m, CELL + 4, 7));
}

static void an_interrupt_arrives(void **state)
{
	struct machine *m = *state;
	int fd = eventfd(0, 0);
	struct pollfd p = { fd, POLLIN, 0 };
	struct context c;
	char line[] = "fault irq-delay 1 30", answer[256];

	device_lock(m->d);
	irq_set_msi(m->d, dup(fd));
	device_unlock(m->d);
	put(m, 0x190030, ~0u);
	put(m, 0x190008, BIT(31));
	control_line(m->d, line, answer, sizeof(answer), true);
	context_init(m->d, &c, 0, BCS);
	EMIT(m->d, &c, MI(0x02, 0));
	submit(m, BCS_BASE, &c);
	/* Late, but without anybody asking again. */
	assert_int_equal(poll(&p, 1, 5000), 1);
	assert_int_equal(get(m, 0x190018), BIT(15));
	close(fd);
}

static void resets_at_work(void **state)
{
	struct machine *m = *state;
	struct context c;
	u8 none[1];
	u32 i;

	for (i = 0; i < 5; i++) {
		device_lock(m->d);
		context_init(m->d, &c, 0, RCS);
		BATCH(m->d, 0x400000, ARB_CHECK, BATCH_START, 0x400000, 0);
		EMIT(m->d, &c, BATCH_START, 0x400000, 0, NOOP);
		device_unlock(m->d);
		submit(m, RCS_BASE, &c);
		usleep(1000);
		exchange(m, CMD_RESET, none, 0, none, 0);
		assert_int_equal(get(m, RCS_BASE + 0x38), 0);
	}
}

static void the_thread_stops_and_starts(void **state)
{
	struct machine *m = *state;
	int i;

	for (i = 0; i < 20; i++) {
		device_stop_engines(m->d);
		device_start_engines(m->d);
		get(m, 0xd00);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(work_beside_messages),
		MACHINE(an_endless_batch_leaves_room),
		MACHINE(a_semaphore_is_polled),
		MACHINE(an_interrupt_arrives),
		MACHINE(resets_at_work),
		MACHINE(the_thread_stops_and_starts),
	};

	return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
