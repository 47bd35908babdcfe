// SPDX-License-Identifier: GPL-2.0
/* What is lost when, and what it reads as afterwards. */
#include <string.h>
#include <sys/stat.h>

#include "card.h"

static void d3(struct device *d, bool down)
{
	u8 state = down ? 3 : 0;

	pci_write(d, d->card->pm_capability + 4, &state, 1);
}

/* A mark in each kind of content. */
static void mark(struct device *d)
{
	*vram32(d, 0x2000000) = 0x600d600d;
	*ggtt_entry(d, 0x20000000) = 0x1000 | PTE_PRESENT;
	regs_write(d, RCS_BASE + 0x38, 0x7000);
	d->engines[BCS].hung = true;
	d->guc.buffers_on = true;
	d->guc.contexts[77].registered = true;
	d->irq.master = true;
}

static bool memory_kept(struct device *d)
{
	return *vram32(d, 0x2000000) == 0x600d600d &&
	       *ggtt_entry(d, 0x20000000) == (0x1000 | PTE_PRESENT);
}

static bool memory_lost(struct device *d)
{
	return *vram32(d, 0x2000000) != 0x600d600d &&
	       *ggtt_entry(d, 0x20000000) != (0x1000 | PTE_PRESENT);
}

static bool logic_kept(struct device *d)
{
	return regs_peek(d, RCS_BASE + 0x38) == 0x7000 && d->engines[BCS].hung &&
	       d->guc.buffers_on && d->guc.contexts[77].registered && d->irq.master;
}

static bool logic_lost(struct device *d)
{
	return regs_peek(d, RCS_BASE + 0x38) == 0 && !d->engines[BCS].hung &&
	       !d->guc.buffers_on && !d->guc.contexts[77].registered && !d->irq.master;
}

static void d3hot_keeps_everything(void **state)
{
	struct device *d = *state;

	mark(d);
	d3(d, true);
	d3(d, false);
	assert_true(memory_kept(d));
	assert_true(logic_kept(d));
	assert_int_equal(d->counters.wipes, 0);
}

static void d3_with_loss_keeps_nothing(void **state)
{
	struct device *d = *state;

	d->faults.lose_at_d3 = true;
	mark(d);
	d3(d, true);
	assert_true(memory_lost(d));
	assert_true(logic_lost(d));
	assert_int_equal(d->counters.faults_fired, 1);
	assert_int_equal(d->power.state, 3);
	d3(d, false);
	assert_int_equal(d->counters.wipes, 1);
	assert_int_equal(d->power.losses, 1);
}

static void a_bus_reset_loses_all(void **state)
{
	struct device *d = *state;

	mark(d);
	power_bus_reset(d);
	assert_true(memory_lost(d));
	assert_true(logic_lost(d));
	assert_int_equal(d->counters.resets, 1);
	assert_true(d->counters.bytes_lost >= PAGE_BYTES);
}

static void a_bus_reset_may_keep_memory(void **state)
{
	struct device *d = *state;

	d->faults.keep_at_reset = true;
	mark(d);
	power_bus_reset(d);
	assert_true(memory_kept(d));
	assert_true(logic_lost(d));
	assert_int_equal(d->counters.wipes, 0);
}

static void power_off_and_driver_reset(void **state)
{
	struct device *d = *state;

	mark(d);
	power_off(d);
	assert_true(memory_lost(d));
	assert_true(logic_lost(d));
	assert_int_equal(d->counters.power_offs, 1);
	mark(d);
	power_driver_reset(d);
	assert_true(memory_lost(d));
	assert_true(logic_lost(d));
	assert_int_equal(d->counters.flrs, 1);
	assert_int_equal(d->counters.wipes, 2);
}

/* Old entries of the GGTT must lead nowhere. */
static void the_ggtt_leads_nowhere(void **state)
{
	struct device *d = *state;
	u64 va;

	power_bus_reset(d);
	for (va = 0; va < 4 * GiB; va += 64 * MiB)
		assert_null(gtt_translate(d, GGTT_SPACE, va, 4, false).p);
}

static void memory_that_never_comes_back(void **state)
{
	struct device *d = *state;

	d->faults.lmem_never_ready = true;
	assert_int_equal(regs_read(d, 0x101010) & BIT(7), BIT(7));
	power_bus_reset(d);
	assert_int_equal(regs_read(d, 0x101010) & BIT(7), 0);
	d->faults.lmem_never_ready = false;
	power_bus_reset(d);
	assert_int_equal(regs_read(d, 0x101010) & BIT(7), BIT(7));
}

static void poison_tells_page_and_loss(void **state)
{
	struct device *d = *state;
	u64 *page = (u64 *)vram(d, 0x2000000);
	u32 i;

	page[0] = 1;
	power_bus_reset(d);
	for (i = 0; i < 512; i++)
		assert_int_equal(page[i], 0xdead010000002000ull);
	power_bus_reset(d);
	assert_int_equal(page[511], 0xdead020000002000ull);
	assert_int_equal(page[512], 0);		/* never written: nothing to lose */
}

static void poison_of_a_chosen_word(void **state)
{
	struct device *d = *state;

	d->power.poison = POISON_WORD;
	d->power.poison_word = 0xa1b2c3d4;
	*vram32(d, 0x2000000) = 1;
	power_bus_reset(d);
	assert_int_equal(*vram32(d, 0x2000000), 0xa1b2c3d4);
	assert_int_equal(*vram32(d, 0x2000ffc), 0xa1b2c3d4);
}

static u64 allocated(struct device *d)
{
	struct stat st;

	assert_int_equal(fstat(d->vram.fd, &st), 0);
	return (u64)st.st_blocks * 512;
}

static void poison_of_zeros_frees(void **state)
{
	struct device *d = *state;

	memset(vram(d, 0x2000000), 7, 4 * MiB);
	assert_true(allocated(d) >= 4 * MiB);
	d->power.poison = POISON_ZERO;
	power_bus_reset(d);
	assert_int_equal(allocated(d), 0);
	assert_int_equal(*vram32(d, 0x2000000), 0);
	assert_true(d->counters.bytes_lost >= 4 * MiB);
}

/* The largest card: what nobody wrote takes no memory, before a loss and after it. */
static void a_sparse_card_stays_sparse(void **state)
{
	struct device *d = card_new(16 * GiB, NULL);
	u64 before;

	(void)state;
	*vram32(d, 15 * GiB) = 1;
	before = allocated(d);
	assert_true(before < 1 * MiB);
	power_bus_reset(d);
	assert_int_equal(*vram32(d, 15 * GiB + 4), 0xdead0100);
	assert_int_equal(allocated(d), before);
	card_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(d3hot_keeps_everything),
		CASE(d3_with_loss_keeps_nothing),
		CASE(a_bus_reset_loses_all),
		CASE(a_bus_reset_may_keep_memory),
		CASE(power_off_and_driver_reset),
		CASE(the_ggtt_leads_nowhere),
		CASE(memory_that_never_comes_back),
		CASE(poison_tells_page_and_loss),
		CASE(poison_of_a_chosen_word),
		CASE(poison_of_zeros_frees),
		cmocka_unit_test(a_sparse_card_stays_sparse),
	};

	return cmocka_run_group_tests_name("power", tests, NULL, NULL);
}
