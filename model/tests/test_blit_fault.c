// SPDX-License-Identifier: GPL-2.0
/* Blits that go wrong: on request, by their form, and by where they lead. */
#include <stdio.h>
#include <string.h>

#include "../control.h"
#include "blits.h"

#define TO	0x2000000u
#define FROM	0x4000000u
#define BYTES	(1 * MiB)

static struct context c;

static int blit_setup(void **state)
{
	card_setup(state);
	context_init(*state, &c, 0, BCS);
	pattern(vram(*state, FROM), BYTES, 42);
	return 0;
}

#define BLIT(f) cmocka_unit_test_setup_teardown(f, blit_setup, card_teardown)

static void copy(struct device *d)
{
	emit_copy(d, &c, 3, (struct rect){ TO, 4096, 0, 0 }, (struct rect){ FROM, 4096, 0, 0 }, 1024, 256);
}

/* Bytes in which the copy differs from what was copied. */
static u32 differences(struct device *d)
{
	u32 i, n = 0;

	for (i = 0; i < BYTES; i++)
		n += *vram(d, TO + i) != *vram(d, FROM + i);
	return n;
}

static void the_nth_fails(void **state)
{
	struct device *d = *state;

	d->faults.blit[BLIT_FAIL] = 3;
	copy(d);
	copy(d);
	EMIT(d, &c, STORE, 0x600000, 0, 1);
	memset(vram(d, 0x600000), 0, 4);
	run_ring(d, BCS, &c);
	assert_false(d->engines[BCS].hung);
	assert_int_equal(differences(d), 0);
	memset(vram(d, TO), 0, BYTES);
	copy(d);
	EMIT(d, &c, STORE, 0x600004, 0, 1);
	run_ring(d, BCS, &c);
	assert_true(d->engines[BCS].hung);
	assert_int_equal(*vram32(d, TO), 0);
	assert_int_equal(*vram32(d, 0x600000), 1);
	assert_int_equal(*vram32(d, 0x600004), 0);
	assert_int_equal(d->counters.faults_fired, 1);
	assert_int_equal(d->faults.blit[BLIT_FAIL], 0);
}

static void one_is_skipped(void **state)
{
	struct device *d = *state;

	d->faults.blit[BLIT_SKIP] = 1;
	copy(d);
	EMIT(d, &c, STORE, 0x600000, 0, 1);
	run_ring(d, BCS, &c);
	assert_false(d->engines[BCS].hung);
	assert_int_equal(*vram32(d, 0x600000), 1);
	assert_int_equal(*vram32(d, TO), 0);
	copy(d);
	run_ring(d, BCS, &c);
	assert_int_equal(differences(d), 0);
}

static void one_byte_is_wrong(void **state)
{
	struct device *d = *state;
	struct context fill;
	u32 i;

	d->faults.blit[BLIT_CORRUPT] = 1;
	copy(d);
	run_ring(d, BCS, &c);
	assert_false(d->engines[BCS].hung);
	assert_int_equal(differences(d), 1);
	copy(d);
	run_ring(d, BCS, &c);
	assert_int_equal(differences(d), 0);

	/* Whatever the size, and for fills too. */
	for (i = 1; i < 70; i += 17) {
		static const u32 color[4] = { 0 };
		u32 n, wrong = 0;

		d->faults.blit[BLIT_CORRUPT] = 1;
		memset(vram(d, TO), 0, PAGE_BYTES);
		context_init(d, &fill, 1, BCS);
		emit_fill(d, &fill, 0, (struct rect){ TO, 64, 0, 0 }, i, 3, color);
		run_ring(d, BCS, &fill);
		for (n = 0; n < PAGE_BYTES; n++)
			wrong += *vram(d, TO + n) != 0;
		assert_int_equal(wrong, 1);
	}
}

static void power_is_lost_at_one(void **state)
{
	struct device *d = *state;
	u64 sleep_ns, losses = d->power.losses;

	d->faults.blit[BLIT_POWER_LOSS] = 2;
	copy(d);
	copy(d);
	run_ring(d, BCS, &c);
	assert_int_equal(d->power.losses, losses + 1);
	assert_int_equal(*vram32(d, TO + 4), 0xdead0000u | (d->power.losses & 0xff) << 8);
	assert_false(d->engines[BCS].hung);
	assert_int_equal(regs_peek(d, d->engines[BCS].facts->base + 0x30), 0);
	engines_slice(d, &sleep_ns);
	assert_int_equal(d->power.losses, losses + 1);
	assert_int_equal(d->counters.faults_fired, 1);
}

static void one_hangs(void **state)
{
	struct device *d = *state;

	d->faults.blit[BLIT_HANG] = 1;
	copy(d);
	run_ring(d, BCS, &c);
	assert_true(d->engines[BCS].hung);
	assert_int_equal(d->counters.hangs, 1);
	engines_reset(d, ~0u);
	assert_false(d->engines[BCS].hung);
}

static void ask(struct device *d, const char *text)
{
	char line[64], answer[CONTROL_LINE];

	snprintf(line, sizeof(line), "%s", text);
	control_line(d, line, answer, sizeof(answer) - 1, false);
	assert_string_equal(answer, "ok");
}

/* One copy alone, and whether it was done right. */
static bool copied(struct device *d)
{
	memset(vram(d, TO), 0, BYTES);
	copy(d);
	run_ring(d, BCS, &c);
	return differences(d) == 0;
}

static void so_many_in_a_row(void **state)
{
	struct device *d = *state;
	u32 i;

	ask(d, "fault blit-corrupt 3 2");
	for (i = 1; i <= 6; i++)
		assert_int_equal(copied(d), i != 3 && i != 4);
	assert_int_equal(d->counters.faults_fired, 2);
}

static void all_until_it_is_taken_back(void **state)
{
	struct device *d = *state;
	u32 i;

	ask(d, "fault blit-fail 2 all");
	assert_true(copied(d));
	for (i = 0; i < 20; i++) {
		assert_false(copied(d));
		assert_true(d->engines[BCS].hung);
		engines_reset(d, ~0u);
		context_init(d, &c, 0, BCS);
	}
	ask(d, "fault blit-fail 0");
	assert_true(copied(d));
	ask(d, "fault blit-skip 1 all");
	assert_false(copied(d));
	ask(d, "fault clear");
	assert_true(copied(d));
	assert_int_equal(d->counters.faults_fired, 21);
}

static void several_count_at_once(void **state)
{
	struct device *d = *state;

	d->faults.blit[BLIT_SKIP] = 1;
	d->faults.blit[BLIT_CORRUPT] = 2;
	copy(d);
	run_ring(d, BCS, &c);
	assert_int_equal(*vram32(d, TO), 0);
	copy(d);
	run_ring(d, BCS, &c);
	assert_int_equal(differences(d), 1);
	copy(d);
	run_ring(d, BCS, &c);
	assert_int_equal(differences(d), 0);
	assert_int_equal(d->counters.faults_fired, 2);
}

static void malformed(void **state)
{
	struct device *d = *state;
	static const u32 ops[] = { 0x42, 0x44, 0x50, 0x53 };
	size_t i;

	for (i = 0; i < ARRAY_LEN(ops); i++) {
		context_init(d, &c, 0, BCS);
		EMIT(d, &c, 2u << 29 | ops[i] << 22, 0, NOOP, NOOP);	/* two dwords */
		run_ring(d, BCS, &c);
		assert_true(d->engines[BCS].hung);
		engines_reset(d, ~0u);
	}
	/* Formats that are not there. */
	context_init(d, &c, 0, BCS);
	emit_copy(d, &c, 2, (struct rect){ TO, 4096, 0, 0 }, (struct rect){ FROM, 4096, 0, 0 }, 4, 4);
	run_ring(d, BCS, &c);
	assert_true(d->engines[BCS].hung);
	engines_reset(d, ~0u);
	context_init(d, &c, 0, BCS);
	emit_fill(d, &c, 7, (struct rect){ TO, 4096, 0, 0 }, 4, 4, (u32[4]){ 0 });
	run_ring(d, BCS, &c);
	assert_true(d->engines[BCS].hung);
	assert_int_equal(d->counters.blits, 0);
}

static void what_is_not_modelled_is_told(void **state)
{
	struct device *d = *state;

	EMIT(d, &c, 2u << 29 | 0x41u << 22 | 0, 0, STORE, 0x600000, 0, 1);
	EMIT(d, &c, 2u << 29 | 0x42u << 22 | 1u << 20 | 8, 3 << 24 | 64, 0, 1 << 16 | 1, TO, 0, 0, 64, FROM, 0);
	run_ring(d, BCS, &c);
	assert_false(d->engines[BCS].hung);
	assert_int_equal(*vram32(d, 0x600000), 1);
	assert_int_equal(d->counters.unmodelled, 2);
}

/* What lies before the hole is written, and nothing after it. */
static void destinations_and_sources_that_end(void **state)
{
	struct device *d = *state;
	u64 end = TEST_VRAM;

	emit_copy(d, &c, 3, (struct rect){ end - 8192, 4096, 0, 0 }, (struct rect){ FROM, 4096, 0, 0 }, 1024, 3);
	run_ring(d, BCS, &c);
	assert_true(d->engines[BCS].hung);
	assert_memory_equal(vram(d, end - 8192), vram(d, FROM), 8192);
	assert_int_equal(d->counters.translation_faults, 1);
	assert_int_equal(regs_peek(d, 0xceb8), end >> 12);
	assert_int_equal(regs_peek(d, 0xcec4) & 2, 2);
	engines_reset(d, ~0u);

	context_init(d, &c, 0, BCS);
	emit_copy(d, &c, 3, (struct rect){ TO, 4096, 0, 0 }, (struct rect){ end - 4096, 4096, 0, 0 }, 1024, 2);
	run_ring(d, BCS, &c);
	assert_true(d->engines[BCS].hung);
	assert_int_equal(regs_peek(d, 0xcec4) & 2, 0);
	assert_int_equal(d->counters.bytes_in_vram, 8192 + 4096);
}

/* The last row at the largest pitch: beyond 32 bits, and reported where it is. */
static void far_rows(void **state)
{
	struct device *d = *state;

	emit_fill(d, &c, 2, (struct rect){ 0, 0x40000, 0, 65534 }, 1, 1, (u32[4]){ 0 });
	run_ring(d, BCS, &c);
	assert_true(d->engines[BCS].hung);
	assert_int_equal(regs_peek(d, 0xceb8), 65534ull * 0x40000 >> 12);
}

/* 65535 x 65535 pixels of 16 bytes at a pitch of 1: slices stay short, and nothing overflows. */
static void enormous(void **state)
{
	struct device *d = *state;
	u64 sleep_ns, longest = 0;
	u32 i;

	EMIT(d, &c, 2u << 29 | 0x44u << 22 | 4 << 19 | 9, 0, 0, ~0u, 0x1000000, 0, 0, 1, 2, 3, 4);
	ports(d, BCS, PORT(&c, 1), 0);
	for (i = 0; i < 100; i++) {
		u64 begin = cpu_ns(), took;

		assert_true(engines_slice(d, &sleep_ns));
		took = cpu_ns() - begin;
		longest = took > longest ? took : longest;
	}
	assert_true(d->engines[BCS].cs.blit.active);
	assert_int_equal(d->engines[BCS].cs.blit.total, 65535ull * 65535 * 16);
	assert_true(longest < 500000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BLIT(the_nth_fails),
		BLIT(one_is_skipped),
		BLIT(one_byte_is_wrong),
		BLIT(power_is_lost_at_one),
		BLIT(one_hangs),
		BLIT(so_many_in_a_row),
		BLIT(all_until_it_is_taken_back),
		BLIT(several_count_at_once),
		BLIT(malformed),
		BLIT(what_is_not_modelled_is_told),
		BLIT(destinations_and_sources_that_end),
		BLIT(far_rows),
		BLIT(enormous),
	};

	return cmocka_run_group_tests_name("blit_fault", tests, NULL, NULL);
}
