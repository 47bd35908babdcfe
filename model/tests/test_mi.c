// SPDX-License-Identifier: GPL-2.0
/* MI commands and PIPE_CONTROL, each run from a ring. */
#include "card.h"

#define CELL	0x600000u		/* where commands store */
#define GGTT	(1u << 22)

static u32 cell(struct device *d, u32 n)
{
	return *vram32(d, CELL + 4 * n);
}

/* Run commands in a fresh context on an engine. */
static void run(struct device *d, u32 engine, const u32 *dw, u32 count)
{
	struct context c;

	context_init(d, &c, engine, engine);
	context_emit(d, &c, dw, count);
	run_ring(d, engine, &c);
}

#define RUN(d, engine, ...) run(d, engine, WORDS(__VA_ARGS__))
#define OK(d) do { assert_false((d)->engines[RCS].hung); assert_false((d)->engines[BCS].hung); } while (0)

static void store_data(void **state)
{
	struct device *d = *state;

	RUN(d, RCS, STORE, CELL, 0, 0x11, STORE_GGTT, CELL + 4, 0, 0x22,
	    STORE, (u32)PPGTT_RAM + 8, 1, 0x33, STORE_GGTT, GGTT_RAM + 12, 0, 0x44);
	OK(d);
	assert_int_equal(cell(d, 0), 0x11);
	assert_int_equal(cell(d, 1), 0x22);
	assert_int_equal(((u32 *)ram)[2], 0x33);
	assert_int_equal(((u32 *)ram)[3], 0x44);
}

/* The length has ten bits here: a page of entries in one command. */
static void store_many(void **state)
{
	struct device *d = *state;
	u32 dw[3 + 1022], i;
	struct context c;

	dw[0] = MI(0x20, 1023);
	dw[1] = CELL + 0xff8;
	dw[2] = 0;
	for (i = 0; i < 1022; i++)
		dw[3 + i] = i ^ 0x5a5a;
	context_init(d, &c, 0, RCS);
	context_emit(d, &c, dw, 1025);
	EMIT(d, &c, STORE, CELL, 0, 7);
	run_ring(d, RCS, &c);
	OK(d);
	for (i = 0; i < 1022; i++)
		assert_int_equal(*vram32(d, CELL + 0xff8 + 4 * i), i ^ 0x5a5a);
	assert_int_equal(cell(d, 0), 7);
}

static void registers(void **state)
{
	struct device *d = *state;

	RUN(d, BCS,
	    LOAD_REG(2), GPR(BCS_BASE, 0), 0x1234, GPR(BCS_BASE, 1), 0x5678,
	    LOAD_REG(1) | BIT(19), 0x610, 0x9abc,		/* relative to the engine */
	    STORE_REG, GPR(BCS_BASE, 0), CELL, 0,
	    STORE_REG | BIT(19), 0x608, CELL + 4, 0,
	    STORE_REG | GGTT, GPR(BCS_BASE, 2), CELL + 8, 0,
	    MI(0x2a, 1), GPR(BCS_BASE, 0), GPR(BCS_BASE, 3),
	    MI(0x2a, 1) | BIT(18) | BIT(19), 0x608, 0x620,
	    STORE_REG, GPR(BCS_BASE, 3), CELL + 12, 0,
	    STORE_REG, GPR(BCS_BASE, 4), CELL + 16, 0,
	    MI(0x29, 2), GPR(BCS_BASE, 5), CELL, 0,
	    MI(0x29, 2) | BIT(19) | GGTT, 0x630, CELL + 4, 0,
	    STORE_REG, GPR(BCS_BASE, 5), CELL + 20, 0,
	    STORE_REG, GPR(BCS_BASE, 6), CELL + 24, 0);
	OK(d);
	assert_int_equal(cell(d, 0), 0x1234);
	assert_int_equal(cell(d, 1), 0x5678);
	assert_int_equal(cell(d, 2), 0x9abc);
	assert_int_equal(cell(d, 3), 0x1234);
	assert_int_equal(cell(d, 4), 0x5678);
	assert_int_equal(cell(d, 5), 0x1234);
	assert_int_equal(cell(d, 6), 0x5678);
}

static void copy_memory(void **state)
{
	struct device *d = *state;

	*vram32(d, CELL + 64) = 0xabab;
	RUN(d, RCS, MI(0x2e, 3), CELL, 0, CELL + 64, 0,
	    MI(0x2e, 3) | GGTT | BIT(21), GGTT_RAM, 0, CELL + 64, 0);
	OK(d);
	assert_int_equal(cell(d, 0), 0xabab);
	assert_int_equal(((u32 *)ram)[0], 0xabab);
}

static void flush(void **state)
{
	struct device *d = *state;
	u32 flush = MI(0x26, 0);
	struct context c;

	context_init(d, &c, 0, BCS);
	regs_write(d, 0x190030, ~0u);
	EMIT(d, &c,
	     flush | 1 | BIT(7) | BIT(6), 0, 0,		/* nothing to write; flags beside the length */
	     flush | 2 | BIT(14), CELL | BIT(2), 0, 0x77,	/* GGTT */
	     flush | 3 | BIT(14), CELL + 8, 0, 0x88, 0x99,	/* two words */
	     flush | 2 | BIT(14) | BIT(21), 0x100, 0, 0xaa,	/* in the status page */
	     flush | 3 | BIT(14) | BIT(15), CELL + 16, 0, 0, 0,	/* the time */
	     flush | 1 | BIT(8), 0, 0);
	run_ring(d, BCS, &c);
	OK(d);
	assert_int_equal(cell(d, 0), 0x77);
	assert_int_equal(cell(d, 1), 0);
	assert_int_equal(cell(d, 2), 0x88);
	assert_int_equal(cell(d, 3), 0x99);
	assert_int_equal(*vram32(d, c.lrca + 0x100), 0xaa);
	assert_int_not_equal(cell(d, 4), 0);
	assert_true(d->irq.sources[0][15].vector & IRQ_FLUSH);
}

static void pipe_control(void **state)
{
	struct device *d = *state;
	u32 pipe = 0x7a000004;
	struct context c;

	context_init(d, &c, 0, RCS);
	regs_write(d, 0x190030, ~0u);
	EMIT(d, &c,
	     pipe, 0, 0, 0, 0, 0,
	     pipe, BIT(14), CELL, 0, 0x12, 0x34,
	     pipe, BIT(14) | BIT(24), GGTT_RAM, 0, 0x56, 0x78,
	     pipe, BIT(14) | BIT(21), 0x200, 0, 0x9a, 0xbc,
	     pipe, BIT(15), CELL + 8, 0, 1, 1,			/* a depth count */
	     pipe, BIT(14) | BIT(15), CELL + 16, 0, 0, 0,
	     pipe, BIT(8), 0, 0, 0, 0);
	*vram32(d, CELL + 8) = 0xffffffff;
	run_ring(d, RCS, &c);
	OK(d);
	assert_int_equal(cell(d, 0), 0x12);
	assert_int_equal(cell(d, 1), 0x34);
	assert_int_equal(((u32 *)ram)[0], 0x56);
	assert_int_equal(((u32 *)ram)[1], 0x78);
	assert_int_equal(*vram32(d, c.lrca + 0x200), 0x9a);
	assert_int_equal(cell(d, 2), 0);
	assert_int_not_equal(cell(d, 4), 0);
	assert_true(d->irq.sources[0][0].vector & IRQ_FLUSH);
}

/* State is passed over by its length; what would draw is reported. */
static void render_state(void **state)
{
	struct device *d = *state;

	RUN(d, RCS, 0x78080003, 1, 2, 3, 4, 0x69041302, 0x7b000005, 1, 2, 3, 4, 5, 6,
	    STORE, CELL, 0, 1);
	OK(d);
	assert_int_equal(cell(d, 0), 1);
	assert_int_equal(d->counters.unmodelled, 1);
}

static void user_interrupt(void **state)
{
	struct device *d = *state;

	regs_write(d, 0x190030, ~0u);
	RUN(d, BCS, MI(0x02, 0));
	assert_true(d->irq.sources[0][15].vector & IRQ_USER);
}

static void atomics(void **state)
{
	static const struct { u8 op; u32 result; } ops[] = {
		{ 1, 0xf0 & 0x3c }, { 2, 0xf0 | 0x3c }, { 3, 0xf0 ^ 0x3c }, { 4, 0x3c },
		{ 5, 0xf1 }, { 6, 0xef }, { 7, 0xf0 + 0x3c }, { 8, 0xf0 - 0x3c },
	};
	struct device *d = *state;
	u32 inline_data = MI(0x2f, 9) | BIT(18), i;

	for (i = 0; i < ARRAY_LEN(ops); i++) {
		*vram32(d, CELL) = 0xf0;
		RUN(d, RCS, inline_data | (u32)ops[i].op << 8 | BIT(16), CELL, 0,
		    0x3c, 0, 0, 0, 0, 0, 0, 0, STORE_REG, GPR(RCS_BASE, 0), CELL + 4, 0);
		OK(d);
		assert_int_equal(cell(d, 0), ops[i].result);
		assert_int_equal(cell(d, 1), 0xf0);		/* what was there before */
	}
	/* The operand from a register, the old value not wanted. */
	RUN(d, RCS, LOAD_REG(1), GPR(RCS_BASE, 0), 5, MI(0x2f, 1) | 7 << 8, CELL, 0,
	    STORE_REG, GPR(RCS_BASE, 0), CELL + 4, 0);
	assert_int_equal(cell(d, 0), 0xf0 - 0x3c + 5);
	assert_int_equal(cell(d, 1), 5);
	RUN(d, RCS, MI(0x2f, 1) | 0x55 << 8, CELL, 0);
	assert_int_equal(d->counters.unmodelled, 1);
}

static void semaphores(void **state)
{
	static const struct { u32 how, memory, data; bool go; } cases[] = {
		{ 0, 6, 5, true }, { 0, 5, 5, false }, { 1, 5, 5, true }, { 1, 4, 5, false },
		{ 2, 4, 5, true }, { 2, 5, 5, false }, { 3, 5, 5, true }, { 3, 6, 5, false },
		{ 4, 5, 5, true }, { 4, 6, 5, false }, { 5, 6, 5, true }, { 5, 5, 5, false },
	};
	struct device *d = *state;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct context c;

		*vram32(d, CELL) = 0;
		*vram32(d, CELL + 4) = cases[i].memory;
		context_init(d, &c, 0, RCS);
		EMIT(d, &c, MI(0x1c, 2) | cases[i].how << 12 | BIT(15), cases[i].data, CELL + 4, 0,
		     STORE, CELL, 0, 1);
		ports(d, RCS, PORT(&c, 1), 0);
		slices(d, 100);
		assert_int_equal(cell(d, 0), cases[i].go);
		engines_reset(d, ~0u);
	}
}

/* A semaphore may wait for a register too: invalidations are waited for so. */
static void register_semaphore(void **state)
{
	struct device *d = *state;
	struct context c;
	u64 sleep_ns;

	context_init(d, &c, 0, RCS);
	EMIT(d, &c, LOAD_REG(1), 0x4208, 1, MI(0x1c, 2) | BIT(16) | 4u << 12, 0, 0x4208, 0,
	     MI(0x1c, 2) | BIT(16) | 4u << 12, 9, GPR(RCS_BASE, 7), 0, STORE, CELL, 0, 1);
	ports(d, RCS, PORT(&c, 1), 0);
	slices(d, 100);
	assert_false(engines_slice(d, &sleep_ns));
	assert_int_not_equal(sleep_ns, 0);		/* to be polled */
	assert_int_equal(cell(d, 0), 0);
	regs_write(d, GPR(RCS_BASE, 7), 9);
	settle(d);
	assert_int_equal(cell(d, 0), 1);
}

static void unknown_commands(void **state)
{
	struct device *d = *state;

	RUN(d, RCS, MI(0x3f, 0), STORE, CELL, 0, 1);
	OK(d);
	assert_int_equal(cell(d, 0), 1);
	assert_int_equal(d->counters.unmodelled, 1);
	/* A command type that does not exist has no known length: the engine stops. */
	RUN(d, RCS, 0x20000000, 0);
	assert_true(d->engines[RCS].hung);
}

/* Each command with less than it needs, at the very end of what was sent. */
static void commands_cut_short(void **state)
{
	static const u8 ops[] = { 0x1c, 0x20, 0x24, 0x29, 0x2e, 0x2f, 0x31, 0x36 };
	struct device *d = *state;
	size_t i;

	for (i = 0; i < ARRAY_LEN(ops); i++) {
		RUN(d, RCS, MI(ops[i], 0), 0, 0);
		assert_true(d->engines[RCS].hung);
		engines_reset(d, ~0u);
	}
	RUN(d, RCS, 0x7a000000, BIT(14), 0);
	assert_true(d->engines[RCS].hung);
	engines_reset(d, ~0u);
	RUN(d, RCS, MI(0x22, 0), GPR(RCS_BASE, 0), NOOP);	/* no value: nothing to load */
	OK(d);
}

static void stores_to_nowhere(void **state)
{
	static const u32 nowhere = 0x30000000;
	u32 commands[][6] = {
		{ STORE, nowhere, 0, 1 },
		{ STORE_GGTT, nowhere, 0, 1 },
		{ MI(0x20, 3), nowhere, 0, 1, 2 },
		{ STORE_REG, GPR(RCS_BASE, 0), nowhere, 0 },
		{ MI(0x29, 2), GPR(RCS_BASE, 0), nowhere, 0 },
		{ MI(0x2e, 3), nowhere, 0, CELL, 0 },
		{ MI(0x2e, 3), CELL, 0, nowhere, 0 },
		{ MI(0x26, 2) | BIT(14), nowhere, 0, 1 },
		{ MI(0x2f, 1) | 5 << 8, nowhere, 0 },
		{ MI(0x1c, 2), 0, nowhere, 0 },
		{ MI(0x36, 2), 0, nowhere, 0 },
		{ 0x7a000004, BIT(14), nowhere, 0, 1, 1 },
		{ BATCH_START, nowhere, 0 },
	};
	struct device *d = *state;
	size_t i;

	for (i = 0; i < ARRAY_LEN(commands); i++) {
		run(d, RCS, commands[i], 6);
		assert_true(d->engines[RCS].hung);
		assert_int_equal(d->counters.translation_faults, i + 1);
		assert_int_equal(regs_peek(d, 0xceb8), nowhere >> 12);
		assert_int_equal(regs_peek(d, 0xcec4) & 1, 1);
		engines_reset(d, ~0u);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(store_data),
		CASE(store_many),
		CASE(registers),
		CASE(copy_memory),
		CASE(flush),
		CASE(pipe_control),
		CASE(render_state),
		CASE(user_interrupt),
		CASE(atomics),
		CASE(semaphores),
		CASE(register_semaphore),
		CASE(unknown_commands),
		CASE(commands_cut_short),
		CASE(stores_to_nowhere),
	};

	return cmocka_run_group_tests_name("mi", tests, NULL, NULL);
}
