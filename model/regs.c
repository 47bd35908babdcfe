// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "gt.h"

static bool add(struct device *d, const struct reg *r, const struct engine_facts *engine)
{
	struct regfile *f = &d->regs;
	struct reg *mine = &f->table[f->table_count++];
	u32 n, count = r->count ? r->count : 1;

	*mine = *r;
	mine->engine = engine;
	if (engine)
		mine->offset += engine->base;
	for (n = 0; n < count; n++) {
		u32 at = mine->offset + n * r->stride;

		if (at >= d->card->regs_bytes || f->index[at / 4]) {
			log_error(d, "table of registers: %s at %#x is outside or named twice", r->name, at);
			return false;
		}
		f->index[at / 4] = (u16)f->table_count;
	}
	return true;
}

bool regs_create(struct device *d)
{
	const struct card *card = d->card;
	struct regfile *f = &d->regs;
	u32 i, n, words = card->regs_bytes / 4;
	u32 total = card->reg_count + card->engine_reg_count * card->engine_count;

	f->words = calloc(words, sizeof(*f->words));
	f->index = calloc(words, sizeof(*f->index));
	f->table = calloc(total, sizeof(*f->table));
	if (!f->words || !f->index || !f->table)
		return false;

	for (i = 0; i < card->reg_count; i++)
		if (!add(d, &card->regs[i], NULL))
			return false;
	for (n = 0; n < card->engine_count; n++)
		for (i = 0; i < card->engine_reg_count; i++)
			if (!add(d, &card->engine_regs[i], &card->engines[n]))
				return false;
	return true;
}

void regs_destroy(struct device *d)
{
	free(d->regs.words);
	free(d->regs.index);
	free(d->regs.table);
	d->regs.words = NULL;
	d->regs.index = NULL;
	d->regs.table = NULL;
	d->regs.table_count = 0;
}

void regs_reset(struct device *d)
{
	struct regfile *f = &d->regs;
	u32 i, n;

	memset(f->words, 0, d->card->regs_bytes);
	for (i = 0; i < f->table_count; i++) {
		const struct reg *r = &f->table[i];

		for (n = 0; n < (r->count ? r->count : 1); n++)
			f->words[(r->offset + n * r->stride) / 4] = r->reset;
	}
	d->card->reset_values(d);
}

u32 regs_peek(const struct device *d, u32 offset)
{
	return offset < d->card->regs_bytes ? d->regs.words[offset / 4] : 0;
}

void regs_poke(struct device *d, u32 offset, u32 value)
{
	if (offset < d->card->regs_bytes)
		d->regs.words[offset / 4] = value;
}

void regs_poke64(struct device *d, u32 offset, u64 value)
{
	regs_poke(d, offset, (u32)value);
	regs_poke(d, offset + 4, (u32)(value >> 32));
}

static const struct reg *find(const struct device *d, u32 offset)
{
	u32 place = offset < d->card->regs_bytes ? d->regs.index[offset / 4] : 0;

	return place ? &d->regs.table[place - 1] : NULL;
}

static const struct reg_span *find_span(const struct device *d, u32 offset)
{
	const struct card *card = d->card;
	u32 i;

	for (i = 0; i < card->span_count; i++)
		if (offset >= card->spans[i].first && offset <= card->spans[i].last)
			return &card->spans[i];
	return NULL;
}

static void unknown(struct device *d, u32 offset, enum once_kind kind)
{
	unmodelled(d, kind, offset,
		   offset < d->card->regs_bytes ? "stored only" : "outside the registers");
}

u32 regs_read(struct device *d, u32 offset)
{
	const struct reg *r;

	offset &= ~3u;
	r = find(d, offset);
	if (r && r->read)
		return r->read(d, r, offset);
	if (!r && !find_span(d, offset))
		unknown(d, offset, ONCE_REGISTER_READ);
	return regs_peek(d, offset);
}

void regs_write(struct device *d, u32 offset, u32 value)
{
	const struct reg_span *span;
	const struct reg *r;

	offset &= ~3u;
	r = find(d, offset);
	if (r && r->write) {
		r->write(d, r, offset, value);
		return;
	}
	span = r ? NULL : find_span(d, offset);
	if (span && span->masked) {
		reg_write_masked(d, r, offset, value);
		return;
	}
	if (!r && !span)
		unknown(d, offset, ONCE_REGISTER_WRITE);
	regs_poke(d, offset, value);
}

/* A context that reset its own engine would go away under the command that did it. */
bool regs_host_only(const struct device *d, u32 offset)
{
	static const reg_write_fn handlers[] = {
		gt_write_reset, gt_write_control, guc_write_dma_control, guc_write_notify,
		execlists_write_load,
	};
	u32 place = offset < d->card->regs_bytes ? d->regs.index[offset / 4] : 0;
	size_t i;

	for (i = 0; place && i < ARRAY_LEN(handlers); i++)
		if (d->regs.table[place - 1].write == handlers[i])
			return true;
	return false;
}

u32 reg_reads_zero(struct device *d, const struct reg *r, u32 offset)
{
	(void)d;
	(void)r;
	(void)offset;
	return 0;
}

/* An acknowledge register shows the low half of the request register at @data. */
u32 reg_reads_mirror(struct device *d, const struct reg *r, u32 offset)
{
	return regs_peek(d, r->data + (offset - r->offset)) & 0xffff;
}

void reg_write_ignored(struct device *d, const struct reg *r, u32 offset, u32 value)
{
	(void)d;
	(void)r;
	(void)offset;
	(void)value;
}

void reg_write_masked(struct device *d, const struct reg *r, u32 offset, u32 value)
{
	(void)r;
	regs_poke(d, offset, masked_update(regs_peek(d, offset), value) & 0xffff);
}

void reg_write_clears(struct device *d, const struct reg *r, u32 offset, u32 value)
{
	(void)r;
	regs_poke(d, offset, regs_peek(d, offset) & ~value);
}

/* Reads back what was written, with the bits in @data set. */
void reg_write_or(struct device *d, const struct reg *r, u32 offset, u32 value)
{
	regs_poke(d, offset, value | r->data);
}
