// SPDX-License-Identifier: GPL-2.0
/* Address translation: both tables, every kind of entry, and entries that lead nowhere. */
#include <string.h>

#include "../gtt.h"
#include "card.h"

static struct space ppgtt(u64 root)
{
	return (struct space){ .ppgtt = true, .root = root };
}

static struct place at(struct device *d, struct space space, u64 va)
{
	return gtt_translate(d, space, va, 4, true);
}

static void ggtt_entries(void **state)
{
	struct device *d = *state;
	struct place p;

	*ggtt_entry(d, 0x20000000) = 0x3456000 | GGTT_IS_VRAM | PTE_PRESENT;
	p = at(d, GGTT_SPACE, 0x20000abc);
	assert_ptr_equal(p.p, d->vram.map + 0x3456abc);
	assert_true(p.vram);
	p = at(d, GGTT_SPACE, GGTT_RAM + 0x1234);
	assert_ptr_equal(p.p, guest_ram_at(d, RAM_AT + 0x1234, 4, true));
	assert_false(p.vram);

	*ggtt_entry(d, 0x20000000) &= ~PTE_PRESENT;
	assert_null(at(d, GGTT_SPACE, 0x20000000).p);
	*ggtt_entry(d, 0x20000000) = TEST_VRAM | GGTT_IS_VRAM | PTE_PRESENT;
	assert_null(at(d, GGTT_SPACE, 0x20000000).p);
	*ggtt_entry(d, 0x20000000) = (RAM_AT + RAM_BYTES) | PTE_PRESENT;
	assert_null(at(d, GGTT_SPACE, 0x20000000).p);
	*ggtt_entry(d, 0x20000000) = ~0ull;
	assert_null(at(d, GGTT_SPACE, 0x20000000).p);
}

static void ggtt_ends_at_4g(void **state)
{
	struct device *d = *state;

	*ggtt_entry(d, 0xfffff000) = GGTT_IS_VRAM | PTE_PRESENT;
	assert_ptr_equal(at(d, GGTT_SPACE, 0xfffffffc).p, d->vram.map + 0xffc);
	assert_null(at(d, GGTT_SPACE, 0x100000000ull).p);
	assert_null(at(d, GGTT_SPACE, ~0ull << 16).p);
}

static void ppgtt_leaves_of_all_sizes(void **state)
{
	struct device *d = *state;
	struct space space = ppgtt(PPGTT_ROOT);

	assert_ptr_equal(at(d, space, 0x1234567c).p, NULL);	/* inside the leaf, beyond VRAM */
	assert_ptr_equal(at(d, space, 0xabcdef0).p, d->vram.map + 0xabcdef0);
	assert_true(at(d, space, 0xabcdef0).vram);
	assert_ptr_equal(at(d, space, PPGTT_RAM + 0x3fff00).p, guest_ram_at(d, RAM_AT + 0x3fff00, 4, true));
	assert_false(at(d, space, PPGTT_RAM).vram);

	assert_null(at(d, space, PPGTT_4K).p);
	ppgtt_set(d, TABLE_4K, 0, 0x777000 | PTE_VRAM | PTE_PRESENT);
	ppgtt_set(d, TABLE_4K, 511, RAM_AT | PTE_PRESENT);
	assert_ptr_equal(at(d, space, PPGTT_4K + 0x10).p, d->vram.map + 0x777010);
	assert_ptr_equal(at(d, space, PPGTT_4K + 0x1ff010).p, guest_ram_at(d, RAM_AT + 0x10, 4, true));
	assert_null(at(d, space, PPGTT_4K + 0x1000).p);
}

/* In the last level bit 7 is a cache setting, not a size. */
static void bit_7_of_the_last_level(void **state)
{
	struct device *d = *state;

	ppgtt_set(d, TABLE_4K, 3, 0x777000 | PTE_VRAM | PTE_LARGE | PTE_PRESENT);
	assert_ptr_equal(at(d, ppgtt(PPGTT_ROOT), PPGTT_4K + 0x3010).p, d->vram.map + 0x777010);
}

static void null_pages(void **state)
{
	struct device *d = *state;
	struct space space = ppgtt(PPGTT_ROOT);
	u32 word = 0x11111111;

	ppgtt_set(d, TABLE_4K, 0, PTE_NULL | PTE_PRESENT);
	ppgtt_set(d, PPGTT_ROOT + PAGE_BYTES, 6, PTE_NULL | PTE_LARGE | PTE_PRESENT);
	assert_true(gtt_write(d, space, PPGTT_4K + 8, &word, 4));
	assert_true(gtt_read(d, space, PPGTT_4K + 8, &word, 4));
	assert_int_equal(word, 0);
	word = 5;
	assert_true(gtt_write(d, space, 6 * GiB + 0xfff0, &word, 4));
	assert_true(gtt_read(d, space, 6 * GiB + 0xfff0, &word, 4));
	assert_int_equal(word, 0);
	assert_int_equal(*vram32(d, 8), 0);
}

static void directories_are_in_vram_only(void **state)
{
	struct device *d = *state;
	struct space space = ppgtt(PPGTT_ROOT);

	ppgtt_set(d, PPGTT_ROOT + PAGE_BYTES, 7, TEST_VRAM | PTE_PRESENT);
	assert_null(at(d, space, 7 * GiB).p);
	ppgtt_set(d, PPGTT_ROOT + PAGE_BYTES, 7, 0x7ffffff000ull | PTE_PRESENT);
	assert_null(at(d, space, 7 * GiB).p);
	ppgtt_set(d, PPGTT_ROOT + PAGE_BYTES, 7, RAM_AT | PTE_PRESENT);
	assert_null(at(d, space, 7 * GiB).p);
	assert_null(at(d, ppgtt(TEST_VRAM), 0).p);
	assert_null(at(d, ppgtt(~0ull), 0).p);
	assert_null(at(d, ppgtt(0x3000000), 0).p);		/* an empty root */
}

/* A table that is its own parent at all levels: the walk ends at its fourth visit. */
static void tables_that_loop(void **state)
{
	struct device *d = *state;
	u64 table = 0x3000000;
	u32 i;

	for (i = 0; i < 512; i++)
		ppgtt_set(d, table, i, table | PTE_PRESENT | PTE_VRAM);
	assert_ptr_equal(at(d, ppgtt(table), 0x123456789abcull & ~3ull).p,
			 d->vram.map + table + 0xabc);
}

/* The tables' address takes no more than 48 bits. */
static void addresses_are_cut_to_48_bits(void **state)
{
	struct device *d = *state;

	assert_ptr_equal(at(d, ppgtt(PPGTT_ROOT), 0xffff000000001000ull).p, d->vram.map + 0x1000);
	ppgtt_set(d, PPGTT_ROOT, 511, (PPGTT_ROOT + PAGE_BYTES) | PTE_PRESENT);
	assert_ptr_equal(at(d, ppgtt(PPGTT_ROOT), 0xffffff8000001000ull).p, d->vram.map + 0x1000);
}

static void accesses_cross_pages(void **state)
{
	struct device *d = *state;
	struct space space = ppgtt(PPGTT_ROOT);
	u8 out[0x3000], in[0x3000];
	u32 i;

	for (i = 0; i < sizeof(out); i++)
		out[i] = (u8)(i * 7 + i / 256);
	ppgtt_set(d, TABLE_4K, 0, 0x500000 | PTE_VRAM | PTE_PRESENT);
	ppgtt_set(d, TABLE_4K, 1, RAM_AT | PTE_PRESENT);
	ppgtt_set(d, TABLE_4K, 2, 0x400000 | PTE_VRAM | PTE_PRESENT);
	assert_true(gtt_write(d, space, PPGTT_4K + 0x801, out, 0x2000));
	assert_memory_equal(vram(d, 0x500801), out, 0x7ff);
	assert_memory_equal(ram, out + 0x7ff, 0x1000);
	assert_memory_equal(vram(d, 0x400000), out + 0x17ff, 0x801);
	assert_true(gtt_read(d, space, PPGTT_4K + 0x801, in, 0x2000));
	assert_memory_equal(in, out, 0x2000);
	/* What is before the hole is done; the rest is not. */
	assert_false(gtt_write(d, space, PPGTT_4K + 0x2ff0, out, 0x20));
	assert_memory_equal(vram(d, 0x400ff0), out, 0x10);
	assert_false(gtt_read(d, space, PPGTT_4K + 0x2ff0, in, 0x20));
}

static void read_only_ram(void **state)
{
	struct device *d = *state;

	d->dma.maps[0].write = false;
	assert_null(at(d, GGTT_SPACE, GGTT_RAM).p);
	assert_non_null(gtt_translate(d, GGTT_SPACE, GGTT_RAM, 4, false).p);
	d->dma.maps[0].write = true;
}

static void ggtt_words(void **state)
{
	struct device *d = *state;

	assert_true(ggtt_write32(d, 0x1001, 0x99));
	assert_int_equal(*vram32(d, 0x1000), 0x99);
	assert_int_equal(ggtt_read32(d, 0x1002), 0x99);
	assert_false(ggtt_write32(d, 0x30000000, 1));
	assert_int_equal(ggtt_read32(d, 0x30000000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(ggtt_entries),
		CASE(ggtt_ends_at_4g),
		CASE(ppgtt_leaves_of_all_sizes),
		CASE(bit_7_of_the_last_level),
		CASE(null_pages),
		CASE(directories_are_in_vram_only),
		CASE(tables_that_loop),
		CASE(addresses_are_cut_to_48_bits),
		CASE(accesses_cross_pages),
		CASE(read_only_ram),
		CASE(ggtt_words),
	};

	return cmocka_run_group_tests_name("gtt", tests, NULL, NULL);
}
