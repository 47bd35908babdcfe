// SPDX-License-Identifier: GPL-2.0
/* The GuC from outside: firmware load, the mailbox, and what each action answers. */
#include "guc_host.h"

static void firmware_load(void **state)
{
	struct device *d = *state;

	assert_int_equal(regs_read(d, 0xc000), 1);
	regs_write(d, 0xc314, 0x00010001);			/* some other transfer */
	assert_int_equal(regs_read(d, 0xc314), 0);
	assert_int_equal(regs_read(d, 0xc000), 1);
	regs_write(d, 0xc314, 0x00110011);
	assert_int_equal(regs_read(d, 0xc314) & 1, 0);
	assert_int_equal(regs_read(d, 0xc000), 0x8000f0ec);
	regs_write(d, 0x941c, BIT(3));
	assert_int_equal(regs_read(d, 0xc000), 1);
}

static void firmware_refused(void **state)
{
	struct device *d = *state;

	d->faults.guc_refuses_firmware = true;
	regs_write(d, 0xc314, 0x00110011);
	/* The boot ROM did not like the signature, and started nothing. */
	assert_int_equal(regs_read(d, 0xc000) >> 1 & 0x7f, 0x50);
	assert_int_equal(regs_read(d, 0xc000) >> 8 & 0xff, 0);
	assert_int_equal(regs_read(d, 0xc000) >> 30, 1);
	assert_int_equal(d->counters.faults_fired, 1);
	d->faults.guc_refuses_firmware = false;
	regs_write(d, 0xc314, 0x00110011);
	assert_int_equal(regs_read(d, 0xc000), 0x8000f0ec);
}

static void mailbox_messages(void **state)
{
	struct device *d = *state;

	buffers_on(d);
	assert_true(d->guc.buffers_on);
	assert_int_equal(d->guc.to_guc.address, H2G_RING);
	assert_int_equal(d->guc.to_host.bytes, CT_DWORDS * 4);
	assert_int_equal(mailbox(d, 0x0508, 0x905 << 16 | 2, 0x1000, 3), G2H_SUCCESS | 1);
	assert_int_equal(d->guc.to_host.address, 0x300001000ull);
	assert_int_equal(mailbox(d, 0x4509, 0, 0, 0), G2H_SUCCESS);
	assert_false(d->guc.buffers_on);
	assert_int_equal(mailbox(d, 0x4100, 0, 0, 0), G2H_SUCCESS);
	assert_int_equal(mailbox(d, 0x0abc, 0, 0, 0) & 0xf0000000, G2H_FAILURE);
	assert_int_equal(d->counters.unmodelled, 1);
}

static void an_answered_mailbox_is_not_read_again(void **state)
{
	struct device *d = *state;

	mailbox(d, 0x0abc, 0, 0, 0);
	regs_write(d, NOTIFY, 1);
	assert_int_equal(d->counters.unmodelled, 1);
	assert_int_equal(d->counters.h2g, 0);
}

static void soft_reset(void **state)
{
	struct device *d = *state;

	buffers_on(d);
	assert_true(guc_context_register(d, 5, 3, 0x100000, false));
	assert_int_equal(mailbox(d, 0x5507, 0, 0, 0), G2H_SUCCESS);
	assert_false(d->guc.buffers_on);
	assert_false(d->guc.contexts[5].registered);
}

/* What waited for the host was of the time before the reset: it is not sent after it. */
static void soft_reset_drops_what_waits(void **state)
{
	struct device *d = *state;
	u32 i;

	buffers_on(d);
	for (i = 0; i < 600; i++)
		H2G(d, i & 0xff, 0x0506);
	assert_true(d->guc.backlog_count > 0);
	mailbox(d, 0x5507, 0, 0, 0);
	vram32(d, G2H_DESC)[0] = 0;
	vram32(d, G2H_DESC)[1] = 0;
	buffers_on(d);
	H2G(d, 0x77, 0x0506);
	assert_g2h(d, 0x77, G2H_SUCCESS);
	assert_no_g2h(d);
}

static void silence_on_request(void **state)
{
	struct device *d = *state;

	buffers_on(d);
	d->faults.guc_silent = true;
	assert_int_equal(mailbox(d, 0x4100, 0, 0, 0), 0x4100);
	H2G(d, 1, 0x3004, 1);
	assert_no_g2h(d);
	assert_true(d->counters.faults_fired >= 2);
	d->faults.guc_silent = false;
	assert_int_equal(mailbox(d, 0x4100, 0, 0, 0), G2H_SUCCESS);
	regs_write(d, NOTIFY, 1);
	assert_g2h(d, 1, G2H_SUCCESS);
}

static void soft_reset_without_answer(void **state)
{
	struct device *d = *state;

	d->faults.guc_ignores_reset = true;
	assert_int_equal(mailbox(d, 0x5507, 0, 0, 0), 0x5507);
	assert_int_equal(d->counters.faults_fired, 1);
	/* All else works as ever. */
	assert_int_equal(mailbox(d, 0x4100, 0, 0, 0), G2H_SUCCESS);
	d->faults.guc_ignores_reset = false;
	assert_int_equal(mailbox(d, 0x5507, 0, 0, 0), G2H_SUCCESS);
}

static void requests_and_fast_requests(void **state)
{
	struct device *d = *state;
	static const u32 plain[] = { 0x0030, 0x0040, 0x0506, 0x1005, 0x1006, 0x1007, 0x3004, 0x550a,
				     0x550c, 0x550d, 0x550e };
	size_t i;

	buffers_on(d);
	for (i = 0; i < ARRAY_LEN(plain); i++) {
		H2G(d, 0x100 + (u32)i, plain[i], 1, 2, 3);
		assert_g2h(d, 0x100 + (u32)i, G2H_SUCCESS);
		H2G(d, 0x200, plain[i] | FAST, 1, 2, 3);
		assert_no_g2h(d);
	}
	/* What is not known fails, whether an answer was wanted or not. */
	H2G(d, 9, 0x0bad);
	assert_g2h(d, 9, G2H_FAILURE | 0x302);
	H2G(d, 10, 0x0bad | FAST);
	assert_g2h(d, 10, G2H_FAILURE | 0x302);
	H2G(d, 11, 0x0bad | 1u << 28);
	assert_no_g2h(d);
	assert_int_equal(d->counters.h2g, 2 * ARRAY_LEN(plain) + 3);
	assert_true(d->irq.sources[0][25].vector & IRQ_GUC_TO_HOST);
}

static void keys_are_counted(void **state)
{
	struct device *d = *state;

	buffers_on(d);
	H2G(d, 1, 0x0509, 0x1001 << 16 | 1, 5, 0x1002 << 16 | 2, 6, 7, 0x1003 << 16);
	assert_g2h(d, 1, G2H_SUCCESS | 3);
	/* A length that leads out of the message ends the list. */
	H2G(d, 2, 0x0509, 0x1001 << 16 | 0xffff, 5);
	assert_g2h(d, 2, G2H_SUCCESS | 1);
}

static void invalidations_are_answered_in_order(void **state)
{
	struct device *d = *state;

	buffers_on(d);
	H2G(d, 0, 0x7000 | FAST, 0x31, 0);
	H2G(d, 0, 0x7002 | FAST, 0x32, 0);
	H2G(d, 0, 0x7000 | FAST, 0, 0);			/* nobody waits for it */
	assert_g2h(d, 0, G2H_EVENT | 0x7001, 0x31);
	assert_g2h(d, 0, G2H_EVENT | 0x7001, 0x32);
	assert_no_g2h(d);
}

static void frequency_control(void **state)
{
	struct device *d = *state;

	buffers_on(d);
	H2G(d, 1, 0x3003, 0, 0x600000, 0);
	assert_g2h(d, 1, G2H_SUCCESS);
	assert_int_equal(*vram32(d, 0x600004), 3);
	assert_int_equal(*vram32(d, 0x600000 + 132), 6u << 24 | 36 << 16 | 6 << 8 | 36);
	*vram32(d, 0x600004) = 0;
	H2G(d, 2, 0x3003, 5 << 8, 0x600000, 0);
	assert_g2h(d, 2, G2H_SUCCESS);
	assert_int_equal(*vram32(d, 0x600004), 0);
	H2G(d, 3, 0x3003, 0, 0x30000000, 0);		/* shared data that is not mapped */
	assert_g2h(d, 3, G2H_SUCCESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(firmware_load),
		CASE(firmware_refused),
		CASE(mailbox_messages),
		CASE(an_answered_mailbox_is_not_read_again),
		CASE(soft_reset),
		CASE(soft_reset_drops_what_waits),
		CASE(silence_on_request),
		CASE(soft_reset_without_answer),
		CASE(requests_and_fast_requests),
		CASE(keys_are_counted),
		CASE(invalidations_are_answered_in_order),
		CASE(frequency_control),
	};

	return cmocka_run_group_tests_name("guc", tests, NULL, NULL);
}
