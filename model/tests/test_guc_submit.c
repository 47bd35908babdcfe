// SPDX-License-Identifier: GPL-2.0
/* Contexts under the GuC: their life, time slices, and those that do not let go. */
#include <unistd.h>

#include "guc_host.h"

#define CELL		0x600000u
#define GUC_RENDER	0
#define GUC_COPY	3
#define DONE		(G2H_EVENT | 0x1002)
#define RESET		(G2H_EVENT | 0x1008)
#define DEREGISTERED	(G2H_EVENT | 0x4600)

static struct context one, two;

static int submit_setup(void **state)
{
	struct device *d;

	card_setup(state);
	d = *state;
	buffers_on(d);
	context_init(d, &one, 0, RCS);
	context_init(d, &two, 1, RCS);
	return 0;
}

#define SUBMIT(f) cmocka_unit_test_setup_teardown(f, submit_setup, card_teardown)

static void reg(struct device *d, u32 id, u32 class, const struct context *c)
{
	H2G(d, 0, 0x4502 | FAST, 0, id, class, 1, 0, 0, 0, 0, 0, c->lrca, 0);
}

static void mode(struct device *d, u32 id, u32 on)
{
	H2G(d, 0, 0x1001 | FAST, id, on);
}

static void policies(struct device *d, u32 id, u32 quantum_us, u32 preempt_us)
{
	H2G(d, 0, 0x100b | FAST, id, 0x2001u << 16 | 1, quantum_us, 0x2002u << 16 | 1, preempt_us);
}

static void start(struct device *d, u32 id, const struct context *c)
{
	reg(d, id, GUC_RENDER, c);
	mode(d, id, 1);
	assert_g2h(d, 0, DONE, id, 1);
}

static void turn(struct device *d)
{
	u64 sleep_ns;

	if (!engines_slice(d, &sleep_ns))
		usleep(100);
}

/* Let the engines run until something is so; on a busy machine that takes its time. */
#define until(d, condition) do { \
	u64 end_ = clock_ns() + 10000000000ull; \
	while (!(condition)) { \
		assert_true(clock_ns() < end_); \
		turn(d); \
	} \
} while (0)

static bool told(struct device *d)
{
	u32 *desc = vram32(d, G2H_DESC);

	return desc[0] != desc[1];
}

static void the_life_of_a_context(void **state)
{
	struct device *d = *state;

	reg(d, 7, GUC_RENDER, &one);
	assert_no_g2h(d);
	EMIT(d, &one, STORE, CELL, 0, 1);
	H2G(d, 0, 0x1000 | FAST, 7);			/* not enabled yet */
	settle(d);
	assert_int_equal(*vram32(d, CELL), 0);
	mode(d, 7, 1);
	assert_g2h(d, 0, DONE, 7, 1);
	settle(d);
	assert_int_equal(*vram32(d, CELL), 1);
	EMIT(d, &one, STORE, CELL, 0, 2);
	H2G(d, 0, 0x1000 | FAST, 7);
	settle(d);
	assert_int_equal(*vram32(d, CELL), 2);
	mode(d, 7, 0);
	assert_g2h(d, 0, DONE, 7, 0);
	EMIT(d, &one, STORE, CELL, 0, 3);
	H2G(d, 0, 0x1000 | FAST, 7);
	settle(d);
	assert_int_equal(*vram32(d, CELL), 2);
	H2G(d, 0, 0x4503 | FAST, 7);
	assert_g2h(d, 0, DEREGISTERED, 7);
	assert_no_g2h(d);
	assert_int_equal(d->counters.context_resets, 0);
}

static void registration_that_is_refused(void **state)
{
	struct device *d = *state;

	H2G(d, 3, 0x4502, 0, 7, GUC_RENDER, 1, 0, 0, 0, 0, 0, one.lrca, 0);
	assert_g2h(d, 3, G2H_SUCCESS);
	H2G(d, 4, 0x4502, 0, 7, GUC_RENDER, 1, 0, 0, 0, 0, 0, two.lrca, 0);
	assert_g2h(d, 4, G2H_FAILURE | 0x302);
	assert_int_equal(d->guc.contexts[7].lrca, one.lrca);
	H2G(d, 5, 0x4502, 0, 8, 4, 1, 0, 0, 0, 0, 0, one.lrca, 0);	/* compute: not here */
	assert_g2h(d, 5, G2H_FAILURE | 0x302);
	H2G(d, 6, 0x4502, 0, 8, 256, 1, 0, 0, 0, 0, 0, one.lrca, 0);
	assert_g2h(d, 6, G2H_FAILURE | 0x302);
	H2G(d, 7, 0x4502, 0, 65536, 0, 1, 0, 0, 0, 0, 0, one.lrca, 0);
	assert_g2h(d, 7, G2H_FAILURE | 0x302);
	H2G(d, 8, 0x4502);
	assert_g2h(d, 8, G2H_SUCCESS);		/* what is missing reads as zeros */
	assert_true(d->guc.contexts[0].registered);
}

static void contexts_that_are_not_there(void **state)
{
	static const u32 ids[] = { 0, 9, 65535, 65536, 65536 + 9, ~0u };
	struct device *d = *state;
	size_t i;

	for (i = 0; i < ARRAY_LEN(ids); i++) {
		H2G(d, 0, 0x1000 | FAST, ids[i]);
		H2G(d, 0, 0x1001 | FAST, ids[i], 1);
		H2G(d, 0, 0x100b | FAST, ids[i], 0x2001 << 16 | 1, 5);
		H2G(d, 0, 0x4503 | FAST, ids[i]);
	}
	settle(d);
	assert_no_g2h(d);
}

static void classes_have_their_own_numbers(void **state)
{
	struct device *d = *state;
	static const u8 engine_of[4] = { RCS, VCS, VECS, BCS };
	u32 i;

	for (i = 0; i < 4; i++) {
		struct context c;

		context_init(d, &c, 4 + i, engine_of[i]);
		EMIT(d, &c, STORE_REG | BIT(19), 0x38, CELL + 4 * i, 0);
		reg(d, 20 + i, i, &c);
		mode(d, 20 + i, 1);
		settle(d);
		assert_int_equal(*vram32(d, CELL + 4 * i), c.ring);
		assert_int_equal(regs_read(d, d->card->engines[engine_of[i]].base + 0x38), c.ring);
	}
}

/* Two batches that never end, each counting its rounds: both go on. */
static void time_is_shared(void **state)
{
	struct device *d = *state;
	u32 first, second;

	BATCH(d, 0x400000, MI(0x2f, 1) | 5 << 8, CELL, 0, ARB_CHECK, BATCH_START, 0x400000, 0);
	BATCH(d, 0x401000, MI(0x2f, 1) | 5 << 8, CELL + 4, 0, ARB_CHECK, BATCH_START, 0x401000, 0);
	EMIT(d, &one, BATCH_START, 0x400000, 0, NOOP);
	EMIT(d, &two, BATCH_START, 0x401000, 0, NOOP);
	start(d, 1, &one);
	start(d, 2, &two);
	until(d, *vram32(d, CELL) && *vram32(d, CELL + 4));
	first = *vram32(d, CELL);
	second = *vram32(d, CELL + 4);
	until(d, d->counters.preemptions >= 6);
	assert_true(*vram32(d, CELL) > first);
	assert_true(*vram32(d, CELL + 4) > second);
	assert_no_g2h(d);
	/* Taken off on request, with its place kept. */
	mode(d, 1, 0);
	until(d, told(d));
	assert_g2h(d, 0, DONE, 1, 0);
	first = *vram32(d, CELL);
	second = *vram32(d, CELL + 4);
	until(d, *vram32(d, CELL + 4) > second + 1000);
	assert_int_equal(*vram32(d, CELL), first);
	mode(d, 1, 1);
	assert_g2h(d, 0, DONE, 1, 1);
	until(d, *vram32(d, CELL) > first);
}

/* One that waits yields at once, even if its slice is long. */
static void a_waiting_context_yields(void **state)
{
	struct device *d = *state;

	EMIT(d, &one, SEMAPHORE_EQUAL, 1, CELL, 0, STORE, CELL + 4, 0, 1);
	EMIT(d, &two, STORE_GGTT, CELL, 0, 1);
	reg(d, 1, GUC_RENDER, &one);
	policies(d, 1, 100000000, 0);
	mode(d, 1, 1);
	assert_g2h(d, 0, DONE, 1, 1);
	slices(d, 20);
	start(d, 2, &two);
	settle(d);
	assert_int_equal(*vram32(d, CELL + 4), 1);
}

static void one_that_cannot_be_preempted_is_reset(void **state)
{
	struct device *d = *state;
	u64 begin;

	BATCH(d, 0x400000, NOOP, BATCH_START, 0x400000, 0);
	EMIT(d, &one, BATCH_START, 0x400000, 0, NOOP);
	EMIT(d, &two, STORE, CELL, 0, 1);
	reg(d, 1, GUC_RENDER, &one);
	policies(d, 1, 1000, 5000);
	mode(d, 1, 1);
	assert_g2h(d, 0, DONE, 1, 1);
	begin = clock_ns();
	until(d, clock_ns() > begin + 10000000);
	assert_no_g2h(d);			/* alone it may run for ever */
	start(d, 2, &two);
	until(d, told(d));
	assert_g2h(d, 0, RESET, 1);
	settle(d);
	assert_int_equal(*vram32(d, CELL), 1);
	assert_int_equal(d->counters.context_resets, 1);
	assert_int_equal(image_word(d, &one, 5), 0);	/* nothing of it is saved */
}

static void disabling_one_that_does_not_let_go(void **state)
{
	struct device *d = *state;

	BATCH(d, 0x400000, NOOP, BATCH_START, 0x400000, 0);
	EMIT(d, &one, BATCH_START, 0x400000, 0, NOOP);
	reg(d, 1, GUC_RENDER, &one);
	policies(d, 1, 1000, 3000);
	mode(d, 1, 1);
	assert_g2h(d, 0, DONE, 1, 1);
	slices(d, 20);
	mode(d, 1, 0);
	assert_no_g2h(d);
	until(d, told(d));
	assert_g2h(d, 0, RESET, 1);
	assert_g2h(d, 0, DONE, 1, 0);
	settle(d);
}

/* An engine that hangs: who waits for it must not wait for ever. */
static void a_hang_is_noticed_by_those_who_wait(void **state)
{
	struct device *d = *state;

	EMIT(d, &one, STORE, CELL + 4, 0, 1);
	EMIT(d, &two, STORE, CELL, 0, 1);
	reg(d, 1, GUC_RENDER, &one);
	policies(d, 1, 50000, 3000);
	d->engines[RCS].hang_next = true;
	mode(d, 1, 1);
	assert_g2h(d, 0, DONE, 1, 1);
	slices(d, 20);
	assert_true(d->engines[RCS].hung);
	start(d, 2, &two);
	settle(d);
	assert_g2h(d, 0, RESET, 1);
	assert_int_equal(*vram32(d, CELL), 1);
	assert_int_equal(*vram32(d, CELL + 4), 0);
	assert_false(d->engines[RCS].hung);
}

static void a_fault_resets_its_context(void **state)
{
	struct device *d = *state;

	EMIT(d, &one, STORE, 0x30000000, 0, 1);
	EMIT(d, &two, STORE, CELL, 0, 1);
	start(d, 1, &one);
	start(d, 2, &two);
	settle(d);
	assert_g2h(d, 0, RESET, 1);
	assert_no_g2h(d);
	assert_int_equal(*vram32(d, CELL), 1);
	assert_int_equal(d->counters.translation_faults, 1);
	assert_int_equal(d->counters.context_resets, 1);
}

static void an_image_that_is_not_one(void **state)
{
	struct device *d = *state;
	struct context c = { .lrca = 0x30000000 };

	start(d, 1, &c);
	settle(d);
	assert_g2h(d, 0, RESET, 1);
}

static void deregistered_at_work(void **state)
{
	struct device *d = *state;

	BATCH(d, 0x400000, ARB_CHECK, BATCH_START, 0x400000, 0);
	EMIT(d, &one, BATCH_START, 0x400000, 0, NOOP);
	EMIT(d, &two, STORE, CELL, 0, 1);
	start(d, 1, &one);
	slices(d, 10);
	H2G(d, 0, 0x4503 | FAST, 1);
	assert_g2h(d, 0, DEREGISTERED, 1);
	start(d, 2, &two);
	settle(d);
	assert_int_equal(*vram32(d, CELL), 1);
	/* The same while others wait behind it, first, last and in the middle. */
	EMIT(d, &two, SEMAPHORE_EQUAL, 1, CELL + 4, 0);
	H2G(d, 0, 0x1000 | FAST, 2);
	slices(d, 10);
	start(d, 3, &one);
	start(d, 4, &one);
	start(d, 5, &one);
	H2G(d, 0, 0x4503 | FAST, 4);
	H2G(d, 0, 0x4503 | FAST, 5);
	H2G(d, 0, 0x4503 | FAST, 3);
	H2G(d, 0, 0x4503 | FAST, 2);
	assert_g2h(d, 0, DEREGISTERED, 4);
	assert_g2h(d, 0, DEREGISTERED, 5);
	assert_g2h(d, 0, DEREGISTERED, 3);
	assert_g2h(d, 0, DEREGISTERED, 2);
	settle(d);
	assert_int_equal(d->engines[RCS].queue.first, GUC_NONE);
	assert_int_equal(d->engines[RCS].queue.current, GUC_NONE);
}

/* On request an idle context stays on its engine for a while, but in nobody's way. */
static void a_context_written_back_late(void **state)
{
	struct device *d = *state;
	u32 i;

	start(d, 1, &one);
	start(d, 2, &two);
	settle(d);
	d->faults.save_delay_ms = 60000;
	for (i = 1; i < 3; i++) {
		EMIT(d, &one, STORE, CELL, 0, i);
		H2G(d, 0, 0x1000 | FAST, 1);
		until(d, *vram32(d, CELL) == i);
		slices(d, 20);
		assert_int_equal(d->engines[RCS].queue.current, 1);
		assert_int_not_equal(image_word(d, &one, 5), one.tail);
	}
	EMIT(d, &two, STORE, CELL, 0, 3);
	H2G(d, 0, 0x1000 | FAST, 2);
	until(d, *vram32(d, CELL) == 3);
	assert_int_equal(image_word(d, &one, 5), one.tail);
	mode(d, 2, 0);
	slices(d, 20);
	assert_g2h(d, 0, DONE, 2, 0);
	assert_int_equal(image_word(d, &two, 5), two.tail);

	d->faults.save_delay_ms = 2;
	EMIT(d, &one, NOOP, NOOP);
	H2G(d, 0, 0x1000 | FAST, 1);
	settle(d);
	assert_int_equal(image_word(d, &one, 5), one.tail);
	assert_int_equal(d->engines[RCS].queue.current, GUC_NONE);
}

/* The last of those that wait goes away: who comes next still gets its turn. */
static void the_end_of_the_queue(void **state)
{
	struct device *d = *state;
	struct context next;

	context_init(d, &next, 2, RCS);
	EMIT(d, &one, SEMAPHORE_EQUAL, 1, CELL, 0);
	EMIT(d, &next, STORE, CELL + 4, 0, 1);
	start(d, 1, &one);
	slices(d, 1);
	start(d, 2, &two);
	start(d, 3, &two);
	H2G(d, 0, 0x4503 | FAST, 3);
	assert_g2h(d, 0, DEREGISTERED, 3);
	start(d, 4, &next);
	until(d, *vram32(d, CELL + 4) == 1);
	*vram32(d, CELL) = 1;
	settle(d);
}

static void parallel_contexts_are_refused_aloud(void **state)
{
	struct device *d = *state;

	H2G(d, 0, 0x4601 | FAST, 0, 1, GUC_RENDER, 1, 0, 0, 0, 0, 0, 2, one.lrca, 0);
	assert_int_equal(d->counters.unmodelled, 1);
	mode(d, 1, 1);
	assert_g2h(d, 0, DONE, 1, 1);
	assert_g2h(d, 0, RESET, 1);
}

static void policies_that_lie_about_their_length(void **state)
{
	struct device *d = *state;

	reg(d, 1, GUC_RENDER, &one);
	H2G(d, 0, 0x100b | FAST, 1, 0x2001 << 16 | 0xffff, 5);
	assert_int_equal(d->guc.contexts[1].quantum_us, 5);
	H2G(d, 0, 0x100b | FAST, 1, 0x2001 << 16 | 0, 0x2002 << 16 | 1);
	H2G(d, 0, 0x100b | FAST, 1, 0x2002 << 16 | 1);
	H2G(d, 0, 0x100b | FAST, 1);
	H2G(d, 0, 0x100b | FAST);
}

static void a_full_reset_forgets_all_contexts(void **state)
{
	struct device *d = *state;

	EMIT(d, &one, SEMAPHORE_EQUAL, 1, CELL, 0);
	start(d, 1, &one);
	slices(d, 10);
	start(d, 2, &two);
	regs_write(d, 0x941c, BIT(0));
	settle(d);
	assert_false(d->guc.contexts[1].registered);
	assert_int_equal(d->engines[RCS].queue.first, GUC_NONE);
	assert_false(d->engines[RCS].cs.loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUBMIT(the_life_of_a_context),
		SUBMIT(registration_that_is_refused),
		SUBMIT(contexts_that_are_not_there),
		SUBMIT(classes_have_their_own_numbers),
		SUBMIT(time_is_shared),
		SUBMIT(a_waiting_context_yields),
		SUBMIT(one_that_cannot_be_preempted_is_reset),
		SUBMIT(disabling_one_that_does_not_let_go),
		SUBMIT(a_hang_is_noticed_by_those_who_wait),
		SUBMIT(a_fault_resets_its_context),
		SUBMIT(an_image_that_is_not_one),
		SUBMIT(deregistered_at_work),
		SUBMIT(a_context_written_back_late),
		SUBMIT(the_end_of_the_queue),
		SUBMIT(parallel_contexts_are_refused_aloud),
		SUBMIT(policies_that_lie_about_their_length),
		SUBMIT(a_full_reset_forgets_all_contexts),
	};

	return cmocka_run_group_tests_name("guc_submit", tests, NULL, NULL);
}
