// SPDX-License-Identifier: GPL-2.0
/*
 * One card for all inputs. Its large memories are private mappings of what was
 * prepared: dropping the pages that an input touched brings the rest back.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

#define GUARD (1 * MiB)

struct memory {
	void *at;
	size_t bytes;
};

static struct device card, prepared;
static struct card small;
static struct memory memories[8];
static size_t memory_count;
static int next_fd;

/* A copy that is written to alone, with nothing mapped on either side of it. */
static void *make_private(const void *content, int fd, size_t bytes)
{
	u8 *room = mmap(NULL, bytes + 2 * GUARD, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	void *at;

	REQUIRE(room != MAP_FAILED);
	if (fd < 0) {
		fd = memfd_create("prepared", MFD_CLOEXEC);
		REQUIRE(fd >= 0 && ftruncate(fd, (off_t)bytes) == 0);
		REQUIRE(write(fd, content, bytes) == (ssize_t)bytes);
	}
	at = mmap(room + GUARD, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, fd, 0);
	REQUIRE(at != MAP_FAILED && memory_count < ARRAY_LEN(memories));
	memories[memory_count++] = (struct memory){ at, bytes };
	return at;
}

static void drop_file(int fd, off_t bytes)
{
	off_t data = 0;

	while ((data = lseek(fd, data, SEEK_DATA)) >= 0 && data < bytes) {
		off_t hole = lseek(fd, data, SEEK_HOLE);

		REQUIRE(!fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, data, hole - data));
		data = hole;
	}
}

static void create(bool keep_files, void (*prepare)(struct device *d))
{
	struct device_options options = { .card = "dg1", .vram_bytes = 256 * MiB, .log_path = "/dev/null" };
	struct device *d = &card;
	size_t contexts = GUC_CONTEXTS * sizeof(*d->guc.contexts);
	void *old;
	u32 i;

	/* What a loss of power overwrites is most of its cost: no engine has registers above. */
	small = card_dg1;
	small.gsm_bytes = 1 * MiB;
	small.regs_bytes = 2 * MiB;
	REQUIRE(!device_init(d, &options));
	d->card = &small;
	log_close(&d->log);
	if (prepare)
		prepare(d);

	old = d->regs.words;
	d->regs.words = make_private(old, -1, d->card->regs_bytes);
	free(old);
	old = d->guc.contexts;
	d->guc.contexts = make_private(old, -1, contexts);
	free(old);
	if (!keep_files) {
		d->vram.map = make_private(NULL, d->vram.fd, d->vram.bytes);
		d->regs.bar0 = make_private(NULL, d->regs.bar0_fd, d->card->bar0_bytes);
		for (i = 0; i < d->dma.count; i++)
			d->dma.maps[i].map = make_private(d->dma.maps[i].map, -1, d->dma.maps[i].bytes);
	}
	memcpy(&prepared, d, sizeof(prepared));
	next_fd = dup(0);
	close(next_fd);
}

struct device *fuzz_card(bool keep_files, void (*prepare)(struct device *d))
{
	struct device *d = &card;
	size_t i, skip = offsetof(struct device, next_ticket);	/* locks are not copied */
	int fd;

	if (!d->card) {
		create(keep_files, prepare);
		return d;
	}
	for (i = 0; i < memory_count; i++)
		madvise(memories[i].at, memories[i].bytes, MADV_DONTNEED);
	if (keep_files) {
		drop_file(d->vram.fd, (off_t)d->vram.bytes);
		drop_file(d->regs.bar0_fd, d->card->bar0_bytes);
		dma_unmap_all(d);
	}
	irq_set_msi(d, -1);
	memcpy((u8 *)d + skip, (const u8 *)&prepared + skip, sizeof(*d) - skip);
	/* Descriptors are given out from below: a higher one means that some were left open. */
	fd = dup(0);
	REQUIRE(fd == next_fd);
	close(fd);
	return d;
}

void fuzz_check(const struct device *d)
{
	u32 i, at, n;

	for (i = 0; i < d->card->engine_count; i++) {
		const struct engine *e = &d->engines[i];

		REQUIRE(e->cs.depth <= CS_STACK);
		REQUIRE(!e->cs.loaded || e->cs.ring_head < e->cs.ring_bytes);
		REQUIRE(e->execlists.csb_write < 12 && e->execlists.current < 2);
		REQUIRE(e->queue.current <= GUC_NONE);
		for (n = 0, at = e->queue.first; at != GUC_NONE; at = d->guc.contexts[at].next) {
			REQUIRE(at < GUC_CONTEXTS && n++ < GUC_CONTEXTS);
			REQUIRE(d->guc.contexts[at].queued && d->guc.contexts[at].registered);
		}
	}
	REQUIRE(d->guc.backlog_count <= GUC_BACKLOG);
	REQUIRE(d->next_ticket == d->serving);
}

u8 take8(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

u16 take16(struct input *in)
{
	u16 low = take8(in);

	return (u16)(low | take8(in) << 8);
}

u32 take32(struct input *in)
{
	u32 low = take16(in);

	return low | (u32)take16(in) << 16;
}

u64 take64(struct input *in)
{
	u32 low = take32(in);

	return make64(low, take32(in));
}

void put8(struct output *out, u8 value)
{
	REQUIRE(out->used < sizeof(out->bytes));
	out->bytes[out->used++] = value;
}

void put16(struct output *out, u16 value)
{
	put8(out, (u8)value);
	put8(out, (u8)(value >> 8));
}

void put32(struct output *out, u32 value)
{
	put16(out, (u16)value);
	put16(out, (u16)(value >> 16));
}

void put64(struct output *out, u64 value)
{
	put32(out, (u32)value);
	put32(out, (u32)(value >> 32));
}
