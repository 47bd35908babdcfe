// SPDX-License-Identifier: GPL-2.0
/* What all engines have in common, and their thread's round. */
#include <string.h>

#include "device.h"
#include "lrc.h"

#define RING_MI_MODE	0x9c
#define STOP_RING	BIT(8)
#define MODE_IDLE	BIT(9)
#define RESET_FULL	BIT(0)

#define RESET_CTL_REQUEST	BIT(0)
#define RESET_CTL_READY		BIT(1)

void engines_init(struct device *d)
{
	u32 i;

	for (i = 0; i < d->card->engine_count; i++)
		d->engines[i].facts = &d->card->engines[i];
}

void engines_reset(struct device *d, u32 bits)
{
	u32 i;

	for (i = 0; i < d->card->engine_count; i++) {
		struct engine *e = &d->engines[i];

		if (!(bits & (RESET_FULL | e->facts->reset_bit)))
			continue;
		d->counters.engine_resets++;
		lrc_drop(d, e);
		execlists_reset(d, e);
		guc_queue_reset(d, e);
		e->save_at_ns = 0;
		e->hung = false;
		e->stopped = false;
		regs_poke(d, e->facts->base + 0xd0, 0);
		regs_poke(d, e->facts->base + RING_MI_MODE, 0);
	}
}

struct engine *engine_by_class(struct device *d, u32 class)
{
	u32 i;

	for (i = 0; i < d->card->engine_count; i++)
		if (d->card->engines[i].class == class)
			return &d->engines[i];
	return NULL;
}

struct engine *reg_engine(struct device *d, const struct reg *r)
{
	return &d->engines[r->engine - d->card->engines];
}

void engine_irq(struct device *d, struct engine *e, u16 vector)
{
	const struct engine_facts *f = e->facts;

	irq_raise(d, f->irq_bank, f->irq_bit, (u8)f->class, f->instance, vector);
}

void engine_stop(struct device *d, struct engine *e, const char *why)
{
	e->hung = true;
	d->counters.hangs++;
	log_info(d, "%s: stopped (%s), context %#x", e->facts->name, why, e->cs.lrca);
}

bool engine_save_due(struct device *d, struct engine *e, u64 *sleep_ns)
{
	u64 now;

	if (!d->faults.save_delay_ms)
		return true;
	now = clock_ns();
	if (!e->save_at_ns) {
		e->save_at_ns = now + d->faults.save_delay_ms * 1000000;
		d->counters.faults_fired++;
	}
	if (now < e->save_at_ns) {
		if (!*sleep_ns || e->save_at_ns - now < *sleep_ns)
			*sleep_ns = e->save_at_ns - now;
		return false;
	}
	e->save_at_ns = 0;
	return true;
}

bool engines_slice(struct device *d, u64 *sleep_ns)
{
	bool more = false;
	u64 irq_ns;
	u32 i;

	*sleep_ns = 0;
	for (i = 0; i < d->card->engine_count; i++) {
		struct engine *e = &d->engines[i];

		if (e->stopped)
			continue;
		if (e->execlists.active || e->execlists.switch_pending)
			more |= execlists_slice(d, e, sleep_ns);
		else
			more |= guc_slice(d, e, sleep_ns);
	}
	if (d->power.failing)
		power_fail(d);
	irq_ns = irq_poll(d);
	if (irq_ns && (!*sleep_ns || irq_ns < *sleep_ns))
		*sleep_ns = irq_ns;
	return more;
}

u32 engine_read_timestamp(struct device *d, const struct reg *r, u32 offset)
{
	u64 ticks = device_ticks(d);

	return offset == r->offset ? (u32)ticks : (u32)(ticks >> 32);
}

u32 engine_read_context_timestamp(struct device *d, const struct reg *r, u32 offset)
{
	struct engine *e = reg_engine(d, r);

	(void)offset;
	return lrc_timestamp(d, e);
}

u32 engine_read_mode(struct device *d, const struct reg *r, u32 offset)
{
	return regs_peek(d, offset) | (reg_engine(d, r)->hung ? 0 : MODE_IDLE);
}

void engine_write_mode(struct device *d, const struct reg *r, u32 offset, u32 value)
{
	reg_write_masked(d, r, offset, value);
	/* Only the host can stop an engine, not the context it runs. */
	if (!d->executing)
		reg_engine(d, r)->stopped = regs_peek(d, offset) & STOP_RING;
	device_wake(d);
}

void engine_write_reset_control(struct device *d, const struct reg *r, u32 offset, u32 value)
{
	u32 now = masked_update(regs_peek(d, offset), value);

	(void)r;
	now &= ~RESET_CTL_READY;
	if (now & RESET_CTL_REQUEST)
		now |= RESET_CTL_READY;
	regs_poke(d, offset, now & 0xffff);
}
