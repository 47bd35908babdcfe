// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"

/* Poisoning more than this would keep the host waiting: the rest is freed and reads as zeros. */
#define POISON_LIMIT (4 * GiB)

int memory_create(const char *name, u64 bytes, u8 **map)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	if (ftruncate(fd, (off_t)bytes) == 0) {
		*map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
		if (*map != MAP_FAILED)
			return fd;
	}
	close(fd);
	return -1;
}

static bool overlaps(const struct dma_map *m, u64 iova, u64 bytes)
{
	return iova < m->iova + m->bytes && m->iova < iova + bytes;
}

int dma_map_add(struct device *d, u64 iova, u64 bytes, int fd, u64 offset, bool write)
{
	struct dma *dma = &d->dma;
	struct stat st;
	u8 *map;
	u32 i;

	if (!bytes || (iova | bytes | offset) & PAGE_MASK || iova + bytes < iova ||
	    offset + bytes < offset)
		return EINVAL;
	/* Touching a page past the end of the file would end the process. */
	if (fstat(fd, &st) || st.st_size < 0 || offset + bytes > (u64)st.st_size)
		return EINVAL;
	for (i = 0; i < dma->count; i++)
		if (overlaps(&dma->maps[i], iova, bytes))
			return EEXIST;

	if (dma->count == dma->capacity) {
		u32 capacity = dma->capacity ? dma->capacity * 2 : 32;
		struct dma_map *maps = realloc(dma->maps, capacity * sizeof(*maps));

		if (!maps)
			return ENOMEM;
		dma->maps = maps;
		dma->capacity = capacity;
	}

	map = mmap(NULL, bytes, write ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd,
		   (off_t)offset);
	if (map == MAP_FAILED)
		return errno;

	dma->maps[dma->count++] = (struct dma_map){ iova, bytes, map, write };
	return 0;
}

u64 dma_map_remove(struct device *d, u64 iova, u64 bytes)
{
	struct dma *dma = &d->dma;
	u64 removed = 0;
	u32 i = 0;

	while (i < dma->count) {
		struct dma_map *m = &dma->maps[i];

		if (m->iova < iova || m->bytes > bytes || m->iova - iova > bytes - m->bytes) {
			i++;
			continue;
		}
		removed += m->bytes;
		munmap(m->map, m->bytes);
		*m = dma->maps[--dma->count];
	}
	return removed;
}

void dma_unmap_all(struct device *d)
{
	dma_map_remove(d, 0, UINT64_MAX);
	free(d->dma.maps);
	memset(&d->dma, 0, sizeof(d->dma));
}

u8 *vram_at(struct device *d, u64 address, u64 bytes)
{
	if (address >= d->vram.bytes || bytes > d->vram.bytes - address)
		return NULL;
	return d->vram.map + address;
}

u8 *guest_ram_at(struct device *d, u64 address, u64 bytes, bool write)
{
	struct dma *dma = &d->dma;
	u32 i;

	for (i = 0; i < dma->count; i++) {
		struct dma_map *m = &dma->maps[i];

		if (address >= m->iova && bytes <= m->bytes &&
		    address - m->iova <= m->bytes - bytes) {
			if (write && !m->write)
				return NULL;
			/* The big map of RAM is asked for most: keep it in front. */
			if (i) {
				struct dma_map first = dma->maps[0];

				dma->maps[0] = *m;
				*m = first;
				m = &dma->maps[0];
			}
			return m->map + (address - m->iova);
		}
	}
	return NULL;
}

static void poison(struct device *d, u64 start, u64 end)
{
	struct power *power = &d->power;
	u64 at, i;

	for (at = start; at < end; at += PAGE_BYTES) {
		u64 *page = (u64 *)(d->vram.map + at);
		u64 word = power_poison_word(power, at);

		for (i = 0; i < PAGE_BYTES / sizeof(*page); i++)
			page[i] = word;
	}
}

void vram_lose(struct device *d)
{
	u64 done = 0, bytes = d->vram.bytes;
	off_t data = 0;

	/* Only what was ever written has pages; the rest of a sparse card stays sparse. */
	while ((data = lseek(d->vram.fd, data, SEEK_DATA)) >= 0 && (u64)data < bytes) {
		off_t hole = lseek(d->vram.fd, data, SEEK_HOLE);
		u64 end = hole < 0 ? bytes : (u64)hole;

		/* One run of data may be longer than what is left of the limit. */
		if (d->power.poison != POISON_ZERO && done < POISON_LIMIT && end - (u64)data > POISON_LIMIT - done)
			end = (u64)data + POISON_LIMIT - done;
		d->counters.bytes_lost += end - (u64)data;
		if (d->power.poison == POISON_ZERO || done >= POISON_LIMIT) {
			if (fallocate(d->vram.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, data,
				      (off_t)(end - (u64)data)))
				poison(d, (u64)data, end);
		} else {
			poison(d, (u64)data, end);
			done += end - (u64)data;
		}
		data = (off_t)end;
	}
	d->counters.wipes++;
}
