// SPDX-License-Identifier: GPL-2.0
/*
 * An input is a sequence of messages, each: command, descriptors to send along,
 * length, payload. Two commands that the protocol has not are ours: a line of
 * the control socket, and slices of the engines.
 */
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../control.h"
#include "../vfu_client.h"
#include "fuzz.h"

#define COMMAND_CONTROL	0xf0
#define COMMAND_SLICES	0xf1
#define MESSAGES_MAX	64

static int files[4] = { -1 };
static u8 reply_bytes[VFU_PAYLOAD_MAX];

static void open_files(struct device *d)
{
	(void)d;
	files[0] = memfd_create("empty", MFD_CLOEXEC);
	files[1] = memfd_create("page", MFD_CLOEXEC);
	files[2] = memfd_create("ram", MFD_CLOEXEC);
	files[3] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	REQUIRE(!ftruncate(files[1], PAGE_BYTES) && !ftruncate(files[2], 1 * MiB));
}

static void send_message(struct device *d, u8 command, u8 fds, const u8 *payload, u32 bytes)
{
	struct vfu_message m = { .header = { .command = command == 0xef ? 0xffff : command } };
	struct vfu_reply r = { .payload = reply_bytes, .fd = -1 };
	u8 *copy = malloc(bytes ? bytes : 1);	/* of the exact size, so that reading on is seen */
	struct msg_access *access = (struct msg_access *)copy;

	REQUIRE(copy);
	memcpy(copy, payload, bytes);
	/* A million registers one by one are slow, and no different from some thousand. */
	if (command == CMD_READ && bytes >= sizeof(*access) && access->region == 0 && access->count <= VFU_DATA_MAX)
		access->count &= 0x3fff;
	m.payload = copy;
	m.payload_bytes = bytes;
	m.fd_count = (fds & 0x0f) % (VFU_FDS_MAX + 1);
	for (u32 i = 0; i < m.fd_count; i++)
		m.fds[i] = dup(files[(fds >> 4 ^ i) & 3]);
	vfu_handle(d, &m, &r);
	REQUIRE(r.payload_bytes <= VFU_PAYLOAD_MAX && m.fd_count == 0);
	free(copy);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct device *d = fuzz_card(true, open_files);
	struct input in = { data, data + size };
	char line[CONTROL_LINE], answer[CONTROL_LINE];
	u64 sleep_ns;
	u32 n;

	for (n = 0; n < MESSAGES_MAX && in.at < in.end; n++) {
		u8 command = take8(&in), fds = take8(&in);
		u32 bytes = take16(&in), left = (u32)(in.end - in.at);

		if (bytes > left)
			bytes = left;
		if (command == COMMAND_SLICES) {
			engines_slice(d, &sleep_ns);
		} else if (command == COMMAND_CONTROL) {
			u32 length = bytes < sizeof(line) - 1 ? bytes : sizeof(line) - 1;

			memcpy(line, in.at, length);
			line[length] = '\0';
			control_line(d, line, answer, sizeof(answer) - 1, fds & 1);
			REQUIRE(!strncmp(answer, "ok", 2) || !strncmp(answer, "error ", 6));
		} else {
			send_message(d, command, fds, in.at, bytes);
		}
		in.at += bytes;
		fuzz_check(d);
		/* Losing memory takes milliseconds: once is enough for one input. */
		if (d->power.losses)
			break;
	}
	return 0;
}

static void message(struct output *out, u8 command, u8 fds, const void *payload, u16 bytes)
{
	put8(out, command);
	put8(out, fds);
	put16(out, bytes);
	for (u16 i = 0; i < bytes; i++)
		put8(out, ((const u8 *)payload)[i]);
}

static void access_message(struct output *out, u8 command, u32 region, u64 offset, u32 count, u32 word)
{
	struct { struct msg_access a; u32 words[2]; } m = { { offset, region, count }, { word, word } };

	message(out, command, 0, &m, (u16)(sizeof(m.a) + (command == CMD_WRITE ? count & 15 : 0)));
}

static void line_message(struct output *out, const char *text)
{
	message(out, COMMAND_CONTROL, 0, text, (u16)strlen(text));
}

static void hello(struct output *out)
{
	struct msg_region region = { .argsz = 64 };
	struct msg_irq irq = { .argsz = 16, .index = 1 };
	struct msg_map map = { 32, 3, 0, 0x100000, 1 * MiB };
	u32 version = 0x10000;

	message(out, CMD_VERSION, 0, &version, 4);
	message(out, CMD_MAP, 0x21, &map, sizeof(map));
	message(out, CMD_INFO, 0, &version, 0);
	for (region.index = 0; region.index < 9; region.index += region.index == 2 ? 5 : 2)
		message(out, CMD_REGION_INFO, 0, &region, sizeof(region));
	message(out, CMD_IRQ_INFO, 0, &irq, sizeof(irq));
}

void fuzz_seeds(void (*emit)(const u8 *data, size_t size))
{
	static const u32 registers[] = {
		0x101010, 0x138124, 0xa188, 0x941c, 0xc314, 0x1901f0, 0x190240, 0x190008, 0x190018,
		0x190060, 0x190070, 0x190030, 0x2030, 0x22510, 0x22550, 0x2209c, 0x220d0, 0x223a0, 0xa090,
	};
	static const char *const lines[] = {
		"help", "state", "engines", "counters", "unmodelled", "fault list", "fault clear", "poison address",
		"poison 0xdeadbeef", "fault blit-fail 1", "fault irq-drop 2", "fault irq-delay 1 0",
		"fault blit-skip 2 all", "fault hang bcs0", "fault d3-loss on", "fault guc-silent off",
	};
	struct msg_set_irqs irqs = { 20, 0x24, 1, 0, 1 };
	struct msg_unmap unmap = { 24, 0, 0x100000, 1 * MiB };
	struct output out = { .used = 0 };
	size_t i;

	hello(&out);
	emit(out.bytes, out.used);
	message(&out, CMD_SET_IRQS, 0x31, &irqs, sizeof(irqs));
	message(&out, CMD_UNMAP, 0, &unmap, sizeof(unmap));
	message(&out, CMD_RESET, 0, &unmap, 0);
	emit(out.bytes, out.used);

	out.used = 0;
	for (i = 0; i < ARRAY_LEN(registers); i++) {
		access_message(&out, CMD_WRITE, 0, registers[i], 4, 0x00010001);
		access_message(&out, CMD_READ, 0, registers[i], 4, 0);
	}
	message(&out, COMMAND_SLICES, 0, &out, 0);
	emit(out.bytes, out.used);

	out.used = 0;
	access_message(&out, CMD_WRITE, 7, 0xd4, 2, 3);
	access_message(&out, CMD_READ, 7, 0, 4, 0);
	access_message(&out, CMD_WRITE, 2, 0x1000, 8, 0xffffffff);
	access_message(&out, CMD_READ, 2, 0xffffff8, 8, 0);
	access_message(&out, CMD_WRITE, 0, 8 * MiB, 8, 0x1003);
	access_message(&out, CMD_READ, 0, 4 * MiB - 4, 8, 0);
	access_message(&out, CMD_WRITE, 7, 0xd4, 2, 0);
	emit(out.bytes, out.used);

	for (i = 0; i < ARRAY_LEN(lines); i++) {
		out.used = 0;
		line_message(&out, lines[i]);
		emit(out.bytes, out.used);
	}
}
