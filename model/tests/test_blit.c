// SPDX-License-Identifier: GPL-2.0
/* Blits: formats, pitches, pages, slices, and what is counted. */
#include "blits.h"

#define TO	0x2000000u
#define FROM	0x4000000u

static struct context c;

static void start(struct device *d)
{
	run_ring(d, BCS, &c);
	assert_false(d->engines[BCS].hung);
}

static int blit_setup(void **state)
{
	card_setup(state);
	context_init(*state, &c, 0, BCS);
	return 0;
}

#define BLIT(f) cmocka_unit_test_setup_teardown(f, blit_setup, card_teardown)

/* What a blit must do, one byte after another. */
static void expect(u8 *to, struct rect t, const u8 *from, struct rect f, u32 row_bytes, u32 rows, u32 bpp)
{
	u32 y;

	for (y = 0; y < rows; y++)
		memcpy(to + (u64)(t.y + y) * t.pitch + t.x * bpp,
		       from + (u64)(f.y + y) * f.pitch + f.x * bpp, row_bytes);
}

static void copies_of_all_formats(void **state)
{
	static const struct { u32 depth, bpp; } formats[] = { { 0, 1 }, { 1, 2 }, { 3, 4 }, { 4, 8 },
							      { 5, 16 } };
	struct device *d = *state;
	size_t i;

	for (i = 0; i < ARRAY_LEN(formats); i++) {
		u32 bpp = formats[i].bpp, width = 300, height = 50;
		struct rect to = { TO, 5008, 3, 5 }, from = { FROM, 7008, 11, 2 };
		u8 *want = malloc(512 * KiB);

		pattern(vram(d, TO), 512 * KiB, 1);
		pattern(vram(d, FROM), 512 * KiB, 99);
		memcpy(want, vram(d, TO), 512 * KiB);
		expect(want, to, vram(d, FROM), from, width * bpp, height, bpp);
		emit_copy(d, &c, formats[i].depth, to, from, width, height);
		start(d);
		assert_memory_equal(vram(d, TO), want, 512 * KiB);
		free(want);
	}
	assert_int_equal(d->counters.blits, ARRAY_LEN(formats));
}

static void the_other_copy(void **state)
{
	struct device *d = *state;
	struct rect to = { TO, 4096, 1, 1 }, from = { FROM, 1024, 0, 3 };
	u8 *want = calloc(1, 64 * KiB);

	pattern(vram(d, FROM), 64 * KiB, 5);
	expect(want, to, vram(d, FROM), from, 200 * 4, 10, 4);
	EMIT(d, &c, 2u << 29 | 0x53u << 22 | 8, 3 << 24 | 0xcc << 16 | 4096, 1 << 16 | 1,
	     11 << 16 | 201, TO, 0, 3 << 16, 1024, FROM, 0);
	start(d);
	assert_memory_equal(vram(d, TO), want, 64 * KiB);
	free(want);
}

static void fills_of_all_formats(void **state)
{
	static const u32 color[4] = { 0x04030201, 0x08070605, 0x0c0b0a09, 0x100f0e0d };
	struct device *d = *state;
	u32 depth, y, i;

	for (depth = 0; depth < 5; depth++) {
		u32 bpp = 1u << depth, width = 333, height = 9, pitch = 6000;
		struct rect to = { TO + 4, pitch, 2, 1 };
		u8 *want = calloc(1, 64 * KiB), *p;

		memset(vram(d, TO), 0, 64 * KiB);
		for (y = 0; y < height; y++) {
			p = want + 4 + (y + 1) * pitch + 2 * bpp;
			for (i = 0; i < width * bpp; i++)
				p[i] = ((const u8 *)color)[i % bpp];
		}
		emit_fill(d, &c, depth, to, width, height, color);
		start(d);
		assert_memory_equal(vram(d, TO), want, 64 * KiB);
		free(want);
	}
	assert_int_equal(d->counters.bytes_filled, 333 * 9 * 31);
}

static void the_other_fill(void **state)
{
	static const u32 bytes[4] = { 1, 2, 2, 4 };
	struct device *d = *state;
	u32 depth, i;

	for (depth = 0; depth < 4; depth++) {
		u32 color = 0x44332211;

		memset(vram(d, TO), 0, PAGE_BYTES);
		EMIT(d, &c, 2u << 29 | 0x50u << 22 | 5, depth << 24 | 256, 1, 2 << 16 | 11, TO, 0, color);
		start(d);
		for (i = 0; i < 256; i++)
			assert_int_equal(*vram(d, TO + i), i < bytes[depth] || i >= 11 * bytes[depth] ? 0 :
					 color >> 8 * (i % bytes[depth]) & 0xff);
		assert_memory_equal(vram(d, TO), vram(d, TO + 256), 256);
		assert_int_equal(*vram(d, TO + 512 + bytes[depth]), 0);
	}
}

/* Pages that are neighbours for the blit lie apart in memory, some in guest RAM. */
static void pages_in_any_order(void **state)
{
	struct device *d = *state;
	struct rect to = { PPGTT_4K + 0x10, 9000, 0, 0 }, from = { FROM, 9000, 0, 0 };
	u8 *want = calloc(1, 64 * KiB), *got = calloc(1, 64 * KiB);
	u64 bytes_to_ram = 0, i;

	for (i = 0; i < 16; i++) {
		bool in_ram = i % 3 == 1;

		u64 page = in_ram ? RAM_AT + i * PAGE_BYTES : (TO + (15 - i) * PAGE_BYTES) | PTE_VRAM;

		ppgtt_set(d, TABLE_4K, (u32)i, page | PTE_PRESENT);
	}
	pattern(vram(d, FROM), 64 * KiB, 3);
	expect(want, (struct rect){ 0, 9000, 0, 0 }, vram(d, FROM), from, 8999, 7, 1);
	emit_copy(d, &c, 0, to, from, 8999, 7);
	start(d);
	for (i = 0; i < 16; i++) {
		u8 *page = i % 3 == 1 ? ram + i * PAGE_BYTES : vram(d, TO + (15 - i) * PAGE_BYTES);
		u64 n;

		memcpy(got + i * PAGE_BYTES, page, PAGE_BYTES);
		for (n = 0; n < PAGE_BYTES; n++) {
			u64 at = i * PAGE_BYTES + n - 0x10;

			bytes_to_ram += i % 3 == 1 && at % 9000 != 8999 && at / 9000 < 7;
		}
	}
	assert_memory_equal(got + 0x10, want, 63 * KiB);
	assert_int_equal(d->counters.bytes_from_vram, bytes_to_ram);
	assert_int_equal(d->counters.bytes_in_vram, 8999 * 7 - bytes_to_ram);
	free(want);
	free(got);
}

static void directions_are_counted(void **state)
{
	static const u64 v = TO, v2 = FROM, s = PPGTT_RAM, s2 = PPGTT_RAM + 8 * MiB;
	struct device *d = *state;

	emit_copy(d, &c, 3, (struct rect){ v, 400, 0, 0 }, (struct rect){ v2, 400, 0, 0 }, 100, 1);
	emit_copy(d, &c, 3, (struct rect){ v, 400, 0, 0 }, (struct rect){ s, 400, 0, 0 }, 100, 2);
	emit_copy(d, &c, 3, (struct rect){ s, 400, 0, 0 }, (struct rect){ v, 400, 0, 0 }, 100, 3);
	emit_copy(d, &c, 3, (struct rect){ s2, 400, 0, 0 }, (struct rect){ s, 400, 0, 0 }, 100, 4);
	start(d);
	assert_int_equal(d->counters.bytes_in_vram, 400);
	assert_int_equal(d->counters.bytes_to_vram, 800);
	assert_int_equal(d->counters.bytes_from_vram, 1200);
	assert_int_equal(d->counters.bytes_in_system, 1600);
	assert_int_equal(d->counters.bytes_filled, 0);
}

static void nothing_to_do(void **state)
{
	struct device *d = *state;
	struct rect to = { TO, 400, 10, 10 };

	EMIT(d, &c, 2u << 29 | 0x42u << 22 | 8, 3 << 24 | 400, 10 << 16 | 10, 5 << 16 | 5, TO, 0, 0, 400,
	     FROM, 0);
	emit_copy(d, &c, 3, to, to, 0, 5);
	emit_copy(d, &c, 3, to, to, 5, 0);
	EMIT(d, &c, STORE, 0x600000, 0, 1);
	pattern(vram(d, FROM), PAGE_BYTES, 9);
	start(d);
	assert_int_equal(*vram32(d, 0x600000), 1);
	assert_int_equal(d->counters.bytes_in_vram, 0);
	assert_int_equal(*vram32(d, TO), 0);
}

/* A large copy takes many slices; at any of them the engine can be taken away and given back. */
static void a_large_copy_is_done_in_slices(void **state)
{
	struct device *d = *state;
	struct rect to = { TO, 4096, 0, 0 }, from = { FROM, 4096, 0, 0 };
	struct context other;
	u64 sleep_ns;
	u32 n, saved = 0;

	pattern(vram(d, FROM), 8 * MiB, 77);
	context_init(d, &other, 1, BCS);
	emit_copy(d, &c, 3, to, from, 1024, 2048);
	EMIT(d, &c, STORE, 0x600000, 0, 1);
	for (n = 0; n < 20; n++) {
		EMIT(d, &other, STORE, 0x600004, 0, n + 1);
		ports(d, BCS, PORT(&c, 1), 0);
		engines_slice(d, &sleep_ns);
		engines_slice(d, &sleep_ns);
		if (d->engines[BCS].cs.blit.active)
			assert_int_not_equal(*vram32(d, TO + 8 * MiB - 4), *vram32(d, FROM + 8 * MiB - 4));
		ports(d, BCS, PORT(&other, 2), 0);
		settle(d);
		assert_int_equal(*vram32(d, 0x600004), n + 1);
		saved += *vram32(d, 0x600000) == 0;
	}
	assert_true(saved > 5);
	start(d);
	assert_int_equal(*vram32(d, 0x600000), 1);
	assert_memory_equal(vram(d, TO), vram(d, FROM), 8 * MiB);
	assert_int_equal(d->counters.bytes_in_vram, 8 * MiB);
	assert_int_equal(d->counters.blits, 1);
}

/* The same from inside a batch. */
static void a_large_fill_in_a_batch(void **state)
{
	struct device *d = *state;
	struct context other;
	u64 sleep_ns;
	u32 n;

	context_init(d, &other, 1, BCS);
	BATCH(d, 0x400000, 2u << 29 | 0x44u << 22 | 2 << 19 | 9, 4095, 0, 1024 << 16 | 1024, TO, 0, 0,
	      0x01020304, 0, 0, 0, STORE, 0x600000, 0, 1, BATCH_END);
	EMIT(d, &c, BATCH_START, 0x400000, 0, NOOP);
	ports(d, BCS, PORT(&c, 1), 0);
	for (n = 0; n < 3; n++)
		engines_slice(d, &sleep_ns);
	/* In a batch there is no point to be taken off before the blit has ended. */
	ports(d, BCS, PORT(&other, 2), 0);
	settle(d);
	start(d);
	assert_int_equal(*vram32(d, 0x600000), 1);
	for (n = 0; n < 1024 * 1024; n++)
		assert_int_equal(*vram32(d, TO + 4 * n), 0x01020304);
	assert_int_equal(*vram32(d, TO + 4 * n), 0);
	assert_int_equal(d->counters.bytes_filled, 4 * MiB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BLIT(copies_of_all_formats),
		BLIT(the_other_copy),
		BLIT(fills_of_all_formats),
		BLIT(the_other_fill),
		BLIT(pages_in_any_order),
		BLIT(directions_are_counted),
		BLIT(nothing_to_do),
		BLIT(a_large_copy_is_done_in_slices),
		BLIT(a_large_fill_in_a_batch),
	};

	return cmocka_run_group_tests_name("blit", tests, NULL, NULL);
}
