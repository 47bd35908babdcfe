// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vram_batch.h"
#include "vram_pattern.h"
#include "vram_workload.h"

#define STAGING_BYTES (4u << 20)
#define KIB 1024ull
#define MIB (1024 * KIB)

const char *const fill_way_names[FILL_WAYS] = { "mmap", "copy", "color" };

/* One round of sizes; small buffers are as many as large ones, large ones hold the bytes. */
static const uint64_t sizes[] = {
	4 * KIB, 16 * MIB, 64 * KIB, 8 * KIB, 4 * MIB, 1 * MIB, 32 * MIB, 16 * KIB, 256 * KIB,
	12 * KIB, 2 * MIB, 68 * KIB, 8 * MIB, 32 * KIB, 512 * KIB, 4 * KIB, 3 * MIB, 64 * KIB,
};

double workload_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static unsigned int queue_for(uint64_t number)
{
	/* The last queue does not blit. */
	return number % (GPU_QUEUES - 1);
}

static int fill_by_copy(struct workload *w, struct vram_object *o)
{
	struct gpu_buf *staging = &w->staging[o->buf.space];
	struct gpu_buf *bufs[] = { &o->buf, staging };
	int ret = 0;

	for (uint64_t at = 0; !ret && at < o->buf.size; at += STAGING_BYTES) {
		uint64_t len = smaller(STAGING_BYTES, o->buf.size - at);
		struct batch b;

		pattern_write(staging->map, o->key, at, len);
		batch_begin(&b, w->gpu, o->buf.space);
		batch_copy(&b, &o->buf, at, staging, 0, len);
		ret = batch_run(&b, queue_for(at / STAGING_BYTES), bufs, 2);
	}
	return ret;
}

static int fill_by_color(struct workload *w, struct vram_object *o)
{
	struct gpu_buf *bufs[] = { &o->buf };
	struct batch b;
	int ret = 0;

	batch_begin(&b, w->gpu, o->buf.space);
	for (uint64_t at = 0; !ret && at < o->buf.size; at += PATTERN_BLOCK) {
		batch_color(&b, &o->buf, at, smaller(PATTERN_BLOCK, o->buf.size - at), pattern_color(o->key, at));
		if (!batch_has_room(&b))
			ret = batch_run(&b, queue_for(o->key), bufs, 1);
	}
	if (!ret && b.dwords)
		ret = batch_run(&b, queue_for(o->key), bufs, 1);
	return ret;
}

static int fill_object(struct workload *w, struct vram_object *o)
{
	switch (o->way) {
	case FILL_COPY:
		return fill_by_copy(w, o);
	case FILL_COLOR:
		return fill_by_color(w, o);
	default:
		pattern_write(o->buf.map, o->key, 0, o->buf.size);
		return 0;
	}
}

static enum fill_way way_for(struct workload *w, size_t number)
{
	enum fill_way way = number % FILL_WAYS;

	/* A job looks at all objects of its space: with so many, one for each would be for ever. */
	if (w->all_mapped)
		return FILL_MMAP;
	return way == FILL_COLOR && !w->gpu->has_fast_color ? FILL_COPY : way;
}

static int add_object(struct workload *w, enum gpu_place place, uint64_t size)
{
	struct vram_object *grown = realloc(w->objects, (w->count + 1) * sizeof(*grown));
	struct vram_object *o;
	int ret;

	if (!grown)
		return -ENOMEM;
	w->objects = grown;
	o = &grown[w->count];
	o->way = way_for(w, w->count);
	o->key = pattern_key(w->seed, w->count);
	/* Not in step with the ways, so that every space has all of them. */
	ret = gpu_buf_open(w->gpu, &o->buf, w->count / FILL_WAYS % GPU_SPACES, place, size);
	if (ret)
		return ret;
	w->count++;
	ret = fill_object(w, o);
	if (ret)
		return ret;
	w->bytes += size;
	w->bytes_by_way[o->way] += size;
	return 0;
}

int workload_fill(struct workload *w, struct gpu *gpu, enum gpu_place place, uint64_t seed, uint64_t bytes,
		  unsigned int percent, uint64_t each)
{
	uint64_t align = gpu->min_align > BATCH_ROW ? gpu->min_align : BATCH_ROW;
	int ret = 0;

	memset(w, 0, sizeof(*w));
	w->gpu = gpu;
	w->seed = seed;
	w->all_mapped = each != 0;
	if (!bytes)
		bytes = gpu->vram_free / 100 * percent;
	for (unsigned int i = 0; !ret && i < GPU_SPACES; i++)
		ret = gpu_buf_open(gpu, &w->staging[i], i, GPU_SYSTEM, STAGING_BYTES);
	for (size_t i = 0; !ret && w->bytes < bytes; i++) {
		uint64_t size = smaller(each ? each : sizes[i % (sizeof(sizes) / sizeof(sizes[0]))], bytes - w->bytes);

		ret = add_object(w, place, (size + align - 1) / align * align);
	}
	if (ret)
		workload_drop(w);
	return ret;
}

void workload_drop(struct workload *w)
{
	for (size_t i = 0; i < w->count; i++)
		gpu_buf_close(w->gpu, &w->objects[i].buf);
	for (unsigned int i = 0; i < GPU_SPACES; i++)
		gpu_buf_close(w->gpu, &w->staging[i]);
	free(w->objects);
	w->objects = NULL;
	w->count = 0;
	w->bytes = 0;
}

int workload_advise(struct workload *w, bool needed, uint64_t *kept)
{
	*kept = 0;
	for (size_t i = 0; i < w->count; i++) {
		struct gpu_buf *buf = &w->objects[i].buf;
		bool has_contents;
		int ret = w->gpu->ops->buf_advise ? w->gpu->ops->buf_advise(w->gpu, buf, needed, &has_contents) :
						    -EOPNOTSUPP;

		if (ret)
			return ret;
		if (has_contents)
			*kept += buf->size;
	}
	return 0;
}

static void compare_part(const struct vram_object *o, const void *data, uint64_t at, uint64_t bytes,
			 struct pattern_diff *diff)
{
	if (o->way == FILL_COLOR)
		pattern_compare_color(data, o->key, at, bytes, diff);
	else
		pattern_compare(data, o->key, at, bytes, diff);
}

static int compare_by_cpu(struct workload *w, struct vram_object *o, struct pattern_diff *diff)
{
	(void)w;
	compare_part(o, o->buf.map, 0, o->buf.size, diff);
	return 0;
}

static int compare_by_blit(struct workload *w, struct vram_object *o, struct pattern_diff *diff)
{
	struct gpu_buf *staging = &w->staging[o->buf.space];
	struct gpu_buf *bufs[] = { &o->buf, staging };
	int ret = 0;

	for (uint64_t at = 0; !ret && at < o->buf.size; at += STAGING_BYTES) {
		uint64_t len = smaller(STAGING_BYTES, o->buf.size - at);
		struct batch b;

		/* What the blitter does not write must not look right by chance. */
		memset(staging->map, 0x5c, len);
		batch_begin(&b, w->gpu, o->buf.space);
		batch_copy(&b, staging, 0, &o->buf, at, len);
		ret = batch_run(&b, queue_for(at / STAGING_BYTES), bufs, 2);
		if (!ret)
			compare_part(o, staging->map, at, len, diff);
	}
	return ret;
}

static void compare_all(struct workload *w, struct tally *t,
			int (*compare)(struct workload *, struct vram_object *, struct pattern_diff *))
{
	double began = workload_clock();

	memset(t, 0, sizeof(*t));
	for (size_t i = 0; i < w->count; i++) {
		struct vram_object *o = &w->objects[i];
		struct pattern_diff diff = { 0 };
		int ret = compare(w, o, &diff);

		if (ret) {
			t->errors++;
			t->first_error = t->first_error ? t->first_error : ret;
		} else {
			t->bytes += o->buf.size;
		}
		if (diff.bytes && !t->mismatches) {
			t->first_object = i;
			t->first_at = diff.first_at;
			t->first_got = diff.got;
			t->first_want = diff.want;
		}
		t->bad_objects += diff.bytes != 0;
		t->mismatches += diff.bytes;
	}
	t->seconds = workload_clock() - began;
}

void workload_compare_cpu(struct workload *w, struct tally *t)
{
	compare_all(w, t, compare_by_cpu);
}

void workload_compare_blit(struct workload *w, struct tally *t)
{
	compare_all(w, t, compare_by_blit);
}

static int one_job(struct workload *w, unsigned int space, unsigned int queue, uint32_t value)
{
	struct gpu_buf *target = &w->staging[space];
	volatile uint32_t *seen = target->map;
	struct gpu_buf *bufs[] = { target };
	struct batch b;
	int ret;

	seen[0] = ~value;
	batch_begin(&b, w->gpu, space);
	batch_store(&b, target, 0, value);
	ret = batch_run(&b, queue, bufs, 1);
	if (ret)
		return ret;
	return seen[0] == value ? 0 : -EIO;
}

int workload_jobs(struct workload *w, unsigned int rounds, uint64_t *done)
{
	uint32_t value = w->seed;

	*done = 0;
	if (!w->gpu)
		return -EINVAL;
	for (unsigned int i = 0; i < rounds; i++)
		for (unsigned int space = 0; space < GPU_SPACES; space++)
			for (unsigned int queue = 0; queue < GPU_QUEUES; queue++) {
				int ret = one_job(w, space, queue, ++value);

				if (ret)
					return ret;
				++*done;
			}
	return 0;
}
