// SPDX-License-Identifier: GPL-2.0
/*
 * The backup store in a file, on a file or block device of the running system.
 */
#include <linux/blkdev.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/module.h>

#include <kunit/test.h>

#include <drm/ttm/ttm_backup.h>

#include "ttm_backup_kunit_helpers.h"

static char *path;
module_param(path, charp, 0444);
MODULE_PARM_DESC(path, "The file; what is in it is overwritten");

static unsigned int mib = 16;
module_param(mib, uint, 0444);
MODULE_PARM_DESC(mib, "How much of it to use, in MiB");

static bool rdonly;
module_param(rdonly, bool, 0444);
MODULE_PARM_DESC(rdonly, "Open it for reading only");

static int refused;
module_param(refused, int, 0444);
MODULE_PARM_DESC(refused, "The error that opening it, or making a store of it, has to give");

static int broken;
module_param(broken, int, 0444);
MODULE_PARM_DESC(broken, "The error that writing to it has to give");

static struct file *file;

/* In the task that loads the module: a test's own has no file system to look in. */
static int backup_path_open(struct kunit_suite *suite)
{
	int flags = (rdonly ? O_RDONLY : O_RDWR) | O_LARGEFILE | O_DIRECT;

	if (!path)
		return 0;

	file = filp_open(path, flags, 0);
	if (IS_ERR(file) || !S_ISBLK(file_inode(file)->i_mode))
		return 0;

	/* Nobody else may use a device meanwhile. */
	filp_close(file, NULL);
	file = filp_open(path, flags | O_EXCL, 0);

	return 0;
}

static void backup_path_close(struct kunit_suite *suite)
{
	if (!IS_ERR_OR_NULL(file))
		filp_close(file, NULL);
}

static void path_fill(struct kunit *test, struct ttm_backup *store,
		      unsigned long *handle, pgoff_t nr, u64 seed)
{
	struct page *page = alloc_page(GFP_KERNEL);
	long ret = 0;
	pgoff_t i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	for (i = 0; i < nr; i++) {
		content_fill(page, seed + i);
		ret = ttm_backup_backup_pages(store, page, 1, false, i, GFP_KERNEL,
					      &handle[i]);
		if (ret < 0) {
			handle[i] = 0;
			break;
		}
	}
	__free_page(page);
	if (broken) {
		KUNIT_EXPECT_EQ(test, broken, ttm_backup_sync(store));
		return;
	}
	KUNIT_ASSERT_EQ(test, nr, i);
	KUNIT_ASSERT_EQ(test, 0, ttm_backup_sync(store));
}

static void path_check(struct kunit *test, struct ttm_backup *store,
		       unsigned long *handle, pgoff_t nr, u64 seed)
{
	struct page *page = alloc_page(GFP_KERNEL);
	pgoff_t i;
	long ret;

	KUNIT_ASSERT_NOT_NULL(test, page);
	for (i = 0; i < nr && handle[i]; i++) {
		clear_highpage(page);
		ret = ttm_backup_copy_pages(store, page, handle[i], 1, true, 0);
		if (ret != 1 || !content_is(page, seed + i)) {
			KUNIT_FAIL(test, "page %lu: %ld", i, ret);
			break;
		}
	}
	__free_page(page);
	KUNIT_EXPECT_GT(test, i, 0);
}

static void backup_path(struct kunit *test)
{
	pgoff_t i, nr = (pgoff_t)mib << (20 - PAGE_SHIFT);
	struct ttm_backup *store;
	unsigned long *handle;
	u64 seed;

	if (!path)
		kunit_skip(test, "no path= was given");

	if (IS_ERR(file)) {
		KUNIT_EXPECT_EQ(test, refused, PTR_ERR(file));
		return;
	}
	store = ttm_backup_file_create(file, (loff_t)mib << 20);
	if (IS_ERR(store)) {
		KUNIT_EXPECT_EQ(test, refused, PTR_ERR(store));
		return;
	}

	handle = kvcalloc(nr, sizeof(*handle), GFP_KERNEL);
	if (!handle || refused) {
		KUNIT_FAIL(test, "a store was made, instead of error %d", refused);
		goto out;
	}
	seed = content_seed(test);
	path_fill(test, store, handle, nr, seed);
	path_check(test, store, handle, nr, seed);
	for (i = 0; i < nr && handle[i]; i++)
		ttm_backup_drop(store, handle[i], 1);
	KUNIT_EXPECT_EQ(test, (u64)mib << 20, ttm_backup_bytes_avail(store));

out:
	kvfree(handle);
	ttm_backup_put(store);
}

static struct kunit_case ttm_backup_path_cases[] = {
	KUNIT_CASE(backup_path),
	{}
};

static struct kunit_suite ttm_backup_path_suite = {
	.name = "ttm_backup_path",
	.suite_init = backup_path_open,
	.suite_exit = backup_path_close,
	.test_cases = ttm_backup_path_cases,
};

kunit_test_suites(&ttm_backup_path_suite);

MODULE_DESCRIPTION("KUnit test for TTM's backup store in a file of the system");
MODULE_LICENSE("GPL");
