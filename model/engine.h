/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_ENGINE_H
#define MODEL_ENGINE_H

#include "cs.h"
#include "types.h"

struct device;
struct engine_facts;

/* Execlist submission port pair of an engine: execlists.c. */
struct execlists {
	u64 port[2];
	u32 current;
	bool active;
	bool switch_pending;	/* new ports wait until the context can be preempted */
	bool told_waiting;	/* the host knows that a semaphore is waited for */
	u64 next_port[2];
	u32 csb_write;
};

/* What the GuC keeps about an engine class: guc_submit.c. */
struct guc_queue {
	u32 current;		/* id of the loaded context, or none */
	u32 first, last;	/* contexts that wait for the engine */
	u64 slice_end_ns;
	u64 preempt_deadline_ns;
};

struct engine {
	const struct engine_facts *facts;
	struct cs cs;
	struct execlists execlists;
	struct guc_queue queue;
	u64 save_at_ns;		/* fault on request: its context is done, and written back then */
	bool stopped;		/* by the host, until it says otherwise */
	bool hung;		/* executes nothing until it is reset */
	bool hang_next;		/* fault on request: hang at the next command */
};

void engines_init(struct device *d);

/** engines_reset - forget what runs on the engines whose GDRST bits are in @bits (all: ~0). */
void engines_reset(struct device *d, u32 bits);

/**
 * engines_slice - let each engine do a slice of its work
 *
 * Returns true if some engine could go on at once; otherwise *@sleep_ns is
 * when to look again at semaphores and timers (0: when woken).
 */
bool engines_slice(struct device *d, u64 *sleep_ns);

/** engine_stop - it executes nothing until reset; says why in the log. */
void engine_stop(struct device *d, struct engine *e, const char *why);

/**
 * engine_save_due - whether the context whose ring is empty is to be written back now
 *
 * Else *@sleep_ns is when to ask again.
 */
bool engine_save_due(struct device *d, struct engine *e, u64 *sleep_ns);

/** engine_by_class - the first engine of a hardware class, or NULL. */
struct engine *engine_by_class(struct device *d, u32 class);

/** reg_engine - the engine that a register belongs to. */
struct engine *reg_engine(struct device *d, const struct reg *r);

/** engine_irq - raise an interrupt vector of this engine. */
void engine_irq(struct device *d, struct engine *e, u16 vector);

/* execlists.c */
void execlists_reset(struct device *d, struct engine *e);
bool execlists_slice(struct device *d, struct engine *e, u64 *sleep_ns);
void execlists_write_load(struct device *d, const struct reg *r, u32 offset, u32 value);
void execlists_write_csb_pointer(struct device *d, const struct reg *r, u32 offset, u32 value);

/* Registers each engine has: engine.c. */
u32 engine_read_timestamp(struct device *d, const struct reg *r, u32 offset);
u32 engine_read_context_timestamp(struct device *d, const struct reg *r, u32 offset);
u32 engine_read_mode(struct device *d, const struct reg *r, u32 offset);
void engine_write_mode(struct device *d, const struct reg *r, u32 offset, u32 value);
void engine_write_reset_control(struct device *d, const struct reg *r, u32 offset, u32 value);

#endif
