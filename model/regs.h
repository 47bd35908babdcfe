/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_REGS_H
#define MODEL_REGS_H

#include "types.h"

struct device;
struct reg;

/*
 * The register file: BAR 0. Its first part is registers, one word each; the
 * card's table says which of them do more than store. The last part is the
 * GGTT's page table, which the host maps.
 */
struct regfile {
	u8 *bar0;
	int bar0_fd;
	u32 *words;		/* values, by offset / 4 */
	u16 *index;		/* 1 + place in @table, by offset / 4; 0: unknown */
	struct reg *table;	/* of the card, and of each of its engines */
	u32 table_count;
};

/** regs_create - build the table of the card. Returns false without memory. */
bool regs_create(struct device *d);
void regs_destroy(struct device *d);
void regs_reset(struct device *d);

/* With the register's behaviour, as the host and the command streamers see it. Offsets beyond the end read 0. */
u32 regs_read(struct device *d, u32 offset);
void regs_write(struct device *d, u32 offset, u32 value);

/** regs_host_only - commands may not write the register at @offset: it resets the card, or hands it work. */
bool regs_host_only(const struct device *d, u32 offset);

/* The stored value only. */
u32 regs_peek(const struct device *d, u32 offset);
void regs_poke(struct device *d, u32 offset, u32 value);
void regs_poke64(struct device *d, u32 offset, u64 value);

/* Handlers that many registers share. */
u32 reg_reads_zero(struct device *d, const struct reg *r, u32 offset);
u32 reg_reads_mirror(struct device *d, const struct reg *r, u32 offset);
void reg_write_ignored(struct device *d, const struct reg *r, u32 offset, u32 value);
void reg_write_masked(struct device *d, const struct reg *r, u32 offset, u32 value);
void reg_write_clears(struct device *d, const struct reg *r, u32 offset, u32 value);
void reg_write_or(struct device *d, const struct reg *r, u32 offset, u32 value);

#endif
