// SPDX-License-Identifier: GPL-2.0
/*
 * ttm_tt_setup_backup() against a backup store whose files are counted.
 */
#include <linux/file.h>
#include <linux/shmem_fs.h>

#include <kunit/static_stub.h>

#include <drm/ttm/ttm_backup.h>
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

static struct file *counted_shmem_create(loff_t size)
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
	kunit_activate_static_stub(test, ttm_backup_shmem_create,
				   counted_shmem_create);

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

static struct kunit_case ttm_tt_backup_test_cases[] = {
	KUNIT_CASE(ttm_tt_setup_backup_refused),
	KUNIT_CASE(ttm_tt_setup_backup_twice),
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
