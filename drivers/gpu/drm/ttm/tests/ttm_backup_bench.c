// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs to back up and to restore tts: time, copies and memory.
 *
 * Nothing is measured unless the parameter total_mib says how much. The results come as
 * key=value lines in the log. Counting slows down what is timed, so that takes a run of
 * its own: count=1.
 */
#include <linux/highmem.h>
#include <linux/irqflags.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/tracepoint.h>
#include <linux/vmstat.h>

#include <drm/ttm/ttm_tt.h>

#include "ttm_kunit_helpers.h"

#define WORDS_PER_PAGE	(PAGE_SIZE / sizeof(u64))
#define TIMED_LOOPS	100000
#define TIMED_PAGES	64

static unsigned int total_mib;
module_param(total_mib, uint, 0444);
MODULE_PARM_DESC(total_mib, "Memory to back up, in MiB (default: 0, do nothing)");

static unsigned int tt_kib = 4096;
module_param(tt_kib, uint, 0444);
MODULE_PARM_DESC(tt_kib, "Size of each tt, in KiB (default: 4096)");

static bool wc;
module_param(wc, bool, 0444);
MODULE_PARM_DESC(wc, "Map the tts write-combined (default: cached)");

static bool count;
module_param(count, bool, 0444);
MODULE_PARM_DESC(count, "Count copies and allocations (default: measure time)");

struct ttm_backup_bench {
	struct ttm_test_devices *devs;
	struct ttm_buffer_object *bo;
	struct ttm_tt *tts;
	unsigned int nr;
};

/* What the probes see. */
struct bench_counts {
	struct task_struct *task;
	atomic64_t copies;
	atomic64_t lru_folios;
	atomic64_t held;
	atomic64_t peak;
};

static struct bench_counts counts;

static void bench_counts_reset(void)
{
	atomic64_set(&counts.copies, 0);
	atomic64_set(&counts.lru_folios, 0);
	atomic64_set(&counts.held, 0);
	atomic64_set(&counts.peak, 0);
}

#if IS_ENABLED(CONFIG_KPROBES) && IS_ENABLED(CONFIG_TRACEPOINTS)
static int bench_on_copy(struct kprobe *probe, struct pt_regs *regs)
{
	if (current == counts.task)
		atomic64_inc(&counts.copies);

	return 0;
}

static struct kprobe bench_copy_probe = {
	.symbol_name = "copy_page",
	.pre_handler = bench_on_copy,
};

static void bench_on_alloc(void *data, struct page *page, unsigned int order,
			   gfp_t gfp, int migratetype)
{
	s64 held;

	if (!page)
		return;

	held = atomic64_add_return(1L << order, &counts.held);
	if (held > atomic64_read(&counts.peak))
		atomic64_set(&counts.peak, held);
}

static void bench_on_free(void *data, struct page *page, unsigned int order)
{
	atomic64_sub(1L << order, &counts.held);
}

static void bench_on_lru(void *data, struct folio *folio)
{
	if (current == counts.task)
		atomic64_inc(&counts.lru_folios);
}

static struct bench_trace {
	const char *name;
	void *probe;
	struct tracepoint *tp;
	bool added;
} bench_traces[] = {
	{ .name = "mm_page_alloc", .probe = bench_on_alloc },
	{ .name = "mm_page_free", .probe = bench_on_free },
	{ .name = "mm_lru_insertion", .probe = bench_on_lru },
};

static void bench_find_trace(struct tracepoint *tp, void *data)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bench_traces); i++)
		if (!strcmp(tp->name, bench_traces[i].name))
			bench_traces[i].tp = tp;
}

static void bench_probes_remove(void *data)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bench_traces); i++)
		if (bench_traces[i].added) {
			tracepoint_probe_unregister(bench_traces[i].tp,
						    bench_traces[i].probe, NULL);
			bench_traces[i].added = false;
		}
	tracepoint_synchronize_unregister();
	unregister_kprobe(&bench_copy_probe);
}

static void bench_probes_add(struct kunit *test)
{
	unsigned int i;

	counts.task = current;
	bench_copy_probe.addr = NULL;
	bench_copy_probe.flags = 0;
	KUNIT_ASSERT_EQ(test, 0, register_kprobe(&bench_copy_probe));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bench_probes_remove,
							   NULL));

	for_each_kernel_tracepoint(bench_find_trace, NULL);
	for (i = 0; i < ARRAY_SIZE(bench_traces); i++) {
		struct bench_trace *trace = &bench_traces[i];

		KUNIT_ASSERT_NOT_NULL(test, trace->tp);
		trace->added = !tracepoint_probe_register(trace->tp, trace->probe, NULL);
		KUNIT_ASSERT_TRUE(test, trace->added);
	}
}
#else
static void bench_probes_add(struct kunit *test)
{
	kunit_skip(test, "this kernel has no probes to count with");
}
#endif

/* How long things take whose number of instructions is known, or is to be. */
static void bench_calibrate(struct kunit *test)
{
	void *page = kunit_kzalloc(test, 2 * PAGE_SIZE, GFP_KERNEL);
	u64 copied, cleared, looped, end;
	unsigned long flags;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	local_irq_save(flags);
	copied = ktime_get_ns();
	for (i = 0; i < TIMED_PAGES; i++)
		copy_page(page, page + PAGE_SIZE);
	cleared = ktime_get_ns();
	for (i = 0; i < TIMED_PAGES; i++)
		clear_page(page);
	looped = ktime_get_ns();
#ifdef CONFIG_X86
	i = TIMED_LOOPS;
	asm volatile("1: dec %0; jnz 1b" : "+r" (i) : : "cc");
#endif
	end = ktime_get_ns();
	local_irq_restore(flags);

	kunit_info(test, "copy_page_ns=%llu", div_u64(cleared - copied, TIMED_PAGES));
	kunit_info(test, "clear_page_ns=%llu", div_u64(looped - cleared, TIMED_PAGES));
	if (IS_ENABLED(CONFIG_X86)) {
		kunit_info(test, "loop_ns=%llu", end - looped);
		kunit_info(test, "loop_instructions=%u", 2 * TIMED_LOOPS);
	}
}

/* A snapshot that others may be changing. */
static unsigned long bench_free_blocks(unsigned int order)
{
	unsigned long nr = 0;
	unsigned int zone;
	int nid;

	for_each_online_node(nid)
		for (zone = 0; zone < MAX_NR_ZONES; zone++)
			nr += READ_ONCE(NODE_DATA(nid)->node_zones[zone].free_area[order].nr_free);

	return nr;
}

/* Free blocks of each order, over all zones. */
static void bench_report_free(struct kunit *test, const char *when)
{
	char text[NR_PAGE_ORDERS * 12];
	unsigned int order, len = 0;

	for (order = 0; order < NR_PAGE_ORDERS; order++)
		len += scnprintf(text + len, sizeof(text) - len, "%s%lu",
				 order ? "," : "", bench_free_blocks(order));
	kunit_info(test, "free_%s=%s", when, text);
}

static u64 bench_pages_allocated(void)
{
	static unsigned long events[NR_VM_EVENT_ITEMS];
	unsigned int zone;
	u64 sum = 0;

	all_vm_events(events);
	for (zone = 0; zone < MAX_NR_ZONES; zone++)
		sum += events[PGALLOC_NORMAL - ZONE_NORMAL + zone];

	return sum;
}

static u64 bench_word(unsigned int nr, pgoff_t page)
{
	return (((u64)nr << 32) + page) * 0x9e3779b97f4a7c15ull;
}

static void bench_fill(struct ttm_tt *tt, unsigned int nr)
{
	pgoff_t page;
	unsigned int i;

	for (page = 0; page < tt->num_pages; page++) {
		u64 word = bench_word(nr, page);
		u64 *at = kmap_local_page(tt->pages[page]);

		for (i = 0; i < WORDS_PER_PAGE; i++)
			at[i] = word + i;
		kunmap_local(at);
	}
}

/* How many pages differ from what bench_fill() wrote. */
static unsigned long bench_differ(struct ttm_tt *tt, unsigned int nr)
{
	unsigned long bad = 0;
	unsigned int i;
	pgoff_t page;

	for (page = 0; page < tt->num_pages; page++) {
		u64 word = bench_word(nr, page);
		u64 *at = kmap_local_page(tt->pages[page]);
		u64 diff = 0;

		for (i = 0; i < WORDS_PER_PAGE; i++)
			diff |= at[i] ^ (word + i);
		kunmap_local(at);
		bad += !!diff;
	}

	return bad;
}

static void bench_drop_tts(void *data)
{
	struct ttm_backup_bench *bench = data;

	while (bench->nr) {
		struct ttm_tt *tt = &bench->tts[--bench->nr];

		ttm_tt_unpopulate(bench->devs->ttm_dev, tt);
		ttm_tt_fini(tt);
	}
	kvfree(bench->tts);
	dummy_ttm_bo_destroy(bench->bo);
}

static void bench_fini(struct kunit *test, struct ttm_backup_bench *bench)
{
	kunit_release_action(test, bench_drop_tts, bench);
	if (bench->devs)
		ttm_test_devices_put(test, bench->devs);
	bench->devs = NULL;
}

static void bench_make_tts(struct kunit *test, struct ttm_backup_bench *bench)
{
	unsigned int nr = div_u64((u64)total_mib << 10, tt_kib);
	struct ttm_operation_ctx ctx = { };
	struct ttm_tt *tt;

	bench->bo = ttm_bo_kunit_init(test, bench->devs, (size_t)tt_kib << 10, NULL);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bench_drop_tts, bench));
	bench->tts = kvzalloc_objs(*bench->tts, nr);
	KUNIT_ASSERT_NOT_NULL(test, bench->tts);

	while (bench->nr < nr) {
		tt = &bench->tts[bench->nr];
		KUNIT_ASSERT_EQ(test, 0,
				ttm_tt_init(tt, bench->bo, TTM_TT_FLAG_EXTERNAL |
					    TTM_TT_FLAG_EXTERNAL_MAPPABLE,
					    wc ? ttm_write_combined : ttm_cached, 0));
		bench->nr++;
		KUNIT_ASSERT_EQ(test, 0, ttm_tt_setup_backup(tt));
		KUNIT_ASSERT_EQ(test, 0, ttm_tt_populate(bench->devs->ttm_dev, tt, &ctx));
		bench_fill(tt, bench->nr - 1);
	}
}

static long bench_backup(struct ttm_backup_bench *bench)
{
	const struct ttm_backup_flags flags = { };
	long ret, pages = 0;
	unsigned int i;

	for (i = 0; i < bench->nr; i++) {
		ret = ttm_tt_backup(bench->devs->ttm_dev, &bench->tts[i], flags);
		if (ret < 0)
			return ret;
		pages += ret;
	}

	return pages;
}

static int bench_restore(struct ttm_backup_bench *bench)
{
	struct ttm_operation_ctx ctx = { };
	unsigned int i;
	int ret;

	for (i = 0; i < bench->nr; i++) {
		ret = ttm_tt_restore(bench->devs->ttm_dev, &bench->tts[i], &ctx);
		if (ret)
			return ret;
		/* As ttm_tt_populate() does, which drivers restore from. */
		bench->tts[i].page_flags |= TTM_TT_FLAG_PRIV_POPULATED;
	}

	return 0;
}

static void bench_report(struct kunit *test, const char *what, u64 ns, u64 allocated)
{
	if (!count) {
		kunit_info(test, "%s_ns=%llu", what, ns);
		kunit_info(test, "%s_allocated=%llu", what, allocated);
		return;
	}

	kunit_info(test, "%s_copied=%lld", what, atomic64_read(&counts.copies));
	kunit_info(test, "%s_lru_folios=%lld", what, atomic64_read(&counts.lru_folios));
	kunit_info(test, "%s_peak=%lld", what, atomic64_read(&counts.peak));
}

static void ttm_backup_bench(struct kunit *test)
{
	struct ttm_backup_bench *bench = test->priv;
	unsigned long differ = 0;
	u64 start, allocated;
	unsigned int i;
	long pages;
	int ret;

	bench_calibrate(test);
	bench_report_free(test, "empty");
	bench_make_tts(test, bench);
	bench_report_free(test, "filled");
	if (count)
		bench_probes_add(test);

	bench_counts_reset();
	allocated = bench_pages_allocated();
	start = ktime_get_ns();
	pages = bench_backup(bench);
	start = ktime_get_ns() - start;
	allocated = bench_pages_allocated() - allocated;
	KUNIT_ASSERT_EQ(test, (long)((u64)total_mib << 20 >> PAGE_SHIFT), pages);
	kunit_info(test, "pages=%ld", pages);
	bench_report(test, "backup", start, allocated);
	bench_report_free(test, "saved");

	bench_counts_reset();
	allocated = bench_pages_allocated();
	start = ktime_get_ns();
	ret = bench_restore(bench);
	start = ktime_get_ns() - start;
	allocated = bench_pages_allocated() - allocated;
	KUNIT_ASSERT_EQ(test, 0, ret);
	bench_report(test, "restore", start, allocated);
	bench_report_free(test, "restored");

	for (i = 0; i < bench->nr; i++)
		differ += bench_differ(&bench->tts[i], i);
	kunit_info(test, "differ=%lu", differ);
	KUNIT_EXPECT_EQ(test, 0, differ);

	/* With the last device goes what the pool has kept. */
	bench_fini(test, bench);
	bench_report_free(test, "freed");
}

static int ttm_backup_bench_init(struct kunit *test)
{
	struct ttm_backup_bench *bench;

	if (!total_mib)
		kunit_skip(test, "total_mib= does not say how much");
	if (!tt_kib || tt_kib % (PAGE_SIZE >> 10) || (total_mib << 10) % tt_kib)
		kunit_skip(test, "tt_kib= is not whole pages, or no part of total_mib=");

	bench = kunit_kzalloc(test, sizeof(*bench), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bench);

	bench->devs = ttm_test_devices_all(test);
	test->priv = bench;

	return 0;
}

static void ttm_backup_bench_exit(struct kunit *test)
{
	struct ttm_backup_bench *bench = test->priv;

	if (bench)
		bench_fini(test, bench);
}

static struct kunit_case ttm_backup_bench_cases[] = {
	KUNIT_CASE_SLOW(ttm_backup_bench),
	{}
};

static struct kunit_suite ttm_backup_bench_suite = {
	.name = "ttm_backup_bench",
	.init = ttm_backup_bench_init,
	.exit = ttm_backup_bench_exit,
	.test_cases = ttm_backup_bench_cases,
};

kunit_test_suites(&ttm_backup_bench_suite);

MODULE_DESCRIPTION("Measurements of the backup of ttm_tts");
MODULE_LICENSE("GPL");
