// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "vram_report.h"

void report_fill(const struct workload *w, double seconds)
{
	printf("stat fill driver=%s bytes=%" PRIu64 " objects=%zu vram=%" PRIu64 " mmap=%" PRIu64 " copy=%" PRIu64
	       " color=%" PRIu64 " spaces=%d queues=%d seconds=%.3f\n",
	       w->gpu->ops->driver, w->bytes, w->count, w->gpu->vram_total, w->bytes_by_way[FILL_MMAP],
	       w->bytes_by_way[FILL_COPY], w->bytes_by_way[FILL_COLOR], GPU_SPACES, GPU_SPACES * GPU_QUEUES, seconds);
	fflush(stdout);
}

void report_tally(const char *how, const struct workload *w, const struct tally *t)
{
	if (t->mismatches) {
		const struct vram_object *o = &w->objects[t->first_object];

		printf("first mismatch: object %zu (%" PRIu64 " bytes, filled by %s) at 0x%" PRIx64 ": 0x%016" PRIx64
		       " instead of 0x%016" PRIx64 "\n", t->first_object, o->buf.size, fill_way_names[o->way],
		       t->first_at, t->first_got, t->first_want);
	}
	if (t->errors)
		printf("first error: %s\n", strerror(-t->first_error));
	printf("stat compare how=%s bytes=%" PRIu64 " mismatches=%" PRIu64 " bad_objects=%" PRIu64 " errors=%" PRIu64
	       " seconds=%.3f\n", how, t->bytes, t->mismatches, t->bad_objects, t->errors, t->seconds);
	fflush(stdout);
}

void report_jobs(int error, uint64_t done, double seconds)
{
	printf("stat jobs done=%" PRIu64 " error=%d seconds=%.3f\n", done, -error, seconds);
	fflush(stdout);
}

void report_long(uint32_t begun, bool ended)
{
	printf("stat long begun=%" PRIu32 " ended=%d\n", begun, ended);
	fflush(stdout);
}

void report_advise(const struct workload *w, uint64_t kept)
{
	printf("stat advise bytes=%" PRIu64 " kept=%" PRIu64 "\n", w->bytes, kept);
	fflush(stdout);
}

void report_suspend(const char *how, double seconds)
{
	printf("stat suspend how=%s seconds=%.3f\n", how, seconds);
	fflush(stdout);
}
