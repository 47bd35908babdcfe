/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_CS_H
#define MODEL_CS_H

#include "gtt.h"
#include "types.h"

struct device;
struct engine;

#define CS_STACK	4	/* batches that may call each other */
#define CS_GPRS		16
#define CS_LENGTH_MAX	1026	/* dwords of the longest command */
#define CS_SLICE_BYTES	(256 * KiB)	/* blitted in one slice, by all its commands */

/* How a command, or a slice of a context, ended. */
enum cs_result {
	CS_NEXT,	/* go on with the next command */
	CS_JUMPED,	/* the program counter is already where to go on */
	CS_AGAIN,	/* not finished; call again for the rest */
	CS_WAIT,	/* a semaphore is not what it should be yet */
	CS_EMPTY,	/* the ring is drained */
	CS_FAULT,	/* the context cannot go on */
	CS_HANG,	/* the engine stops dead */
};

/* The rest of a blit that is under way: so a large one holds nobody up. */
struct blit {
	u8 active, fill, corrupt;	/* no bool: a guest can write the image this is kept in */
	u8 bytes_per_pixel;
	u32 color[4];
	u64 to, from;
	u32 to_pitch, from_pitch;
	u32 row_bytes, rows;
	u32 row, column;	/* where to go on */
	u64 total, moved;
};

struct cs_return {
	u64 address;
	u8 ppgtt;
};

/* A context while an engine holds it. */
struct cs {
	bool loaded;
	bool arbitration;	/* the context allows to be preempted */
	bool at_arbitration;	/* and is at a point where it can be */
	u32 lrca;		/* of its per-process status page, in the GGTT */
	u64 root;		/* of its page tables */
	u32 ring_start, ring_bytes, ring_head;
	u64 pc;			/* in a batch; in the ring, ring_head counts */
	bool ppgtt;		/* where the batch lies */
	u32 depth;		/* 0: in the ring */
	struct cs_return stack[CS_STACK];
	u64 alu_a, alu_b, alu_out;
	bool alu_zero, alu_carry;
	bool predicate;		/* batches with predication are skipped */
	struct blit blit;
	u32 slice_bytes;	/* blitted in this slice */
	u32 timestamp;		/* of the context, when it was loaded */
	u64 loaded_ticks;
};

/*
 * cs_run - execute a slice of the loaded context
 *
 * Ends after some hundred commands or kilobytes of blits (CS_NEXT or CS_AGAIN)
 * or earlier, for the reason returned.
 */
enum cs_result cs_run(struct device *d, struct engine *e);

/**
 * cs_run_restore_batch - run what the driver wants run at each restore of a context
 * @bytes: its length; 0: it ends with the command for that
 *
 * Runs to its end, which must be near: false where it waits, faults or goes on and on.
 */
bool cs_run_restore_batch(struct device *d, struct engine *e, u64 address, u32 bytes);

/** cs_show_position - what the driver reads when it asks where an engine is; @tail is its ring's. */
void cs_show_position(struct device *d, struct engine *e, u32 tail);

/* Used by the commands' handlers. */
struct space cs_space(const struct cs *cs, bool ggtt);
u32 cs_register(const struct engine *e, u32 offset, bool relative);

/* One entry an opcode of the MI group: cs_mi.c. */
struct mi_command {
	const char *name;
	u32 length_mask;	/* of the length field; 0: one dword */
	enum cs_result (*run)(struct device *d, struct engine *e, const u32 *dw, u32 count);
};

extern const struct mi_command mi_commands[64];

/* cs_math.c */
enum cs_result cs_math(struct device *d, struct engine *e, const u32 *dw, u32 count);

/* cs_render.c */
enum cs_result cs_render(struct device *d, struct engine *e, const u32 *dw, u32 count);

/* blit.c: begin a blit, and go on with it. */
enum cs_result blit_command(struct device *d, struct engine *e, const u32 *dw, u32 count);
enum cs_result blit_continue(struct device *d, struct engine *e);

/* Report an access to nowhere. */
enum cs_result cs_translation_fault(struct device *d, struct engine *e, u64 va, bool write);

#endif
