/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_CARD_H
#define MODEL_CARD_H

#include "types.h"

struct device;
struct reg;

#define ENGINES_MAX 8

/* Engine classes as the hardware numbers them. */
enum engine_class {
	CLASS_RENDER,
	CLASS_VIDEO_DECODE,
	CLASS_VIDEO_ENHANCE,
	CLASS_COPY,
	CLASS_OTHER,	/* also the GuC, as a source of interrupts */
	CLASS_COMPUTE,
	CLASSES,
};

struct engine_facts {
	const char *name;
	u32 base;			/* of its register block */
	enum engine_class class;
	u8 instance;
	u8 irq_bank, irq_bit;		/* its place in the interrupt tree */
	u32 reset_bit;			/* in GDRST */
};

typedef u32 (*reg_read_fn)(struct device *d, const struct reg *r, u32 offset);
typedef void (*reg_write_fn)(struct device *d, const struct reg *r, u32 offset, u32 value);

/*
 * One register, or @count registers @stride bytes apart. Without handlers it is
 * plain storage. For the registers that each engine has, @offset is relative to
 * the engine's base and @engine is filled in when the table is built.
 */
struct reg {
	const char *name;
	u32 offset;
	u32 count, stride;
	u32 reset;
	reg_read_fn read;
	reg_write_fn write;
	u32 data;			/* what the handler needs to know */
	const struct engine_facts *engine;
};

/* A span that is storage and nothing else, with the reason why that is enough. */
struct reg_span {
	u32 first, last;
	const char *why;
	bool masked;
};

struct card {
	const char *name;
	u16 vendor, device, subsystem_vendor, subsystem;
	u8 revision;
	u16 class_code;
	u8 pm_capability, msi_capability;	/* offsets in config space */
	u16 config_gmch;			/* config offset 0x50: GGTT size */

	u32 bar0_bytes, regs_bytes;
	u32 gsm_offset, gsm_bytes;		/* GGTT page table entries in BAR 0 */
	u64 stolen_bytes;			/* data stolen memory at the top of VRAM */
	u64 vram_min, vram_max;

	u64 timestamp_numerator, timestamp_denominator;	/* ticks per nanosecond */

	const struct engine_facts *engines;
	u32 engine_count;
	u8 guc_irq_bank, guc_irq_bit;

	const struct reg *regs;
	u32 reg_count;
	const struct reg *engine_regs;
	u32 engine_reg_count;
	const struct reg_span *spans;
	u32 span_count;

	/*
	 * The register list that the hardware keeps in every context image,
	 * behind what drivers write for it: its place in dwords, and offsets
	 * relative to the engine.
	 */
	u32 image_list_at, image_list_count;
	const u16 *image_list;

	/* Values that follow from the size of VRAM. */
	void (*reset_values)(struct device *d);
};

extern const struct card card_dg1;

const struct card *card_by_name(const char *name);

#endif
