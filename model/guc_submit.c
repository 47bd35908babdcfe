// SPDX-License-Identifier: GPL-2.0
/*
 * Contexts under the GuC: each engine takes its waiting contexts in turn, a
 * slice of time each. One that cannot be preempted in time is reset, and the
 * host told.
 */
#include <string.h>

#include "device.h"
#include "lrc.h"

#define EVENT_SCHEDULED		0x1002
#define EVENT_CONTEXT_RESET	0x1008
#define EVENT_DEREGISTERED	0x4600

#define KEY_QUANTUM		0x2001
#define KEY_PREEMPT		0x2002
#define QUANTUM_US		1000
#define PREEMPT_US		640000
#define SEMAPHORE_POLL_NS	100000

static struct guc_context *context(struct device *d, u32 id)
{
	return &d->guc.contexts[id % GUC_CONTEXTS];
}

/* The GuC numbers classes in its own way. */
static struct engine *context_engine(struct device *d, const struct guc_context *c)
{
	static const u8 hardware[] = { CLASS_RENDER, CLASS_VIDEO_DECODE, CLASS_VIDEO_ENHANCE,
				       CLASS_COPY, CLASS_COMPUTE, CLASS_OTHER };

	return c->class < ARRAY_LEN(hardware) ? engine_by_class(d, hardware[c->class]) : NULL;
}

static void enqueue(struct device *d, struct engine *e, u32 id)
{
	struct guc_queue *q = &e->queue;
	struct guc_context *c = context(d, id);

	/* The one that is there may be idle, with a new tail. */
	if (q->current == id)
		device_wake(d);
	if (c->queued || q->current == id)
		return;
	c->queued = true;
	c->next = GUC_NONE;
	if (q->first == GUC_NONE)
		q->first = id;
	else
		context(d, q->last)->next = id;
	q->last = id;
	device_wake(d);
}

static void dequeue(struct device *d, struct engine *e, u32 id)
{
	struct guc_queue *q = &e->queue;
	struct guc_context *c = context(d, id);
	u32 at, before = GUC_NONE;

	if (!c->queued)
		return;
	for (at = q->first; at != GUC_NONE && at != id; at = context(d, at)->next)
		before = at;
	if (at == GUC_NONE)
		return;
	if (before == GUC_NONE)
		q->first = c->next;
	else
		context(d, before)->next = c->next;
	if (q->last == id)
		q->last = before;
	c->queued = false;
}

void guc_queue_reset(struct device *d, struct engine *e)
{
	struct guc_queue *q = &e->queue;

	while (q->first != GUC_NONE && d->guc.contexts && context(d, q->first)->queued)
		dequeue(d, e, q->first);
	*q = (struct guc_queue){ .current = GUC_NONE, .first = GUC_NONE, .last = GUC_NONE };
}

void guc_submit_reset(struct device *d)
{
	u32 i;

	memset(d->guc.contexts, 0, GUC_CONTEXTS * sizeof(*d->guc.contexts));
	for (i = 0; i < d->card->engine_count; i++) {
		struct engine *e = &d->engines[i];

		if (e->queue.current != GUC_NONE)
			lrc_drop(d, e);
		e->queue = (struct guc_queue){ GUC_NONE, GUC_NONE, GUC_NONE, 0, 0 };
	}
}

static void report_scheduled(struct device *d, u32 id, bool enabled)
{
	u32 data[2] = { id, enabled };

	guc_ct_event(d, EVENT_SCHEDULED, data, 2);
}

/* The context leaves the engine; a request to disable it is now answered. */
static void leave(struct device *d, struct engine *e)
{
	u32 id = e->queue.current;
	struct guc_context *c = context(d, id);

	e->queue.current = GUC_NONE;
	e->queue.preempt_deadline_ns = 0;
	if (c->disabling) {
		c->disabling = false;
		report_scheduled(d, id, false);
	}
}

static void reset_current(struct device *d, struct engine *e, const char *why)
{
	u32 id = e->queue.current;

	log_info(d, "%s: context %u reset: %s", e->facts->name, id, why);
	d->counters.context_resets++;
	d->counters.engine_resets++;
	lrc_drop(d, e);
	e->hung = false;
	guc_ct_event(d, EVENT_CONTEXT_RESET, &id, 1);
	leave(d, e);
}

bool guc_context_register(struct device *d, u32 id, u32 class, u32 lrca, bool parallel)
{
	struct guc_context *c = context(d, id);

	if (id >= GUC_CONTEXTS || c->registered) {
		log_error(d, "GuC: context %u cannot be registered%s", id,
			  id < GUC_CONTEXTS ? ": it is already" : "");
		return false;
	}
	if (parallel)
		unmodelled(d, ONCE_GUC_ACTION, 0x4601, "parallel contexts are not executed");
	*c = (struct guc_context){ .registered = true, .parallel = parallel, .class = (u8)class,
				   .lrca = lrca, .next = GUC_NONE, .quantum_us = QUANTUM_US,
				   .preempt_us = PREEMPT_US };
	if (class > UINT8_MAX || !context_engine(d, c)) {
		log_error(d, "GuC: context %u is for class %u, which the card has not", id, class);
		c->registered = false;
		return false;
	}
	return true;
}

static bool usable(struct device *d, u32 id, const char *what)
{
	if (id < GUC_CONTEXTS && context(d, id)->registered)
		return true;
	log_error(d, "GuC: context %u is not registered: %s", id, what);
	return false;
}

void guc_context_deregister(struct device *d, u32 id)
{
	struct guc_context *c = context(d, id);
	struct engine *e;

	if (!usable(d, id, "deregister"))
		return;
	e = context_engine(d, c);
	dequeue(d, e, id);
	if (e->queue.current == id) {
		if (e->hung)
			reset_current(d, e, "deregistered while it hangs");
		else
			lrc_save(d, e);
		e->queue.current = GUC_NONE;
	}
	c->registered = false;
	guc_ct_event(d, EVENT_DEREGISTERED, &id, 1);
}

void guc_context_set_enabled(struct device *d, u32 id, bool enable)
{
	struct guc_context *c = context(d, id);
	struct engine *e;

	if (!usable(d, id, "switch"))
		return;
	e = context_engine(d, c);
	c->enabled = enable;
	if (enable) {
		report_scheduled(d, id, true);
		guc_context_schedule(d, id);
		return;
	}
	dequeue(d, e, id);
	if (e->queue.current == id) {
		c->disabling = true;
		device_wake(d);
	} else {
		report_scheduled(d, id, false);
	}
}

void guc_context_schedule(struct device *d, u32 id)
{
	struct guc_context *c = context(d, id);
	struct engine *e;

	if (!usable(d, id, "schedule") || !c->enabled)
		return;
	e = context_engine(d, c);
	if (c->parallel) {
		guc_ct_event(d, EVENT_CONTEXT_RESET, &id, 1);
		return;
	}
	enqueue(d, e, id);
}

void guc_context_policies(struct device *d, u32 id, const u32 *klv, u32 count)
{
	struct guc_context *c;
	u32 i = 0;

	if (!usable(d, id, "policies"))
		return;
	c = context(d, id);
	while (i + 1 < count) {
		if (klv[i] >> 16 == KEY_QUANTUM)
			c->quantum_us = klv[i + 1];
		else if (klv[i] >> 16 == KEY_PREEMPT)
			c->preempt_us = klv[i + 1];
		i += 1 + (klv[i] & 0xffff);
	}
}

static bool next_context(struct device *d, struct engine *e)
{
	struct guc_queue *q = &e->queue;
	u32 id = q->first;
	struct guc_context *c;

	if (id == GUC_NONE)
		return false;
	c = context(d, id);
	dequeue(d, e, id);
	q->current = id;
	q->preempt_deadline_ns = 0;
	q->slice_end_ns = c->quantum_us ? clock_ns() + c->quantum_us * 1000ull : UINT64_MAX;
	if (!lrc_load(d, e, c->lrca))
		reset_current(d, e, "its image is not usable");
	return true;
}

static void sleep_at_most(u64 *sleep_ns, u64 ns)
{
	if (!*sleep_ns || ns < *sleep_ns)
		*sleep_ns = ns;
}

/* The context has to go but is at no point where it could: how long is it left alone? */
static bool preempt_too_late(struct guc_queue *q, const struct guc_context *c, u64 *sleep_ns)
{
	u64 now = clock_ns();

	if (!c->preempt_us)
		return false;
	if (!q->preempt_deadline_ns)
		q->preempt_deadline_ns = now + c->preempt_us * 1000ull;
	if (now >= q->preempt_deadline_ns)
		return true;
	sleep_at_most(sleep_ns, q->preempt_deadline_ns - now);
	return false;
}

bool guc_slice(struct device *d, struct engine *e, u64 *sleep_ns)
{
	struct guc_queue *q = &e->queue;
	enum cs_result result = CS_HANG;
	struct guc_context *c;
	bool must_go;
	u32 id;

	if (d->guc.backlog_count) {
		guc_ct_flush(d);
		sleep_at_most(sleep_ns, 1000000);
	}
	if (q->current == GUC_NONE)
		return next_context(d, e);

	id = q->current;
	c = context(d, id);
	if (!e->hung)
		result = cs_run(d, e);
	switch (result) {
	case CS_EMPTY:
		if (q->first == GUC_NONE && !c->disabling && !engine_save_due(d, e, sleep_ns))
			return false;
		lrc_save(d, e);
		leave(d, e);
		return true;
	case CS_FAULT:
		reset_current(d, e, "fault");
		return true;
	case CS_HANG:
		if (!e->hung)
			engine_stop(d, e, "on request");
		break;
	default:
		e->save_at_ns = 0;
		break;
	}

	/* A waiting context yields its engine at once; a hung one has its time to yield from now. */
	must_go = c->disabling || (q->first != GUC_NONE && (result == CS_WAIT || e->hung ||
							    clock_ns() >= q->slice_end_ns));
	if (must_go && !e->hung && e->cs.at_arbitration) {
		bool again = !c->disabling;

		d->counters.preemptions++;
		lrc_save(d, e);
		leave(d, e);
		if (again)
			enqueue(d, e, id);
		if (result == CS_WAIT) {
			/* All that wait here may wait for each other. */
			sleep_at_most(sleep_ns, SEMAPHORE_POLL_NS);
			return false;
		}
		return true;
	}
	if (must_go && preempt_too_late(q, c, sleep_ns)) {
		reset_current(d, e, e->hung ? "the engine hangs" : "it does not let itself be preempted");
		return true;
	}
	if (result == CS_WAIT)
		sleep_at_most(sleep_ns, SEMAPHORE_POLL_NS);
	return result == CS_NEXT || result == CS_AGAIN;
}
