/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_TESTS_BLITS_H
#define MODEL_TESTS_BLITS_H

#include <stdlib.h>
#include <string.h>

#include "card.h"

/* A blit as the tests state it; the functions below make commands of it. */
struct rect {
	u64 base;
	u32 pitch, x, y;
};

static inline void emit_copy(struct device *d, struct context *c, u32 depth, struct rect to,
			     struct rect from, u32 width, u32 height)
{
	EMIT(d, c, 2u << 29 | 0x42u << 22 | 8, depth << 24 | to.pitch, to.y << 16 | to.x,
	     (to.y + height) << 16 | (to.x + width), (u32)to.base, (u32)(to.base >> 32),
	     from.y << 16 | from.x, from.pitch, (u32)from.base, (u32)(from.base >> 32));
}

static inline void emit_fill(struct device *d, struct context *c, u32 depth, struct rect to, u32 width,
			     u32 height, const u32 color[4])
{
	EMIT(d, c, 2u << 29 | 0x44u << 22 | depth << 19 | 9, to.pitch - 1, to.y << 16 | to.x,
	     (to.y + height) << 16 | (to.x + width), (u32)to.base, (u32)(to.base >> 32), 0,
	     color[0], color[1], color[2], color[3]);
}

/* A pattern in which no two pages look the same. */
static inline void pattern(u8 *p, u64 bytes, u32 seed)
{
	u64 i;

	for (i = 0; i < bytes; i++)
		p[i] = (u8)(seed + i * 7 + i / 251 * 13 + i / PAGE_BYTES);
}

#endif
