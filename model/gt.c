// SPDX-License-Identifier: GPL-2.0
#include "device.h"
#include "gt.h"

#define RESET_FULL	BIT(0)
#define RESET_GUC	BIT(3)

#define PCODE_BUSY	BIT(31)
#define PCODE_DATA0	4		/* from the mailbox register */
#define PCODE_INIT	0x7e
#define PCODE_INIT_DONE	BIT(0)

#define CONTROL_FLR	BIT(31)
#define CONTROL_LMEM	BIT(7)
#define FLR_DONE	0x101018

void gt_write_reset(struct device *d, const struct reg *r, u32 offset, u32 value)
{
	(void)r;
	(void)offset;
	if (value & RESET_FULL) {
		d->counters.gt_resets++;
		log_info(d, "full reset of the GT");
	}
	engines_reset(d, value);
	if (value & (RESET_FULL | RESET_GUC))
		guc_reset(d);
}

/* What was asked for is there at once, or with the fault never. */
u32 gt_read_forcewake_ack(struct device *d, const struct reg *r, u32 offset)
{
	u32 asked = reg_reads_mirror(d, r, offset);

	if (!d->faults.no_forcewake)
		return asked;
	d->counters.faults_fired += asked != 0;
	return 0;
}

/* The mailbox answers at once. What it is told about power and frequency changes nothing here. */
void gt_write_pcode(struct device *d, const struct reg *r, u32 offset, u32 value)
{
	(void)r;
	if (value & PCODE_BUSY) {
		log_debug(d, "pcode: %#x", value);
		regs_poke(d, offset + PCODE_DATA0, (value & 0xff) == PCODE_INIT ? PCODE_INIT_DONE : 0);
		value &= ~(PCODE_BUSY | 0xff);
	}
	regs_poke(d, offset, value);
}

/* What was asked for is what there is: nothing here gets faster by it. */
u32 gt_read_frequency(struct device *d, const struct reg *r, u32 offset)
{
	(void)offset;
	return (u32)FIELD(regs_peek(d, r->data), 31, 23) << 11;
}

void gt_write_control(struct device *d, const struct reg *r, u32 offset, u32 value)
{
	(void)r;
	if (value & CONTROL_FLR) {
		power_driver_reset(d);
		regs_poke(d, FLR_DONE, BIT(31));
		return;
	}
	/* Whether VRAM is ready is not for the driver to say. */
	regs_poke(d, offset, (value & ~CONTROL_LMEM) | (regs_peek(d, offset) & CONTROL_LMEM));
}
