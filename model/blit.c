// SPDX-License-Identifier: GPL-2.0
/* The blitter: copies and fills, in pieces, so that a large one can be interrupted. */
#include <string.h>

#include "device.h"

#define PIECE_COST	512u	/* the least a piece counts for: its translation takes time too */

#define OP_FAST_COPY	0x42
#define OP_FAST_COLOR	0x44
#define OP_COLOR	0x50
#define OP_SRC_COPY	0x53

/* A rectangle as the commands give it: two corners. */
struct rectangle {
	u32 x1, y1, x2, y2;
};

static struct rectangle rectangle_at(const u32 *dw)
{
	return (struct rectangle){ dw[0] & 0xffff, dw[0] >> 16, dw[1] & 0xffff, dw[1] >> 16 };
}

static u64 corner(u64 base, u32 x, u32 y, u32 pitch, u32 bytes_per_pixel)
{
	return base + (u64)y * pitch + (u64)x * bytes_per_pixel;
}

static void set_size(struct blit *b, struct rectangle r)
{
	b->rows = r.y2 > r.y1 ? r.y2 - r.y1 : 0;
	b->row_bytes = r.x2 > r.x1 ? (r.x2 - r.x1) * b->bytes_per_pixel : 0;
	b->total = (u64)b->rows * b->row_bytes;
}

static bool fast_copy(struct device *d, const u32 *dw, u32 count, struct blit *b)
{
	static const u8 sizes[8] = { 1, 2, 0, 4, 8, 16 };
	struct rectangle to;

	if (count < 10)
		return false;
	if (dw[0] & (3u << 13 | 3u << 20))
		unmodelled(d, ONCE_BLIT, dw[0], "tiled surface");
	to = rectangle_at(dw + 2);
	b->bytes_per_pixel = sizes[FIELD(dw[1], 26, 24)];
	if (!b->bytes_per_pixel)
		return false;
	b->to_pitch = dw[1] & 0xffff;
	b->from_pitch = dw[7] & 0xffff;
	b->to = corner(make64(dw[4], dw[5]), to.x1, to.y1, b->to_pitch, b->bytes_per_pixel);
	b->from = corner(make64(dw[8], dw[9]), dw[6] & 0xffff, dw[6] >> 16, b->from_pitch,
			 b->bytes_per_pixel);
	set_size(b, to);
	return true;
}

static bool src_copy(struct device *d, const u32 *dw, u32 count, struct blit *b)
{
	struct rectangle to;

	if (count < 10)
		return false;
	if (dw[0] & (BIT(11) | BIT(15)))
		unmodelled(d, ONCE_BLIT, dw[0], "tiled surface");
	to = rectangle_at(dw + 2);
	b->bytes_per_pixel = 4;
	b->to_pitch = dw[1] & 0xffff;
	b->from_pitch = dw[7] & 0xffff;
	b->to = corner(make64(dw[4], dw[5]), to.x1, to.y1, b->to_pitch, 4);
	b->from = corner(make64(dw[8], dw[9]), dw[6] & 0xffff, dw[6] >> 16, b->from_pitch, 4);
	set_size(b, to);
	return true;
}

static bool fast_color(struct device *d, const u32 *dw, u32 count, struct blit *b)
{
	static const u8 sizes[8] = { 1, 2, 4, 8, 16 };
	struct rectangle to;

	if (count < 11)
		return false;
	if (dw[1] >> 30)
		unmodelled(d, ONCE_BLIT, dw[0], "tiled surface");
	to = rectangle_at(dw + 2);
	b->fill = true;
	b->bytes_per_pixel = sizes[FIELD(dw[0], 21, 19)];
	if (!b->bytes_per_pixel)
		return false;
	b->to_pitch = (dw[1] & 0x3ffff) + 1;
	b->to = corner(make64(dw[4], dw[5]), to.x1, to.y1, b->to_pitch, b->bytes_per_pixel);
	memcpy(b->color, dw + 7, sizeof(b->color));
	set_size(b, to);
	return true;
}

static bool color(struct device *d, const u32 *dw, u32 count, struct blit *b)
{
	static const u8 sizes[4] = { 1, 2, 2, 4 };
	struct rectangle to;

	if (count < 7)
		return false;
	if (dw[0] & BIT(11))
		unmodelled(d, ONCE_BLIT, dw[0], "tiled surface");
	to = rectangle_at(dw + 2);
	b->fill = true;
	b->bytes_per_pixel = sizes[FIELD(dw[1], 25, 24)];
	b->to_pitch = dw[1] & 0xffff;
	b->to = corner(make64(dw[4], dw[5]), to.x1, to.y1, b->to_pitch, b->bytes_per_pixel);
	b->color[0] = dw[6];
	set_size(b, to);
	return true;
}

static u32 page_rest(u64 va)
{
	return PAGE_BYTES - (u32)(va & PAGE_MASK);
}

static u32 smaller(u32 a, u32 b)
{
	return a < b ? a : b;
}

static void count_copy(struct device *d, bool from_vram, bool to_vram, u32 bytes)
{
	if (from_vram && to_vram)
		d->counters.bytes_in_vram += bytes;
	else if (from_vram)
		d->counters.bytes_from_vram += bytes;
	else if (to_vram)
		d->counters.bytes_to_vram += bytes;
	else
		d->counters.bytes_in_system += bytes;
}

/* The color's bytes repeat from the start of each row. */
static void fill_bytes(const struct blit *b, u8 *to, u32 bytes)
{
	const u8 *color = (const u8 *)b->color;
	u32 i;

	for (i = 0; i < bytes; i++)
		to[i] = color[(b->column + i) % b->bytes_per_pixel];
}

static void fill_piece(const struct blit *b, u8 *to, u32 bytes)
{
	u32 i, unit;

	for (i = 1; i < b->bytes_per_pixel; i++)
		if (((const u8 *)b->color)[i] != ((const u8 *)b->color)[0])
			break;
	if (i == b->bytes_per_pixel) {
		memset(to, (int)(b->color[0] & 0xff), bytes);
		return;
	}
	/* The first pixels byte by byte, the rest by doubling what is there. */
	unit = smaller(bytes, 16);
	fill_bytes(b, to, unit);
	for (; unit < bytes; unit += i) {
		i = smaller(unit, bytes - unit);
		memcpy(to + unit, to, i);
	}
}

static enum cs_result piece(struct device *d, struct engine *e, struct blit *b, u32 *done)
{
	u64 to_va = b->to + (u64)b->row * b->to_pitch + b->column;
	u64 from_va = b->from + (u64)b->row * b->from_pitch + b->column;
	struct space space = cs_space(&e->cs, false);
	u32 bytes = smaller(b->row_bytes - b->column, page_rest(to_va));
	struct place to, from;

	if (!b->fill)
		bytes = smaller(bytes, page_rest(from_va));
	to = gtt_translate(d, space, to_va, bytes, true);
	if (!to.p)
		return cs_translation_fault(d, e, to_va, true);
	if (b->fill) {
		fill_piece(b, to.p, bytes);
		d->counters.bytes_filled += bytes;
	} else {
		from = gtt_translate(d, space, from_va, bytes, false);
		if (!from.p)
			return cs_translation_fault(d, e, from_va, false);
		memmove(to.p, from.p, bytes);
		count_copy(d, from.vram, to.vram, bytes);
	}
	if (b->corrupt && b->moved <= b->total / 2 && b->moved + bytes > b->total / 2)
		to.p[b->total / 2 - b->moved] ^= 0x10;
	*done = bytes;
	return CS_NEXT;
}

enum cs_result blit_continue(struct device *d, struct engine *e)
{
	struct blit *b = &e->cs.blit;
	u32 done = 0;

	/* The numbers may come from an image that the guest wrote. */
	if (b->row >= b->rows || b->column >= b->row_bytes ||
	    b->bytes_per_pixel == 0 || b->bytes_per_pixel > 16)
		b->active = false;
	while (b->active) {
		enum cs_result result = piece(d, e, b, &done);

		if (result != CS_NEXT) {
			b->active = false;
			return result;
		}
		e->cs.slice_bytes += done > PIECE_COST ? done : PIECE_COST;
		b->moved += done;
		b->column += done;
		if (b->column == b->row_bytes) {
			b->column = 0;
			b->row++;
			if (b->row == b->rows)
				b->active = false;
		}
		if (b->active && e->cs.slice_bytes >= CS_SLICE_BYTES)
			return CS_AGAIN;
	}
	return CS_NEXT;
}

enum cs_result blit_command(struct device *d, struct engine *e, const u32 *dw, u32 count)
{
	struct blit b = { 0 };
	u32 op = (u32)FIELD(dw[0], 28, 22);
	bool good;

	switch (op) {
	case OP_FAST_COPY:
		good = fast_copy(d, dw, count, &b);
		break;
	case OP_FAST_COLOR:
		good = fast_color(d, dw, count, &b);
		break;
	case OP_COLOR:
		good = color(d, dw, count, &b);
		break;
	case OP_SRC_COPY:
		good = src_copy(d, dw, count, &b);
		break;
	default:
		unmodelled(d, ONCE_BLIT, op, e->facts->name);
		return CS_NEXT;
	}
	if (!good) {
		log_error(d, "%s: malformed blit %08x %08x", e->facts->name, dw[0], dw[1]);
		return CS_FAULT;
	}

	d->counters.blits++;
	switch (fault_next_blit(d)) {
	case BLIT_FAIL:
		log_info(d, "%s: blit fails on request", e->facts->name);
		return CS_FAULT;
	case BLIT_SKIP:
		log_info(d, "%s: blit skipped on request", e->facts->name);
		return CS_NEXT;
	case BLIT_HANG:
		log_info(d, "%s: blit hangs on request", e->facts->name);
		return CS_HANG;
	case BLIT_POWER_LOSS:
		d->power.failing = true;
		return CS_HANG;
	case BLIT_CORRUPT:
		log_info(d, "%s: blit corrupted on request", e->facts->name);
		b.corrupt = true;
		break;
	default:
		break;
	}
	b.active = b.total != 0;
	e->cs.blit = b;
	return blit_continue(d, e);
}
