// SPDX-License-Identifier: GPL-2.0
/* MI_MATH: each operation, the flags, and operands that do not exist. */
#include "card.h"

#define ALU(op, a, b)	((u32)(op) << 20 | (u32)(a) << 10 | (u32)(b))
#define LOAD	0x080
#define STORE_TO 0x180
#define SRCA	0x20
#define SRCB	0x21
#define ACCU	0x31
#define ZF	0x32
#define CF	0x33

static u64 gpr(struct device *d, u32 n)
{
	return make64(regs_peek(d, GPR(RCS_BASE, n)), regs_peek(d, GPR(RCS_BASE, n) + 4));
}

/* R0 and R1 in; R2 result, R3 zero flag, R4 carry out. */
static void compute(struct device *d, u32 op, u64 a, u64 b)
{
	struct context c;

	context_init(d, &c, 0, RCS);
	EMIT(d, &c,
	     LOAD_REG(4), GPR(RCS_BASE, 0), (u32)a, GPR(RCS_BASE, 0) + 4, (u32)(a >> 32),
	     GPR(RCS_BASE, 1), (u32)b, GPR(RCS_BASE, 1) + 4, (u32)(b >> 32),
	     MI(0x1a, 5), ALU(LOAD, SRCA, 0), ALU(LOAD, SRCB, 1), ALU(op, 0, 0),
	     ALU(STORE_TO, 2, ACCU), ALU(STORE_TO, 3, ZF), ALU(STORE_TO, 4, CF));
	run_ring(d, RCS, &c);
	assert_false(d->engines[RCS].hung);
}

static void operations(void **state)
{
	static const struct { u32 op; u64 a, b, result; bool carry; } cases[] = {
		{ 0x100, 5, 7, 12, false },
		{ 0x100, ~0ull, 1, 0, true },
		{ 0x100, 0xffffffff, 1, 0x100000000ull, false },
		{ 0x101, 7, 5, 2, false },
		{ 0x101, 5, 7, ~1ull, true },
		{ 0x101, 5, 5, 0, false },
		{ 0x102, 0xff00ff00ff00ff00ull, 0xf0f0f0f0f0f0f0f0ull, 0xf000f000f000f000ull, false },
		{ 0x103, 0xff00ull << 40, 0x00ff, 0xff00ull << 40 | 0xff, false },
		{ 0x104, ~0ull, 0x1234, ~0x1234ull, false },
		{ 0x104, 9, 9, 0, false },
		{ 0x105, 1, 63, 1ull << 63, false },
		{ 0x105, 3, 64, 3, false },
		{ 0x106, 1ull << 63, 63, 1, false },
		{ 0x107, 1ull << 63, 62, ~1ull, false },
		{ 0x107, 1ull << 62, 61, 2, false },
		{ 0x107, ~0ull, 0, ~0ull, false },
	};
	struct device *d = *state;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		compute(d, cases[i].op, cases[i].a, cases[i].b);
		assert_int_equal(gpr(d, 2), cases[i].result);
		assert_int_equal(gpr(d, 3), cases[i].result ? 0 : ~0ull);
		assert_int_equal(gpr(d, 4), cases[i].carry ? ~0ull : 0);
	}
	assert_int_equal(d->counters.unmodelled, 0);
}

static void loads_and_stores(void **state)
{
	struct device *d = *state;
	struct context c;

	context_init(d, &c, 0, RCS);
	EMIT(d, &c,
	     LOAD_REG(1), GPR(RCS_BASE, 15), 0xff,
	     MI(0x1a, 9), ALU(0x480, SRCA, 15), ALU(0x081, SRCB, 0), ALU(0x103, 0, 0),
	     ALU(STORE_TO, 0, ACCU),			/* ~R15 | 0 */
	     ALU(0x481, SRCB, 0), ALU(0x102, 0, 0), ALU(0x580, 1, ACCU),	/* ~(~R15 & ~0) */
	     ALU(0x000, 0, 0), ALU(STORE_TO, 2, SRCA), ALU(STORE_TO, 3, SRCB));
	run_ring(d, RCS, &c);
	assert_int_equal(gpr(d, 0), ~0xffull);
	assert_int_equal(gpr(d, 1), 0xff);
	assert_int_equal(gpr(d, 2), ~0xffull);
	assert_int_equal(gpr(d, 3), ~0ull);
	assert_int_equal(d->counters.unmodelled, 0);
}

static void what_does_not_exist(void **state)
{
	struct device *d = *state;
	struct context c;

	context_init(d, &c, 0, RCS);
	EMIT(d, &c, MI(0x1a, 3), ALU(LOAD, SRCA, 16), ALU(0x7ff, 0, 0), ALU(STORE_TO, 0x3ff, ACCU),
	     ALU(STORE_TO, 16, SRCA));
	run_ring(d, RCS, &c);
	assert_false(d->engines[RCS].hung);
	assert_int_equal(d->counters.unmodelled, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(operations),
		CASE(loads_and_stores),
		CASE(what_does_not_exist),
	};

	return cmocka_run_group_tests_name("math", tests, NULL, NULL);
}
