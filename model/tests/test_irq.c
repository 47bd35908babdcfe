// SPDX-License-Identifier: GPL-2.0
/* The interrupt tree, from the vector to the message, and its faults. */
#include <sys/eventfd.h>
#include <unistd.h>

#include "card.h"

#define MASTER		0x190008u
#define GFX_MASTER	0x190010u
#define PENDING(bank)	(0x190018u + 4 * (bank))
#define IDENTITY(bank)	(0x190060u + 4 * (bank))
#define SELECTOR(bank)	(0x190070u + 4 * (bank))
#define ENABLE_RENDER_COPY 0x190030u
#define ENABLE_VIDEO	0x190034u
#define ENABLE_OTHER	0x190038u

static int msi;

static int irq_setup(void **state)
{
	struct device *d;

	card_setup(state);
	d = *state;
	msi = eventfd(0, EFD_NONBLOCK);
	irq_set_msi(d, dup(msi));
	regs_write(d, ENABLE_RENDER_COPY, ~0u);
	regs_write(d, ENABLE_VIDEO, ~0u);
	regs_write(d, ENABLE_OTHER, ~0u);
	regs_write(d, MASTER, BIT(31));
	return 0;
}

static int irq_teardown(void **state)
{
	close(msi);
	return card_teardown(state);
}

/* Messages since the last look. */
static u64 messages(void)
{
	u64 count = 0;

	if (read(msi, &count, sizeof(count)) != sizeof(count))
		return 0;
	return count;
}

static void from_vector_to_identity(void **state)
{
	struct device *d = *state;

	engine_irq(d, &d->engines[BCS], IRQ_USER);
	assert_int_equal(messages(), 1);
	assert_int_equal(regs_read(d, MASTER), BIT(31) | 1);
	assert_int_equal(regs_read(d, GFX_MASTER) & 3, 1);
	assert_int_equal(regs_read(d, PENDING(0)), BIT(15));
	assert_int_equal(regs_read(d, PENDING(1)), 0);

	regs_write(d, SELECTOR(0), BIT(15));
	assert_int_equal(regs_read(d, IDENTITY(0)), BIT(31) | CLASS_COPY << 16 | IRQ_USER);
	regs_write(d, IDENTITY(0), BIT(31));
	assert_int_equal(regs_read(d, IDENTITY(0)), 0);
	regs_write(d, PENDING(0), BIT(15));
	assert_int_equal(regs_read(d, PENDING(0)), 0);
	assert_int_equal(regs_read(d, MASTER), BIT(31));
	assert_int_equal(messages(), 0);
}

static void each_source_in_its_place(void **state)
{
	struct device *d = *state;
	u32 i;

	for (i = 0; i < d->card->engine_count; i++) {
		const struct engine_facts *f = &d->card->engines[i];

		engine_irq(d, &d->engines[i], IRQ_CONTEXT_SWITCH | IRQ_FLUSH);
		assert_int_equal(regs_read(d, PENDING(f->irq_bank)), BIT(f->irq_bit));
		regs_write(d, SELECTOR(f->irq_bank), BIT(f->irq_bit));
		assert_int_equal(regs_read(d, IDENTITY(f->irq_bank)),
				 BIT(31) | (u32)f->class << 16 | IRQ_CONTEXT_SWITCH | IRQ_FLUSH);
		regs_write(d, IDENTITY(f->irq_bank), ~0u);
		regs_write(d, PENDING(f->irq_bank), ~0u);
	}
	assert_int_equal(messages(), d->card->engine_count);
}

static void vectors_of_a_disabled_class_are_lost(void **state)
{
	struct device *d = *state;

	regs_write(d, ENABLE_RENDER_COPY, 0xffff0000 | IRQ_FLUSH);	/* copy: only this one */
	engine_irq(d, &d->engines[BCS], IRQ_USER);
	assert_int_equal(regs_read(d, PENDING(0)), 0);
	engine_irq(d, &d->engines[BCS], IRQ_USER | IRQ_FLUSH);
	regs_write(d, SELECTOR(0), BIT(15));
	assert_int_equal(regs_read(d, IDENTITY(0)) & 0xffff, IRQ_FLUSH);
	regs_write(d, PENDING(0), ~0u);
	regs_write(d, ENABLE_RENDER_COPY, 0x0000ffff);
	engine_irq(d, &d->engines[RCS], IRQ_USER);
	regs_write(d, ENABLE_VIDEO, 0xffff0000);
	engine_irq(d, &d->engines[VECS], IRQ_USER);
	regs_write(d, ENABLE_VIDEO, 0x0000ffff);
	engine_irq(d, &d->engines[VCS], IRQ_USER);
	regs_write(d, ENABLE_OTHER, 0x0000ffff);
	irq_raise(d, 0, 25, CLASS_OTHER, 0, IRQ_GUC_TO_HOST);
	assert_int_equal(regs_read(d, PENDING(0)), 0);
	assert_int_equal(regs_read(d, PENDING(1)), 0);
	assert_int_equal(messages(), 1);
}

static void the_master_holds_back(void **state)
{
	struct device *d = *state;

	regs_write(d, MASTER, 0);
	engine_irq(d, &d->engines[RCS], IRQ_USER);
	assert_int_equal(messages(), 0);
	assert_int_equal(regs_read(d, MASTER), 1);
	regs_write(d, MASTER, BIT(31));
	assert_int_equal(messages(), 1);
	regs_write(d, SELECTOR(0), BIT(0));
	regs_write(d, PENDING(0), BIT(0));
	regs_write(d, MASTER, 0);
	regs_write(d, MASTER, BIT(31));
	assert_int_equal(messages(), 0);
}

/* Between the identity and its acknowledge the engine has more to say: that is not lost. */
static void a_vector_that_comes_meanwhile(void **state)
{
	struct device *d = *state;

	engine_irq(d, &d->engines[RCS], IRQ_USER);
	regs_write(d, SELECTOR(0), BIT(0));
	engine_irq(d, &d->engines[RCS], IRQ_CONTEXT_SWITCH);
	assert_int_equal(regs_read(d, IDENTITY(0)) & 0xffff, IRQ_USER);
	regs_write(d, IDENTITY(0), BIT(31));
	regs_write(d, PENDING(0), BIT(0));
	assert_int_equal(regs_read(d, PENDING(0)), BIT(0));
	regs_write(d, SELECTOR(0), BIT(0));
	assert_int_equal(regs_read(d, IDENTITY(0)) & 0xffff, IRQ_CONTEXT_SWITCH);
	regs_write(d, PENDING(0), BIT(0));
	assert_int_equal(regs_read(d, PENDING(0)), 0);
}

static void vectors_add_up(void **state)
{
	struct device *d = *state;

	regs_write(d, MASTER, 0);
	engine_irq(d, &d->engines[VECS], IRQ_USER);
	engine_irq(d, &d->engines[VECS], IRQ_FLUSH);
	regs_write(d, MASTER, BIT(31));
	regs_write(d, SELECTOR(1), BIT(31));
	assert_int_equal(regs_read(d, IDENTITY(1)) & 0xffff, IRQ_USER | IRQ_FLUSH);
	assert_int_equal(regs_read(d, GFX_MASTER) & 3, 2);
	regs_write(d, SELECTOR(1), 0);
	assert_int_equal(regs_read(d, IDENTITY(1)) & 0xffff, IRQ_USER | IRQ_FLUSH);
}

static void drop(void **state)
{
	struct device *d = *state;
	int i;

	d->faults.irq_drop = 2;
	for (i = 0; i < 3; i++)
		engine_irq(d, &d->engines[RCS], IRQ_USER);
	assert_int_equal(messages(), 1);
	assert_int_equal(d->counters.irqs, 1);
	assert_int_equal(d->counters.irqs_dropped, 2);
	assert_int_equal(d->counters.faults_fired, 2);
	assert_int_equal(regs_read(d, PENDING(0)), BIT(0));
}

static void delay(void **state)
{
	struct device *d = *state;
	u64 sleep_ns;

	d->faults.irq_delay_count = 1;
	d->faults.irq_delay_ms = 200;
	engine_irq(d, &d->engines[RCS], IRQ_USER);
	engine_irq(d, &d->engines[RCS], IRQ_FLUSH);
	assert_false(engines_slice(d, &sleep_ns));
	assert_true(sleep_ns > 0 && sleep_ns <= 200000000);
	assert_int_equal(messages(), 0);
	usleep(201000);
	assert_false(engines_slice(d, &sleep_ns));
	assert_int_equal(sleep_ns, 0);
	assert_int_equal(messages(), 1);
	engine_irq(d, &d->engines[RCS], IRQ_USER);
	assert_int_equal(messages(), 1);
	assert_int_equal(d->counters.faults_fired, 1);
}

static void nowhere_to_send(void **state)
{
	struct device *d = *state;

	irq_set_msi(d, -1);
	engine_irq(d, &d->engines[RCS], IRQ_USER);
	assert_int_equal(d->counters.irqs, 0);
	assert_int_equal(regs_read(d, PENDING(0)), BIT(0));
}

static void reset_forgets_all_but_the_descriptor(void **state)
{
	struct device *d = *state;

	engine_irq(d, &d->engines[RCS], IRQ_USER);
	regs_write(d, SELECTOR(0), BIT(0));
	irq_reset(d);
	assert_int_equal(regs_read(d, PENDING(0)), 0);
	assert_int_equal(regs_read(d, IDENTITY(0)), 0);
	assert_int_equal(regs_read(d, MASTER), 0);
	assert_true(d->irq.msi_fd >= 0);
}

#define IRQ(f) cmocka_unit_test_setup_teardown(f, irq_setup, irq_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IRQ(from_vector_to_identity),
		IRQ(each_source_in_its_place),
		IRQ(vectors_of_a_disabled_class_are_lost),
		IRQ(the_master_holds_back),
		IRQ(a_vector_that_comes_meanwhile),
		IRQ(vectors_add_up),
		IRQ(drop),
		IRQ(delay),
		IRQ(nowhere_to_send),
		IRQ(reset_forgets_all_but_the_descriptor),
	};

	return cmocka_run_group_tests_name("irq", tests, NULL, NULL);
}
