// SPDX-License-Identifier: GPL-2.0
/*
 * How a tt gets its backup store, and what its users may expect of a backup that does
 * not go through at once.
 */
#include <linux/file.h>
#include <linux/kprobes.h>
#include <linux/sched.h>
#include <linux/shmem_fs.h>
#include <linux/swap.h>
#ifdef CONFIG_X86
#include <asm/set_memory.h>
#endif

#include <kunit/static_stub.h>

#include <drm/ttm/ttm_backup.h>
#include <drm/ttm/ttm_pool.h>
#include <drm/ttm/ttm_tt.h>

#include "ttm_kunit_helpers.h"

#define TT_SIZE		SZ_16K
#define MAX_FILES	2

/* The backup files handed out, each with one reference of the test's own. */
struct counted_files {
	struct ttm_test_devices *devs;
	struct file *file[MAX_FILES];
	unsigned int nr;
};

static struct file *counted_shmem_file(loff_t size)
{
	struct counted_files *files = kunit_get_current_test()->priv;
	struct file *file;

	if (files->nr == MAX_FILES)
		return ERR_PTR(-ENFILE);

	file = shmem_file_setup("ttm backup test", size, EMPTY_VMA_FLAGS);
	if (!IS_ERR(file))
		files->file[files->nr++] = get_file(file);

	return file;
}

static int ttm_tt_backup_test_init(struct kunit *test)
{
	struct counted_files *files;

	files = kunit_kzalloc(test, sizeof(*files), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, files);

	files->devs = ttm_test_devices_all(test);
	test->priv = files;
	kunit_activate_static_stub(test, ttm_backup_shmem_file,
				   counted_shmem_file);

	return 0;
}

static void ttm_tt_backup_test_exit(struct kunit *test)
{
	struct counted_files *files = test->priv;
	unsigned int i;

	if (!files)
		return;

	/* A test that found a leak should not leave it behind. */
	for (i = 0; i < files->nr; i++) {
		while (file_count(files->file[i]) > 1)
			fput(files->file[i]);
		fput(files->file[i]);
	}
	ttm_test_devices_put(test, files->devs);
}

static struct ttm_tt *tt_create(struct kunit *test, u32 page_flags)
{
	struct counted_files *files = test->priv;
	struct ttm_buffer_object *bo;
	struct ttm_tt *tt;

	tt = kunit_kzalloc(test, sizeof(*tt), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tt);

	bo = ttm_bo_kunit_init(test, files->devs, TT_SIZE, NULL);
	KUNIT_ASSERT_EQ(test, 0, ttm_tt_init(tt, bo, page_flags, ttm_cached, 0));

	return tt;
}

/* A tt that cannot be backed up is refused, and nothing is left behind. */
static void ttm_tt_setup_backup_refused(struct kunit *test)
{
	struct counted_files *files = test->priv;
	struct ttm_tt *tt = tt_create(test, 0);
	unsigned int i;

	kunit_warning_suppress(test) {
		KUNIT_EXPECT_EQ(test, -EINVAL, ttm_tt_setup_backup(tt));
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 1);
	}

	KUNIT_EXPECT_NULL(test, tt->backup);
	for (i = 0; i < files->nr; i++)
		KUNIT_EXPECT_EQ_MSG(test, 1, file_count(files->file[i]),
				    "backup file %u leaked", i);

	ttm_tt_fini(tt);
}

/* A second set-up replaces the store of the first. */
static void ttm_tt_setup_backup_twice(struct kunit *test)
{
	struct counted_files *files = test->priv;
	struct ttm_tt *tt = tt_create(test, TTM_TT_FLAG_EXTERNAL |
				      TTM_TT_FLAG_EXTERNAL_MAPPABLE);

	KUNIT_ASSERT_EQ(test, 0, ttm_tt_setup_backup(tt));
	KUNIT_ASSERT_EQ(test, 1, files->nr);
	KUNIT_EXPECT_EQ(test, 2, file_count(files->file[0]));

	KUNIT_ASSERT_EQ(test, 0, ttm_tt_setup_backup(tt));
	KUNIT_ASSERT_EQ(test, 2, files->nr);
	KUNIT_EXPECT_EQ(test, 1, file_count(files->file[0]));
	KUNIT_EXPECT_EQ(test, 2, file_count(files->file[1]));

	ttm_tt_fini(tt);
	KUNIT_EXPECT_NULL(test, tt->backup);
	KUNIT_EXPECT_EQ(test, 1, file_count(files->file[1]));
}

static int tt_populate(struct ttm_device *bdev, struct ttm_tt *tt,
		       struct ttm_operation_ctx *ctx)
{
	if (ttm_tt_is_backed_up(tt))
		return ttm_tt_restore(bdev, tt, ctx);

	return ttm_pool_alloc(&bdev->pool, tt, ctx);
}

static void tt_unpopulate(struct ttm_device *bdev, struct ttm_tt *tt)
{
	ttm_pool_free(&bdev->pool, tt);
}

static struct ttm_device_funcs tt_funcs;

/* A populated tt with a store. Each of its pages begins with its number. */
static struct ttm_tt *tt_create_populated(struct kunit *test, size_t size,
					  enum ttm_caching caching)
{
	struct counted_files *files = test->priv;
	struct ttm_device *bdev = files->devs->ttm_dev;
	struct ttm_operation_ctx ctx = {};
	struct ttm_buffer_object *bo;
	struct ttm_tt *tt;
	pgoff_t i;

	if (!get_nr_swap_pages())
		kunit_skip(test, "no swap space, nothing would be backed up");

	tt_funcs = *bdev->funcs;
	tt_funcs.ttm_tt_populate = tt_populate;
	tt_funcs.ttm_tt_unpopulate = tt_unpopulate;
	bdev->funcs = &tt_funcs;

	tt = kunit_kzalloc(test, sizeof(*tt), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tt);
	bo = ttm_bo_kunit_init(test, files->devs, size, NULL);
	KUNIT_ASSERT_EQ(test, 0, ttm_tt_init(tt, bo, TTM_TT_FLAG_EXTERNAL |
					     TTM_TT_FLAG_EXTERNAL_MAPPABLE, caching, 0));
	KUNIT_ASSERT_EQ(test, 0, ttm_tt_setup_backup(tt));
	KUNIT_ASSERT_EQ(test, 0, ttm_tt_populate(bdev, tt, &ctx));
	for (i = 0; i < tt->num_pages; i++)
		*(u64 *)page_address(tt->pages[i]) = i;

	return tt;
}

static long tt_backup(struct kunit *test, struct ttm_tt *tt)
{
	struct counted_files *files = test->priv;

	return ttm_tt_backup(files->devs->ttm_dev, tt, (struct ttm_backup_flags) {});
}

static void tt_expect_numbers(struct kunit *test, struct ttm_tt *tt)
{
	struct counted_files *files = test->priv;
	struct ttm_operation_ctx ctx = {};
	pgoff_t i;

	KUNIT_ASSERT_EQ(test, 0, ttm_tt_populate(files->devs->ttm_dev, tt, &ctx));
	for (i = 0; i < tt->num_pages; i++)
		KUNIT_ASSERT_EQ(test, i, *(u64 *)page_address(tt->pages[i]));
}

static void tt_destroy(struct kunit *test, struct ttm_tt *tt)
{
	struct counted_files *files = test->priv;

	ttm_tt_unpopulate(files->devs->ttm_dev, tt);
	ttm_tt_fini(tt);
}

#ifdef CONFIG_FAULT_INJECTION
/* What a backup left behind can be backed up by another attempt. */
static void ttm_tt_backup_retry(struct kunit *test)
{
	struct ttm_tt *tt = tt_create_populated(test, 7 * PAGE_SIZE, ttm_cached);
	long first, second = 0;

	/* The first point where a backup can be made to fail leaves half: three of seven. */
	current->fail_nth = 1;
	first = tt_backup(test, tt);
	current->fail_nth = 0;
	KUNIT_EXPECT_GT(test, first, 0);
	KUNIT_ASSERT_LT(test, first, tt->num_pages);

	kunit_warning_suppress(test) {
		second = tt_backup(test, tt);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 0);
	}
	KUNIT_EXPECT_EQ(test, tt->num_pages - first, second);

	tt_expect_numbers(test, tt);
	tt_destroy(test, tt);
}

#ifdef CONFIG_X86
static unsigned long pte_caching(struct page *page)
{
	unsigned int level;
	pte_t *pte = lookup_address((unsigned long)page_address(page), &level);

	return pte ? pte_val(*pte) & (_PAGE_PWT | _PAGE_PCD) : 0;
}

/* A tt of which no page could be backed up is what it was, its caching included. */
static void ttm_tt_backup_no_progress(struct kunit *test)
{
	struct ttm_tt *tt = tt_create_populated(test, PAGE_SIZE, ttm_uncached);
	unsigned long caching = pte_caching(tt->pages[0]);
	struct page *page = tt->pages[0];
	long ret = 0;
	int nth;

	KUNIT_ASSERT_NE(test, 0, caching);

	/* The first points are not about this page; take the one that is. */
	for (nth = 2; nth < 6 && !ret; nth++) {
		current->fail_nth = nth;
		ret = tt_backup(test, tt);
		current->fail_nth = 0;
		if (ret > 0) {
			tt_expect_numbers(test, tt);
			page = tt->pages[0];
			ret = 0;
		}
	}
	if (!ret) {
		tt_destroy(test, tt);
		kunit_skip(test, "allocations cannot fail: see failslab and fail_page_alloc");
	}

	KUNIT_EXPECT_EQ(test, -ENOMEM, ret);
	KUNIT_EXPECT_TRUE(test, ttm_tt_is_populated(tt));
	KUNIT_EXPECT_PTR_EQ(test, page, tt->pages[0]);
	KUNIT_EXPECT_EQ(test, caching, pte_caching(page));

	tt_expect_numbers(test, tt);
	tt_destroy(test, tt);
}
#endif
#endif

#ifdef CONFIG_KPROBES
static atomic_t truncations;

static int count_truncation(struct kprobe *probe, struct pt_regs *regs)
{
	atomic_inc(&truncations);

	return 0;
}

/* A restore drops what it has read in large pieces, not page by page. */
static void ttm_tt_restore_drops(struct kunit *test)
{
	struct kprobe probe = {
		.symbol_name = "shmem_truncate_range",
		.pre_handler = count_truncation,
	};
	struct ttm_tt *tt = tt_create_populated(test, SZ_4M, ttm_cached);

	KUNIT_ASSERT_EQ(test, tt->num_pages, tt_backup(test, tt));
	atomic_set(&truncations, 0);
	KUNIT_ASSERT_EQ(test, 0, register_kprobe(&probe));
	tt_expect_numbers(test, tt);
	unregister_kprobe(&probe);
	KUNIT_EXPECT_GT(test, atomic_read(&truncations), 0);
	KUNIT_EXPECT_LE(test, atomic_read(&truncations), 16);

	tt_destroy(test, tt);
}
#endif

static struct kunit_case ttm_tt_backup_test_cases[] = {
	KUNIT_CASE(ttm_tt_setup_backup_refused),
	KUNIT_CASE(ttm_tt_setup_backup_twice),
#ifdef CONFIG_FAULT_INJECTION
	KUNIT_CASE(ttm_tt_backup_retry),
#ifdef CONFIG_X86
	KUNIT_CASE(ttm_tt_backup_no_progress),
#endif
#endif
#ifdef CONFIG_KPROBES
	KUNIT_CASE(ttm_tt_restore_drops),
#endif
	{}
};

static struct kunit_suite ttm_tt_backup_test_suite = {
	.name = "ttm_tt_backup",
	.init = ttm_tt_backup_test_init,
	.exit = ttm_tt_backup_test_exit,
	.test_cases = ttm_tt_backup_test_cases,
};

kunit_test_suites(&ttm_tt_backup_test_suite);

MODULE_DESCRIPTION("KUnit tests for the backup store of a ttm_tt");
MODULE_LICENSE("GPL");
