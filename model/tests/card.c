// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "card.h"

u8 *ram, *guest_vram;

static void add_ram(struct device *d)
{
	int fd = memory_create("ram", RAM_BYTES, &ram);

	assert_true(fd >= 0);
	assert_int_equal(dma_map_add(d, RAM_AT, RAM_BYTES, fd, 0, true), 0);
	close(fd);
}

static void fill_tables(struct device *d)
{
	u64 pdp = PPGTT_ROOT + PAGE_BYTES, pd = PPGTT_ROOT + 2 * PAGE_BYTES, at;
	u64 pd_4k = PPGTT_ROOT + 3 * PAGE_BYTES;
	u32 i;

	for (at = 0; at < 16 * MiB; at += PAGE_BYTES)
		*ggtt_entry(d, (u32)at) = at | GGTT_IS_VRAM | PTE_PRESENT;
	for (at = 0; at < RAM_BYTES; at += PAGE_BYTES)
		*ggtt_entry(d, GGTT_RAM + (u32)at) = (RAM_AT + at) | PTE_PRESENT;

	ppgtt_set(d, PPGTT_ROOT, 0, pdp | PTE_PRESENT);
	ppgtt_set(d, pdp, 0, 0 | PTE_LARGE | PTE_VRAM | PTE_PRESENT);
	ppgtt_set(d, pdp, PPGTT_RAM >> 30, pd | PTE_PRESENT);
	ppgtt_set(d, pdp, PPGTT_4K >> 30, pd_4k | PTE_PRESENT);
	for (i = 0; i < RAM_BYTES / (2 * MiB); i++)
		ppgtt_set(d, pd, i, (RAM_AT + i * 2 * MiB) | PTE_LARGE | PTE_PRESENT);
	ppgtt_set(d, pd_4k, 0, TABLE_4K | PTE_PRESENT);
}

struct device *card_new(u64 vram_bytes, const struct card *card)
{
	struct device_options options = { .card = "dg1", .vram_bytes = vram_bytes,
					  .log_path = "/dev/null", .log_level = LOG_TRACE };
	struct device *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	assert_null(device_init(d, &options));
	if (card)
		d->card = card;
	card_prepare(d);
	return d;
}

void card_prepare(struct device *d)
{
	u32 i;

	add_ram(d);
	fill_tables(d);
	for (i = 0; i < d->card->engine_count; i++)
		regs_poke(d, d->card->engines[i].base + 0x80, STATUS_PAGE(i));
}

void card_free(struct device *d)
{
	device_fini(d);
	free(d);
	munmap(ram, RAM_BYTES);
	ram = NULL;
}

int card_setup(void **state)
{
	*state = card_new(TEST_VRAM, NULL);
	return 0;
}

int card_teardown(void **state)
{
	card_free(*state);
	return 0;
}

u64 cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 3;	/* ".", ".." and the directory itself */
}

u64 *ggtt_entry(struct device *d, u32 va)
{
	return (u64 *)(d->regs.bar0 + d->card->gsm_offset) + va / PAGE_BYTES;
}

void ppgtt_set(struct device *d, u64 table, u32 index, u64 entry)
{
	((u64 *)(d->vram.map + table))[index] = entry;
}

u8 *vram(struct device *d, u64 address)
{
	assert_true(address < d->vram.bytes);
	return (guest_vram ? guest_vram : d->vram.map) + address;
}

u32 *vram32(struct device *d, u64 address)
{
	return (u32 *)vram(d, address);
}

u32 slices(struct device *d, u32 limit)
{
	u64 sleep_ns;
	u32 n = 0;

	while (n < limit) {
		n++;
		if (!engines_slice(d, &sleep_ns))
			break;
	}
	return n;
}

void settle(struct device *d)
{
	u64 end = clock_ns() + 2000000000ull, sleep_ns;

	do {
		if (!engines_slice(d, &sleep_ns)) {
			if (!sleep_ns)
				return;
			usleep(sleep_ns / 1000 < 1000 ? (useconds_t)(sleep_ns / 1000 + 1) : 1000);
		}
	} while (clock_ns() < end);
	fail_msg("the engines do not come to rest");
}

void context_init(struct device *d, struct context *c, u32 slot, u32 engine)
{
	u32 base = d->card->engines[engine].base & 0xfff, lri = MI(0x22, 0) | BIT(12) | BIT(19);
	u32 image[] = {
		NOOP, lri | 9,
		base + 0x244, 0x00090008, base + 0x34, 0, base + 0x30, 0, base + 0x38, 0,
		base + 0x3c, 0,
	};
	u32 rest[] = {
		lri | 19,
		base + 0x3a8, 0, base + 0x28c, 0, base + 0x288, 0, base + 0x284, 0, base + 0x280, 0,
		base + 0x27c, 0, base + 0x278, 0, base + 0x274, (u32)(PPGTT_ROOT >> 32),
		base + 0x270, (u32)PPGTT_ROOT, base + 0x1b0, 0,
	};
	u32 i;

	c->lrca = 0x100000 + slot * 0x10000;
	c->ring = c->lrca + 0x8000;
	c->tail = 0;
	image[9] = c->ring;
	image[11] = (RING_BYTES - PAGE_BYTES) | 1;
	memset(vram(d, c->lrca), 0, 0x10000);
	memcpy(vram(d, IMAGE(c, 0)), image, sizeof(image));
	memcpy(vram(d, IMAGE(c, 0x21)), rest, sizeof(rest));
	/* The hardware's own list, as it came with the driver's first image: the ALU's registers. */
	*vram32(d, IMAGE(c, 0x51)) = MI(0x22, 63) | BIT(12);
	for (i = 0; i < 32; i++)
		*vram32(d, IMAGE(c, 0x52 + 2 * i)) = d->card->engines[engine].base + 0x600 + 4 * i;
}

u32 image_word(struct device *d, const struct context *c, u32 dword)
{
	return *vram32(d, IMAGE(c, dword));
}

void context_emit(struct device *d, struct context *c, const u32 *dw, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		*vram32(d, c->ring + c->tail) = dw[i];
		c->tail = (c->tail + 4) % RING_BYTES;
	}
	/* The tail counts in quad words. */
	if (c->tail & 4) {
		*vram32(d, c->ring + c->tail) = NOOP;
		c->tail = (c->tail + 4) % RING_BYTES;
	}
	*vram32(d, IMAGE(c, 7)) = c->tail;
}

void batch(struct device *d, u64 address, const u32 *dw, u32 count)
{
	memcpy(vram(d, address), dw, count * sizeof(*dw));
}

void ports(struct device *d, u32 engine, u64 first, u64 second)
{
	u32 base = d->card->engines[engine].base;

	regs_write(d, base + 0x510, (u32)first);
	regs_write(d, base + 0x514, (u32)(first >> 32));
	regs_write(d, base + 0x518, (u32)second);
	regs_write(d, base + 0x51c, (u32)(second >> 32));
	regs_write(d, base + 0x550, 1);
}

void csb(struct device *d, u32 engine, u32 slot, u32 *to, u32 *away)
{
	u32 *entry = vram32(d, STATUS_PAGE(engine) + 0x40 + 8 * slot);

	*to = entry[0];
	*away = entry[1];
}

u32 csb_write(struct device *d, u32 engine)
{
	return *vram32(d, STATUS_PAGE(engine) + 0xbc);
}

void run_ring(struct device *d, u32 engine, struct context *c)
{
	ports(d, engine, PORT(c, 1), 0);
	settle(d);
}
