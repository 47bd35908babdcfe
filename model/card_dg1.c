// SPDX-License-Identifier: GPL-2.0
/*
 * DG1, as xe and i915 see it: every register that does more than store, and
 * what it does. Another card is another file like this.
 */
#include "card.h"
#include "device.h"
#include "gt.h"

#define RENDER_BASE		0x2000
#define COPY_BASE		0x22000
#define VIDEO_BASE		0x1c0000
#define VIDEO_ENHANCE_BASE	0x1c8000

static const struct engine_facts engines[] = {
	{ "rcs0",  RENDER_BASE,		CLASS_RENDER,	     0, 0, 0,  BIT(1) },
	{ "bcs0",  COPY_BASE,		CLASS_COPY,	     0, 0, 15, BIT(2) },
	{ "vcs0",  VIDEO_BASE,		CLASS_VIDEO_DECODE,  0, 1, 0,  BIT(5) },
	{ "vecs0", VIDEO_ENHANCE_BASE,	CLASS_VIDEO_ENHANCE, 0, 1, 31, BIT(13) },
};

/* name, offset, count, stride, reset value, read, write, data */
static const struct reg regs[] = {
	/* What the card is. Fuses of graphics 12.10 are inverted: 0 is all present. */
	{ "RPM_CONFIG0",	0xd00,	  1, 0, 1 << 3 | 3 << 1 },	/* 19.2 MHz, shift 3 */
	{ "MIRROR_FUSE3",	0x9118,	  1, 0, 0 },
	{ "FUSE2",		0x9120,	  1, 0, BIT(2) },		/* production */
	{ "EU_DISABLE",		0x9134,	  1, 0, 0 },
	{ "SLICE_ENABLE",	0x9138,	  1, 0, 1 },
	{ "DSS_ENABLE",		0x913c,	  1, 0, 0x3f },
	{ "VEBOX_VDBOX_DISABLE", 0x9140,  1, 0, 0x000e00fe },		/* VCS0 and VECS0 */
	{ "RP_STATE_CAP",	0x145998, 1, 0, 6 << 16 | 18 << 8 | 36 },

	/* Memory: the size-dependent values are set in reset_values(). */
	{ "GSMBASE",		0x108100, 2, 4 },
	{ "DSMBASE",		0x1080c0, 2, 4 },
	{ "STOLEN_RESERVED",	0x1082c0, 2, 4 },
	{ "GU_CNTL",		0x101010, 1, 0, BIT(7), NULL, gt_write_control },
	{ "GU_DEBUG",		0x101018, 1, 0, 0, NULL, reg_write_clears },
	{ "GU_CNTL_PROTECTED",	0x10100c, 1, 0, 0, reg_reads_zero, reg_write_ignored },

	/* Package control. */
	{ "PCODE_MAILBOX",	0x138124, 1, 0, 0, NULL, gt_write_pcode },
	{ "PCODE_DATA",		0x138128, 2, 4 },

	/* Forcewake: a masked request, and the acknowledge that follows it. */
	{ "FORCEWAKE_GT",	0xa188,	  1, 0, 0, NULL, reg_write_masked },
	{ "FORCEWAKE_RENDER",	0xa278,	  1, 0, 0, NULL, reg_write_masked },
	{ "FORCEWAKE_VDBOX",	0xa540,	  8, 4, 0, NULL, reg_write_masked },
	{ "FORCEWAKE_VEBOX",	0xa560,	  4, 4, 0, NULL, reg_write_masked },
	{ "FORCEWAKE_ACK_GT",	0x130044, 1, 0, 0, reg_reads_mirror, reg_write_ignored, 0xa188 },
	{ "FORCEWAKE_ACK_RENDER", 0xd84,  1, 0, 0, reg_reads_mirror, reg_write_ignored, 0xa278 },
	{ "FORCEWAKE_ACK_VDBOX", 0xd50,	  8, 4, 0, reg_reads_mirror, reg_write_ignored, 0xa540 },
	{ "FORCEWAKE_ACK_VEBOX", 0xd70,	  4, 4, 0, reg_reads_mirror, reg_write_ignored, 0xa560 },

	/* Resets. */
	{ "GDRST",		0x941c,	  1, 0, 0, reg_reads_zero, gt_write_reset },

	/* GuC: load, mailbox, doorbell. */
	{ "GUC_STATUS",		0xc000,	  1, 0, BIT(0), NULL, reg_write_ignored },
	{ "WOPCM_SIZE",		0xc050,	  1, 0, 0, NULL, reg_write_or, BIT(0) },
	{ "GUC_WOPCM_OFFSET",	0xc340,	  1, 0, 0, NULL, reg_write_or, BIT(0) },
	{ "DMA_CTRL",		0xc314,	  1, 0, 0, NULL, guc_write_dma_control },
	{ "GUC_HOST_INTERRUPT",	0x1901f0, 1, 0, 0, NULL, guc_write_notify },
	{ "GUC_MAILBOX",	0x190240, 4, 4 },

	/* The interrupt tree. */
	{ "TILE_MASTER_IRQ",	0x190008, 1, 0, 0, irq_read_tile_master, irq_write_tile_master },
	{ "GFX_MASTER_IRQ",	0x190010, 1, 0, 0, irq_read_master, reg_write_ignored },
	{ "GT_INTR_DW",		0x190018, 2, 4, 0, irq_read_pending, irq_write_pending },
	{ "INTR_IDENTITY",	0x190060, 2, 4, 0, irq_read_identity, irq_write_identity },
	{ "IIR_SELECTOR",	0x190070, 2, 4, 0, NULL, irq_write_selector },
	{ "INTR_ENABLE_RENDER_COPY", 0x190030, 1, 0 },
	{ "INTR_ENABLE_VIDEO",	0x190034, 1, 0 },
	{ "INTR_ENABLE_OTHER",	0x190038, 1, 0 },
	{ "DISPLAY_MISC_IIR",	0x444e8,  1, 0, 0, reg_reads_zero, reg_write_ignored },
	{ "GU_MISC_IIR",	0x444f8,  1, 0, 0, reg_reads_zero, reg_write_ignored },

	/* Invalidations: done when they are asked for. The rings wait for them to read 0. */
	{ "AUX_INV_RENDER",	0x4208,	  1, 0, 0, reg_reads_zero, reg_write_ignored },
	{ "AUX_INV_VD0",	0x4218,	  1, 0, 0, reg_reads_zero, reg_write_ignored },
	{ "AUX_INV_VD1",	0x4228,	  1, 0, 0, reg_reads_zero, reg_write_ignored },
	{ "AUX_INV_VE0",	0x4238,	  1, 0, 0, reg_reads_zero, reg_write_ignored },
	{ "AUX_INV_COPY",	0x4248,	  1, 0, 0, reg_reads_zero, reg_write_ignored },
	{ "AUX_INV_VD2",	0x4298,	  1, 0, 0, reg_reads_zero, reg_write_ignored },
	{ "AUX_INV_VE1",	0x42b8,	  1, 0, 0, reg_reads_zero, reg_write_ignored },
	{ "AUX_INV_COMPUTE",	0x42c8,	  1, 0, 0, reg_reads_zero, reg_write_ignored },
	{ "TLB_INV",		0xced8,	  6, 4, 0, reg_reads_zero, reg_write_ignored },
};

/* The same for each engine, relative to its base. */
static const struct reg engine_regs[] = {
	{ "RING_TAIL",		0x30,	1, 0 },
	{ "RING_HEAD",		0x34,	1, 0 },
	{ "RING_START",		0x38,	1, 0 },
	{ "RING_CTL",		0x3c,	1, 0 },
	{ "RING_PSMI_CTL",	0x50,	1, 0, 0, NULL, reg_write_masked },
	{ "RING_ACTHD_UDW",	0x5c,	1, 0 },
	{ "RING_IPEHR",		0x68,	1, 0 },
	{ "RING_ACTHD",		0x74,	1, 0 },
	{ "RING_HWS",		0x80,	1, 0 },
	{ "RING_MI_MODE",	0x9c,	1, 0, 0, engine_read_mode, engine_write_mode },
	{ "RING_INSTPM",	0xc0,	1, 0, 0, NULL, reg_write_masked },
	{ "RING_RESET_CTL",	0xd0,	1, 0, 0, NULL, engine_write_reset_control },
	{ "RING_CONTEXT",	0x240,	1, 0 },
	{ "RING_CONTEXT_CONTROL", 0x244, 1, 0, 0, NULL, reg_write_masked },
	{ "RING_MODE",		0x29c,	1, 0, 0, NULL, reg_write_masked },
	{ "RING_TIMESTAMP",	0x358,	2, 4, 0, engine_read_timestamp, reg_write_ignored },
	{ "RING_CSB",		0x370,	12, 4 },
	{ "RING_CSB_PTR",	0x3a0,	1, 0, 0, NULL, execlists_write_csb_pointer },
	{ "RING_CTX_TIMESTAMP",	0x3a8,	1, 0, 0, engine_read_context_timestamp, reg_write_ignored },
	{ "RING_SUBMIT_QUEUE",	0x510,	4, 4 },
	{ "RING_SUBMIT_LOAD",	0x550,	1, 0, 0, NULL, execlists_write_load },
	{ "RING_CHICKEN",	0x580,	1, 0, 0, NULL, reg_write_masked },
	{ "RING_GPR",		0x600,	32, 4 },
};

/* Storage and nothing else, and why that is enough. */
static const struct reg_span spans[] = {
	{ 0x0, 0x3fffff, "to be narrowed" },
};

/* From the top of VRAM down: stolen memory with WOPCM at its end, and the GGTT's own table. */
static void reset_values(struct device *d)
{
	u64 vram = d->vram.bytes, stolen = vram - d->card->stolen_bytes;

	regs_poke64(d, 0x1080c0, stolen);
	regs_poke64(d, 0x108100, stolen - d->card->gsm_bytes);
	regs_poke64(d, 0x1082c0, (vram - 4 * MiB) | 2 << 7 | 1);	/* 4 MiB of WOPCM */
}

const struct card card_dg1 = {
	.name = "dg1",
	.vendor = 0x8086,
	.device = 0x4905,
	.subsystem_vendor = 0x8086,
	.subsystem = 0x1020,
	.revision = 0x01,
	.class_code = 0x0380,
	.pm_capability = 0xd0,		/* where some tools look for it, unasked */
	.msi_capability = 0xac,
	.config_gmch = 3 << 6,		/* 8 MiB of entries: 4 GiB of GGTT */
	.bar0_bytes = 16 * MiB,
	.regs_bytes = 4 * MiB,
	.gsm_offset = 8 * MiB,
	.gsm_bytes = 8 * MiB,
	.stolen_bytes = 32 * MiB,
	.vram_min = 256 * MiB,
	.vram_max = 16 * GiB,
	.timestamp_numerator = 12,	/* 19.2 MHz */
	.timestamp_denominator = 625,
	.engines = engines,
	.engine_count = ARRAY_LEN(engines),
	.guc_irq_bank = 0,
	.guc_irq_bit = 25,
	.regs = regs,
	.reg_count = ARRAY_LEN(regs),
	.engine_regs = engine_regs,
	.engine_reg_count = ARRAY_LEN(engine_regs),
	.spans = spans,
	.span_count = ARRAY_LEN(spans),
	.reset_values = reset_values,
};
