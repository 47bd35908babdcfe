/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_DEVICE_H
#define MODEL_DEVICE_H

#include <pthread.h>

#include "card.h"
#include "counters.h"
#include "engine.h"
#include "fault.h"
#include "guc.h"
#include "irq.h"
#include "log.h"
#include "memory.h"
#include "pci.h"
#include "power.h"
#include "regs.h"
#include "types.h"

/**
 * struct device - one card, and all there is of it
 *
 * Everything below is protected by the lock, which is fair: the thread that
 * serves the host waits at most for one slice of the engine thread.
 */
struct device {
	pthread_mutex_t lock;
	pthread_cond_t handed_over;	/* a waiter got its turn */
	pthread_cond_t work;		/* the engine thread has something to do */
	u64 next_ticket, serving;

	const struct card *card;
	u64 started_ns;
	struct log log;
	struct counters counters;

	struct vram vram;
	struct dma dma;
	struct pci pci;
	struct regfile regs;
	struct irq irq;
	struct engine engines[ENGINES_MAX];
	bool executing;		/* register accesses come from a context, not from the host */
	struct guc guc;
	struct power power;
	struct faults faults;

	pthread_t engine_thread;
	bool engine_thread_runs, stopping, wake_pending;	/* of the mutex, not of the fair lock */
};

struct device_options {
	const char *card;
	u64 vram_bytes, bar_bytes;		/* 0: a BAR for all of it */
	const char *log_path;
	enum log_level log_level;
	bool strict;
};

/**
 * device_init - make a card in its power-on state
 * @d: zeroed memory, or of a card that device_fini() was called on
 * @options: what card it is
 *
 * Returns NULL, or what is wrong with the options, as one sentence.
 */
const char *device_init(struct device *d, const struct device_options *options);
void device_fini(struct device *d);

/** device_start_engines - run the engines in a thread of their own. Tests call engines_slice() instead. */
void device_start_engines(struct device *d);
void device_stop_engines(struct device *d);

void device_lock(struct device *d);
void device_unlock(struct device *d);

/** device_wake - the engines may have something to do. Lock held. */
void device_wake(struct device *d);

u64 clock_ns(void);

/** device_ticks - the card's time in ticks of its crystal clock. */
u64 device_ticks(const struct device *d);

#endif
