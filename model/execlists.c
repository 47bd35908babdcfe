// SPDX-License-Identifier: GPL-2.0
/* Submission by the driver through two ports an engine, reported in the status buffer. */
#include <string.h>

#include "device.h"
#include "lrc.h"

#define RING_HWS		0x80
#define RING_IPEHR		0x68
#define RING_EIR		0xb0
#define ERROR_INSTRUCTION	BIT(0)
#define RING_STATUS		0x234	/* descriptor of the running context */
#define RING_CSB		0x370
#define RING_SUBMIT_QUEUE	0x510
#define CSB_ENTRIES		12
#define CSB_IN_STATUS_PAGE	0x40
#define CSB_WRITE_IN_PAGE	0xbc
#define LOAD_QUEUE		BIT(0)

#define PORT_VALID		1ull
#define CONTEXT_ID(port)	((u32)FIELD(port, 47, 37) << 15)
#define CONTEXT_IDLE		(0x7ffu << 15)
#define NEW_QUEUE		BIT(0)
#define PREEMPTED		5u

#define SEMAPHORE_POLL_NS	100000

static void report(struct device *d, struct engine *e, u32 to, u32 away)
{
	struct execlists *x = &e->execlists;
	u32 base = e->facts->base, slot, hws = regs_peek(d, base + RING_HWS) & ~PAGE_MASK;

	x->csb_write = (x->csb_write + 1) % CSB_ENTRIES;
	slot = hws + CSB_IN_STATUS_PAGE + 8 * x->csb_write;
	if (!ggtt_write32(d, slot, to)) {
		d->counters.translation_faults++;
		log_error(d, "%s: no status page at %#x: the host is not told %08x %08x", e->facts->name,
			  hws, to, away);
	}
	ggtt_write32(d, slot + 4, away);
	regs_poke(d, base + RING_CSB + 8 * (x->csb_write % 6), to);
	regs_poke(d, base + RING_CSB + 8 * (x->csb_write % 6) + 4, away);
	ggtt_write32(d, hws + CSB_WRITE_IN_PAGE, x->csb_write);
	log_debug(d, "%s: status %08x %08x at %u", e->facts->name, to, away, x->csb_write);
	engine_irq(d, e, IRQ_CONTEXT_SWITCH);
}

static void show_running(struct device *d, struct engine *e)
{
	struct execlists *x = &e->execlists;

	regs_poke64(d, e->facts->base + RING_STATUS, x->active ? x->port[x->current] : 0);
}

void execlists_reset(struct device *d, struct engine *e)
{
	memset(&e->execlists, 0, sizeof(e->execlists));
	e->execlists.csb_write = CSB_ENTRIES - 1;
	show_running(d, e);
}

static void load_port(struct device *d, struct engine *e)
{
	struct execlists *x = &e->execlists;

	show_running(d, e);
	if (!lrc_load(d, e, (u32)x->port[x->current]))
		engine_stop(d, e, "context that cannot be loaded");
}

/* Take the ports that were written last. */
static void take_ports(struct device *d, struct engine *e)
{
	struct execlists *x = &e->execlists;
	u32 away = CONTEXT_IDLE;

	if (x->active) {
		away = CONTEXT_ID(x->port[x->current]) | PREEMPTED;
		d->counters.preemptions++;
		lrc_save(d, e);
	}
	memcpy(x->port, x->next_port, sizeof(x->port));
	x->switch_pending = false;
	x->current = 0;
	x->active = x->port[0] & PORT_VALID;
	if (!x->active) {
		if (away != CONTEXT_IDLE)
			report(d, e, CONTEXT_IDLE | NEW_QUEUE, away);
		show_running(d, e);
		return;
	}
	report(d, e, CONTEXT_ID(x->port[0]) | NEW_QUEUE, away);
	load_port(d, e);
}

static u32 port_context(u64 port)
{
	return (u32)port & ~PAGE_MASK;
}

void execlists_write_load(struct device *d, const struct reg *r, u32 offset, u32 value)
{
	u32 base = r->engine->base, queue = base + RING_SUBMIT_QUEUE;
	struct engine *e = reg_engine(d, r);
	struct execlists *x = &e->execlists;

	regs_poke(d, offset, value);
	if (!(value & LOAD_QUEUE))
		return;

	x->next_port[0] = make64(regs_peek(d, queue), regs_peek(d, queue + 4));
	x->next_port[1] = make64(regs_peek(d, queue + 8), regs_peek(d, queue + 12));
	log_debug(d, "%s: ports %#llx %#llx while at %#llx depth %u head %#x, %s, last command %#x",
		  e->facts->name, (unsigned long long)x->next_port[0],
		  (unsigned long long)x->next_port[1], (unsigned long long)e->cs.pc, e->cs.depth,
		  e->cs.ring_head, e->hung ? "hung" : e->cs.arbitration ? "preemptible" : "busy",
		  regs_peek(d, base + RING_IPEHR));
	x->switch_pending = true;

	/* The same context again: its new tail is seen without a switch. */
	if (x->active && !e->hung && x->current == 0 && e->cs.loaded &&
	    port_context(x->port[0]) == port_context(x->next_port[0])) {
		u32 away = CONTEXT_ID(x->port[0]) | PREEMPTED;

		memcpy(x->port, x->next_port, sizeof(x->port));
		x->switch_pending = false;
		show_running(d, e);
		report(d, e, CONTEXT_ID(x->port[0]) | NEW_QUEUE, away);
	}
	device_wake(d);
}

void execlists_write_csb_pointer(struct device *d, const struct reg *r, u32 offset, u32 value)
{
	regs_poke(d, offset, value & 0xffff);
	reg_engine(d, r)->execlists.csb_write = (value & 0xf) % CSB_ENTRIES;
}

/* The ring of the loaded context is empty. */
static void context_done(struct device *d, struct engine *e)
{
	struct execlists *x = &e->execlists;
	u32 away = CONTEXT_ID(x->port[x->current]);

	lrc_save(d, e);
	if (x->current == 0 && x->port[1] & PORT_VALID) {
		x->current = 1;
		report(d, e, CONTEXT_ID(x->port[1]), away);
		load_port(d, e);
	} else {
		x->active = false;
		show_running(d, e);
		report(d, e, CONTEXT_IDLE, away);
	}
}

bool execlists_slice(struct device *d, struct engine *e, u64 *sleep_ns)
{
	struct execlists *x = &e->execlists;
	enum cs_result result;

	if (e->hung)
		return false;
	if (!x->active) {
		take_ports(d, e);
		return true;
	}

	result = cs_run(d, e);
	switch (result) {
	case CS_FAULT:
		engine_stop(d, e, "fault");
		regs_poke(d, e->facts->base + RING_EIR, ERROR_INSTRUCTION);
		engine_irq(d, e, IRQ_ERROR);
		return false;
	case CS_HANG:
		engine_stop(d, e, "on request");
		return false;
	case CS_EMPTY:
		/* Others may want it, or the context itself may have got more to do. */
		if (!x->switch_pending && !engine_save_due(d, e, sleep_ns))
			return false;
		context_done(d, e);
		return true;
	default:
		e->save_at_ns = 0;
		break;
	}
	if (x->switch_pending && e->cs.at_arbitration) {
		take_ports(d, e);
		return true;
	}
	if (result == CS_WAIT) {
		if (!x->told_waiting)
			engine_irq(d, e, IRQ_WAIT_SEMAPHORE);
		x->told_waiting = true;
		if (!*sleep_ns || *sleep_ns > SEMAPHORE_POLL_NS)
			*sleep_ns = SEMAPHORE_POLL_NS;
		return false;
	}
	x->told_waiting = false;
	return true;
}
