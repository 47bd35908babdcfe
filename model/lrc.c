// SPDX-License-Identifier: GPL-2.0
/*
 * Context images. The registers that the driver's lists of MI_LOAD_REGISTER_IMM
 * and the hardware's own name are restored and saved; what the driver never looks
 * at (the position inside a batch) stands in a corner of the image, so that it
 * survives wherever the driver keeps the image.
 */
#include <string.h>

#include "device.h"
#include "lrc.h"

#define IMAGE_OFFSET	PAGE_BYTES	/* the register state follows the status page */
#define IMAGE_DWORDS	(PAGE_BYTES / 4)

/* Places in the image, in dwords. */
#define IMAGE_CONTROL	3
#define IMAGE_HEAD	5
#define IMAGE_TAIL	7
#define IMAGE_START	9
#define IMAGE_RING_CTL	11
#define IMAGE_AFTER_RESTORE 0x13	/* GGTT address of a batch, bit 0: there is one */
#define IMAGE_WHILE_RESTORE 0x15	/* likewise, bits 5:0: length in cache lines */
#define IMAGE_TIMESTAMP	0x23
#define IMAGE_PDP0_HIGH	0x31
#define IMAGE_PDP0_LOW	0x33
#define IMAGE_LISTS_END	0x300
#define IMAGE_PRIVATE	0x380

#define CONTROL_NO_RESTORE	BIT(0)
#define RING_VALID		BIT(0)
#define RING_HEAD_MASK		0x1ffffcu
#define RING_TAIL_MASK		0x1ffff8u
#define PRIVATE_MAGIC		0x4d42434du

#define LRI_OPCODE	(0x22u << 23)
#define OPCODE_MASK	0xff800000u
#define LRI_POSTED	BIT(12)
#define LRI_RELATIVE	BIT(19)

#define RING_TAIL	0x30
#define RING_HEAD	0x34
#define RING_START	0x38
#define RING_CONTROL	0x3c
#define RING_MI_MODE	0x9c
#define RING_CONTEXT_CONTROL 0x244
#define RING_RESTORE_BATCHES 0x1c0
#define RING_RESTORE_BATCHES_BYTES 0xc
#define RING_PDP	0x270
#define RING_PDP_BYTES	0x20
#define RING_CONTEXT	0x240	/* the logical context the engine holds */

/* What stands in the corner. */
struct private_state {
	u32 magic;
	u32 in_batch;
	u32 ring_head;		/* where this belongs to; another head makes it void */
	u32 depth;
	u32 flags;
	u64 pc;
	struct cs_return stack[CS_STACK];
	struct blit blit;
};

_Static_assert(IMAGE_PRIVATE * 4 + sizeof(struct private_state) <= PAGE_BYTES,
	       "the private state fits behind the driver's part of the image");

#define FLAG_PPGTT		BIT(0)
#define FLAG_NO_ARBITRATION	BIT(1)
#define FLAG_PREDICATE		BIT(2)

static u64 image(const struct cs *cs, u32 dword)
{
	return (u64)cs->lrca + IMAGE_OFFSET + dword * 4;
}

/* Registers that follow the context by other ways than their plain value. */
static bool special(const struct engine *e, u32 offset)
{
	switch (offset - e->facts->base) {
	case RING_TAIL:
	case RING_HEAD:
	case RING_START:
	case RING_CONTROL:
	case 0x3a8:		/* context timestamp */
	case 0x358:		/* time goes on */
		return true;
	}
	return false;
}

enum walk {
	WALK_RESTORE,
	WALK_RESTORE_SETUP,	/* a first load: only where page tables and restore batches are */
	WALK_SAVE,
};

static void walk_register(struct device *d, const struct engine *e, u32 offset, u32 *value,
			  enum walk walk)
{
	u32 relative = offset - e->facts->base;
	bool setup = relative - RING_PDP < RING_PDP_BYTES ||
		     relative - RING_RESTORE_BATCHES < RING_RESTORE_BATCHES_BYTES;
	bool masked = relative == RING_CONTEXT_CONTROL || relative == RING_MI_MODE;

	if (special(e, offset) || (walk == WALK_RESTORE_SETUP && !setup))
		return;
	if (walk != WALK_SAVE)
		regs_poke(d, offset, masked ? masked_update(0, *value) & 0xffff : *value);
	else if (!masked)
		*value = regs_peek(d, offset);
}

/* Walk the register lists of the image. */
static void walk_lists(struct device *d, struct engine *e, u32 *page, enum walk walk)
{
	u32 i = 0;

	while (i < IMAGE_LISTS_END) {
		u32 header = page[i], n, count;

		if ((header & OPCODE_MASK) != LRI_OPCODE) {
			i++;
			continue;
		}
		count = ((header & 0xff) + 1) / 2;
		for (n = 0; n < count && i + 2 + 2 * n < IMAGE_LISTS_END; n++) {
			u32 offset = page[i + 1 + 2 * n] & 0x7ffffc;

			if (header & LRI_RELATIVE)
				offset = cs_register(e, offset, true);
			walk_register(d, e, offset, &page[i + 2 + 2 * n], walk);
		}
		i += 1 + 2 * count;
	}
}

/* The hardware's own list, which a driver did not have to write. */
static void complete_image(const struct device *d, const struct engine *e, u32 *page)
{
	const struct card *card = d->card;
	u32 i, *at = page + card->image_list_at;

	if ((*at & OPCODE_MASK) == LRI_OPCODE)
		return;
	*at++ = LRI_OPCODE | LRI_POSTED | (2 * card->image_list_count - 1);
	for (i = 0; i < card->image_list_count; i++) {
		*at++ = e->facts->base + card->image_list[i];
		*at++ = 0;
	}
}

static void load_private(struct device *d, struct engine *e, const u32 *page)
{
	struct cs *cs = &e->cs;
	struct private_state state;

	memcpy(&state, page + IMAGE_PRIVATE, sizeof(state));
	if (state.magic != PRIVATE_MAGIC)
		memset(&state, 0, sizeof(state));
	cs->arbitration = !(state.flags & FLAG_NO_ARBITRATION);
	cs->predicate = state.flags & FLAG_PREDICATE;

	if (!state.in_batch || state.ring_head != cs->ring_head || state.depth > CS_STACK)
		return;
	/* Once taken up it is void: a reset may drop what happens from here. */
	ggtt_write32(d, image(cs, IMAGE_PRIVATE + offsetof(struct private_state, in_batch) / 4), 0);
	cs->depth = state.depth;
	cs->pc = state.pc;
	cs->ppgtt = state.flags & FLAG_PPGTT;
	memcpy(cs->stack, state.stack, sizeof(cs->stack));
	/* A guest can write what it likes here: a blit checks its own numbers. */
	cs->blit = state.blit;
}

static bool run_restore_batches(struct device *d, struct engine *e, const u32 *page)
{
	u32 during = page[IMAGE_WHILE_RESTORE], after = page[IMAGE_AFTER_RESTORE];

	if (during & 0x3f && !cs_run_restore_batch(d, e, during & ~0x3fu, (during & 0x3f) * 64))
		return false;
	return !(after & 1) || cs_run_restore_batch(d, e, after & ~PAGE_MASK, 0);
}

bool lrc_load(struct device *d, struct engine *e, u32 lrca)
{
	struct cs *cs = &e->cs;
	u32 page[IMAGE_DWORDS], control;

	memset(cs, 0, sizeof(*cs));
	cs->lrca = lrca & ~PAGE_MASK;
	if (!gtt_read(d, GGTT_SPACE, image(cs, 0), page, sizeof(page))) {
		log_error(d, "%s: no context image at %#x", e->facts->name, lrca);
		return false;
	}

	control = page[IMAGE_RING_CTL];
	cs->ring_start = page[IMAGE_START] & ~PAGE_MASK;
	cs->ring_bytes = (control & 0x1ff000) + PAGE_BYTES;
	cs->ring_head = page[IMAGE_HEAD] & RING_HEAD_MASK;
	cs->root = make64(page[IMAGE_PDP0_LOW], page[IMAGE_PDP0_HIGH]);
	cs->timestamp = page[IMAGE_TIMESTAMP];
	cs->loaded_ticks = device_ticks(d);
	cs->arbitration = true;
	if (!(control & RING_VALID) || cs->ring_head >= cs->ring_bytes ||
	    (page[IMAGE_TAIL] & RING_TAIL_MASK) >= cs->ring_bytes) {
		log_error(d, "%s: context %#x has no usable ring (control %#x head %#x tail %#x)",
			  e->facts->name, lrca, control, cs->ring_head, page[IMAGE_TAIL]);
		return false;
	}

	walk_lists(d, e, page, page[IMAGE_CONTROL] & CONTROL_NO_RESTORE ? WALK_RESTORE_SETUP :
								   WALK_RESTORE);
	load_private(d, e, page);
	cs->loaded = true;
	d->counters.context_loads++;
	regs_poke(d, e->facts->base + RING_CONTEXT, cs->lrca);
	regs_poke(d, e->facts->base + RING_START, cs->ring_start);
	regs_poke(d, e->facts->base + RING_CONTROL, control);
	log_debug(d, "%s: load context %#x head %#x tail %#x depth %u", e->facts->name, cs->lrca,
		  cs->ring_head, page[IMAGE_TAIL], cs->depth);
	return run_restore_batches(d, e, page);
}

static void save_private(const struct cs *cs, u32 *page)
{
	struct private_state state;

	memset(&state, 0, sizeof(state));
	state.magic = PRIVATE_MAGIC;
	state.ring_head = cs->ring_head;
	state.in_batch = cs->depth || cs->blit.active;
	state.depth = cs->depth;
	state.pc = cs->pc;
	state.flags = (cs->ppgtt ? FLAG_PPGTT : 0) | (cs->predicate ? FLAG_PREDICATE : 0) |
		      (cs->arbitration ? 0 : FLAG_NO_ARBITRATION);
	memcpy(state.stack, cs->stack, sizeof(state.stack));
	state.blit = cs->blit;
	memcpy(page + IMAGE_PRIVATE, &state, sizeof(state));
}

void lrc_save(struct device *d, struct engine *e)
{
	struct cs *cs = &e->cs;
	u32 page[IMAGE_DWORDS];

	if (!cs->loaded)
		return;
	if (!gtt_read(d, GGTT_SPACE, image(cs, 0), page, sizeof(page))) {
		log_error(d, "%s: context image at %#x is gone", e->facts->name, cs->lrca);
		cs->loaded = false;
		return;
	}

	complete_image(d, e, page);
	walk_lists(d, e, page, WALK_SAVE);
	save_private(cs, page);
	/* The tail belongs to the driver, which may move it at any time. */
	gtt_write(d, GGTT_SPACE, image(cs, 0), page, IMAGE_HEAD * 4);
	ggtt_write32(d, image(cs, IMAGE_CONTROL), page[IMAGE_CONTROL] & ~CONTROL_NO_RESTORE);
	ggtt_write32(d, image(cs, IMAGE_HEAD), cs->ring_head);
	gtt_write(d, GGTT_SPACE, image(cs, IMAGE_RING_CTL + 1), page + IMAGE_RING_CTL + 1,
		  (IMAGE_DWORDS - IMAGE_RING_CTL - 1) * 4);
	cs->timestamp = lrc_timestamp(d, e);
	ggtt_write32(d, image(cs, IMAGE_TIMESTAMP), cs->timestamp);
	cs->loaded = false;
}

void lrc_drop(struct device *d, struct engine *e)
{
	memset(&e->cs, 0, sizeof(e->cs));
	cs_show_position(d, e, 0);
}

u32 lrc_tail(struct device *d, const struct engine *e)
{
	return ggtt_read32(d, image(&e->cs, IMAGE_TAIL)) & RING_TAIL_MASK;
}

u32 lrc_timestamp(const struct device *d, const struct engine *e)
{
	/* Between contexts the register keeps what the last one left. */
	if (!e->cs.loaded)
		return e->cs.timestamp;
	return e->cs.timestamp + (u32)(device_ticks(d) - e->cs.loaded_ticks);
}
