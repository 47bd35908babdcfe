/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_MEMORY_H
#define MODEL_MEMORY_H

#include "types.h"

struct device;

/* VRAM and BAR 0 are memory files, so that the host can map them. */
struct vram {
	u8 *map;
	u64 bytes;
	u64 bar_bytes;		/* of them, from the beginning, in BAR 2 */
	int fd;
	u8 null_page[PAGE_BYTES];
};

struct dma_map {
	u64 iova, bytes;
	u8 *map;
	bool write;
};

struct dma {
	struct dma_map *maps;
	u32 count, capacity;
};

/** memory_create - a sparse shared memory file of @bytes, mapped at *@map. Returns the descriptor or -1. */
int memory_create(const char *name, u64 bytes, u8 **map);

/**
 * dma_map_add - make guest RAM known
 * @fd: file that backs it; the caller keeps the descriptor
 *
 * Refuses what is not page aligned, wraps, overlaps a known map, or reaches
 * past the end of the file. Returns 0 or an errno.
 */
int dma_map_add(struct device *d, u64 iova, u64 bytes, int fd, u64 offset, bool write);

/** dma_map_remove - forget all maps inside the range. Returns the bytes unmapped. */
u64 dma_map_remove(struct device *d, u64 iova, u64 bytes);
void dma_unmap_all(struct device *d);

/*
 * The only two ways to memory. NULL where [address, address + bytes) is not
 * wholly inside VRAM, or inside one map of guest RAM that allows the access.
 */
u8 *vram_at(struct device *d, u64 address, u64 bytes);
u8 *guest_ram_at(struct device *d, u64 address, u64 bytes, bool write);

/** vram_lose - overwrite what VRAM holds with poison, and free what is beyond a few GiB of it. */
void vram_lose(struct device *d);

#endif
