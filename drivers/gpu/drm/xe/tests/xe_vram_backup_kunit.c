// SPDX-License-Identifier: GPL-2.0
/*
 * Backup of pinned VRAM objects, step by step, on a live device. Included at the end
 * of xe_bo.c, for its static functions.
 */
#include <linux/delay.h>

#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <kunit/visibility.h>

#include "tests/xe_kunit_helpers.h"
#include "tests/xe_pci_test.h"
#include "tests/xe_vram_backup_kunit.h"

#include "xe_bo_evict.h"

#define BACKUP_TEST_SIZE	SZ_64K

struct backup_test {
	struct xe_device *xe;
	struct xe_bo *bo;
	/* How often a backup object was asked for, and a copy into it. */
	unsigned int allocs;
	unsigned int copies;
	/* The error pointer given for a backup object, if it ever was one. */
	int bad_backup;
};

static int backup_test_init(struct kunit *test)
{
	struct backup_test *bt;
	struct xe_device *xe;
	int err;

	err = xe_kunit_helper_xe_device_live_test_init(test);
	if (err)
		return err;

	xe = test->priv;
	test->priv = NULL;
	if (!IS_DGFX(xe))
		kunit_skip(test, "no VRAM to back up");

	bt = kunit_kzalloc(test, sizeof(*bt), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bt);
	bt->xe = xe;
	test->priv = bt;

	bt->bo = xe_bo_create_user(xe, NULL, BACKUP_TEST_SIZE,
				   DRM_XE_GEM_CPU_CACHING_WC,
				   XE_BO_FLAG_VRAM_IF_DGFX(xe_device_get_root_tile(xe)),
				   XE_VALIDATION_OPT_OUT);
	if (IS_ERR(bt->bo)) {
		err = PTR_ERR(bt->bo);
		bt->bo = NULL;
		KUNIT_FAIL_AND_ABORT(test, "no VRAM object: %d", err);
	}

	return 0;
}

static void backup_test_pin(struct kunit *test)
{
	struct backup_test *bt = test->priv;
	/* Not below the lock: saying this takes, for lockdep, what a transaction takes. */
	struct drm_exec *exec = XE_VALIDATION_OPT_OUT;
	int err;

	xe_bo_lock(bt->bo, false);
	err = xe_bo_pin_external(bt->bo, false, exec);
	xe_bo_unlock(bt->bo);
	KUNIT_ASSERT_EQ(test, 0, err);
	KUNIT_ASSERT_TRUE(test, xe_bo_is_vram(bt->bo));
}

static void backup_test_unpin(struct backup_test *bt)
{
	xe_bo_lock(bt->bo, false);
	xe_bo_unpin_external(bt->bo);
	xe_bo_unlock(bt->bo);
}

static void backup_test_exit(struct kunit *test)
{
	struct backup_test *bt = test->priv;

	if (!bt || !bt->bo)
		return;

	while (xe_bo_is_pinned(bt->bo))
		backup_test_unpin(bt);
	/* A test that found a leak should not leave it behind. */
	xe_bo_notifier_unprepare_pinned(bt->bo);
	xe_bo_put(bt->bo);
}

/* A backup object is freed by a worker if it is busy: give it time. */
static bool backup_test_only_ref(struct xe_bo *bo)
{
	int i;

	for (i = 0; i < 50; i++) {
		if (kref_read(&bo->ttm.base.refcount) == 1)
			return true;
		msleep(20);
	}

	return false;
}

/*
 * An object may lose its last pin between the notifier's prepare step and its undoing.
 * It is then on no list, and whoever unpins it is the last who can drop the backup.
 */
static void xe_vram_backup_unpin_prepared(struct kunit *test)
{
	struct backup_test *bt = test->priv;

	backup_test_pin(test);
	KUNIT_EXPECT_EQ(test, 0, xe_bo_notifier_prepare_all_pinned(bt->xe));
	KUNIT_EXPECT_NOT_NULL(test, bt->bo->backup_obj);
	backup_test_unpin(bt);
	xe_bo_notifier_unprepare_all_pinned(bt->xe);

	KUNIT_EXPECT_NULL_MSG(test, bt->bo->backup_obj,
			      "backup object left after the last unpin");
	KUNIT_EXPECT_TRUE_MSG(test, backup_test_only_ref(bt->bo),
			      "object kept alive by %u references",
			      kref_read(&bt->bo->ttm.base.refcount));
}

/* As long as a pin is left the object must be saved, so its backup stays. */
static void xe_vram_backup_unpin_one_of_two(struct kunit *test)
{
	struct backup_test *bt = test->priv;

	backup_test_pin(test);
	backup_test_pin(test);
	KUNIT_EXPECT_EQ(test, 0, xe_bo_notifier_prepare_all_pinned(bt->xe));
	backup_test_unpin(bt);
	KUNIT_EXPECT_NOT_NULL(test, bt->bo->backup_obj);
	xe_bo_notifier_unprepare_all_pinned(bt->xe);

	KUNIT_EXPECT_NULL(test, bt->bo->backup_obj);
	KUNIT_EXPECT_TRUE(test, backup_test_only_ref(bt->bo));
}

/* The first allocation fails and restarts the transaction, as if out of memory. */
static struct xe_bo *backup_test_alloc(struct xe_device *xe, struct xe_bo *bo,
				       struct xe_tile *tile, struct dma_resv *resv,
				       struct ttm_lru_bulk_move *bulk, size_t size,
				       u16 cpu_caching, enum ttm_bo_type type,
				       u32 flags, struct dma_buf *dma_buf,
				       struct drm_exec *exec)
{
	struct kunit *test = kunit_get_current_test();
	struct backup_test *bt = test->priv;

	if (!bt->allocs++) {
		drm_exec_fini(exec);
		drm_exec_init(exec, 0, 0);
		return ERR_PTR(-ENOMEM);
	}

	kunit_deactivate_static_stub(test, xe_bo_init_locked);
	return xe_bo_init_locked(xe, bo, tile, resv, bulk, size, cpu_caching, type,
				 flags, dma_buf, exec);
}

static int backup_test_copy(struct xe_bo *bo, struct xe_bo *backup)
{
	struct kunit *test = kunit_get_current_test();
	struct backup_test *bt = test->priv;

	bt->copies++;
	if (IS_ERR(backup)) {
		bt->bad_backup = PTR_ERR(backup);
		return bt->bad_backup;
	}

	kunit_deactivate_static_stub(test, xe_bo_evict_pinned_copy);
	return xe_bo_evict_pinned_copy(bo, backup);
}

/* A restarted transaction allocates again; it must not take an error for an object. */
static void xe_vram_backup_evict_retry(struct kunit *test)
{
	struct backup_test *bt = test->priv;
	int err;

	backup_test_pin(test);
	kunit_activate_static_stub(test, xe_bo_init_locked, backup_test_alloc);
	kunit_activate_static_stub(test, xe_bo_evict_pinned_copy, backup_test_copy);
	err = xe_bo_evict_pinned(bt->bo);

	KUNIT_EXPECT_EQ_MSG(test, 0, bt->bad_backup,
			    "copied to an error pointer, %d", bt->bad_backup);
	KUNIT_EXPECT_EQ(test, 0, err);
	KUNIT_EXPECT_EQ(test, 2, bt->allocs);
	KUNIT_EXPECT_EQ(test, 1, bt->copies);
	if (err)
		return;

	KUNIT_EXPECT_NOT_NULL(test, bt->bo->backup_obj);
	KUNIT_EXPECT_EQ(test, 0, xe_bo_restore_pinned(bt->bo));
	KUNIT_EXPECT_NULL(test, bt->bo->backup_obj);
}

static struct kunit_case xe_vram_backup_cases[] = {
	KUNIT_CASE_PARAM(xe_vram_backup_unpin_prepared, xe_pci_live_device_gen_param),
	KUNIT_CASE_PARAM(xe_vram_backup_unpin_one_of_two, xe_pci_live_device_gen_param),
	KUNIT_CASE_PARAM(xe_vram_backup_evict_retry, xe_pci_live_device_gen_param),
	{}
};

VISIBLE_IF_KUNIT
struct kunit_suite xe_vram_backup_test_suite = {
	.name = "xe_vram_backup",
	.init = backup_test_init,
	.exit = backup_test_exit,
	.test_cases = xe_vram_backup_cases,
};
EXPORT_SYMBOL_IF_KUNIT(xe_vram_backup_test_suite);
