// SPDX-License-Identifier: GPL-2.0
/* The command streamer: fetch, take apart, hand on. */
#include "device.h"
#include "lrc.h"

/* What one slice may do while the host waits for the lock. */
#define SLICE_COMMANDS	256
#define RESTORE_COMMANDS	4096

#define COMMAND_TYPE(h)	((h) >> 29)
#define TYPE_MI		0u
#define TYPE_BLIT	2u
#define TYPE_RENDER	3u
#define PIPELINE_SELECT	0x6904u	/* one dword, unlike its group */

#define RING_TAIL	0x30
#define RING_HEAD	0x34
#define RING_ACTHD	0x74
#define RING_ACTHD_UDW	0x5c
#define RING_IPEHR	0x68

#define FAULT_REG	0xcec4
#define FAULT_DATA0	0xceb8
#define FAULT_DATA1	0xcebc

struct space cs_space(const struct cs *cs, bool ggtt)
{
	if (ggtt)
		return GGTT_SPACE;
	return (struct space){ .ppgtt = true, .root = cs->root };
}

u32 cs_register(const struct engine *e, u32 offset, bool relative)
{
	offset &= 0x7ffffc;
	if (relative)
		return (offset & 0xfff) + e->facts->base;
	return offset;
}

enum cs_result cs_translation_fault(struct device *d, struct engine *e, u64 va, bool write)
{
	d->counters.translation_faults++;
	log_error(d, "%s: %s of unmapped address %#llx, context %#x, root %#llx", e->facts->name,
		  write ? "write" : "read", (unsigned long long)va, e->cs.lrca,
		  (unsigned long long)e->cs.root);
	regs_poke(d, FAULT_DATA0, (u32)(va >> 12));
	regs_poke(d, FAULT_DATA1, (u32)(va >> 44) & 0xf);
	regs_poke(d, FAULT_REG, 1u | (write ? BIT(1) : 0) | (u32)e->facts->class << 12);
	return CS_FAULT;
}

static bool fetch(struct device *d, struct engine *e, u32 *dw, u32 first, u32 count, u64 *fault)
{
	struct cs *cs = &e->cs;
	u32 i;

	if (cs->depth) {
		*fault = cs->pc + first * 4;
		return gtt_read(d, cs_space(cs, !cs->ppgtt), *fault, dw + first, (count - first) * 4);
	}
	for (i = first; i < count; i++) {
		*fault = cs->ring_start + (cs->ring_head + i * 4) % cs->ring_bytes;
		if (!gtt_read(d, GGTT_SPACE, *fault, dw + i, 4))
			return false;
	}
	return true;
}

static u32 length_of(u32 header)
{
	const struct mi_command *mi;

	if (COMMAND_TYPE(header) == TYPE_MI) {
		mi = &mi_commands[FIELD(header, 28, 23)];
		return mi->length_mask ? (header & mi->length_mask) + 2 : 1;
	}
	if (header >> 16 == PIPELINE_SELECT)
		return 1;
	return (header & 0xff) + 2;
}

static enum cs_result execute(struct device *d, struct engine *e, const u32 *dw, u32 count)
{
	const struct mi_command *mi;

	switch (COMMAND_TYPE(dw[0])) {
	case TYPE_MI:
		mi = &mi_commands[FIELD(dw[0], 28, 23)];
		if (!mi->run) {
			unmodelled(d, ONCE_COMMAND, dw[0] & 0xff800000u, e->facts->name);
			return CS_NEXT;
		}
		return mi->run(d, e, dw, count);
	case TYPE_BLIT:
		return blit_command(d, e, dw, count);
	case TYPE_RENDER:
		return cs_render(d, e, dw, count);
	}
	unmodelled(d, ONCE_COMMAND, dw[0], "no such command type");
	return CS_FAULT;
}

static void advance(struct cs *cs, u32 count)
{
	if (cs->depth)
		cs->pc += count * 4;
	else
		cs->ring_head = (cs->ring_head + count * 4) % cs->ring_bytes;
}

static enum cs_result one(struct device *d, struct engine *e)
{
	struct cs *cs = &e->cs;
	u32 dw[CS_LENGTH_MAX], count;
	enum cs_result result;
	u64 fault;

	if (!fetch(d, e, dw, 0, 1, &fault))
		return cs_translation_fault(d, e, fault, false);
	count = length_of(dw[0]);

	/* An unfinished blit belongs to the command at the program counter. */
	if (cs->blit.active) {
		result = blit_continue(d, e);
	} else {
		if (!fetch(d, e, dw, 1, count, &fault))
			return cs_translation_fault(d, e, fault, false);
		log_trace(d, "%s: %08x %08x, %u dwords at %#llx depth %u", e->facts->name, dw[0],
			  count > 1 ? dw[1] : 0, count,
			  (unsigned long long)(cs->depth ? cs->pc : cs->ring_head), cs->depth);
		d->counters.commands++;
		regs_poke(d, e->facts->base + RING_IPEHR, dw[0]);
		result = execute(d, e, dw, count);
	}
	if (result == CS_NEXT)
		advance(cs, count);
	return result == CS_JUMPED ? CS_NEXT : result;
}

bool cs_run_restore_batch(struct device *d, struct engine *e, u64 address, u32 bytes)
{
	struct cs *cs = &e->cs;
	struct cs before = *cs;
	enum cs_result result = CS_NEXT;
	bool outside = d->executing;
	u32 n;

	cs->depth = 1;
	cs->pc = address;
	cs->ppgtt = false;
	cs->blit.active = false;
	d->executing = true;
	for (n = 0; n < RESTORE_COMMANDS && cs->depth && result == CS_NEXT; n++) {
		if (bytes && cs->pc >= address + bytes)
			break;
		result = one(d, e);
	}
	d->executing = outside;
	if (result != CS_NEXT || n == RESTORE_COMMANDS) {
		log_error(d, "%s: the batch at %#llx, run when a context is restored, %s at %#llx (%#x)",
			  e->facts->name, (unsigned long long)address,
			  result == CS_WAIT ? "waits" : result == CS_NEXT ? "does not end" : "fails",
			  (unsigned long long)cs->pc, regs_peek(d, e->facts->base + RING_IPEHR));
		return false;
	}
	*cs = before;
	return true;
}

void cs_show_position(struct device *d, struct engine *e, u32 tail)
{
	struct cs *cs = &e->cs;
	u64 at = cs->depth ? cs->pc : cs->ring_start + cs->ring_head;

	regs_poke(d, e->facts->base + RING_HEAD, cs->ring_head);
	regs_poke(d, e->facts->base + RING_TAIL, tail);
	regs_poke(d, e->facts->base + RING_ACTHD, (u32)at);
	regs_poke(d, e->facts->base + RING_ACTHD_UDW, (u32)(at >> 32));
}

enum cs_result cs_run(struct device *d, struct engine *e)
{
	struct cs *cs = &e->cs;
	enum cs_result result = CS_NEXT;
	u32 n, tail = regs_peek(d, e->facts->base + RING_TAIL);

	cs->slice_bytes = 0;
	d->executing = true;
	for (n = 0; n < SLICE_COMMANDS && result == CS_NEXT && cs->slice_bytes < CS_SLICE_BYTES; n++) {
		cs->at_arbitration = false;
		if (e->hang_next) {
			e->hang_next = false;
			d->counters.faults_fired++;
			result = CS_HANG;
			break;
		}
		if (!cs->depth) {
			tail = lrc_tail(d, e);
			if (tail >= cs->ring_bytes) {
				log_error(d, "%s: ring tail %#x beyond its end", e->facts->name, tail);
				result = CS_FAULT;
				break;
			}
			/* Between two commands of the ring the context can be switched. */
			cs->at_arbitration = cs->arbitration;
			if (cs->ring_head == tail) {
				result = CS_EMPTY;
				break;
			}
		}
		result = one(d, e);
		if (cs->at_arbitration && result == CS_NEXT)
			break;
	}
	d->executing = false;
	cs_show_position(d, e, tail);
	return result;
}
