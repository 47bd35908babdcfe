// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "device.h"

#define LMEM_INIT_REG	0x101010
#define LMEM_INIT	BIT(7)

u64 power_poison_word(const struct power *power, u64 address)
{
	switch (power->poison) {
	case POISON_ZERO:
		return 0;
	case POISON_WORD:
		return make64(power->poison_word, power->poison_word);
	case POISON_ADDRESS:
		break;
	}
	return 0xdead000000000000ull | (power->losses & 0xff) << 40 | address / PAGE_BYTES;
}

/* Registers, engines and GuC as after power-on; memory is a matter of its own. */
static void logic_reset(struct device *d)
{
	irq_reset(d);
	engines_reset(d, ~0u);
	guc_reset(d);
	regs_reset(d);
	d->power.rc6_ns = 0;
	d->power.rc6_since_ns = 0;
	if (d->faults.lmem_never_ready)
		regs_poke(d, LMEM_INIT_REG, regs_peek(d, LMEM_INIT_REG) & ~LMEM_INIT);
}

static void lose_memory(struct device *d)
{
	u8 *gsm = d->regs.bar0 + d->card->gsm_offset;

	d->power.losses++;
	vram_lose(d);
	/* Entries that are present and lead nowhere: a driver that relies on old ones is found out. */
	memset(gsm, 0xdf, d->card->gsm_bytes);
}

void power_state_changed(struct device *d, u8 before, u8 after)
{
	log_info(d, "D%u -> D%u", before, after);
	d->power.state = after;
	if (after != 3)
		return;

	d->counters.d3++;
	if (d->faults.lose_at_d3) {
		log_info(d, "power is lost at D3");
		lose_memory(d);
		logic_reset(d);
		d->counters.faults_fired++;
	}
}

void power_bus_reset(struct device *d)
{
	log_info(d, "reset of the bus%s", d->faults.keep_at_reset ? ", memory kept on request" : "");
	d->counters.resets++;
	if (!d->faults.keep_at_reset)
		lose_memory(d);
	logic_reset(d);
	pci_reset(d);
	d->power.state = 0;
}

void power_off(struct device *d)
{
	log_info(d, "power off");
	d->counters.power_offs++;
	lose_memory(d);
	logic_reset(d);
	pci_reset(d);
	d->power.state = 0;
}

void power_fail(struct device *d)
{
	log_info(d, "power is lost at a blit");
	d->power.failing = false;
	lose_memory(d);
	logic_reset(d);
}

void power_driver_reset(struct device *d)
{
	log_info(d, "full reset by the driver");
	d->counters.flrs++;
	lose_memory(d);
	logic_reset(d);
}
