/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_GUC_H
#define MODEL_GUC_H

#include "types.h"

struct device;
struct engine;
struct reg;

#define GUC_CONTEXTS	65536u
#define GUC_NONE	GUC_CONTEXTS	/* no context */
#define GUC_MESSAGE_MAX	256		/* dwords of a message */
#define GUC_BACKLOG	256		/* messages that wait for room in the host's buffer */
#define GUC_EVENT_MAX	8

/* Where a message buffer and its descriptor are, in the GGTT. */
struct guc_buffer {
	u64 descriptor, address;
	u32 bytes;
};

struct guc_event {
	u32 fence, count;
	u32 dw[GUC_EVENT_MAX];
};

struct guc_context {
	bool registered, enabled, queued, disabling, parallel;
	u8 class;
	u32 lrca;
	u32 next;			/* in its engine's queue */
	u32 quantum_us, preempt_us;	/* 0: no limit */
};

struct guc {
	bool buffers_on;
	struct guc_buffer to_guc, to_host;
	struct guc_event *backlog;
	u32 backlog_first, backlog_count;
	struct guc_context *contexts;
};

bool guc_create(struct device *d);
void guc_destroy(struct device *d);

/** guc_reset - the GuC is back in its reset state: no firmware, no contexts, no buffers. */
void guc_reset(struct device *d);

/* Registers. */
void guc_write_notify(struct device *d, const struct reg *r, u32 offset, u32 value);
void guc_write_dma_control(struct device *d, const struct reg *r, u32 offset, u32 value);

/* guc_ct.c: message buffers. */
void guc_ct_receive(struct device *d);
void guc_ct_flush(struct device *d);
void guc_ct_respond(struct device *d, u32 fence, u32 data0);
void guc_ct_fail(struct device *d, u32 fence, u32 error);
void guc_ct_event(struct device *d, u32 action, const u32 *data, u32 count);

/* guc_action.c: what a message asks for. */
void guc_request(struct device *d, u32 fence, const u32 *dw, u32 count);

/* guc_submit.c: contexts and their turn on the engines. */
void guc_submit_reset(struct device *d);
void guc_queue_reset(struct device *d, struct engine *e);
bool guc_slice(struct device *d, struct engine *e, u64 *sleep_ns);
bool guc_context_register(struct device *d, u32 id, u32 class, u32 lrca, bool parallel);
void guc_context_deregister(struct device *d, u32 id);
void guc_context_set_enabled(struct device *d, u32 id, bool enable);
void guc_context_schedule(struct device *d, u32 id);
void guc_context_policies(struct device *d, u32 id, const u32 *klv, u32 count);

#endif
