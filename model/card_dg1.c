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

	{ "REQUESTED_FREQUENCY", 0xa008,  1, 0 },
	{ "ACTUAL_FREQUENCY",	0x1381b4, 1, 0, 0, gt_read_frequency, reg_write_ignored, 0xa008 },
	{ "RC6_CONTROL",	0xa090,	  1, 0, 0, NULL, rc6_write },
	{ "RC6_STATE",		0xa094,	  1, 0, 0, NULL, rc6_write },
	{ "RC6_RESIDENCY",	0x138108, 1, 0, 0, rc6_read_residency, reg_write_ignored },

	/* Forcewake: a masked request, and the acknowledge that follows it. */
	{ "FORCEWAKE_GT",	0xa188,	  1, 0, 0, NULL, reg_write_masked },
	{ "FORCEWAKE_RENDER",	0xa278,	  1, 0, 0, NULL, reg_write_masked },
	{ "FORCEWAKE_VDBOX",	0xa540,	  8, 4, 0, NULL, reg_write_masked },
	{ "FORCEWAKE_VEBOX",	0xa560,	  4, 4, 0, NULL, reg_write_masked },
	{ "FORCEWAKE_ACK_GT",	0x130044, 1, 0, 0, gt_read_forcewake_ack, reg_write_ignored, 0xa188 },
	{ "FORCEWAKE_ACK_RENDER", 0xd84,  1, 0, 0, gt_read_forcewake_ack, reg_write_ignored, 0xa278 },
	{ "FORCEWAKE_ACK_VDBOX", 0xd50,	  8, 4, 0, gt_read_forcewake_ack, reg_write_ignored, 0xa540 },
	{ "FORCEWAKE_ACK_VEBOX", 0xd70,	  4, 4, 0, gt_read_forcewake_ack, reg_write_ignored, 0xa560 },

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
	{ "RING_ERROR_INSTDONE", 0x28,	1, 0 },
	{ "RING_FADD",		0x48,	1, 0 },
	{ "RING_TAIL",		0x30,	1, 0 },
	{ "RING_HEAD",		0x34,	1, 0 },
	{ "RING_START",		0x38,	1, 0 },
	{ "RING_CTL",		0x3c,	1, 0 },
	{ "RING_PSMI",		0x54,	1, 0 },
	{ "RING_PSMI_CTL",	0x50,	1, 0, 0, NULL, reg_write_masked },
	{ "RING_ACTHD_UDW",	0x5c,	1, 0 },
	{ "RING_DMA_FADD_UDW",	0x60,	1, 0 },
	{ "RING_IPEIR",		0x64,	1, 0 },
	{ "RING_IPEHR",		0x68,	1, 0 },
	{ "RING_INSTDONE",	0x6c,	1, 0 },
	{ "RING_INSTPS",	0x70,	1, 0 },
	{ "RING_ACTHD",		0x74,	1, 0 },
	{ "RING_DMA_FADD",	0x78,	1, 0 },
	{ "RING_HWS",		0x80,	1, 0 },
	{ "RING_CMD_CCTL",	0x84,	1, 0 },
	{ "RING_ID",		0x8c,	1, 0 },
	{ "RING_NOPID",		0x94,	1, 0 },
	{ "RING_HWSTAM",	0x98,	1, 0 },
	{ "RING_MI_MODE",	0x9c,	1, 0, 0, engine_read_mode, engine_write_mode },
	{ "RING_EXTRA_MODE",	0xa0,	1, 0, 0, NULL, reg_write_masked },
	{ "RING_IMR",		0xa8,	1, 0 },
	{ "RING_EIR",		0xb0,	1, 0, 0, NULL, reg_write_clears },
	{ "RING_EMR",		0xb4,	2, 4 },
	{ "RING_BB_OFFSET",	0xc4,	1, 0 },
	{ "RING_INSTPM",	0xc0,	1, 0, 0, NULL, reg_write_masked },
	{ "RING_POWER_CLOCK",	0xc8,	1, 0 },
	{ "RING_RESET_CTL",	0xd0,	1, 0, 0, NULL, engine_write_reset_control },
	{ "RING_CHICKEN1",	0xd4,	2, 4, 0, NULL, reg_write_masked },
	{ "RING_FF_THREAD",	0xe0,	1, 0, 0, NULL, reg_write_masked },
	{ "RING_DEBUG_MODE1",	0xec,	1, 0, 0, NULL, reg_write_masked },
	{ "RING_BB_START",	0x108,	1, 0 },
	{ "RING_BB_STATE",	0x110,	1, 0 },
	{ "RING_BB_ADDRESS",	0x140,	1, 0 },
	{ "RING_BB_ADDRESS_UDW", 0x168,	1, 0 },
	{ "RING_SCTL",		0x150,	3, 4 },
	{ "RING_PREFETCH",	0x170,	4, 4 },
	{ "RING_CCID",		0x180,	1, 0 },
	{ "RING_CONTEXT_ID",	0x1b0,	1, 0 },
	{ "RING_INDIRECT",	0x1c0,	3, 4 },
	{ "RING_EXEC_NEST",	0x20c,	1, 0 },
	{ "RING_PDP",		0x270,	8, 4, 0, NULL, reg_write_ignored },	/* only images set them */
	{ "RING_FAULTS",	0x2b4,	1, 0 },
	{ "RING_BLIT_SWCTRL",	0x200,	2, 4, 0, NULL, reg_write_masked },
	{ "RING_PP_DIR",	0x220,	3, 4 },
	{ "RING_EXECLIST_STATUS", 0x234, 2, 4 },
	{ "RING_CONTEXT",	0x240,	1, 0 },
	{ "RING_CONTEXT_CONTROL", 0x244, 1, 0, 0, NULL, reg_write_masked },
	{ "RING_MODE",		0x29c,	1, 0, 0, NULL, reg_write_masked },
	{ "RING_TIMESTAMP",	0x358,	2, 4, 0, engine_read_timestamp, reg_write_ignored },
	{ "RING_CSB",		0x370,	12, 4 },
	{ "RING_CSB_PTR",	0x3a0,	1, 0, 0, NULL, execlists_write_csb_pointer },
	{ "RING_CTX_TIMESTAMP",	0x3a8,	1, 0, 0, engine_read_context_timestamp, reg_write_ignored },
	{ "RING_PREDICATE",	0x3b8,	1, 0 },
	{ "RING_STATE_41C",	0x41c,	1, 0 },
	{ "RING_NONPRIV",	0x4d0,	12, 4 },
	{ "RING_SUBMIT_QUEUE",	0x510,	4, 4 },
	{ "RING_SUBMIT_LOAD",	0x550,	1, 0, 0, NULL, execlists_write_load },
	{ "RING_CHICKEN",	0x580,	1, 0, 0, NULL, reg_write_masked },
	{ "RING_STATE_588",	0x588,	1, 0 },
	{ "RING_STATE_5A8",	0x5a8,	2, 4 },
	{ "RING_GPR",		0x600,	32, 4 },
};

/* Storage and nothing else, and why that is enough. */
static const struct reg_span spans[] = {
	{ 0xd8c,    0xd8c,    "graphics identity: 0 before 12.70" },
	{ 0xfdc,    0xfdc,    "steering: every instance is alike" },
	{ 0x2024,   0x2024,   "page table errors: there are none" },
	{ 0x43f4,   0x43f4,   "fault TLB of the copy engine" },
	{ 0x4800,   0x481c,   "PAT: caches are not modelled" },
	{ 0x5100,   0x511c,   "render statistics: nothing is drawn" },
	{ 0x5584,   0x5584,   "render workaround" },
	{ 0x6604,   0x6604,   "render workaround" },
	{ 0x7018,   0x7018,   "render workaround", .masked = true },
	{ 0x7100,   0x7108,   "state of units that draw" },
	{ 0x7304,   0x7304,   "render workaround", .masked = true },
	{ 0x8000,   0x8010,   "idle messages: engines are told apart by their own registers" },
	{ 0x804c,   0x8060,   "power gating of slices and EUs: all are awake" },
	{ 0x9424,   0x9424,   "clock gating: has no effect" },
	{ 0x9430,   0x943c,   "clock gating: has no effect" },
	{ 0x94d0,   0x94ec,   "clock gating: has no effect" },
	{ 0x9520,   0x9550,   "clock gating: has no effect" },
	{ 0xa000,   0xa004,   "power management of media" },
	{ 0xa00c,   0xa08c,   "frequency and RC6 requests: power states keep everything here" },
	{ 0xa098,   0xa0cc,   "frequency and RC6 requests: power states keep everything here" },
	{ 0xa150,   0xa170,   "frequency interrupts: frequencies stand still" },
	{ 0xa204,   0xa26c,   "power gating, counter mode" },
	{ 0xa294,   0xa294,   "context wake hysteresis" },
	{ 0xa2a0,   0xa2a0,   "render power state" },
	{ 0xa500,   0xa504,   "status: all units are awake" },
	{ 0xb004,   0xb11c,   "MOCS of L3, cache controls: caches are not modelled" },
	{ 0xc004,   0xc7fc,   "GuC: signature, scratch, set-up. Its firmware is a stub and reads none of it" },
	{ 0xceb8,   0xcec4,   "the fault that was seen last" },
	{ 0xcf68,   0xcf68,   "L3 fabric steering" },
	{ 0xdaf4,   0xdaf4,   "observation is not modelled: it stays off" },
	{ 0xdaf8,   0xdaf8,   "observation is not modelled", .masked = true },
	{ 0xe160,   0xe164,   "sampler and row state" },
	{ 0xe18c,   0xe18c,   "sampler workaround", .masked = true },
	{ 0xe48c,   0xe4f4,   "row workaround", .masked = true },
	{ 0x14800,  0x14800,  "RCU mode: there is no compute engine" },
	{ 0x42300,  0x42300,  "unclaimed accesses: none is noticed" },
	{ 0x444e0,  0x444fc,  "display and package interrupts: masked and enabled, never raised" },
	{ 0x78000,  0x7807c,  "no hypervisor speaks here: reads 0" },
	{ 0x120010, 0x120010, "no EDRAM" },
	{ 0x138060, 0x138060, "voltage and frequency of the package" },
	{ 0x138104, 0x138104, "residency of media: as one with RC6" },
	{ 0x13810c, 0x138110, "residency of deeper states: there are none" },
	{ 0x13816c, 0x13816c, "power management lock" },
	{ 0x1381a8, 0x1381b0, "frequency limits' reasons" },
	{ 0x145948, 0x145994, "frequency and temperature limits" },
	{ 0x145ef0, 0x145ef0, "memory controller" },
	{ 0x190028, 0x19002c, "interrupt identity, old form" },
	{ 0x19003c, 0x190048, "interrupt enables of units without interrupts" },
	{ 0x190090, 0x1900fc, "interrupt masks: what is enabled is also raised" },
	{ 0x190180, 0x190188, "mailbox of a second GuC" },
	{ 0x1901f4, 0x1901f8, "second doorbell; virtual function: 0, it is none" },
	{ 0x1c0890, 0x1c0890, "state of the video units: they are idle" },
	{ 0x1c2914, 0x1c2914, "state of the video units: they are idle" },
	{ 0x1c3f10, 0x1c3f14, "video fabric" },
	{ 0x1ca014, 0x1ca014, "state of the video units: they are idle" },
	{ 0x1cc000, 0x1cc000, "scaler lock" },
	{ 0x259c48, 0x259c48, "no override of the flash" },
};

/* Of the state that context images hold; 0x600 and on are the 16 registers of the ALU. */
static const u16 image_list[] = {
	0x588, 0x588, 0x588, 0x588, 0x588, 0x588, 0x028, 0x09c, 0x0c0, 0x178, 0x17c, 0x358, 0x170,
	0x150, 0x154, 0x158, 0x41c,
	0x600, 0x604, 0x608, 0x60c, 0x610, 0x614, 0x618, 0x61c, 0x620, 0x624, 0x628, 0x62c,
	0x630, 0x634, 0x638, 0x63c, 0x640, 0x644, 0x648, 0x64c, 0x650, 0x654, 0x658, 0x65c,
	0x660, 0x664, 0x668, 0x66c, 0x670, 0x674, 0x678, 0x67c,
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
	.image_list_at = 0x51,
	.image_list_count = ARRAY_LEN(image_list),
	.image_list = image_list,
	.reset_values = reset_values,
};
