// SPDX-License-Identifier: GPL-2.0
/* vfio-user messages: each command, with what is right and with what is not. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "card.h"
#include "vfu_client.h"

static u8 out[VFU_PAYLOAD_MAX];
static struct vfu_reply reply;

/* The payload is copied to the end of a heap block: what reads too far is seen. */
static bool message(struct device *d, u32 command, const void *payload, u32 bytes, int fd)
{
	struct vfu_message m = { .header = { .id = 7, .command = (u16)command } };
	u8 *copy = malloc(bytes ? bytes : 1);
	bool wants_reply;

	assert_non_null(copy);
	memcpy(copy, payload ? payload : "", payload ? bytes : 0);
	m.payload = copy;
	m.payload_bytes = bytes;
	if (fd >= 0) {
		m.fds[0] = dup(fd);
		m.fd_count = 1;
	}
	memset(out, 0xee, 256);
	reply = (struct vfu_reply){ .payload = out, .fd = -1 };
	wants_reply = vfu_handle(d, &m, &reply);
	assert_int_equal(m.fd_count, 0);
	free(copy);
	return wants_reply;
}

static int error_of(struct device *d, u32 command, const void *payload, u32 bytes)
{
	assert_true(message(d, command, payload, bytes, -1));
	if (reply.error) {
		assert_int_equal(reply.payload_bytes, 0);
		assert_int_equal(reply.fd, -1);
	}
	return reply.error;
}

static void commands_it_does_not_have(void **state)
{
	static const u32 commands[] = { 0, CMD_IO_FDS, CMD_DMA_READ, CMD_DMA_WRITE, 14, 0xffff };
	struct device *d = *state;
	int fds = open_fds(), fd = eventfd(0, 0);
	size_t i;

	for (i = 0; i < ARRAY_LEN(commands); i++) {
		assert_true(message(d, commands[i], NULL, 0, fd));
		assert_int_equal(reply.error, ENOTSUP);
	}
	assert_int_equal(d->counters.unmodelled, ARRAY_LEN(commands));
	close(fd);
	assert_int_equal(open_fds(), fds);
}

static void every_command_cut_short(void **state)
{
	static const struct { u32 command, bytes; } least[] = {
		{ CMD_VERSION, 4 }, { CMD_MAP, 32 }, { CMD_UNMAP, 24 }, { CMD_REGION_INFO, 32 },
		{ CMD_IRQ_INFO, 16 }, { CMD_SET_IRQS, 20 }, { CMD_READ, 16 }, { CMD_WRITE, 16 },
	};
	struct device *d = *state;
	int fds = open_fds(), fd = eventfd(0, 0);
	u8 zeros[64] = { 0 };
	size_t i;
	u32 n;

	for (i = 0; i < ARRAY_LEN(least); i++) {
		for (n = 0; n < least[i].bytes; n++) {
			assert_true(message(d, least[i].command, zeros, n, fd));
			assert_int_equal(reply.error, EINVAL);
			assert_int_equal(reply.payload_bytes, 0);
		}
	}
	close(fd);
	assert_int_equal(open_fds(), fds);
}

static void version(void **state)
{
	struct device *d = *state;
	u16 hello[2] = { 0, 1 };

	assert_int_equal(error_of(d, CMD_VERSION, hello, sizeof(hello)), 0);
	assert_memory_equal(out, hello, 4);
	assert_int_equal(out[reply.payload_bytes - 1], 0);
	assert_non_null(strstr((char *)out + 4, "\"max_msg_fds\":8"));
	assert_non_null(strstr((char *)out + 4, "\"max_data_xfer_size\":1048576"));
	hello[0] = 1;
	assert_int_equal(error_of(d, CMD_VERSION, hello, sizeof(hello)), EINVAL);
}

static void info(void **state)
{
	struct device *d = *state;
	struct msg_info got;

	assert_int_equal(error_of(d, CMD_INFO, NULL, 0), 0);
	assert_int_equal(reply.payload_bytes, sizeof(got));
	memcpy(&got, out, sizeof(got));
	assert_int_equal(got.flags, 3);
	assert_int_equal(got.regions, 9);
	assert_int_equal(got.irqs, 5);
}

static struct msg_region region(struct device *d, u32 index, u32 argsz, int error)
{
	struct msg_region q = { .argsz = argsz, .index = index }, got = { 0 };

	assert_int_equal(error_of(d, CMD_REGION_INFO, &q, sizeof(q)), error);
	if (!error) {
		assert_true(reply.payload_bytes >= sizeof(got));
		memcpy(&got, out, sizeof(got));
		assert_int_equal(got.index, index);
	}
	return got;
}

static void regions(void **state)
{
	struct device *d = *state;
	struct msg_sparse cap;
	struct msg_region r;
	u32 i;

	r = region(d, 0, 32, 0);
	assert_int_equal(r.bytes, 16 * MiB);
	assert_int_equal(r.argsz, 64);
	assert_int_equal(r.flags, 0xf);
	assert_int_equal(reply.payload_bytes, 32);
	assert_int_equal(reply.fd, d->regs.bar0_fd);

	/* Asked again with room for it, the part that can be mapped is told. */
	r = region(d, 0, 64, 0);
	assert_int_equal(r.cap_offset, 32);
	assert_int_equal(reply.payload_bytes, 64);
	memcpy(&cap, out + 32, sizeof(cap));
	assert_int_equal(cap.id, 1);
	assert_int_equal(cap.next, 0);
	assert_int_equal(cap.areas, 1);
	assert_int_equal(cap.offset, 8 * MiB);
	assert_int_equal(cap.bytes, 8 * MiB);

	r = region(d, 2, 32, 0);
	assert_int_equal(r.bytes, TEST_VRAM);
	assert_int_equal(r.flags, 7);
	assert_int_equal(reply.fd, d->vram.fd);
	r = region(d, 7, 32, 0);
	assert_int_equal(r.bytes, 256);
	assert_int_equal(r.flags, 3);
	for (i = 0; i < 9; i++) {
		if (i == 0 || i == 2 || i == 7)
			continue;
		r = region(d, i, 32, 0);
		assert_int_equal(r.bytes, 0);
		assert_int_equal(reply.fd, -1);
	}
	region(d, 9, 32, EINVAL);
	region(d, ~0u, 32, EINVAL);
}

static void irq_info(void **state)
{
	struct device *d = *state;
	struct msg_irq q = { .argsz = sizeof(q) }, got;

	for (q.index = 0; q.index < 5; q.index++) {
		assert_int_equal(error_of(d, CMD_IRQ_INFO, &q, sizeof(q)), 0);
		memcpy(&got, out, sizeof(got));
		assert_int_equal(got.index, q.index);
		assert_int_equal(got.count, q.index == 1);
		assert_int_equal(got.flags & 1, q.index == 1);
	}
	assert_int_equal(error_of(d, CMD_IRQ_INFO, &q, sizeof(q)), EINVAL);
}

static void set_irqs(void **state)
{
	struct device *d = *state;
	struct msg_set_irqs q = { sizeof(q), BIT(2) | BIT(5), 1, 0, 1 };
	int fds = open_fds(), fd = eventfd(0, EFD_NONBLOCK);

	assert_true(message(d, CMD_SET_IRQS, &q, sizeof(q), fd));
	assert_int_equal(reply.error, 0);
	assert_true(d->irq.msi_fd >= 0);
	assert_int_equal(open_fds(), fds + 2);
	/* Another takes its place; the first is closed. */
	assert_true(message(d, CMD_SET_IRQS, &q, sizeof(q), fd));
	assert_int_equal(open_fds(), fds + 2);
	/* Asked for without a descriptor: none any more. */
	assert_int_equal(error_of(d, CMD_SET_IRQS, &q, sizeof(q)), 0);
	assert_int_equal(d->irq.msi_fd, -1);
	assert_int_equal(open_fds(), fds + 1);

	assert_true(message(d, CMD_SET_IRQS, &q, sizeof(q), fd));
	q = (struct msg_set_irqs){ sizeof(q), BIT(0) | BIT(5), 1, 0, 0 };
	assert_int_equal(error_of(d, CMD_SET_IRQS, &q, sizeof(q)), 0);
	assert_int_equal(d->irq.msi_fd, -1);

	/* Other kinds of interrupts, and masking, are taken without effect. */
	q = (struct msg_set_irqs){ sizeof(q), BIT(2) | BIT(5), 0, 0, 1 };
	assert_true(message(d, CMD_SET_IRQS, &q, sizeof(q), fd));
	assert_int_equal(reply.error, 0);
	assert_int_equal(d->irq.msi_fd, -1);
	q = (struct msg_set_irqs){ sizeof(q), BIT(2) | BIT(3), 1, 0, 1 };
	assert_true(message(d, CMD_SET_IRQS, &q, sizeof(q), fd));
	assert_int_equal(d->irq.msi_fd, -1);
	q.index = 5;
	assert_true(message(d, CMD_SET_IRQS, &q, sizeof(q), fd));
	assert_int_equal(reply.error, EINVAL);
	close(fd);
	assert_int_equal(open_fds(), fds);
}

static void maps(void **state)
{
	struct device *d = *state;
	struct msg_map q = { sizeof(q), 3, 0x1000, 0x80000000, 0x2000 };
	struct msg_unmap u = { sizeof(u), 0, 0x80000000, 0x2000 }, got;
	int fds, fd = memfd_create("ram", MFD_CLOEXEC);

	assert_int_equal(ftruncate(fd, 0x3000), 0);
	fds = open_fds();
	assert_true(message(d, CMD_MAP, &q, sizeof(q), fd));
	assert_int_equal(reply.error, 0);
	assert_non_null(guest_ram_at(d, 0x80001ffc, 4, true));
	/* Twice is refused, and so is what reaches beyond the file. */
	assert_true(message(d, CMD_MAP, &q, sizeof(q), fd));
	assert_int_equal(reply.error, EEXIST);
	q.address = 0x90000000;
	q.offset = 0x2000;
	assert_true(message(d, CMD_MAP, &q, sizeof(q), fd));
	assert_int_equal(reply.error, EINVAL);
	/* Without a file there is nothing to reach, and no error. */
	assert_int_equal(error_of(d, CMD_MAP, &q, sizeof(q)), 0);
	assert_null(guest_ram_at(d, 0x90000000, 4, false));
	/* Read-only. */
	q = (struct msg_map){ sizeof(q), 1, 0, 0x90000000, 0x1000 };
	assert_true(message(d, CMD_MAP, &q, sizeof(q), fd));
	assert_non_null(guest_ram_at(d, 0x90000000, 4, false));
	assert_null(guest_ram_at(d, 0x90000000, 4, true));
	assert_int_equal(open_fds(), fds);

	assert_int_equal(error_of(d, CMD_UNMAP, &u, sizeof(u)), 0);
	assert_int_equal(reply.payload_bytes, sizeof(u));
	assert_null(guest_ram_at(d, 0x80000000, 4, false));
	u.flags = 2;
	assert_int_equal(error_of(d, CMD_UNMAP, &u, sizeof(u)), 0);
	memcpy(&got, out, sizeof(got));
	assert_int_equal(got.bytes, RAM_BYTES + 0x1000);
	assert_int_equal(d->dma.count, 0);
	close(fd);
}

static int read_region(struct device *d, u32 index, u64 offset, u32 count)
{
	struct msg_access a = { offset, index, count };

	return error_of(d, CMD_READ, &a, sizeof(a));
}

static int write_region(struct device *d, u32 index, u64 offset, u32 count, const void *data, u32 bytes)
{
	u8 payload[64];
	struct msg_access a = { offset, index, count };

	memcpy(payload, &a, sizeof(a));
	memcpy(payload + sizeof(a), data, bytes);
	return error_of(d, CMD_WRITE, payload, (u32)sizeof(a) + bytes);
}

static void accesses(void **state)
{
	struct device *d = *state;
	u32 word = 0x89abcdef, got;

	assert_int_equal(write_region(d, 0, 0x2038, 4, &word, 4), 0);
	assert_int_equal(reply.payload_bytes, 16);
	assert_int_equal(regs_peek(d, 0x2038), word);
	assert_int_equal(read_region(d, 0, 0x2038, 4), 0);
	assert_int_equal(reply.payload_bytes, 20);
	memcpy(&got, out + 16, 4);
	assert_int_equal(got, word);
	assert_int_equal(d->counters.mmio_reads, 1);
	assert_int_equal(d->counters.mmio_writes, 1);

	assert_int_equal(write_region(d, 2, 0x123, 4, &word, 4), 0);
	assert_memory_equal(vram(d, 0x123), &word, 4);
	assert_int_equal(write_region(d, 0, 8 * MiB + 8, 4, &word, 4), 0);
	assert_int_equal((u32)*ggtt_entry(d, 0x1000), word);
	assert_int_equal(read_region(d, 7, 0, 4), 0);
	memcpy(&got, out + 16, 4);
	assert_int_equal(got, 0x49058086);
	assert_int_equal(d->counters.config_accesses, 1);
}

/* Parts of registers, and several at once. */
static void odd_accesses(void **state)
{
	struct device *d = *state;
	u8 bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	assert_int_equal(write_region(d, 0, 0x2600, 8, bytes, 8), 0);
	assert_int_equal(regs_peek(d, 0x2600), 0x04030201);
	assert_int_equal(regs_peek(d, 0x2604), 0x08070605);
	assert_int_equal(write_region(d, 0, 0x2602, 1, bytes + 7, 1), 0);
	assert_int_equal(regs_peek(d, 0x2600), 0x04080201);
	assert_int_equal(write_region(d, 0, 0x2603, 2, bytes, 2), 0);
	assert_int_equal(regs_peek(d, 0x2600), 0x01080201);
	assert_int_equal(regs_peek(d, 0x2604), 0x08070602);
	assert_int_equal(read_region(d, 0, 0x2601, 5), 0);
	assert_memory_equal(out + 16, "\x02\x08\x01\x02\x06", 5);
	assert_int_equal(read_region(d, 0, 4 * MiB - 4, 8), 0);
}

static void accesses_out_of_range(void **state)
{
	struct device *d = *state;
	u32 word = 0;

	assert_int_equal(read_region(d, 0, 16 * MiB - 4, 4), 0);
	assert_int_equal(read_region(d, 0, 16 * MiB - 4, 5), EINVAL);
	assert_int_equal(read_region(d, 0, 16 * MiB + 1, 0), EINVAL);
	assert_int_equal(read_region(d, 0, ~0ull, 4), EINVAL);
	assert_int_equal(read_region(d, 2, TEST_VRAM - 4, 4), 0);
	assert_int_equal(read_region(d, 2, TEST_VRAM - 4, 8), EINVAL);
	assert_int_equal(read_region(d, 2, ~0ull - 3, 4), EINVAL);
	assert_int_equal(read_region(d, 7, 252, 4), 0);
	assert_int_equal(read_region(d, 7, 253, 4), EINVAL);
	assert_int_equal(read_region(d, 7, ~0ull, 1), EINVAL);
	assert_int_equal(read_region(d, 9, 0, 4), EINVAL);
	assert_int_equal(read_region(d, 2, 0, VFU_DATA_MAX), 0);
	assert_int_equal(reply.payload_bytes, 16 + VFU_DATA_MAX);
	assert_int_equal(read_region(d, 2, 0, VFU_DATA_MAX + 1), EINVAL);
	assert_int_equal(read_region(d, 2, 0, ~0u), EINVAL);
	assert_int_equal(write_region(d, 7, 256, 1, &word, 1), EINVAL);
	/* More is promised than the message brings. */
	assert_int_equal(write_region(d, 2, 0, 8, &word, 4), EINVAL);
	assert_int_equal(write_region(d, 2, 0, ~0u, &word, 4), EINVAL);
	/* Regions that are not there read as zeros. */
	assert_int_equal(read_region(d, 1, 0, 4), 0);
	assert_memory_equal(out + 16, "\0\0\0\0", 4);
	assert_int_equal(write_region(d, 1, 0, 4, &word, 4), 0);
}

static void doorbells_that_nobody_set_up(void **state)
{
	struct device *d = *state;
	u32 word = 1, got;
	u16 half;

	assert_int_equal(write_region(d, 0, 0x7ff000, 4, &word, 4), 0);
	assert_int_equal(read_region(d, 0, 0x7ff000, 4), 0);
	memcpy(&got, out + 16, 4);
	assert_int_equal(got, 0xdeadbeef);
	assert_int_equal(read_region(d, 0, 0x7ff002, 2), 0);
	memcpy(&half, out + 16, 2);
	assert_int_equal(half, 0xdead);
	assert_int_equal(d->counters.unmodelled, 0);
}

static void reset(void **state)
{
	struct device *d = *state;

	*vram32(d, 0x1000) = 5;
	assert_int_equal(error_of(d, CMD_RESET, NULL, 0), 0);
	assert_int_equal(d->counters.resets, 1);
	assert_int_not_equal(*vram32(d, 0x1000), 5);
	assert_non_null(guest_ram_at(d, RAM_AT, 4, true));
}

static void no_reply_where_none_is_wanted(void **state)
{
	struct device *d = *state;
	struct vfu_message m = { .header = { .command = CMD_INFO, .flags = BIT(4) } };

	reply = (struct vfu_reply){ .payload = out, .fd = -1 };
	m.payload = out;
	assert_false(vfu_handle(d, &m, &reply));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(commands_it_does_not_have),
		CASE(every_command_cut_short),
		CASE(version),
		CASE(info),
		CASE(regions),
		CASE(irq_info),
		CASE(set_irqs),
		CASE(maps),
		CASE(accesses),
		CASE(odd_accesses),
		CASE(accesses_out_of_range),
		CASE(doorbells_that_nobody_set_up),
		CASE(reset),
		CASE(no_reply_where_none_is_wanted),
	};

	return cmocka_run_group_tests_name("vfu", tests, NULL, NULL);
}
