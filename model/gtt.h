/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_GTT_H
#define MODEL_GTT_H

#include "types.h"

struct device;

/* Where an address leads. */
struct place {
	u8 *p;		/* NULL: nowhere */
	bool vram;
};

/* An address space: the global GTT, or the per-process one below a root table. */
struct space {
	bool ppgtt;
	u64 root;
};

#define GGTT_SPACE ((struct space){ .ppgtt = false })

/**
 * gtt_translate - the place of @bytes at @va
 *
 * [va, va + bytes) must lie in one page of 4 KiB. A null page reads as zeros
 * and swallows writes.
 */
struct place gtt_translate(struct device *d, struct space space, u64 va, u32 bytes, bool write);

/*
 * Reads and writes that may cross pages. False where any part is unmapped;
 * what was before that part is done.
 */
bool gtt_read(struct device *d, struct space space, u64 va, void *data, u32 bytes);
bool gtt_write(struct device *d, struct space space, u64 va, const void *data, u32 bytes);

/* GGTT dwords, for context images, status pages and GuC rings; single accesses. 0 and false where unmapped. */
u32 ggtt_read32(struct device *d, u64 va);
bool ggtt_write32(struct device *d, u64 va, u32 value);

#endif
