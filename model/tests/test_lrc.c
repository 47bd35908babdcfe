// SPDX-License-Identifier: GPL-2.0
/* Context images: what is restored, what is saved, and what belongs to whom. */
#include <string.h>
#include <unistd.h>

#include "../lrc.h"
#include "card.h"

#define CELL	0x600000u
#define B(n)	(0x400000u + (n) * 0x1000)

static struct context one, two;

static int lrc_setup(void **state)
{
	card_setup(state);
	context_init(*state, &one, 0, RCS);
	context_init(*state, &two, 1, RCS);
	return 0;
}

#define LRC(f) cmocka_unit_test_setup_teardown(f, lrc_setup, card_teardown)

static void one_at_a_time(struct device *d, struct context *c)
{
	run_ring(d, RCS, c);
	assert_false(d->engines[RCS].hung);
}

static void registers_are_the_context_s_own(void **state)
{
	struct device *d = *state;
	u32 n;

	for (n = 0; n < 16; n++) {
		EMIT(d, &one, LOAD_REG(2), GPR(RCS_BASE, n), 100 + n, GPR(RCS_BASE, n) + 4, 200 + n);
		EMIT(d, &two, LOAD_REG(1), GPR(RCS_BASE, n), 300 + n);
	}
	one_at_a_time(d, &one);
	one_at_a_time(d, &two);
	for (n = 0; n < 16; n++) {
		EMIT(d, &one, STORE_REG, GPR(RCS_BASE, n), CELL + 8 * n, 0,
		     STORE_REG, GPR(RCS_BASE, n) + 4, CELL + 8 * n + 4, 0);
		EMIT(d, &two, STORE_REG, GPR(RCS_BASE, n), CELL + 0x100 + 8 * n, 0,
		     STORE_REG, GPR(RCS_BASE, n) + 4, CELL + 0x100 + 8 * n + 4, 0);
	}
	one_at_a_time(d, &one);
	one_at_a_time(d, &two);
	for (n = 0; n < 16; n++) {
		assert_int_equal(*vram32(d, CELL + 8 * n), 100 + n);
		assert_int_equal(*vram32(d, CELL + 8 * n + 4), 200 + n);
		assert_int_equal(*vram32(d, CELL + 0x100 + 8 * n), 300 + n);
		assert_int_equal(*vram32(d, CELL + 0x100 + 8 * n + 4), 0);
	}
}

/* A new context starts with zeros, whoever was there before. */
static void a_new_context_sees_nothing_of_others(void **state)
{
	struct device *d = *state;

	EMIT(d, &one, LOAD_REG(1), GPR(RCS_BASE, 3), 0x5ec4e7);
	one_at_a_time(d, &one);
	*vram32(d, CELL) = 1;
	EMIT(d, &two, STORE_REG, GPR(RCS_BASE, 3), CELL, 0);
	one_at_a_time(d, &two);
	assert_int_equal(*vram32(d, CELL), 0);
}

/* Registers in the image's lists come and go with it, by their offset from the engine. */
static void lists_are_restored_and_saved(void **state)
{
	struct device *d = *state;
	u32 at = IMAGE(&one, 0x40);

	BATCH(d, at, MI(0x22, 3) | BIT(12) | BIT(19), 0x50c, 0x1111, 0x20c0, 0x00030003,
	      MI(0x22, 1) | BIT(12), 0x7000, 0x2222);
	EMIT(d, &one, STORE_REG, RCS_BASE + 0x50c, CELL, 0, STORE_REG, 0x7000, CELL + 4, 0,
	     LOAD_REG(2), RCS_BASE + 0x50c, 0x4444, 0x7000, 0x5555);
	one_at_a_time(d, &one);
	assert_int_equal(*vram32(d, CELL), 0x1111);
	assert_int_equal(*vram32(d, CELL + 4), 0x2222);
	assert_int_equal(*vram32(d, at + 8), 0x4444);
	assert_int_equal(*vram32(d, at + 28), 0x5555);
}

static void restore_can_be_forbidden(void **state)
{
	struct device *d = *state;
	u32 at = IMAGE(&one, 0x40);

	BATCH(d, at, MI(0x22, 1) | BIT(12), 0x7000, 0x2222);
	*vram32(d, IMAGE(&one, 3)) = 0x00010001;
	EMIT(d, &one, STORE_REG, 0x7000, CELL, 0);
	*vram32(d, CELL) = 9;
	one_at_a_time(d, &one);
	assert_int_equal(*vram32(d, CELL), 0);
	/* Saved once, it is an image to restore from. */
	assert_int_equal(image_word(d, &one, 3) & 1, 0);
	assert_int_equal(image_word(d, &one, 0x40), MI(0x22, 1) | BIT(12));
}

static void the_head_is_saved_and_the_tail_is_not(void **state)
{
	struct device *d = *state;
	struct engine *e = &d->engines[RCS];

	EMIT(d, &one, SEMAPHORE_EQUAL, 1, CELL, 0, NOOP, NOOP, NOOP, NOOP);
	assert_true(lrc_load(d, e, one.lrca | 1));
	assert_int_equal(cs_run(d, e), CS_WAIT);
	*vram32(d, IMAGE(&one, 7)) = 0x3ff8;
	lrc_save(d, e);
	assert_false(e->cs.loaded);
	assert_int_equal(image_word(d, &one, 7), 0x3ff8);
	assert_int_equal(image_word(d, &one, 5), 0);
	*vram32(d, CELL) = 1;
	*vram32(d, IMAGE(&one, 7)) = one.tail;
	one_at_a_time(d, &one);
	assert_int_equal(image_word(d, &one, 5), one.tail);
	assert_int_equal(regs_read(d, RCS_BASE + 0x34), one.tail);
}

/* Taken off deep inside of batches, and put back. */
static void the_place_in_a_batch_survives(void **state)
{
	struct device *d = *state;
	struct engine *e = &d->engines[RCS];
	u32 inner[] = { SEMAPHORE_EQUAL, 1, CELL + 16, 0, STORE, CELL, 0, 1, BATCH_END };

	memcpy(ram, inner, sizeof(inner));
	BATCH(d, B(0), BATCH_CALL, B(1), 0, STORE, CELL + 8, 0, 3, BATCH_END);
	BATCH(d, B(1), BATCH_CALL, (u32)PPGTT_RAM, 1, STORE, CELL + 4, 0, 2, BATCH_END);
	EMIT(d, &one, BATCH_START, B(0), 0, NOOP, STORE, CELL + 12, 0, 4);
	EMIT(d, &two, STORE, CELL + 20, 0, 5);
	ports(d, RCS, PORT(&one, 1), 0);
	slices(d, 50);
	assert_int_equal(e->cs.depth, 3);
	one_at_a_time(d, &two);
	assert_int_equal(*vram32(d, CELL + 20), 5);
	assert_int_equal(*vram32(d, CELL), 0);
	*vram32(d, CELL + 16) = 1;
	one_at_a_time(d, &one);
	assert_int_equal(*vram32(d, CELL), 1);
	assert_int_equal(*vram32(d, CELL + 4), 2);
	assert_int_equal(*vram32(d, CELL + 8), 3);
	assert_int_equal(*vram32(d, CELL + 12), 4);
}

/* A driver that moves the head means it: what was saved of a batch is void then. */
static void another_head_makes_the_place_void(void **state)
{
	struct device *d = *state;

	BATCH(d, B(0), SEMAPHORE_EQUAL, 1, CELL + 16, 0, STORE, CELL, 0, 1, BATCH_END);
	EMIT(d, &one, BATCH_START, B(0), 0, NOOP, STORE, CELL + 4, 0, 2);
	ports(d, RCS, PORT(&one, 1), 0);
	slices(d, 50);
	EMIT(d, &two, NOOP, NOOP);
	one_at_a_time(d, &two);
	*vram32(d, CELL + 16) = 1;
	*vram32(d, IMAGE(&one, 5)) = 16;
	one_at_a_time(d, &one);
	assert_int_equal(*vram32(d, CELL), 0);
	assert_int_equal(*vram32(d, CELL + 4), 2);
}

/* Arbitration, once off, stays off for this context and for no other. */
static void arbitration_goes_with_the_context(void **state)
{
	struct device *d = *state;
	struct engine *e = &d->engines[RCS];

	EMIT(d, &one, ARB_OFF);
	one_at_a_time(d, &one);
	assert_true(lrc_load(d, e, one.lrca));
	assert_false(e->cs.arbitration);
	lrc_save(d, e);
	assert_true(lrc_load(d, e, two.lrca));
	assert_true(e->cs.arbitration);
}

static void time_adds_up(void **state)
{
	struct device *d = *state;
	struct engine *e = &d->engines[RCS];
	u32 first;

	assert_true(lrc_load(d, e, one.lrca));
	usleep(1000);
	lrc_save(d, e);
	first = image_word(d, &one, 0x23);
	assert_true(first >= 19200);
	usleep(100000);
	assert_true(lrc_load(d, e, one.lrca));
	assert_true(regs_read(d, RCS_BASE + 0x3a8) - first < 100 * 19200);
	lrc_save(d, e);
	assert_true(image_word(d, &one, 0x23) >= first);
}

static void time_stands_still_between_contexts(void **state)
{
	struct device *d = *state;
	u32 left;

	EMIT(d, &one, NOOP, NOOP);
	*vram32(d, IMAGE(&one, 0x23)) = 1000000;
	one_at_a_time(d, &one);
	left = image_word(d, &one, 0x23);
	assert_true(left >= 1000000);
	assert_int_equal(regs_read(d, RCS_BASE + 0x3a8), left);
}

static void images_that_cannot_be_used(void **state)
{
	struct device *d = *state;
	struct engine *e = &d->engines[RCS];

	assert_false(lrc_load(d, e, 0x30000000));		/* not mapped */
	assert_false(e->cs.loaded);
	*vram32(d, IMAGE(&one, 11)) &= ~1u;			/* no ring */
	assert_false(lrc_load(d, e, one.lrca));
	*vram32(d, IMAGE(&one, 11)) |= 1;
	*vram32(d, IMAGE(&one, 5)) = RING_BYTES;
	assert_false(lrc_load(d, e, one.lrca));
	*vram32(d, IMAGE(&one, 5)) = 0;
	*vram32(d, IMAGE(&one, 7)) = RING_BYTES;
	assert_false(lrc_load(d, e, one.lrca));
	*vram32(d, IMAGE(&one, 7)) = RING_BYTES - 8;
	assert_true(lrc_load(d, e, one.lrca));
	assert_int_equal(lrc_tail(d, e), RING_BYTES - 8);
}

/* Batches that the driver attaches to a restore: each load runs them, in the GGTT. */
static void restore_batches(void **state)
{
	struct device *d = *state;
	struct engine *e = &d->engines[RCS];
	u32 load;

	BATCH(d, B(0), MI(0x2f, 1) | BIT(22) | 5 << 8, CELL, 0, BATCH_END);
	BATCH(d, B(1), MI(0x2f, 1) | BIT(22) | 5 << 8, CELL + 4, 0);
	*vram32(d, IMAGE(&one, 0x13)) = B(0) | 1;
	*vram32(d, IMAGE(&one, 0x15)) = B(1) | 1;	/* one cache line: it needs no end */
	for (load = 1; load <= 3; load++) {
		assert_true(lrc_load(d, e, one.lrca));
		assert_int_equal(*vram32(d, CELL), load);
		assert_int_equal(*vram32(d, CELL + 4), load);
		assert_int_equal(e->cs.depth, 0);
		assert_int_equal(e->cs.ring_head, 0);
		lrc_save(d, e);
	}
}

static void restore_batches_that_fail(void **state)
{
	struct device *d = *state;
	struct engine *e = &d->engines[RCS];
	u64 begin = cpu_ns();

	BATCH(d, B(0), SEMAPHORE_EQUAL, 1, CELL, 0);			/* waits */
	BATCH(d, B(1), MI(0x31, 1), B(1), 0);				/* does not end */
	BATCH(d, B(2), STORE_GGTT, 0x30000000, 0, 1);			/* faults */
	*vram32(d, IMAGE(&one, 0x13)) = B(0) | 1;
	assert_false(lrc_load(d, e, one.lrca));
	*vram32(d, IMAGE(&one, 0x13)) = B(1) | 1;
	assert_false(lrc_load(d, e, one.lrca));
	*vram32(d, IMAGE(&one, 0x13)) = B(2) | 1;
	assert_false(lrc_load(d, e, one.lrca));
	assert_true(cpu_ns() - begin < 250000000);
	*vram32(d, IMAGE(&one, 0x13)) = B(2);
	assert_true(lrc_load(d, e, one.lrca));
}

/* The image is gone when it is to be saved: said, and survived. */
static void saving_to_nowhere(void **state)
{
	struct device *d = *state;
	struct engine *e = &d->engines[RCS];

	assert_true(lrc_load(d, e, one.lrca));
	*ggtt_entry(d, one.lrca + PAGE_BYTES) = 0;
	lrc_save(d, e);
	assert_false(e->cs.loaded);
	lrc_save(d, e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LRC(registers_are_the_context_s_own),
		LRC(a_new_context_sees_nothing_of_others),
		LRC(lists_are_restored_and_saved),
		LRC(restore_can_be_forbidden),
		LRC(the_head_is_saved_and_the_tail_is_not),
		LRC(the_place_in_a_batch_survives),
		LRC(another_head_makes_the_place_void),
		LRC(arbitration_goes_with_the_context),
		LRC(time_adds_up),
		LRC(time_stands_still_between_contexts),
		LRC(images_that_cannot_be_used),
		LRC(restore_batches),
		LRC(restore_batches_that_fail),
		LRC(saving_to_nowhere),
	};

	return cmocka_run_group_tests_name("lrc", tests, NULL, NULL);
}
