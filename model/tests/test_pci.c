// SPDX-License-Identifier: GPL-2.0
/* PCI config space: what it shows, what the host may change, and power states. */
#include <string.h>

#include "card.h"

#define PM	0xd0
#define MSI	0xac

static u32 get(struct device *d, u32 offset, u32 bytes)
{
	u32 value = 0;

	pci_read(d, offset, (u8 *)&value, bytes);
	return value;
}

static void put(struct device *d, u32 offset, u32 value, u32 bytes)
{
	pci_write(d, offset, (u8 *)&value, bytes);
}

static void identity(void **state)
{
	struct device *d = *state;

	assert_int_equal(get(d, 0x00, 4), 0x49058086);
	assert_int_equal(get(d, 0x08, 4), 0x03800001);
	assert_int_equal(get(d, 0x2c, 4), 0x10208086);
	assert_int_equal(get(d, 0x0e, 1), 0);
	assert_int_equal(get(d, 0x50, 2) >> 6 & 3, 3);
	assert_int_equal(get(d, 0x10, 4) & 0xf, 4);
	assert_int_equal(get(d, 0x18, 4) & 0xf, 0xc);
}

static void capabilities_form_a_list(void **state)
{
	struct device *d = *state;

	assert_true(get(d, 0x06, 2) & BIT(4));
	assert_int_equal(get(d, 0x34, 1), PM);
	assert_int_equal(get(d, PM, 1), 1);
	assert_int_equal(get(d, PM + 1, 1), MSI);
	assert_int_equal(get(d, PM + 2, 2) & 7, 3);
	assert_int_equal(get(d, PM + 4, 2), 8);		/* D0, no soft reset */
	assert_int_equal(get(d, MSI, 1), 5);
	assert_int_equal(get(d, MSI + 1, 1), 0);
	assert_int_equal(get(d, MSI + 2, 2), BIT(7));
}

/* Bit by bit: what is written arrives if and only if it is in the list. */
static void only_these_bits_can_be_written(void **state)
{
	static const struct { u32 offset, mask; } writable[] = {
		{ 0x04, 0x0000ffff }, { 0x0c, 0x000000ff }, { 0x3c, 0x000000ff },
		{ MSI, 0x00010000 }, { MSI + 4, 0xffffffff }, { MSI + 8, 0xffffffff },
		{ MSI + 12, 0x0000ffff }, { PM + 4, 0x00000003 },
	};
	struct device *d = *state;
	u32 offset;
	size_t i;

	for (offset = 0; offset < CONFIG_BYTES; offset += 4) {
		u32 mask = 0, before = get(d, offset, 4);

		for (i = 0; i < ARRAY_LEN(writable); i++)
			if (writable[i].offset == offset)
				mask = writable[i].mask;
		put(d, offset, ~0u, 4);
		assert_int_equal(get(d, offset, 4), before | mask);
		put(d, offset, 0, 4);
		assert_int_equal(get(d, offset, 4), before & ~mask);
	}
}

static void a_write_may_be_a_byte_or_all(void **state)
{
	struct device *d = *state;
	u8 all[CONFIG_BYTES];

	put(d, 0x05, 0x04, 1);
	assert_int_equal(get(d, 0x04, 2), 0x0400);
	memset(all, 0, sizeof(all));
	pci_write(d, 0, all, sizeof(all));
	assert_int_equal(get(d, 0x04, 2), 0);
	assert_int_equal(get(d, 0x00, 4), 0x49058086);
}

static void power_states(void **state)
{
	struct device *d = *state;
	u64 wipes = d->counters.wipes;

	*vram32(d, 0x200000) = 0x12345678;
	regs_write(d, 0x2038, 0x5000);
	put(d, PM + 4, 3, 2);
	assert_int_equal(d->power.state, 3);
	assert_int_equal(d->counters.d3, 1);
	put(d, PM + 4, 3, 2);
	assert_int_equal(d->counters.d3, 1);
	put(d, PM + 4, 0, 2);
	assert_int_equal(d->power.state, 0);
	put(d, PM + 4, 1, 2);
	put(d, PM + 4, 2, 2);
	put(d, PM + 4, 0, 2);
	assert_int_equal(d->counters.d3, 1);
	assert_int_equal(d->counters.wipes, wipes);
	assert_int_equal(*vram32(d, 0x200000), 0x12345678);
	assert_int_equal(regs_read(d, 0x2038), 0x5000);
	assert_int_equal(get(d, PM + 4, 2) & 8, 8);
}

static void bus_reset_clears_what_was_written(void **state)
{
	struct device *d = *state;

	put(d, 0x04, 0x0406, 2);
	put(d, MSI + 4, 0xfee00000, 4);
	put(d, PM + 4, 3, 2);
	power_bus_reset(d);
	assert_int_equal(get(d, 0x04, 2), 0);
	assert_int_equal(get(d, MSI + 4, 4), 0);
	assert_int_equal(get(d, PM + 4, 2), 8);
	assert_int_equal(d->power.state, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(identity),
		CASE(capabilities_form_a_list),
		CASE(only_these_bits_can_be_written),
		CASE(a_write_may_be_a_byte_or_all),
		CASE(power_states),
		CASE(bus_reset_clears_what_was_written),
	};

	return cmocka_run_group_tests_name("pci", tests, NULL, NULL);
}
