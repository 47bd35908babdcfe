// SPDX-License-Identifier: GPL-2.0
/* A guest that means harm: nothing outside VRAM and guest RAM is reached, and nothing blocks. */
#include <stdlib.h>
#include <string.h>

#include "../lrc.h"
#include "blits.h"
#include "guc_host.h"

#define CELL	0x600000u
#define SLICE_LIMIT_NS 250000000ull	/* with sanitizers */

static struct context c;

static u32 seed;

static u32 noise(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8 ^ seed << 13;
}

static int hostile_setup(void **state)
{
	card_setup(state);
	context_init(*state, &c, 0, RCS);
	seed = 1;
	return 0;
}

#define HOSTILE(f) cmocka_unit_test_setup_teardown(f, hostile_setup, card_teardown)

/* Some slices, each of which must be short. */
static void slices_are_short(struct device *d, u32 count)
{
	u64 sleep_ns;

	while (count--) {
		u64 begin = cpu_ns();

		engines_slice(d, &sleep_ns);
		assert_true(cpu_ns() - begin < SLICE_LIMIT_NS);
	}
}

/* Commands may not reset the card or submit: a context would go away under its own feet. */
static void registers_for_the_host_only(void **state)
{
	static const u32 dangerous[] = {
		0x941c, 0x101010, RCS_BASE + 0x550, BCS_BASE + 0x550, NOTIFY, 0xc314,
	};
	struct device *d = *state;
	struct context bcs;
	size_t i;

	buffers_on(d);
	h2g_put(d, 0, WORDS(0x0506));
	for (i = 0; i < ARRAY_LEN(dangerous); i++) {
		d->counters = (struct counters){ 0 };
		regs_write(d, GPR(RCS_BASE, 0), ~0u);
		context_init(d, &c, 0, RCS);
		*vram32(d, CELL) = 0;
		*vram32(d, CELL + 16) = ~0u;
		EMIT(d, &c, LOAD_REG(1), dangerous[i], ~0u, MI(0x29, 2), dangerous[i], CELL + 16, 0,
		     LOAD_REG(1), GPR(RCS_BASE, 0), ~0u, MI(0x2a, 1), GPR(RCS_BASE, 0), dangerous[i],
		     STORE, CELL, 0, 1);
		run_ring(d, RCS, &c);
		assert_false(d->engines[RCS].hung);
		assert_int_equal(*vram32(d, CELL), 1);
		assert_int_equal(d->counters.flrs + d->counters.gt_resets + d->counters.engine_resets, 0);
		assert_int_equal(d->counters.h2g, 0);
		assert_int_equal(d->counters.unmodelled, 3);
	}
	context_init(d, &bcs, 1, BCS);
	EMIT(d, &bcs, STORE, CELL + 4, 0, 1);
	run_ring(d, BCS, &bcs);
	assert_int_equal(*vram32(d, CELL + 4), 1);
}

/* Nor may a context stop the engine that runs it; the host may. */
static void a_context_cannot_stop_its_engine(void **state)
{
	struct device *d = *state;

	EMIT(d, &c, LOAD_REG(1), RCS_BASE + 0x9c, BIT(24) | BIT(8), NOOP, STORE, CELL, 0, 1);
	run_ring(d, RCS, &c);
	assert_int_equal(*vram32(d, CELL), 1);
	regs_write(d, RCS_BASE + 0x9c, BIT(24) | BIT(8));
	EMIT(d, &c, STORE, CELL, 0, 2);
	run_ring(d, RCS, &c);
	assert_int_equal(*vram32(d, CELL), 1);
}

/* The GGTT is the kernel's: a process's batch does not get there by a jump. */
static void a_batch_stays_in_its_space(void **state)
{
	struct device *d = *state;

	((u32 *)ram)[0] = BATCH_END;
	BATCH(d, 0x400000, MI(0x31, 1), GGTT_RAM, 0, BATCH_END);
	EMIT(d, &c, BATCH_START, 0x400000, 0, NOOP);
	run_ring(d, RCS, &c);
	assert_true(d->engines[RCS].hung);
	assert_int_equal(regs_peek(d, 0xceb8), GGTT_RAM >> 12);
}

/* The corner of the image that the model keeps for itself is the guest's to write. */
static void noise_in_the_private_corner(void **state)
{
	struct device *d = *state;
	u32 round, i;

	for (round = 0; round < 300; round++) {
		context_init(d, &c, 0, RCS);
		EMIT(d, &c, SEMAPHORE_EQUAL, 1, CELL, 0, NOOP, NOOP);
		ports(d, RCS, PORT(&c, 1), 0);
		slices(d, 3);
		ports(d, RCS, 0, 0);
		slices(d, 3);		/* saved: the corner is there now */
		for (i = 0x381; i < 0x400; i++)
			if (noise() & 1)
				*vram32(d, IMAGE(&c, i)) = noise() & 2 ? noise() : noise() & 7;
		*vram32(d, IMAGE(&c, 0x382)) = 0;	/* the head it belongs to */
		ports(d, RCS, PORT(&c, 1), 0);
		slices_are_short(d, 20);
		engines_reset(d, ~0u);
	}
}

/* A blit taken up from the corner, as large as its numbers go. */
static void a_blit_from_the_corner(void **state)
{
	struct device *d = *state;
	struct engine *e = &d->engines[RCS];
	static const u8 pixels[] = { 0, 3, 16, 200 };
	u32 round;

	for (round = 0; round < 128; round++) {
		EMIT(d, &c, 2u << 29 | 0x44u << 22 | 9, 0, 0, 1 << 16 | 1, CELL, 0, 0, 0, 0, 0, 0, 0);
		assert_true(lrc_load(d, e, c.lrca));
		e->cs.blit = (struct blit){
			.active = 1, .fill = round & 1, .corrupt = round >> 1 & 1,
			.bytes_per_pixel = pixels[(round >> 2 & 1) + (round >> 5 & 2)],
			.to = round & 8 ? ~0ull - 10 : CELL, .from = round & 16 ? ~0ull : CELL,
			.to_pitch = ~0u, .from_pitch = ~0u,
			.row_bytes = round & 32 ? 1 : ~0u, .rows = ~0u,
			.total = ~0ull, .moved = ~0ull / 2,
		};
		lrc_save(d, e);
		ports(d, RCS, PORT(&c, 1), 0);
		slices_are_short(d, 10);
		engines_reset(d, ~0u);
		context_init(d, &c, 0, RCS);
	}
}

/* A return address in the corner that is not in the ring. */
static void a_return_to_outside_of_the_ring(void **state)
{
	struct device *d = *state;
	struct engine *e = &d->engines[RCS];

	BATCH(d, 0x400000, BATCH_END);
	EMIT(d, &c, NOOP, NOOP);
	assert_true(lrc_load(d, e, c.lrca));
	e->cs.depth = 1;
	e->cs.pc = 0x400000;
	e->cs.ppgtt = true;
	e->cs.stack[0].address = 0xfffffff1;
	lrc_save(d, e);
	ports(d, RCS, PORT(&c, 1), 0);
	slices_are_short(d, 3);
	assert_true(e->cs.ring_head < RING_BYTES);
	assert_int_equal(e->cs.ring_head & 3, 0);
}

/* More calls than can be nested. */
static void a_depth_that_cannot_be(void **state)
{
	struct device *d = *state;
	struct engine *e = &d->engines[RCS];
	u32 depth;

	EMIT(d, &c, NOOP, NOOP);
	for (depth = 1; depth < 20; depth++) {
		assert_true(lrc_load(d, e, c.lrca));
		e->cs.depth = 1;
		lrc_save(d, e);
		assert_int_equal(image_word(d, &c, 0x383), 1);
		*vram32(d, IMAGE(&c, 0x383)) = depth;
		assert_true(lrc_load(d, e, c.lrca));
		assert_int_equal(e->cs.depth, depth > CS_STACK ? 0 : depth);
	}
}

static void a_random_image(void **state)
{
	struct device *d = *state;
	u32 round, i;

	for (round = 0; round < 200; round++) {
		for (i = 0; i < 1024; i++)
			*vram32(d, IMAGE(&c, i)) = noise() & 3 ? MI(0x22, noise() & 0x1ff) : noise();
		*vram32(d, IMAGE(&c, 11)) |= 1;
		*vram32(d, IMAGE(&c, 5)) &= 0xff8;
		*vram32(d, IMAGE(&c, 7)) &= 0xff8;
		ports(d, RCS, PORT(&c, 1), 0);
		slices_are_short(d, 5);
		ports(d, RCS, 0, 0);
		slices_are_short(d, 5);
		regs_reset(d);
		engines_reset(d, ~0u);
		regs_poke(d, RCS_BASE + 0x80, STATUS_PAGE(RCS));
	}
}

/* Rings of noise: what looks like a command is one. */
static void a_random_ring(void **state)
{
	static const u32 ops[] = { MI(0x20, 2), MI(0x22, 1), MI(0x31, 1), MI(0x2e, 3), MI(0x2f, 9),
				   MI(0x1a, 4), MI(0x26, 3), MI(0x36, 2), 2u << 29 | 0x42u << 22 | 8,
				   2u << 29 | 0x44u << 22 | 9, 0x7a000004, MI(0x24, 2), MI(0x29, 2) };
	struct device *d = *state;
	u32 round, i;

	for (round = 0; round < 200; round++) {
		context_init(d, &c, 0, RCS);
		for (i = 0; i < RING_BYTES; i += 4)
			*vram32(d, c.ring + i) = noise() % 3 ? noise() & 0xffffff :
						 ops[noise() % ARRAY_LEN(ops)] | (noise() & 0x7ff00);
		*vram32(d, IMAGE(&c, 7)) = RING_BYTES - 8;
		ports(d, RCS, PORT(&c, 1), 0);
		slices_are_short(d, 20);
		engines_reset(d, ~0u);
	}
}

static void a_tail_beyond_the_ring(void **state)
{
	struct device *d = *state;

	EMIT(d, &c, SEMAPHORE_EQUAL, 1, CELL, 0);
	ports(d, RCS, PORT(&c, 1), 0);
	slices(d, 10);
	*vram32(d, IMAGE(&c, 7)) = RING_BYTES + 8;
	slices(d, 10);
	assert_true(d->engines[RCS].hung);
}

/* The whole of the ring is nothing but jumps into itself. */
static void a_ring_that_never_empties(void **state)
{
	struct device *d = *state;
	u32 i;

	for (i = 0; i < RING_BYTES; i += 4)
		*vram32(d, c.ring + i) = NOOP;
	*vram32(d, IMAGE(&c, 7)) = 4;			/* cut to 0: empty, not endless */
	run_ring(d, RCS, &c);
	*vram32(d, IMAGE(&c, 5)) = 2;
	*vram32(d, IMAGE(&c, 7)) = 8;
	ports(d, RCS, PORT(&c, 1), 0);
	slices_are_short(d, 100);
}

/* Many blits of many short rows, in one batch: the slice is shared by all of them. */
static void short_rows_do_not_hold_up_the_host(void **state)
{
	struct device *d = *state;
	u64 before;
	u32 i;

	for (i = 0; i < 256; i++)
		BATCH(d, 0x400000 + 44 * i, 2u << 29 | 0x44u << 22 | 9, 0, 0, 65535u << 16 | 3, CELL, 0, 0,
		      1, 2, 3, 4);
	BATCH(d, 0x400000 + 44 * i, BATCH_END);
	EMIT(d, &c, BATCH_START, 0x400000, 0, NOOP);
	ports(d, RCS, PORT(&c, 1), 0);
	for (i = 0; i < 2000; i++) {
		before = d->counters.bytes_filled;
		slices_are_short(d, 1);
		assert_true(d->counters.bytes_filled - before <= 3 * 512);
	}
	assert_true(d->counters.blits > 10);
}

/* Status page, shared data and post-sync writes at the edges of the GGTT. */
static void edges_of_the_ggtt(void **state)
{
	struct device *d = *state;

	regs_write(d, RCS_BASE + 0x80, 0xfffff000);
	EMIT(d, &c, 0x7a000004, BIT(14) | BIT(24), 0xfffffffc, 0, 1, 2);
	*ggtt_entry(d, 0xfffff000) = (TEST_VRAM - PAGE_BYTES) | GGTT_IS_VRAM | PTE_PRESENT;
	run_ring(d, RCS, &c);
	assert_true(d->engines[RCS].hung);
	assert_int_equal(*vram32(d, TEST_VRAM - 4), 1);
	regs_write(d, 0x941c, BIT(1));
	/* An image in the last page: what would follow it is not there. */
	ports(d, RCS, 0xfffff001, 0);
	slices_are_short(d, 3);
	assert_true(d->engines[RCS].hung);
}

/* The host takes its RAM away while an engine works on it. */
static void ram_that_goes_away(void **state)
{
	struct device *d = *state;
	struct context bcs;
	u64 sleep_ns;

	context_init(d, &bcs, 1, BCS);
	emit_copy(d, &bcs, 3, (struct rect){ PPGTT_RAM, 4096, 0, 0 }, (struct rect){ 0, 4096, 0, 0 }, 1024, 4096);
	ports(d, BCS, PORT(&bcs, 1), 0);
	engines_slice(d, &sleep_ns);
	engines_slice(d, &sleep_ns);
	assert_true(d->engines[BCS].cs.blit.active);
	dma_unmap_all(d);
	settle(d);
	assert_true(d->engines[BCS].hung);
}

/* Both kinds of submission on one engine, and resets in between. */
static void two_masters(void **state)
{
	struct device *d = *state;
	struct context other;
	u32 round;

	BATCH(d, 0x400000, ARB_CHECK, BATCH_START, 0x400000, 0);
	for (round = 0; round < 200; round++) {
		context_init(d, &c, 0, RCS);
		context_init(d, &other, 1, RCS);
		EMIT(d, &c, BATCH_START, 0x400000, 0, NOOP);
		EMIT(d, &other, BATCH_START, 0x400000, 0, NOOP);
		for (u32 step = 0; step < 12; step++) {
			switch (noise() % 9) {
			case 0:
				guc_context_register(d, noise() % 3, 0, other.lrca, false);
				break;
			case 1:
				guc_context_set_enabled(d, noise() % 3, noise() & 1);
				break;
			case 2:
				guc_context_deregister(d, noise() % 3);
				break;
			case 3:
				ports(d, RCS, noise() & 1 ? PORT(&c, 1) : 0, PORT(&other, 2));
				break;
			case 4:
				mailbox(d, 0x5507, 0, 0, 0);
				break;
			case 5:
				regs_write(d, 0x941c, BIT(noise() % 4));
				break;
			case 6:
				d->engines[RCS].hang_next = true;
				break;
			default:
				slices_are_short(d, 3);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOSTILE(registers_for_the_host_only),
		HOSTILE(a_context_cannot_stop_its_engine),
		HOSTILE(a_batch_stays_in_its_space),
		HOSTILE(noise_in_the_private_corner),
		HOSTILE(a_blit_from_the_corner),
		HOSTILE(a_return_to_outside_of_the_ring),
		HOSTILE(a_depth_that_cannot_be),
		HOSTILE(a_random_image),
		HOSTILE(a_random_ring),
		HOSTILE(a_tail_beyond_the_ring),
		HOSTILE(a_ring_that_never_empties),
		HOSTILE(short_rows_do_not_hold_up_the_host),
		HOSTILE(edges_of_the_ggtt),
		HOSTILE(ram_that_goes_away),
		HOSTILE(two_masters),
	};

	return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
