// SPDX-License-Identifier: GPL-2.0
/* RC6: nothing sleeps here, but the time the driver allows it is counted. */
#include "device.h"

#define RC6_CONTROL	0xa090
#define RC6_ENABLE	(BIT(31) | BIT(18))
#define RC6_STATE	0xa094
#define RC6_TARGET	(7u << 16)
#define RESIDENCY_NS	1280		/* a unit of the counter */

static u64 asleep_ns(const struct device *d)
{
	const struct power *power = &d->power;

	return power->rc6_ns + (power->rc6_since_ns ? clock_ns() - power->rc6_since_ns : 0);
}

void rc6_write(struct device *d, const struct reg *r, u32 offset, u32 value)
{
	struct power *power = &d->power;
	bool allowed;

	(void)r;
	power->rc6_ns = asleep_ns(d);
	regs_poke(d, offset, value);
	allowed = regs_peek(d, RC6_CONTROL) & RC6_ENABLE || regs_peek(d, RC6_STATE) & RC6_TARGET;
	power->rc6_since_ns = allowed ? clock_ns() : 0;
}

u32 rc6_read_residency(struct device *d, const struct reg *r, u32 offset)
{
	(void)r;
	(void)offset;
	return (u32)(asleep_ns(d) / RESIDENCY_NS);
}
