// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include <unistd.h>

#include "device.h"

#define ENABLE_RENDER_COPY	0x190030
#define ENABLE_VIDEO		0x190034
#define ENABLE_OTHER		0x190038
#define MASTER_ENABLE		BIT(31)
#define IDENTITY_VALID		BIT(31)

void irq_reset(struct device *d)
{
	int fd = d->irq.msi_fd;

	memset(&d->irq, 0, sizeof(d->irq));
	d->irq.msi_fd = fd;
}

void irq_set_msi(struct device *d, int fd)
{
	if (d->irq.msi_fd >= 0)
		close(d->irq.msi_fd);
	d->irq.msi_fd = fd;
}

static void send_now(struct device *d)
{
	u64 one = 1;

	if (d->irq.msi_fd < 0)
		return;
	d->counters.irqs++;
	if (write(d->irq.msi_fd, &one, sizeof(one)) != sizeof(one))
		log_error(d, "the interrupt's eventfd does not take a message");
}

static void send(struct device *d)
{
	struct faults *faults = &d->faults;

	if (!d->irq.master || !(d->irq.pending[0] || d->irq.pending[1]))
		return;
	if (d->irq.delayed_until_ns)
		return;
	if (faults->irq_drop) {
		faults->irq_drop--;
		d->counters.faults_fired++;
		d->counters.irqs_dropped++;
		return;
	}
	if (faults->irq_delay_count) {
		faults->irq_delay_count--;
		d->counters.faults_fired++;
		d->irq.delayed_until_ns = clock_ns() + faults->irq_delay_ms * 1000000;
		device_wake(d);
		return;
	}
	send_now(d);
}

u64 irq_poll(struct device *d)
{
	u64 now;

	if (!d->irq.delayed_until_ns)
		return 0;
	now = clock_ns();
	if (now < d->irq.delayed_until_ns)
		return d->irq.delayed_until_ns - now;
	d->irq.delayed_until_ns = 0;
	send_now(d);
	return 0;
}

static u16 enabled_vectors(struct device *d, u8 class)
{
	switch (class) {
	case CLASS_RENDER:
		return (u16)(regs_peek(d, ENABLE_RENDER_COPY) >> 16);
	case CLASS_COPY:
		return (u16)regs_peek(d, ENABLE_RENDER_COPY);
	case CLASS_VIDEO_DECODE:
		return (u16)(regs_peek(d, ENABLE_VIDEO) >> 16);
	case CLASS_VIDEO_ENHANCE:
		return (u16)regs_peek(d, ENABLE_VIDEO);
	case CLASS_OTHER:
		return (u16)(regs_peek(d, ENABLE_OTHER) >> 16);
	default:
		return 0;
	}
}

void irq_raise(struct device *d, u32 bank, u32 bit, u8 class, u8 instance, u16 vector)
{
	struct irq_source *source = &d->irq.sources[bank][bit];

	vector &= enabled_vectors(d, class);
	if (!vector)
		return;
	source->class = class;
	source->instance = instance;
	source->vector |= vector;
	d->irq.pending[bank] |= BIT(bit);
	send(d);
}

u32 irq_read_tile_master(struct device *d, const struct reg *r, u32 offset)
{
	(void)r;
	(void)offset;
	return (d->irq.master ? MASTER_ENABLE : 0) |
	       (d->irq.pending[0] || d->irq.pending[1] ? BIT(0) : 0);
}

void irq_write_tile_master(struct device *d, const struct reg *r, u32 offset, u32 value)
{
	(void)r;
	(void)offset;
	d->irq.master = value & MASTER_ENABLE;
	send(d);
}

u32 irq_read_master(struct device *d, const struct reg *r, u32 offset)
{
	(void)r;
	return (d->irq.pending[0] ? BIT(0) : 0) | (d->irq.pending[1] ? BIT(1) : 0) |
	       (regs_peek(d, offset) & MASTER_ENABLE);
}

static u32 bank_of(const struct reg *r, u32 offset)
{
	return (offset - r->offset) / 4;
}

u32 irq_read_pending(struct device *d, const struct reg *r, u32 offset)
{
	return d->irq.pending[bank_of(r, offset)];
}

void irq_write_pending(struct device *d, const struct reg *r, u32 offset, u32 value)
{
	u32 bank = bank_of(r, offset), bit;

	d->irq.pending[bank] &= ~value;
	/* A vector that came after its identity was read is raised again. */
	for (bit = 0; bit < 32; bit++)
		if (value & BIT(bit) && d->irq.sources[bank][bit].vector)
			d->irq.pending[bank] |= BIT(bit);
}

void irq_write_selector(struct device *d, const struct reg *r, u32 offset, u32 value)
{
	u32 bank = bank_of(r, offset);
	struct irq_source *source;

	if (!value)
		return;
	source = &d->irq.sources[bank][__builtin_ctz(value)];
	d->irq.identity[bank] = IDENTITY_VALID | (u32)source->instance << 20 |
				(u32)source->class << 16 | source->vector;
	source->vector = 0;
}

u32 irq_read_identity(struct device *d, const struct reg *r, u32 offset)
{
	return d->irq.identity[bank_of(r, offset)];
}

void irq_write_identity(struct device *d, const struct reg *r, u32 offset, u32 value)
{
	if (value & IDENTITY_VALID)
		d->irq.identity[bank_of(r, offset)] = 0;
}
