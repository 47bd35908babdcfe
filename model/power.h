/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_POWER_H
#define MODEL_POWER_H

#include "types.h"

struct device;
struct reg;

/* What VRAM reads as after its content was lost. */
enum poison {
	POISON_ADDRESS,		/* a word that tells the page and which loss it was */
	POISON_ZERO,
	POISON_WORD,		/* a chosen word */
};

struct power {
	u8 state;		/* D0 .. D3 */
	enum poison poison;
	u32 poison_word;
	u64 losses;
	bool failing;		/* power is lost as soon as the engines' round is over */
	u64 rc6_ns, rc6_since_ns;	/* time in RC6; since when, 0: not in it */
};

/* The host wrote another power state. */
void power_state_changed(struct device *d, u8 before, u8 after);

/* Reset of the bus: at power-on, at reboot, and at the wake from S3. */
void power_bus_reset(struct device *d);

/* Power is switched off: the machine went away. */
void power_off(struct device *d);

/* Power was lost for a moment, in the middle of a blit. The bus knows nothing of it. */
void power_fail(struct device *d);

/* The driver's own full reset. */
void power_driver_reset(struct device *d);

/* RC6: residency grows while the driver lets the GT sleep, whatever the engines do. */
void rc6_write(struct device *d, const struct reg *r, u32 offset, u32 value);
u32 rc6_read_residency(struct device *d, const struct reg *r, u32 offset);

u64 power_poison_word(const struct power *power, u64 address);

#endif
