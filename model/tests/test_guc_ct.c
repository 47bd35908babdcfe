// SPDX-License-Identifier: GPL-2.0
/* The GuC's message buffers: wrapping, running full, and descriptors that lie. */
#include "guc_host.h"

static int ct_setup(void **state)
{
	card_setup(state);
	buffers_on(*state);
	return 0;
}

#define CT(f) cmocka_unit_test_setup_teardown(f, ct_setup, card_teardown)

static u32 *h2g_desc(struct device *d)
{
	return vram32(d, H2G_DESC);
}

static u32 *g2h_desc(struct device *d)
{
	return vram32(d, G2H_DESC);
}

static void ring_bell(struct device *d)
{
	regs_write(d, NOTIFY, 1);
}

/* Messages of all lengths, around the buffer several times, each answered with its fence. */
static void both_ways_around(void **state)
{
	struct device *d = *state;
	u32 dw[255] = { 0x0506 }, i;

	for (i = 0; i < 3000; i++) {
		h2g(d, i & 0xffff, dw, 1 + i * 7 % 255);
		assert_g2h(d, i & 0xffff, G2H_SUCCESS);
	}
	assert_int_equal(d->counters.h2g, 3000);
	assert_int_equal(d->counters.g2h, 3000);
	assert_int_equal(h2g_desc(d)[0], h2g_desc(d)[1]);
	assert_int_equal(h2g_desc(d)[2], 0);
	assert_int_equal(g2h_desc(d)[2], 0);
}

/* A host that fills the rest with zeros instead of wrapping a message. */
static void a_zero_header_wraps(void **state)
{
	struct device *d = *state;
	u32 *desc = h2g_desc(d), *ring = vram32(d, H2G_RING);

	desc[0] = desc[1] = CT_DWORDS - 3;
	ring[CT_DWORDS - 3] = 0;
	ring[0] = 0x55 << 16 | 1;
	ring[1] = 0x0506;
	desc[1] = 2;
	ring_bell(d);
	assert_int_equal(desc[0], 2);
	assert_g2h(d, 0x55, G2H_SUCCESS);
	assert_int_equal(desc[2], 0);
}

static void many_at_once(void **state)
{
	struct device *d = *state;
	u32 dw[2] = { 0x0506, 0 }, i;

	for (i = 0; i < 100; i++)
		h2g_put(d, i, dw, 2);
	ring_bell(d);
	for (i = 0; i < 100; i++)
		assert_g2h(d, i, G2H_SUCCESS);
	assert_no_g2h(d);
}

/* A host that does not read in time gets everything later, in order. */
static void the_backlog(void **state)
{
	struct device *d = *state;
	u32 i;

	for (i = 0; i < 700; i++)		/* 511 fit into the buffer */
		H2G(d, i, 0x0506);
	assert_int_equal(d->guc.backlog_count, 700 - 511);
	for (i = 0; i < 700; i++) {
		if (g2h_desc(d)[0] == g2h_desc(d)[1])
			slices(d, 1);
		assert_g2h(d, i, G2H_SUCCESS);
	}
	assert_no_g2h(d);
	assert_int_equal(d->guc.backlog_count, 0);
	assert_true(d->guc.buffers_on);
}

static void a_host_that_never_reads(void **state)
{
	struct device *d = *state;
	u32 i;

	for (i = 0; i < 511 + GUC_BACKLOG; i++)
		H2G(d, i, 0x0506);
	assert_true(d->guc.buffers_on);
	assert_int_equal(g2h_desc(d)[2], 0);
	H2G(d, i, 0x0506);
	assert_false(d->guc.buffers_on);
	assert_int_equal(g2h_desc(d)[2] & 1, 1);
	slices(d, 10);
}

static void a_length_beyond_what_was_sent(void **state)
{
	struct device *d = *state;

	vram32(d, H2G_RING)[0] = 1 << 16 | 5;
	h2g_desc(d)[1] = 5;			/* one dword short */
	ring_bell(d);
	assert_false(d->guc.buffers_on);
	assert_int_equal(h2g_desc(d)[2], 2);
	assert_int_equal(d->counters.h2g, 0);
	assert_no_g2h(d);
}

static void a_message_of_nothing(void **state)
{
	struct device *d = *state;

	vram32(d, H2G_RING)[0] = 1 << 16;
	h2g_desc(d)[1] = 2;
	ring_bell(d);
	assert_false(d->guc.buffers_on);
	assert_int_equal(h2g_desc(d)[2], 2);
}

static void heads_and_tails_outside(void **state)
{
	static const u32 wrong[] = { CT_DWORDS, CT_DWORDS + 1, 0x7fffffff, 0x80000000, ~0u };
	struct device *d = *state;
	size_t i;
	int n;

	for (n = 0; n < 4; n++) {
		for (i = 0; i < ARRAY_LEN(wrong); i++) {
			u32 *desc = n < 2 ? h2g_desc(d) : g2h_desc(d);

			h2g_desc(d)[0] = h2g_desc(d)[1] = h2g_desc(d)[2] = 0;
			g2h_desc(d)[0] = g2h_desc(d)[1] = g2h_desc(d)[2] = 0;
			d->guc.buffers_on = true;
			h2g_put(d, 1, WORDS(0x0506));
			desc[n & 1] = wrong[i];
			ring_bell(d);
			assert_false(d->guc.buffers_on);
			assert_int_equal(desc[2], 4);
		}
	}
}

static void sizes_that_cannot_be(void **state)
{
	static const u32 sizes[] = { 0, 1, 3, 32 * MiB, 0x80000000, ~0u };
	struct device *d = *state;
	size_t i;

	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		h2g_desc(d)[0] = h2g_desc(d)[1] = h2g_desc(d)[2] = 0;
		d->guc.buffers_on = true;
		d->guc.to_guc.bytes = sizes[i];
		h2g_put(d, 1, WORDS(0x0506));
		ring_bell(d);
		assert_false(d->guc.buffers_on);
		assert_int_equal(h2g_desc(d)[2], 4);
	}
	assert_int_equal(d->counters.h2g, 0);
	/* The same for the way back: nothing is sent, nothing is broken. */
	d->guc.to_guc.bytes = CT_DWORDS * 4;
	d->guc.to_host.bytes = 4;
	d->guc.buffers_on = true;
	h2g_desc(d)[0] = h2g_desc(d)[1] = 0;
	H2G(d, 1, 0x0506);
	assert_int_equal(d->counters.g2h, 0);
}

static void buffers_that_are_not_mapped(void **state)
{
	struct device *d = *state;

	d->guc.to_guc.descriptor = 0x30000000;
	ring_bell(d);
	d->guc.to_guc.descriptor = ~0ull;
	ring_bell(d);
	d->guc.to_guc.descriptor = H2G_DESC;
	d->guc.to_guc.address = ~0ull - 100;
	h2g_desc(d)[1] = 10;
	ring_bell(d);
	d->guc.to_guc.address = H2G_RING;
	d->guc.to_host.address = 0xfffffffffff0ull;
	d->guc.to_host.descriptor = 0x7fffffffffffffffull;
	h2g_desc(d)[0] = h2g_desc(d)[1] = 0;
	d->guc.buffers_on = true;
	H2G(d, 1, 0x0506);
	assert_int_equal(d->counters.h2g, 1);
}

/* A buffer over itself, its descriptor in the middle: the GuC must come to an end. */
static void a_descriptor_inside_of_its_buffer(void **state)
{
	struct device *d = *state;
	u64 begin = cpu_ns();
	u32 i;

	d->guc.to_guc.bytes = 1 * MiB;
	d->guc.to_guc.address = H2G_RING;
	d->guc.to_guc.descriptor = H2G_RING + 0x1000;
	d->guc.to_host = d->guc.to_guc;
	for (i = 0; i < 256 * 1024; i++)
		vram32(d, H2G_RING)[i] = 2;
	vram32(d, H2G_RING + 0x1000)[0] = 0;
	vram32(d, H2G_RING + 0x1000)[1] = 0x30000;
	ring_bell(d);
	assert_true(cpu_ns() - begin < 3000000000ull);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CT(both_ways_around),
		CT(a_zero_header_wraps),
		CT(many_at_once),
		CT(the_backlog),
		CT(a_host_that_never_reads),
		CT(a_length_beyond_what_was_sent),
		CT(a_message_of_nothing),
		CT(heads_and_tails_outside),
		CT(sizes_that_cannot_be),
		CT(buffers_that_are_not_mapped),
		CT(a_descriptor_inside_of_its_buffer),
	};

	return cmocka_run_group_tests_name("guc_ct", tests, NULL, NULL);
}
