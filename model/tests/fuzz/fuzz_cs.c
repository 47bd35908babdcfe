// SPDX-License-Identifier: GPL-2.0
/*
 * An input is a program of steps: write memory, page tables, images and rings,
 * submit by ports or through the GuC, and let the engines run for a while.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../guc_host.h"
#include "fuzz.h"

enum step {
	STEP_MEMORY, STEP_GGTT, STEP_TABLE, STEP_IMAGE, STEP_RING, STEP_BATCH, STEP_PORTS, STEP_SLICES,
	STEP_H2G, STEP_MAILBOX, STEP_REGISTER, STEP_FAULT, STEPS,
};

#define CONTEXTS	4u
#define BATCH_AT(n)	(0x400000u + (n) * 0x1000u)
#define STEPS_MAX	128
#define SLICES_MAX	96
#define BYTES_LIMIT	(2 * MiB)

static struct context contexts[CONTEXTS], fresh[CONTEXTS];
static const u8 engine_of[CONTEXTS] = { RCS, RCS, BCS, VECS };

static void prepare(struct device *d)
{
	u32 i;

	card_prepare(d);
	for (i = 0; i < CONTEXTS; i++)
		context_init(d, &fresh[i], i, engine_of[i]);
	regs_write(d, 0x190008, BIT(31));
	buffers_on(d);
	for (i = 0; i < CONTEXTS; i++)
		*vram32(d, BATCH_AT(i)) = BATCH_END;
}

static void words(struct input *in, u32 *at, u32 count)
{
	while (count--)
		*at++ = take32(in);
}

static void do_h2g(struct device *d, struct input *in)
{
	u32 count = take8(in) % 24 + 1, dw[24], *desc = vram32(d, H2G_DESC);

	words(in, dw, count);
	/* What an earlier step did to the descriptor is the model's to find out, not ours. */
	if (desc[1] < CT_DWORDS)
		h2g_put(d, take16(in), dw, count);
	regs_write(d, NOTIFY, 1);
}

static void do_fault(struct device *d, struct input *in)
{
	u8 which = take8(in), count = take8(in);

	if (which % 6 == 5)
		d->engines[count % d->card->engine_count].hang_next = true;
	else if (which % 6)
		d->faults.blit[which % 6] = count;
	else
		d->faults.irq_drop = count;
}

static void do_step(struct device *d, struct input *in, u32 *slices_left)
{
	struct context *c;
	u32 at, count, dw[64];
	u64 sleep_ns;

	switch (take8(in) % STEPS) {
	case STEP_MEMORY:
		at = take32(in) & 0xffffc;
		for (count = take8(in) % 32 + 1; count--; at += 4)
			*vram32(d, at) = take32(in);
		break;
	case STEP_GGTT:
		at = (take16(in) & 0x1fff) * PAGE_BYTES;
		*ggtt_entry(d, at) = take64(in);
		break;
	case STEP_TABLE:
		at = take16(in);
		ppgtt_set(d, PPGTT_ROOT + (at >> 9 & 7) * PAGE_BYTES, at & 511, take64(in));
		break;
	case STEP_IMAGE:
		c = &contexts[take8(in) % CONTEXTS];
		at = take16(in) & 1023;
		for (count = take8(in) % 8 + 1; count-- && at < 1024; at++)
			*vram32(d, IMAGE(c, at)) = take32(in);
		break;
	case STEP_RING:
		c = &contexts[take8(in) % CONTEXTS];
		count = take8(in) % ARRAY_LEN(dw) + 1;
		words(in, dw, count);
		context_emit(d, c, dw, count);
		break;
	case STEP_BATCH:
		at = BATCH_AT(take8(in) & 7);
		for (count = take8(in) % 64 + 1; count--; at += 4)
			*vram32(d, at) = take32(in);
		break;
	case STEP_PORTS:
		at = take8(in);
		ports(d, at & 3, PORT(&contexts[at >> 2 & 3], 1), at & 64 ? PORT(&contexts[at >> 4 & 3], 2) : 0);
		break;
	case STEP_SLICES:
		for (count = take8(in) % 32 + 1; count-- && *slices_left; --*slices_left)
			engines_slice(d, &sleep_ns);
		break;
	case STEP_H2G:
		do_h2g(d, in);
		break;
	case STEP_MAILBOX:
		words(in, dw, 4);
		mailbox(d, dw[0], dw[1], dw[2], dw[3]);
		break;
	case STEP_REGISTER:
		at = take32(in) & 0x3ffffc;
		regs_write(d, at, take32(in));
		regs_read(d, at);
		break;
	case STEP_FAULT:
		do_fault(d, in);
		break;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct device *d = fuzz_card(false, prepare);
	struct input in = { data, data + size };
	const struct counters *n = &d->counters;
	u32 step, slices_left = SLICES_MAX;

	memcpy(contexts, fresh, sizeof(contexts));
	for (step = 0; step < STEPS_MAX && in.at < in.end; step++) {
		do_step(d, &in, &slices_left);
		fuzz_check(d);
		/* Inputs that only move much memory are slow and teach nothing. */
		if (n->bytes_in_vram + n->bytes_to_vram + n->bytes_from_vram + n->bytes_filled > BYTES_LIMIT ||
		    d->power.losses)
			break;
	}
	return 0;
}

static struct output out;

static void put_words(const u32 *dw, u32 count)
{
	while (count--)
		put32(&out, *dw++);
}

static void ring(u8 c, const u32 *dw, u32 count)
{
	put8(&out, STEP_RING);
	put8(&out, c);
	put8(&out, (u8)(count - 1));
	put_words(dw, count);
}

static void batch_at(u8 n, const u32 *dw, u32 count)
{
	put8(&out, STEP_BATCH);
	put8(&out, n);
	put8(&out, (u8)(count - 1));
	put_words(dw, count);
}

static void message(const u32 *dw, u32 count)
{
	put8(&out, STEP_H2G);
	put8(&out, (u8)(count - 1));
	put_words(dw, count);
	put16(&out, 7);
}

static void submit(u8 engine, u8 first, u8 second)
{
	put8(&out, STEP_PORTS);
	put8(&out, (u8)(engine | first << 2 | second << 4 | (second ? 64 : 0)));
	put8(&out, STEP_SLICES);
	put8(&out, 15);
}

#define RING(c, ...) ring(c, WORDS(__VA_ARGS__))
#define BATCH_SEED(n, ...) batch_at(n, WORDS(__VA_ARGS__))
#define MESSAGE(...) message(WORDS(__VA_ARGS__))

static void seed_of_commands(void)
{
	RING(0, STORE, 0x600000, 0, 1, LOAD_REG(2), GPR(RCS_BASE, 0), 5, GPR(RCS_BASE, 1), 7,
	     STORE_REG, GPR(RCS_BASE, 0), 0x600004, 0, MI(0x29, 2), GPR(RCS_BASE, 2), 0x600000, 0,
	     MI(0x2a, 1), GPR(RCS_BASE, 0), GPR(RCS_BASE, 3), MI(0x2e, 3), 0x600008, 0, 0x600000, 0,
	     MI(0x26, 3) | BIT(14), 0x600010, 0, 1, 2, MI(0x02, 0), ARB_CHECK, ARB_OFF, ARB_ON);
	RING(0, 0x7a000004, BIT(14), 0x600000, 0, 1, 2, MI(0x2f, 1) | 5 << 8, 0x600000, 0,
	     MI(0x1a, 3), 0x08008000, 0x08008401, 0x10000000, 0x18000831, MI(0x01, 0) | 2,
	     SEMAPHORE_EQUAL, 0, 0x600020, 0);
	submit(RCS, 0, 0);
}

static void seed_of_batches(void)
{
	BATCH_SEED(0, BATCH_CALL, BATCH_AT(1), 0, MI(0x36, 2), 0, 0x600000, 0, STORE, 0x600000, 0, 1, BATCH_END);
	BATCH_SEED(1, ARB_CHECK, STORE, 0x600004, 0, 2, BATCH_END);
	BATCH_SEED(2, ARB_CHECK, BATCH_START, BATCH_AT(2), 0);
	RING(0, BATCH_START, BATCH_AT(0), 0, NOOP);
	RING(1, BATCH_START, BATCH_AT(2), 0, NOOP);
	submit(RCS, 0, 1);
	submit(RCS, 1, 0);
	submit(RCS, 0, 0);
}

static void seed_of_blits(void)
{
	RING(2, 2u << 29 | 0x42u << 22 | 8, 3 << 24 | 256, 0, 4 << 16 | 64, 0x700000, 0, 0, 256, 0x600000, 0,
	     2u << 29 | 0x44u << 22 | 2 << 19 | 9, 255, 0, 4 << 16 | 64, 0x700000, 0, 0, 1, 2, 3, 4,
	     2u << 29 | 0x53u << 22 | 8, 3 << 24 | 256, 0, 4 << 16 | 64, (u32)PPGTT_RAM, 1, 0, 256, 0x600000, 0,
	     2u << 29 | 0x50u << 22 | 5, 3 << 24 | 256, 0, 4 << 16 | 64, 0x700000, 0, 9);
	RING(2, 2u << 29 | 0x42u << 22 | 8, 5 << 24 | 4096, 0, 512 << 16 | 256, 0x700000, 0, 0, 4096,
	     (u32)PPGTT_RAM, 1, STORE, 0x600000, 0, 1);
	submit(BCS, 2, 0);
	submit(BCS, 0, 0);
	submit(BCS, 2, 0);
}

static void seed_of_guc(void)
{
	u32 i;

	for (i = 0; i < 2; i++) {
		MESSAGE(0x4502, 0, i + 1, 0, 1, 0, 0, 0, 0, 0, fresh[i].lrca, 0);
		MESSAGE(0x100b | FAST, i + 1, 0x2001u << 16 | 1, 1, 0x2002u << 16 | 1, 1);
		RING((u8)i, BATCH_START, BATCH_AT(i), 0, NOOP);
		MESSAGE(0x1001 | FAST, i + 1, 1);
	}
	BATCH_SEED(0, ARB_CHECK, BATCH_START, BATCH_AT(0), 0);
	BATCH_SEED(1, NOOP, BATCH_START, BATCH_AT(1), 0);
	put8(&out, STEP_SLICES);
	put8(&out, 31);
	MESSAGE(0x1000 | FAST, 1);
	MESSAGE(0x1001 | FAST, 2, 0);
	put8(&out, STEP_SLICES);
	put8(&out, 31);
	MESSAGE(0x4503 | FAST, 1);
	MESSAGE(0x7000, 5, 0);
	MESSAGE(0x3003, 0, 0x600000, 0);
	MESSAGE(0x0509, 0x1001u << 16 | 1, 5);
	put8(&out, STEP_MAILBOX);
	put_words(WORDS(0x5507, 0, 0, 0));
}

static void seed_of_tables(void)
{
	put8(&out, STEP_GGTT);
	put16(&out, 0x100);
	put64(&out, RAM_AT | PTE_PRESENT);
	put8(&out, STEP_TABLE);
	put16(&out, 4 << 9 | 1);
	put64(&out, RAM_AT | PTE_PRESENT);
	put8(&out, STEP_IMAGE);
	put8(&out, 0);
	put16(&out, 0x380);
	put8(&out, 7);
	put_words(WORDS(0x4d42434d, 1, 0, 1, 1, 0, 0x400000, 0));
	put8(&out, STEP_IMAGE);
	put8(&out, 0);
	put16(&out, 0x13);
	put8(&out, 2);
	put_words(WORDS(BATCH_AT(0) | 1, RCS_BASE + 0x1c4, BATCH_AT(1) | 1));
	put8(&out, STEP_MEMORY);
	put32(&out, 0x600000);
	put8(&out, 3);
	put_words(WORDS(1, 2, 3, 4));
	RING(0, STORE, (u32)PPGTT_4K + 0x1000, (u32)(PPGTT_4K >> 32), 1);
	put8(&out, STEP_FAULT);
	put8(&out, 1);
	put8(&out, 1);
	submit(RCS, 0, 0);
	put8(&out, STEP_REGISTER);
	put32(&out, 0x941c);
	put32(&out, 1);
}

void fuzz_seeds(void (*emit)(const u8 *data, size_t size))
{
	static void (*const seeds[])(void) = { seed_of_commands, seed_of_batches, seed_of_blits, seed_of_guc,
					       seed_of_tables };
	size_t i;

	fuzz_card(false, prepare);
	for (i = 0; i < ARRAY_LEN(seeds); i++) {
		out.used = 0;
		seeds[i]();
		emit(out.bytes, out.used);
	}
}
