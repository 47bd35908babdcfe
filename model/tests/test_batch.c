// SPDX-License-Identifier: GPL-2.0
/* Batches: calls and returns, predication, arbitration, and the ring around them. */
#include "card.h"

#define CELL	0x600000u
#define B(n)	(0x400000u + (n) * 0x1000)

static u32 cell(struct device *d, u32 n)
{
	return *vram32(d, CELL + 4 * n);
}

static struct context c;

static void start(struct device *d)
{
	run_ring(d, RCS, &c);
}

static void a_batch_and_back(void **state)
{
	struct device *d = *state;

	context_init(d, &c, 0, RCS);
	BATCH(d, B(0), STORE, CELL, 0, 1, BATCH_END, STORE, CELL + 8, 0, 9);
	EMIT(d, &c, BATCH_START, B(0), 0, NOOP, STORE, CELL + 4, 0, 2);
	start(d);
	assert_false(d->engines[RCS].hung);
	assert_int_equal(cell(d, 0), 1);
	assert_int_equal(cell(d, 1), 2);
	assert_int_equal(cell(d, 2), 0);
	assert_int_equal(image_word(d, &c, 5), c.tail);
}

static void a_batch_in_the_ggtt(void **state)
{
	struct device *d = *state;

	context_init(d, &c, 0, RCS);
	((u32 *)ram)[0] = STORE;
	((u32 *)ram)[1] = CELL;
	((u32 *)ram)[2] = 0;
	((u32 *)ram)[3] = 5;
	((u32 *)ram)[4] = BATCH_END;
	EMIT(d, &c, MI(0x31, 1), GGTT_RAM, 0, NOOP);
	start(d);
	assert_int_equal(cell(d, 0), 5);
}

/* First level: the new batch takes the place of the old. Second level: it is called. */
static void jumps_and_calls(void **state)
{
	struct device *d = *state;

	context_init(d, &c, 0, RCS);
	BATCH(d, B(0), BATCH_CALL, B(1), 0, STORE, CELL, 0, 1, BATCH_START, B(3), 0, STORE, CELL + 4, 0, 9);
	BATCH(d, B(1), BATCH_CALL, B(2), 0, STORE, CELL + 8, 0, 2, BATCH_END);
	BATCH(d, B(2), STORE, CELL + 12, 0, 3, BATCH_END);
	BATCH(d, B(3), STORE, CELL + 16, 0, 4, BATCH_END);
	EMIT(d, &c, BATCH_START, B(0), 0, NOOP, STORE, CELL + 20, 0, 5);
	/* In the GGTT there is something else at these addresses. */
	for (u32 n = 0; n < 4; n++)
		*ggtt_entry(d, B(n)) = 0;
	start(d);
	assert_false(d->engines[RCS].hung);
	assert_int_equal(cell(d, 0), 1);
	assert_int_equal(cell(d, 1), 0);
	assert_int_equal(cell(d, 2), 2);
	assert_int_equal(cell(d, 3), 3);
	assert_int_equal(cell(d, 4), 4);
	assert_int_equal(cell(d, 5), 5);
}

/* A call from a batch in the GGTT into the PPGTT returns to the GGTT. */
static void calls_across_spaces(void **state)
{
	struct device *d = *state;
	u32 outer[] = { BATCH_CALL, B(0), 0, STORE, CELL, 0, 7, BATCH_END };
	u32 i;

	for (i = 0; i < ARRAY_LEN(outer); i++)
		((u32 *)ram)[i] = outer[i];
	BATCH(d, B(0), STORE, CELL + 4, 0, 8, BATCH_END);
	context_init(d, &c, 0, RCS);
	EMIT(d, &c, MI(0x31, 1), GGTT_RAM, 0, NOOP);
	start(d);
	assert_false(d->engines[RCS].hung);
	assert_int_equal(cell(d, 0), 7);
	assert_int_equal(cell(d, 1), 8);
}

static void calls_that_never_return(void **state)
{
	struct device *d = *state;

	context_init(d, &c, 0, RCS);
	BATCH(d, B(0), BATCH_CALL, B(0), 0);
	EMIT(d, &c, BATCH_START, B(0), 0, NOOP);
	start(d);
	assert_true(d->engines[RCS].hung);
	assert_true(d->engines[RCS].cs.depth <= CS_STACK);
}

static void an_end_without_a_batch(void **state)
{
	struct device *d = *state;

	context_init(d, &c, 0, RCS);
	EMIT(d, &c, BATCH_END, NOOP);
	start(d);
	assert_true(d->engines[RCS].hung);
}

static void conditional_end(void **state)
{
	struct device *d = *state;
	u32 greater = MI(0x36, 2);		/* goes on while memory is greater */

	*vram32(d, CELL + 32) = 6;
	context_init(d, &c, 0, RCS);
	BATCH(d, B(0), greater, 5, CELL + 32, 0, STORE, CELL, 0, 1,
	      greater, 6, CELL + 32, 0, STORE, CELL + 4, 0, 1, BATCH_END);
	EMIT(d, &c, BATCH_START, B(0), 0, NOOP, STORE, CELL + 8, 0, 1);
	start(d);
	assert_false(d->engines[RCS].hung);
	assert_int_equal(cell(d, 0), 1);
	assert_int_equal(cell(d, 1), 0);
	assert_int_equal(cell(d, 2), 1);
}

static void predication(void **state)
{
	struct device *d = *state;
	u32 when = BATCH_START | BIT(15);
	u32 set = MI(0x01, 0), result = RCS_BASE + 0x3b8;

	context_init(d, &c, 0, RCS);
	BATCH(d, B(0), MI(0x2f, 1) | 5 << 8, CELL, 0, BATCH_END);	/* counts its runs */
	EMIT(d, &c,
	     LOAD_REG(1), result, 0, set | 2, when, B(0), 0,		/* runs: the result is not 1 */
	     LOAD_REG(1), result, 1, set | 2, when, B(0), 0,		/* skipped */
	     LOAD_REG(1), result, 1, set | 1, when, B(0), 0,		/* runs */
	     LOAD_REG(1), result, 0, set | 1, when, B(0), 0,		/* skipped */
	     set | 15, when, B(0), 0, BATCH_START, B(0), 0,		/* skipped, and runs */
	     STORE_REG | BIT(21), result, CELL + 4, 0,			/* skipped */
	     set | 0, when, B(0), 0, NOOP);				/* runs */
	*vram32(d, CELL + 4) = 0x77;
	start(d);
	assert_false(d->engines[RCS].hung);
	assert_int_equal(cell(d, 0), 4);
	assert_int_equal(cell(d, 1), 0x77);
}

static void the_ring_wraps(void **state)
{
	struct device *d = *state;
	u32 i;

	context_init(d, &c, 0, RCS);
	for (i = 0; i < 3000; i++) {
		EMIT(d, &c, STORE, CELL, 0, i);
		if (i % 500 == 499) {
			start(d);
			assert_int_equal(cell(d, 0), i);
		}
	}
	/* One command across the end. */
	while (c.tail != RING_BYTES - 8)
		EMIT(d, &c, NOOP, NOOP);
	EMIT(d, &c, STORE, CELL + 4, 0, 0x1234);
	start(d);
	assert_false(d->engines[RCS].hung);
	assert_int_equal(cell(d, 1), 0x1234);
	assert_int_equal(image_word(d, &c, 5), 8);
}

/* Where a batch may be taken off: at its checks, unless it has switched arbitration off. */
static void arbitration(void **state)
{
	struct device *d = *state;
	struct engine *e = &d->engines[RCS];
	struct context other;
	u64 sleep_ns;
	u32 i;

	context_init(d, &c, 0, RCS);
	context_init(d, &other, 1, RCS);
	BATCH(d, B(0), ARB_OFF, ARB_CHECK, NOOP, MI(0x2f, 1) | 5 << 8, CELL, 0, ARB_CHECK,
	      BATCH_START, B(1), 0);
	BATCH(d, B(1), MI(0x36, 2) | 4 << 12, 0, CELL + 4, 0, BATCH_START, B(0) + 4, 0);
	EMIT(d, &c, BATCH_START, B(0), 0, NOOP, ARB_ON, ARB_CHECK, SEMAPHORE_EQUAL, 1, CELL + 8, 0);
	EMIT(d, &other, STORE, CELL + 12, 0, 1);
	ports(d, RCS, PORT(&c, 1), 0);
	slices(d, 10);
	assert_true(e->cs.depth > 0);
	ports(d, RCS, PORT(&other, 2), 0);
	for (i = 0; i < 200; i++)
		engines_slice(d, &sleep_ns);
	/* Not taken off, though there were many checks. */
	assert_true(cell(d, 0) > 10);
	assert_int_equal(cell(d, 3), 0);
	/* Let out of its loop it comes to a semaphore, and there it has to go. */
	*vram32(d, CELL + 4) = 1;
	settle(d);
	assert_int_equal(cell(d, 3), 1);
	assert_int_equal(d->counters.preemptions, 1);
}

static void a_loop_with_checks_is_taken_off(void **state)
{
	struct device *d = *state;
	struct context other;

	context_init(d, &c, 0, RCS);
	context_init(d, &other, 1, RCS);
	BATCH(d, B(0), ARB_CHECK, BATCH_START, B(0), 0);
	EMIT(d, &c, BATCH_START, B(0), 0, NOOP);
	EMIT(d, &other, STORE, CELL, 0, 1);
	ports(d, RCS, PORT(&c, 1), 0);
	slices(d, 10);
	ports(d, RCS, PORT(&other, 2), 0);
	settle(d);
	assert_int_equal(cell(d, 0), 1);
}

/* A loop without checks is not; but each slice of it ends. */
static void a_loop_without_checks_stays(void **state)
{
	struct device *d = *state;
	struct context other;

	context_init(d, &c, 0, RCS);
	context_init(d, &other, 1, RCS);
	BATCH(d, B(0), NOOP, BATCH_START, B(0), 0);
	EMIT(d, &c, BATCH_START, B(0), 0, NOOP);
	EMIT(d, &other, STORE, CELL, 0, 1);
	ports(d, RCS, PORT(&c, 1), 0);
	slices(d, 10);
	ports(d, RCS, PORT(&other, 2), 0);
	assert_int_equal(slices(d, 500), 500);
	assert_int_equal(cell(d, 0), 0);
	/* What the host reads of an engine at work: where it is. */
	assert_in_range(regs_read(d, RCS_BASE + 0x74), B(0), B(0) + 8);
	assert_int_equal(regs_read(d, RCS_BASE + 0x30), c.tail);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_batch_and_back),
		CASE(a_batch_in_the_ggtt),
		CASE(jumps_and_calls),
		CASE(calls_across_spaces),
		CASE(calls_that_never_return),
		CASE(an_end_without_a_batch),
		CASE(conditional_end),
		CASE(predication),
		CASE(the_ring_wraps),
		CASE(arbitration),
		CASE(a_loop_with_checks_is_taken_off),
		CASE(a_loop_without_checks_stays),
	};

	return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
