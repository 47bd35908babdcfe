/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_IRQ_H
#define MODEL_IRQ_H

#include "types.h"

struct device;
struct reg;

#define IRQ_BANKS 2

/* Interrupt vectors of an engine. */
#define IRQ_USER		BIT(0)
#define IRQ_ERROR		BIT(3)
#define IRQ_FLUSH		BIT(4)
#define IRQ_CONTEXT_SWITCH	BIT(8)
#define IRQ_WAIT_SEMAPHORE	BIT(11)
#define IRQ_GUC_TO_HOST		BIT(15)

struct irq_source {
	u8 class, instance;
	u16 vector;		/* bits that have not been handed to the host */
};

struct irq {
	int msi_fd;
	bool master;
	u32 pending[IRQ_BANKS];
	u32 identity[IRQ_BANKS];
	struct irq_source sources[IRQ_BANKS][32];
	u64 delayed_until_ns;	/* a message that waits, on request */
};

void irq_reset(struct device *d);

/** irq_raise - source @bit of @bank has something to say: its class's enables decide. */
void irq_raise(struct device *d, u32 bank, u32 bit, u8 class, u8 instance, u16 vector);

/** irq_set_msi - messages go to @fd from now on (-1: nowhere). Takes the descriptor. */
void irq_set_msi(struct device *d, int fd);

/** irq_poll - send a delayed message that is due. Returns when to call again, in ns from now, or 0. */
u64 irq_poll(struct device *d);

u32 irq_read_tile_master(struct device *d, const struct reg *r, u32 offset);
void irq_write_tile_master(struct device *d, const struct reg *r, u32 offset, u32 value);
u32 irq_read_master(struct device *d, const struct reg *r, u32 offset);
u32 irq_read_pending(struct device *d, const struct reg *r, u32 offset);
void irq_write_pending(struct device *d, const struct reg *r, u32 offset, u32 value);
u32 irq_read_identity(struct device *d, const struct reg *r, u32 offset);
void irq_write_identity(struct device *d, const struct reg *r, u32 offset, u32 value);
void irq_write_selector(struct device *d, const struct reg *r, u32 offset, u32 value);

#endif
