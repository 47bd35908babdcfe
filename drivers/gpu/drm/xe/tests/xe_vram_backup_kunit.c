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

#define BACKUP_TEST_SIZE	SZ_64K

/*
 * The steps of a backup of pinned objects, as this kernel has them: for a device all, and
 * for one object.
 */
#ifdef TTM_VRAM_BACKUP_ALL_LISTS

#include "xe_vram_backup.h"
#include "xe_vram_backup_copy.h"

static int backup_test_prepare_all(struct xe_device *xe)
{
	return ttm_vram_backup_begin(&xe->vram_backup.base, TTM_VRAM_BACKUP_MANUAL) ?:
	       ttm_vram_backup_prepare(&xe->vram_backup.base);
}

static void backup_test_unprepare_all(struct xe_device *xe)
{
	ttm_vram_backup_end(&xe->vram_backup.base, 0);
}

/* Save one object; the end of the suspend, though nothing was restored; another attempt. */
static int backup_test_save(struct xe_bo *bo)
{
	struct xe_device *xe = xe_bo_device(bo);

	return backup_test_prepare_all(xe) ?:
	       ttm_vram_backup_save(&xe->vram_backup.base, TTM_VRAM_BACKUP_EXTERNAL);
}

static int backup_test_try_again(struct xe_bo *bo)
{
	struct xe_device *xe = xe_bo_device(bo);
	struct ttm_vram_backup *vb = &xe->vram_backup.base;

	return ttm_vram_backup_begin(vb, TTM_VRAM_BACKUP_MANUAL) ?:
	       ttm_vram_backup_restore(vb, TTM_VRAM_BACKUP_EXTERNAL, TTM_VRAM_BACKUP_BLIT) ?:
	       ttm_vram_backup_end(vb, 0);
}

static void backup_test_unprepare(struct xe_bo *bo)
{
	xe_bo_lock(bo, false);
	xe_vram_backup_release_bo(bo);
	xe_bo_unlock(bo);
}

static int xe_bo_evict_pinned_copy(struct xe_bo *bo, struct xe_bo *backup)
{
	KUNIT_STATIC_STUB_REDIRECT(xe_bo_evict_pinned_copy, bo, backup);

	return xe_vram_backup_copy_by_cpu(bo, backup->ttm.ttm, false);
}

static int backup_test_evict(struct xe_bo *bo)
{
	int err = xe_vram_backup_prepare_bo(bo);

	if (err)
		return err;

	xe_bo_lock(bo, false);
	err = xe_bo_evict_pinned_copy(bo, bo->backup_obj);
	xe_bo_unlock(bo);

	return err;
}

static int backup_test_restore(struct xe_bo *bo)
{
	int err;

	xe_bo_lock(bo, false);
	err = xe_vram_backup_copy_by_cpu(bo, bo->backup_obj->ttm.ttm, true);
	xe_bo_unlock(bo);
	backup_test_unprepare(bo);

	return err;
}

#else

#include "xe_bo_evict.h"

#define backup_test_prepare_all xe_bo_notifier_prepare_all_pinned
#define backup_test_unprepare_all xe_bo_notifier_unprepare_all_pinned
#define backup_test_unprepare xe_bo_notifier_unprepare_pinned
#define backup_test_evict xe_bo_evict_pinned
#define backup_test_restore xe_bo_restore_pinned
#define backup_test_try_again xe_bo_restore_pinned

static int backup_test_save(struct xe_bo *bo)
{
	return xe_bo_notifier_prepare_pinned(bo) ?: xe_bo_evict_pinned(bo);
}

#endif

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
	/* The CPU looks into VRAM. */
	xe_pm_runtime_get(xe);

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

	if (!bt)
		return;

	if (bt->bo) {
		while (xe_bo_is_pinned(bt->bo))
			backup_test_unpin(bt);
		/* A test that found a leak should not leave it behind. */
		backup_test_unprepare(bt->bo);
		xe_bo_put(bt->bo);
	}
	xe_pm_runtime_put(bt->xe);
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
	KUNIT_EXPECT_EQ(test, 0, backup_test_prepare_all(bt->xe));
	KUNIT_EXPECT_NOT_NULL(test, bt->bo->backup_obj);
	backup_test_unpin(bt);
	backup_test_unprepare_all(bt->xe);

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
	KUNIT_EXPECT_EQ(test, 0, backup_test_prepare_all(bt->xe));
	backup_test_unpin(bt);
	KUNIT_EXPECT_NOT_NULL(test, bt->bo->backup_obj);
	backup_test_unprepare_all(bt->xe);

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
	err = backup_test_evict(bt->bo);

	KUNIT_EXPECT_EQ_MSG(test, 0, bt->bad_backup,
			    "copied to an error pointer, %d", bt->bad_backup);
	KUNIT_EXPECT_EQ(test, 0, err);
	KUNIT_EXPECT_EQ(test, 2, bt->allocs);
	KUNIT_EXPECT_EQ(test, 1, bt->copies);
	if (err)
		return;

	KUNIT_EXPECT_NOT_NULL(test, bt->bo->backup_obj);
	KUNIT_EXPECT_EQ(test, 0, backup_test_restore(bt->bo));
	KUNIT_EXPECT_NULL(test, bt->bo->backup_obj);
}

/* A pin for a display comes first and goes first, as xe_fb_pin.c does it. */
static void xe_vram_backup_pin_after_display(struct kunit *test)
{
	struct backup_test *bt = test->priv;

	xe_bo_lock(bt->bo, false);
	xe_bo_pin_account(bt->bo);
	xe_bo_unlock(bt->bo);
	backup_test_pin(test);
	xe_bo_lock(bt->bo, false);
	xe_bo_unpin_account(bt->bo);
	xe_bo_unlock(bt->bo);

	KUNIT_EXPECT_EQ(test, 0, backup_test_prepare_all(bt->xe));
	KUNIT_EXPECT_NOT_NULL_MSG(test, bt->bo->backup_obj,
				  "a pinned object would not be saved");
	backup_test_unprepare_all(bt->xe);
}

static void backup_test_fill(struct kunit *test, int byte)
{
	struct backup_test *bt = test->priv;
	struct ttm_bo_kmap_obj map;
	bool is_iomem;
	void *at;

	xe_bo_lock(bt->bo, false);
	/* A new object is still being cleared, and one that was saved being read. */
	dma_resv_wait_timeout(bt->bo->ttm.base.resv, DMA_RESV_USAGE_BOOKKEEP, false, HZ);
	KUNIT_ASSERT_EQ(test, 0, ttm_bo_kmap(&bt->bo->ttm, 0, BACKUP_TEST_SIZE >> PAGE_SHIFT,
					     &map));
	at = ttm_kmap_obj_virtual(&map, &is_iomem);
	memset_io((void __iomem *)at, byte, BACKUP_TEST_SIZE);
	ttm_bo_kunmap(&map);
	xe_bo_unlock(bt->bo);
}

static int backup_test_differing(struct kunit *test, u8 byte)
{
	struct backup_test *bt = test->priv;
	struct ttm_bo_kmap_obj map;
	int differing = 0;
	bool is_iomem;
	void *at;

	xe_bo_lock(bt->bo, false);
	dma_resv_wait_timeout(bt->bo->ttm.base.resv, DMA_RESV_USAGE_BOOKKEEP, false, HZ);
	KUNIT_ASSERT_EQ(test, 0, ttm_bo_kmap(&bt->bo->ttm, 0, BACKUP_TEST_SIZE >> PAGE_SHIFT,
					     &map));
	at = ttm_kmap_obj_virtual(&map, &is_iomem);
	for (int i = 0; i < BACKUP_TEST_SIZE; i++)
		differing += readb((u8 __iomem *)at + i) != byte;
	ttm_bo_kunmap(&map);
	xe_bo_unlock(bt->bo);

	return differing;
}

/* A resume that failed restores nothing; the notifier comes all the same. */
static void xe_vram_backup_resume_failed(struct kunit *test)
{
	struct backup_test *bt = test->priv;

	backup_test_pin(test);
	backup_test_fill(test, 0x5a);
	KUNIT_EXPECT_EQ(test, 0, backup_test_save(bt->bo));
	backup_test_fill(test, 0xa5);
	backup_test_unprepare_all(bt->xe);

	KUNIT_EXPECT_EQ(test, 0, backup_test_try_again(bt->bo));
	KUNIT_EXPECT_EQ_MSG(test, 0, backup_test_differing(test, 0x5a),
			    "bytes lost of a pinned object");
}

#ifdef TTM_VRAM_BACKUP_ALL_LISTS

/* The device is off for users as long as the system is to blame, not runtime PM. */
static void xe_vram_backup_suspended_kinds(struct kunit *test)
{
	struct backup_test *bt = test->priv;
	struct ttm_vram_backup *vb = &bt->xe->vram_backup.base;

	KUNIT_EXPECT_FALSE(test, xe_vram_backup_suspended(bt->xe));
	for (enum ttm_vram_backup_kind kind = TTM_VRAM_BACKUP_SUSPEND;
	     kind <= TTM_VRAM_BACKUP_MANUAL; kind++) {
		bool system = kind == TTM_VRAM_BACKUP_SUSPEND ||
			      kind == TTM_VRAM_BACKUP_HIBERNATE;

		KUNIT_ASSERT_EQ(test, 0, ttm_vram_backup_begin(vb, TTM_VRAM_BACKUP_MANUAL));
		vb->kind = kind;
		KUNIT_EXPECT_EQ(test, system, xe_vram_backup_for_system(bt->xe));
		KUNIT_EXPECT_FALSE(test, xe_vram_backup_suspended(bt->xe));
		WRITE_ONCE(vb->phase, TTM_VRAM_BACKUP_SUSPENDED);
		KUNIT_EXPECT_EQ(test, system, xe_vram_backup_suspended(bt->xe));
		WRITE_ONCE(vb->phase, TTM_VRAM_BACKUP_PREPARE);
		ttm_vram_backup_end(vb, 0);
		KUNIT_EXPECT_FALSE(test, xe_vram_backup_for_system(bt->xe));
	}
}

/* Who may put objects into VRAM waits, who asks what there is does not. */
static void xe_vram_backup_ioctls(struct kunit *test)
{
	static const unsigned int needing[] = {
		DRM_IOCTL_XE_EXEC, DRM_IOCTL_XE_VM_BIND, DRM_IOCTL_XE_GEM_CREATE,
		DRM_IOCTL_MODE_ATOMIC, DRM_IOCTL_MODE_PAGE_FLIP, DRM_IOCTL_MODE_SETCRTC,
		DRM_IOCTL_MODE_SETPLANE, DRM_IOCTL_MODE_CURSOR, DRM_IOCTL_MODE_CURSOR2,
	};
	static const unsigned int others[] = {
		DRM_IOCTL_XE_DEVICE_QUERY, DRM_IOCTL_XE_WAIT_USER_FENCE,
		DRM_IOCTL_MODE_GETRESOURCES, DRM_IOCTL_MODE_RMFB, DRM_IOCTL_SYNCOBJ_WAIT,
		DRM_IOCTL_GEM_CLOSE,
	};

	for (int i = 0; i < ARRAY_SIZE(needing); i++)
		KUNIT_EXPECT_TRUE_MSG(test, xe_vram_backup_ioctl_needs_entry(needing[i]),
				      "ioctl %#x", needing[i]);
	for (int i = 0; i < ARRAY_SIZE(others); i++)
		KUNIT_EXPECT_FALSE_MSG(test, xe_vram_backup_ioctl_needs_entry(others[i]),
				       "ioctl %#x", others[i]);
}

#endif

static struct kunit_case xe_vram_backup_cases[] = {
	KUNIT_CASE_PARAM(xe_vram_backup_pin_after_display, xe_pci_live_device_gen_param),
	KUNIT_CASE_PARAM(xe_vram_backup_resume_failed, xe_pci_live_device_gen_param),
	KUNIT_CASE_PARAM(xe_vram_backup_unpin_prepared, xe_pci_live_device_gen_param),
	KUNIT_CASE_PARAM(xe_vram_backup_unpin_one_of_two, xe_pci_live_device_gen_param),
	KUNIT_CASE_PARAM(xe_vram_backup_evict_retry, xe_pci_live_device_gen_param),
#ifdef TTM_VRAM_BACKUP_ALL_LISTS
	KUNIT_CASE_PARAM(xe_vram_backup_suspended_kinds, xe_pci_live_device_gen_param),
	KUNIT_CASE_PARAM(xe_vram_backup_ioctls, xe_pci_live_device_gen_param),
#endif
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
