// SPDX-License-Identifier: GPL-2.0
/* The GuC from outside: firmware load, the register mailbox, the doorbell. */
#include <stdlib.h>
#include <string.h>

#include "device.h"

#define GUC_STATUS		0xc000
#define GUC_STATUS_IN_RESET	BIT(0)
/* What became of the signature, the firmware's own status, the boot ROM's. */
#define GUC_STATUS_READY	(2u << 30 | 0xf0u << 8 | 0x76u << 1)
#define GUC_STATUS_BAD_SIGNATURE (1u << 30 | 0x50u << 1)
#define DMA_START		BIT(0)
#define DMA_UOS_MOVE		BIT(4)

#define MAILBOX			0x190240
#define MAILBOX_DWORDS		4
#define ORIGIN_GUC		BIT(31)
#define TYPE_SUCCESS		(7u << 28)
#define TYPE_FAILURE		(6u << 28)

#define ACTION_SELF_CONFIG	0x0508
#define ACTION_CONTROL_BUFFERS	0x4509
#define ACTION_SOFT_RESET	0x5507
#define ACTION_GET_HWCONFIG	0x4100

#define KEY_TO_GUC_ADDRESS	0x902
#define KEY_TO_GUC_DESCRIPTOR	0x903
#define KEY_TO_GUC_BYTES	0x904
#define KEY_TO_HOST_ADDRESS	0x905
#define KEY_TO_HOST_DESCRIPTOR	0x906
#define KEY_TO_HOST_BYTES	0x907

bool guc_create(struct device *d)
{
	d->guc.contexts = calloc(GUC_CONTEXTS, sizeof(*d->guc.contexts));
	d->guc.backlog = calloc(GUC_BACKLOG, sizeof(*d->guc.backlog));
	return d->guc.contexts && d->guc.backlog;
}

void guc_destroy(struct device *d)
{
	free(d->guc.contexts);
	free(d->guc.backlog);
	d->guc.contexts = NULL;
	d->guc.backlog = NULL;
}

void guc_reset(struct device *d)
{
	struct guc *guc = &d->guc;

	guc->buffers_on = false;
	memset(&guc->to_guc, 0, sizeof(guc->to_guc));
	memset(&guc->to_host, 0, sizeof(guc->to_host));
	guc->backlog_count = 0;
	guc_submit_reset(d);
	regs_poke(d, GUC_STATUS, GUC_STATUS_IN_RESET);
}

void guc_write_dma_control(struct device *d, const struct reg *r, u32 offset, u32 value)
{
	u32 now = masked_update(regs_peek(d, offset), value);

	(void)r;
	if (now & DMA_START) {
		/* The firmware is a stub: that it was moved is all there is to it. */
		if (now & DMA_UOS_MOVE) {
			bool refused = d->faults.guc_refuses_firmware;

			log_info(d, "GuC: firmware %s", refused ? "refused on request" : "started");
			regs_poke(d, GUC_STATUS, refused ? GUC_STATUS_BAD_SIGNATURE : GUC_STATUS_READY);
			d->counters.faults_fired += refused;
		}
		now &= ~DMA_START;
	}
	regs_poke(d, offset, now & 0xffff);
}

static bool self_config(struct device *d, const u32 *dw)
{
	struct guc *guc = &d->guc;
	u64 value = make64(dw[2], dw[3]);

	switch (dw[1] >> 16) {
	case KEY_TO_GUC_ADDRESS:
		guc->to_guc.address = value;
		return true;
	case KEY_TO_GUC_DESCRIPTOR:
		guc->to_guc.descriptor = value;
		return true;
	case KEY_TO_GUC_BYTES:
		guc->to_guc.bytes = dw[2];
		return true;
	case KEY_TO_HOST_ADDRESS:
		guc->to_host.address = value;
		return true;
	case KEY_TO_HOST_DESCRIPTOR:
		guc->to_host.descriptor = value;
		return true;
	case KEY_TO_HOST_BYTES:
		guc->to_host.bytes = dw[2];
		return true;
	}
	unmodelled(d, ONCE_GUC_KEY, dw[1] >> 16, "key of a self-configuration");
	return true;
}

static void mailbox_message(struct device *d)
{
	u32 dw[MAILBOX_DWORDS], data0 = 0, i;
	bool good = true;

	for (i = 0; i < MAILBOX_DWORDS; i++)
		dw[i] = regs_peek(d, MAILBOX + 4 * i);
	log_debug(d, "GuC: mailbox %08x %08x %08x %08x", dw[0], dw[1], dw[2], dw[3]);

	switch (dw[0] & 0xffff) {
	case ACTION_SELF_CONFIG:
		good = self_config(d, dw);
		data0 = 1;
		break;
	case ACTION_CONTROL_BUFFERS:
		d->guc.buffers_on = dw[1];
		break;
	case ACTION_SOFT_RESET:
		if (d->faults.guc_ignores_reset) {
			d->counters.faults_fired++;
			return;
		}
		d->guc.buffers_on = false;
		d->guc.backlog_count = 0;
		guc_submit_reset(d);
		break;
	case ACTION_GET_HWCONFIG:	/* a table of 0 bytes: this card has none */
		break;
	default:
		unmodelled(d, ONCE_GUC_ACTION, dw[0] & 0xffff, "in the mailbox");
		good = false;
	}
	regs_poke(d, MAILBOX, ORIGIN_GUC | (good ? TYPE_SUCCESS : TYPE_FAILURE) | data0);
}

/* The same bell rings for the mailbox and for the buffers. */
void guc_write_notify(struct device *d, const struct reg *r, u32 offset, u32 value)
{
	u32 head = regs_peek(d, MAILBOX);

	(void)r;
	(void)offset;
	(void)value;
	if (d->faults.guc_silent) {
		d->counters.faults_fired++;
		return;
	}
	if (head && !(head & ORIGIN_GUC))
		mailbox_message(d);
	else if (d->guc.buffers_on)
		guc_ct_receive(d);
}
