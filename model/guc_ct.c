// SPDX-License-Identifier: GPL-2.0
/* Message buffers between host and GuC: rings of dwords in the GGTT, each with a descriptor. */
#include <string.h>

#include "device.h"

#define DESC_HEAD	0
#define DESC_TAIL	4
#define DESC_STATUS	8
#define STATUS_OVERFLOW		BIT(0)
#define STATUS_UNDERFLOW	BIT(1)
#define STATUS_MISMATCH		BIT(2)

#define BYTES_MAX	(1 * MiB)	/* what is in it is done within one register write */
#define HEADER(fence, count)	((fence) << 16 | (count))
#define HEADER_COUNT(h)		((h) & 0xff)
#define HEADER_FENCE(h)		((h) >> 16)

#define ORIGIN_GUC	BIT(31)
#define TYPE_EVENT	(1u << 28)
#define TYPE_FAILURE	(6u << 28)
#define TYPE_SUCCESS	(7u << 28)

static u32 ring_dwords(const struct guc_buffer *b)
{
	return b->bytes && b->bytes <= BYTES_MAX ? b->bytes / 4 : 0;
}

static void broken(struct device *d, const struct guc_buffer *b, u32 status, const char *what)
{
	log_error(d, "GuC: message buffer: %s", what);
	ggtt_write32(d, b->descriptor + DESC_STATUS,
		     ggtt_read32(d, b->descriptor + DESC_STATUS) | status);
	d->guc.buffers_on = false;
}

static bool put(struct device *d, const struct guc_event *event)
{
	struct guc_buffer *b = &d->guc.to_host;
	u32 size = ring_dwords(b), head, tail, room, i;

	if (!size)
		return true;
	head = ggtt_read32(d, b->descriptor + DESC_HEAD);
	tail = ggtt_read32(d, b->descriptor + DESC_TAIL);
	if (head >= size || tail >= size) {
		broken(d, b, STATUS_MISMATCH, "the host's head or tail is outside");
		return true;
	}
	room = (head + size - tail - 1) % size;
	if (room < event->count + 1)
		return false;

	ggtt_write32(d, b->address + 4 * tail, HEADER(event->fence, event->count));
	for (i = 0; i < event->count; i++) {
		tail = (tail + 1) % size;
		ggtt_write32(d, b->address + 4 * tail, event->dw[i]);
	}
	ggtt_write32(d, b->descriptor + DESC_TAIL, (tail + 1) % size);
	d->counters.g2h++;
	irq_raise(d, d->card->guc_irq_bank, d->card->guc_irq_bit, CLASS_OTHER, 0, IRQ_GUC_TO_HOST);
	return true;
}

void guc_ct_flush(struct device *d)
{
	struct guc *guc = &d->guc;

	while (guc->backlog_count && put(d, &guc->backlog[guc->backlog_first])) {
		guc->backlog_first = (guc->backlog_first + 1) % GUC_BACKLOG;
		guc->backlog_count--;
	}
}

static void send(struct device *d, const struct guc_event *event)
{
	struct guc *guc = &d->guc;

	if (!guc->buffers_on)
		return;
	guc_ct_flush(d);
	if (!guc->backlog_count && put(d, event))
		return;
	if (guc->backlog_count == GUC_BACKLOG) {
		broken(d, &guc->to_host, STATUS_OVERFLOW, "the host does not read its messages");
		return;
	}
	guc->backlog[(guc->backlog_first + guc->backlog_count++) % GUC_BACKLOG] = *event;
	device_wake(d);
}

void guc_ct_respond(struct device *d, u32 fence, u32 data0)
{
	send(d, &(struct guc_event){ fence, 1, { ORIGIN_GUC | TYPE_SUCCESS | data0 } });
}

void guc_ct_fail(struct device *d, u32 fence, u32 error)
{
	send(d, &(struct guc_event){ fence, 1, { ORIGIN_GUC | TYPE_FAILURE | error } });
}

void guc_ct_event(struct device *d, u32 action, const u32 *data, u32 count)
{
	struct guc_event event = { 0, count + 1, { ORIGIN_GUC | TYPE_EVENT | action } };

	memcpy(event.dw + 1, data, count * sizeof(*data));
	send(d, &event);
}

void guc_ct_receive(struct device *d)
{
	struct guc_buffer *b = &d->guc.to_guc;
	u32 size = ring_dwords(b), head, tail, header, count, available, i, seen = 0;
	u32 dw[GUC_MESSAGE_MAX];

	guc_ct_flush(d);
	if (!size) {
		broken(d, b, STATUS_MISMATCH, "its size is not usable");
		return;
	}
	head = ggtt_read32(d, b->descriptor + DESC_HEAD);
	/* A ring holds fewer messages than dwords: more would be a tail that runs from us. */
	while (d->guc.buffers_on && seen++ < size) {
		tail = ggtt_read32(d, b->descriptor + DESC_TAIL);
		if (head >= size || tail >= size) {
			broken(d, b, STATUS_MISMATCH, "head or tail is outside");
			return;
		}
		if (head == tail)
			return;
		available = (tail + size - head) % size;
		header = ggtt_read32(d, b->address + 4 * head);
		count = HEADER_COUNT(header);
		if (!header) {		/* filled up to the end: go on at the start */
			head = 0;
			ggtt_write32(d, b->descriptor + DESC_HEAD, head);
			continue;
		}
		if (!count || count + 1 > available) {
			broken(d, b, STATUS_UNDERFLOW, "a message is longer than what was sent");
			return;
		}
		for (i = 0; i < count; i++)
			dw[i] = ggtt_read32(d, b->address + 4 * ((head + 1 + i) % size));
		head = (head + 1 + count) % size;
		ggtt_write32(d, b->descriptor + DESC_HEAD, head);
		d->counters.h2g++;
		guc_request(d, HEADER_FENCE(header), dw, count);
	}
}
