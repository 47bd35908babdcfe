// SPDX-License-Identifier: GPL-2.0
/* Submission through the ports: order, status entries, preemption, hangs. */
#include <string.h>

#include "card.h"

#define CELL	0x600000u
#define IDLE	(0x7ffu << 15)
#define ID(id)	((u32)(id) << 15)
#define NEW	1u
#define PREEMPTED 5u

static struct context one, two, three;

static int execlists_setup(void **state)
{
	struct device *d;

	card_setup(state);
	d = *state;
	context_init(d, &one, 0, RCS);
	context_init(d, &two, 1, RCS);
	context_init(d, &three, 2, RCS);
	regs_write(d, 0x190030, ~0u);
	return 0;
}

#define EL(f) cmocka_unit_test_setup_teardown(f, execlists_setup, card_teardown)

#define assert_csb(d, slot, want_to, want_away) do { \
	u32 to_, away_; \
	csb(d, RCS, slot, &to_, &away_); \
	assert_int_equal(to_, want_to); \
	assert_int_equal(away_, want_away); \
} while (0)

static void one_context(void **state)
{
	struct device *d = *state;

	EMIT(d, &one, STORE, CELL, 0, 1);
	ports(d, RCS, PORT(&one, 0x21), 0);
	settle(d);
	assert_int_equal(*vram32(d, CELL), 1);
	assert_int_equal(csb_write(d, RCS), 1);
	assert_csb(d, 0, ID(0x21) | NEW, IDLE);
	assert_csb(d, 1, IDLE, ID(0x21));
	assert_int_equal(regs_read(d, RCS_BASE + 0x370), ID(0x21) | NEW);
	assert_int_equal(regs_read(d, RCS_BASE + 0x378), IDLE);
	assert_true(d->irq.sources[0][0].vector & IRQ_CONTEXT_SWITCH);
	assert_int_equal(d->counters.preemptions, 0);
	assert_int_equal(d->counters.context_loads, 1);
}

static void two_contexts_in_order(void **state)
{
	struct device *d = *state;

	EMIT(d, &one, STORE, CELL, 0, 1);
	EMIT(d, &two, MI(0x2e, 3), CELL + 4, 0, CELL, 0);
	ports(d, RCS, PORT(&one, 1), PORT(&two, 2));
	settle(d);
	assert_int_equal(*vram32(d, CELL + 4), 1);
	assert_int_equal(csb_write(d, RCS), 2);
	assert_csb(d, 0, ID(1) | NEW, IDLE);
	assert_csb(d, 1, ID(2), ID(1));
	assert_csb(d, 2, IDLE, ID(2));
}

static void status_entries_wrap_at_twelve(void **state)
{
	struct device *d = *state;
	u32 i;

	for (i = 0; i < 7; i++) {
		EMIT(d, &one, STORE, CELL, 0, i);
		ports(d, RCS, PORT(&one, i + 1), 0);
		settle(d);
	}
	assert_int_equal(csb_write(d, RCS), 1);
	assert_csb(d, 0, ID(7) | NEW, IDLE);
	assert_csb(d, 11, IDLE, ID(6));
	/* The driver sets the pointer when it takes over. */
	regs_write(d, RCS_BASE + 0x3a0, 0xffff0505);
	assert_int_equal(regs_read(d, RCS_BASE + 0x3a0), 0x0505);
	EMIT(d, &one, NOOP, NOOP);
	ports(d, RCS, PORT(&one, 9), 0);
	settle(d);
	assert_csb(d, 6, ID(9) | NEW, IDLE);
	assert_int_equal(csb_write(d, RCS), 7);
}

/* On request an idle context stays in its port for a while, but in nobody's way. */
static void a_context_written_back_late(void **state)
{
	struct device *d = *state;

	d->faults.save_delay_ms = 60000;
	EMIT(d, &one, STORE, CELL, 0, 1);
	ports(d, RCS, PORT(&one, 1), 0);
	slices(d, 20);
	assert_int_equal(*vram32(d, CELL), 1);
	assert_int_equal(csb_write(d, RCS), 0);
	assert_int_not_equal(image_word(d, &one, 5), one.tail);
	EMIT(d, &two, STORE, CELL, 0, 2);
	ports(d, RCS, PORT(&two, 2), 0);
	slices(d, 20);
	assert_int_equal(*vram32(d, CELL), 2);
	assert_int_equal(image_word(d, &one, 5), one.tail);
	d->faults.save_delay_ms = 2;
	EMIT(d, &three, NOOP, NOOP);
	ports(d, RCS, PORT(&three, 3), 0);
	settle(d);
	assert_int_equal(image_word(d, &two, 5), two.tail);
	assert_int_equal(image_word(d, &three, 5), three.tail);
	assert_csb(d, csb_write(d, RCS), IDLE, ID(3));
}

/* The same context again: it goes on with its new tail, and is not loaded anew. */
static void lite_restore(void **state)
{
	struct device *d = *state;

	EMIT(d, &one, SEMAPHORE_EQUAL, 1, CELL, 0);
	ports(d, RCS, PORT(&one, 1), 0);
	slices(d, 20);
	EMIT(d, &one, STORE, CELL + 4, 0, 7);
	EMIT(d, &two, STORE, CELL + 8, 0, 8);
	ports(d, RCS, PORT(&one, 1), PORT(&two, 2));
	assert_csb(d, 1, ID(1) | NEW, ID(1) | PREEMPTED);
	*vram32(d, CELL) = 1;
	settle(d);
	assert_int_equal(*vram32(d, CELL + 4), 7);
	assert_int_equal(*vram32(d, CELL + 8), 8);
	assert_int_equal(d->counters.context_loads, 2);
	assert_int_equal(d->counters.preemptions, 0);
	assert_csb(d, 2, ID(2), ID(1));
}

static void preemption(void **state)
{
	struct device *d = *state;

	BATCH(d, 0x400000, ARB_CHECK, MI(0x36, 2) | 4 << 12, 0, CELL, 0, BATCH_START, 0x400000, 0);
	EMIT(d, &one, MI(0x2f, 1) | 5 << 8, CELL + 12, 0, BATCH_START, 0x400000, 0, STORE, CELL + 4, 0, 1);
	EMIT(d, &two, STORE, CELL + 8, 0, 2);
	ports(d, RCS, PORT(&one, 1), 0);
	slices(d, 20);
	ports(d, RCS, PORT(&two, 2), PORT(&one, 1));
	slices(d, 40);
	assert_int_equal(*vram32(d, CELL + 8), 2);
	assert_int_equal(*vram32(d, CELL + 4), 0);
	assert_int_equal(d->counters.preemptions, 1);
	assert_csb(d, 1, ID(2) | NEW, ID(1) | PREEMPTED);
	assert_csb(d, 2, ID(1), ID(2));
	*vram32(d, CELL) = 1;
	settle(d);
	assert_int_equal(*vram32(d, CELL + 4), 1);
	assert_int_equal(*vram32(d, CELL + 12), 1);	/* it went on, not from its start */
	assert_csb(d, 3, IDLE, ID(1));
}

/* To nothing: how a driver takes everything off. */
static void preempt_to_idle(void **state)
{
	struct device *d = *state;

	EMIT(d, &one, SEMAPHORE_EQUAL, 1, CELL, 0, STORE, CELL + 4, 0, 1);
	ports(d, RCS, PORT(&one, 1), 0);
	slices(d, 20);
	ports(d, RCS, 0, 0);
	slices(d, 20);
	assert_csb(d, 1, IDLE | NEW, ID(1) | PREEMPTED);
	assert_false(d->engines[RCS].execlists.active);
	*vram32(d, CELL) = 1;
	ports(d, RCS, PORT(&one, 1), 0);
	settle(d);
	assert_int_equal(*vram32(d, CELL + 4), 1);
}

static void a_semaphore_waits_and_goes_on(void **state)
{
	struct device *d = *state;
	u64 sleep_ns;

	EMIT(d, &one, SEMAPHORE_EQUAL, 1, CELL, 0, STORE, CELL + 4, 0, 1);
	ports(d, RCS, PORT(&one, 1), 0);
	slices(d, 20);
	assert_false(engines_slice(d, &sleep_ns));
	assert_true(sleep_ns > 0 && sleep_ns <= 1000000);
	*vram32(d, CELL) = 1;
	settle(d);
	assert_int_equal(*vram32(d, CELL + 4), 1);
}

static void engines_do_not_wait_for_each_other(void **state)
{
	struct device *d = *state;
	struct context copy;

	context_init(d, &copy, 3, BCS);
	EMIT(d, &one, SEMAPHORE_EQUAL, 1, CELL, 0, STORE, CELL + 4, 0, 1);
	EMIT(d, &copy, STORE_GGTT, CELL, 0, 1);
	ports(d, RCS, PORT(&one, 1), 0);
	slices(d, 20);
	ports(d, BCS, PORT(&copy, 2), 0);
	settle(d);
	assert_int_equal(*vram32(d, CELL + 4), 1);
	assert_int_equal(csb_write(d, BCS), 1);
}

static void a_hang_and_an_engine_reset(void **state)
{
	struct device *d = *state;
	struct engine *e = &d->engines[RCS];
	u64 sleep_ns;

	e->hang_next = true;
	EMIT(d, &one, STORE, CELL, 0, 1);
	ports(d, RCS, PORT(&one, 1), 0);
	slices(d, 20);
	assert_true(e->hung);
	assert_int_equal(regs_read(d, RCS_BASE + 0x9c) & BIT(9), 0);
	/* Nothing moves it, not even other ports. */
	EMIT(d, &two, STORE, CELL + 4, 0, 2);
	ports(d, RCS, PORT(&two, 2), 0);
	assert_false(engines_slice(d, &sleep_ns));
	assert_int_equal(*vram32(d, CELL + 4), 0);

	regs_write(d, RCS_BASE + 0xd0, 0x00010001);
	assert_int_equal(regs_read(d, RCS_BASE + 0xd0) & 2, 2);
	regs_write(d, 0x941c, BIT(1));
	assert_false(e->hung);
	assert_int_equal(regs_read(d, RCS_BASE + 0xd0), 0);
	assert_int_equal(regs_read(d, RCS_BASE + 0x9c) & BIT(9), BIT(9));
	ports(d, RCS, PORT(&two, 2), 0);
	settle(d);
	assert_int_equal(*vram32(d, CELL + 4), 2);
	assert_int_equal(*vram32(d, CELL), 0);
	assert_int_equal(d->counters.hangs, 1);
	assert_int_equal(d->counters.faults_fired, 1);
}

/* A driver takes an engine for idle whose ring's head is at its tail: after a reset it is. */
static void a_reset_empties_the_ring_registers(void **state)
{
	struct device *d = *state;

	EMIT(d, &one, SEMAPHORE_EQUAL, 1, CELL, 0, STORE, CELL + 4, 0, 1);
	ports(d, RCS, PORT(&one, 1), 0);
	slices(d, 20);
	assert_int_not_equal(regs_read(d, RCS_BASE + 0x34), regs_read(d, RCS_BASE + 0x30));
	assert_int_not_equal(regs_read(d, RCS_BASE + 0x234), 0);
	regs_write(d, 0x941c, BIT(1));
	assert_int_equal(regs_read(d, RCS_BASE + 0x30), 0);
	assert_int_equal(regs_read(d, RCS_BASE + 0x34), 0);
	assert_int_equal(regs_read(d, RCS_BASE + 0x74), 0);
	assert_int_equal(regs_read(d, RCS_BASE + 0x234), 0);
}

/* The reset of one engine leaves another alone, in the middle of its work. */
static void a_reset_of_one_engine_only(void **state)
{
	struct device *d = *state;
	struct context copy;

	context_init(d, &copy, 3, BCS);
	EMIT(d, &copy, SEMAPHORE_EQUAL, 1, CELL, 0, STORE, CELL + 4, 0, 1);
	ports(d, BCS, PORT(&copy, 2), 0);
	slices(d, 20);
	regs_write(d, 0x941c, BIT(1));
	*vram32(d, CELL) = 1;
	settle(d);
	assert_int_equal(*vram32(d, CELL + 4), 1);
}

static void a_stopped_ring_starts_again(void **state)
{
	struct device *d = *state;

	regs_write(d, RCS_BASE + 0x9c, BIT(24) | BIT(8));
	EMIT(d, &one, STORE, CELL, 0, 1);
	ports(d, RCS, PORT(&one, 1), 0);
	assert_int_equal(slices(d, 20), 1);
	assert_int_equal(*vram32(d, CELL), 0);
	regs_write(d, RCS_BASE + 0x9c, BIT(24));
	settle(d);
	assert_int_equal(*vram32(d, CELL), 1);
}

static void a_context_that_cannot_be_loaded(void **state)
{
	struct device *d = *state;

	ports(d, RCS, 0x30000001, 0);
	settle(d);
	assert_true(d->engines[RCS].hung);
	regs_write(d, 0x941c, BIT(1));
	EMIT(d, &one, STORE, CELL, 0, 1);
	ports(d, RCS, PORT(&one, 1), 0);
	settle(d);
	assert_int_equal(*vram32(d, CELL), 1);
}

/* What cannot be reported is not lost silently. */
static void a_status_page_that_is_not_there(void **state)
{
	struct device *d = *state;

	EMIT(d, &one, STORE, CELL, 0, 1);
	regs_write(d, RCS_BASE + 0x80, 0x2000000);
	ports(d, RCS, PORT(&one, 1), 0);
	settle(d);
	assert_int_equal(*vram32(d, CELL), 1);
	assert_int_equal(d->counters.translation_faults, 2);
}

static void loading_needs_the_bit(void **state)
{
	struct device *d = *state;

	EMIT(d, &one, STORE, CELL, 0, 1);
	regs_write(d, RCS_BASE + 0x510, (u32)PORT(&one, 1));
	regs_write(d, RCS_BASE + 0x550, 0);
	settle(d);
	assert_int_equal(*vram32(d, CELL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EL(one_context),
		EL(two_contexts_in_order),
		EL(status_entries_wrap_at_twelve),
		EL(lite_restore),
		EL(preemption),
		EL(preempt_to_idle),
		EL(a_semaphore_waits_and_goes_on),
		EL(engines_do_not_wait_for_each_other),
		EL(a_hang_and_an_engine_reset),
		EL(a_reset_empties_the_ring_registers),
		EL(a_context_written_back_late),
		EL(a_reset_of_one_engine_only),
		EL(a_stopped_ring_starts_again),
		EL(a_context_that_cannot_be_loaded),
		EL(a_status_page_that_is_not_there),
		EL(loading_needs_the_bit),
	};

	return cmocka_run_group_tests_name("execlists", tests, NULL, NULL);
}
