// SPDX-License-Identifier: MIT
/*
 * Which objects of a device are saved before VRAM loses its content, and by whom.
 */
#include "xe_vram_backup.h"

#include <linux/delay.h>

#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>
#include <drm/drm_managed.h>
#include <drm/drm_print.h>
#include <drm/ttm/ttm_bo.h>
#include <uapi/drm/xe_drm.h>

#include "xe_bo.h"
#include "xe_device.h"
#include "xe_ggtt.h"
#include "xe_migrate.h"
#include "xe_pm.h"
#include "xe_tile.h"
#include "xe_validation.h"
#include "xe_vram_backup_copy.h"
#include "xe_vram.h"

/**
 * DOC: VRAM backup of Xe
 *
 * Pinned objects are on one of three lists of the session, see
 * ttm_vram_backup_add():
 *
 * - *early*: what the migration engine needs: its context image, ring and page
 *   tables, and objects of the GuC that are not written anew at load. Copied by
 *   the CPU when the GT has stopped.
 * - *late*: other kernel objects, which are context images and page tables of
 *   users.
 * - *external*: users' objects, pinned for other devices or for a display.
 *
 * Entries of the GGTT go with VRAM, too, and are written anew for each object
 * that has some, wherever its content is.
 *
 * What was evicted comes back when somebody uses it, who waits for it: its pages are
 * kept until all of the copy is done, if need be by the CPU.
 *
 * From xe_vram_backup_prepare() to xe_vram_backup_complete() nobody else puts
 * objects into VRAM: whoever might does so between xe_vram_backup_enter() and
 * xe_vram_backup_leave(), and has to wait for that outside of all locks.
 */

static struct xe_bo *obj_to_bo(struct ttm_vram_backup_object *obj)
{
	return container_of(obj, struct xe_bo, vram_backup);
}

static bool backup_get(struct ttm_vram_backup_object *obj)
{
	return kref_get_unless_zero(&obj_to_bo(obj)->ttm.base.refcount);
}

static void backup_put(struct ttm_vram_backup_object *obj)
{
	xe_bo_put(obj_to_bo(obj));
}

/* In system memory, pinned, with the dma_resv of @bo, which is locked. */
static int add_backup(struct xe_bo *bo, struct drm_exec *exec)
{
	const u32 flags = XE_BO_FLAG_PINNED | XE_BO_FLAG_SYSTEM |
		XE_BO_FLAG_NEEDS_CPU_ACCESS;
	struct xe_bo *backup;

	backup = xe_bo_init_locked(xe_bo_device(bo), NULL, NULL,
				   bo->ttm.base.resv, NULL, xe_bo_size(bo),
				   DRM_XE_GEM_CPU_CACHING_WB,
				   ttm_bo_type_kernel, flags, NULL, exec);
	if (IS_ERR(backup))
		return PTR_ERR(backup);

	/* Put when the copy is destroyed. */
	backup->parent_obj = xe_bo_get(bo);
	xe_bo_pin_account(backup);
	bo->backup_obj = backup;

	return 0;
}

/**
 * xe_vram_backup_prepare_bo() - Allocate a copy of a pinned object
 * @bo: The object.
 *
 * Context: Process context, @bo not locked.
 * Return: 0, which is also for an object that has a copy or was unpinned
 * meanwhile, or a negative error code.
 */
int xe_vram_backup_prepare_bo(struct xe_bo *bo)
{
	struct xe_validation_ctx ctx;
	struct drm_exec exec;
	int ret = 0;

	xe_validation_guard(&ctx, &xe_bo_device(bo)->val, &exec,
			    (struct xe_val_flags) {.exclusive = true}, ret) {
		ret = drm_exec_lock_obj(&exec, &bo->ttm.base);
		drm_exec_retry_on_contention(&exec);
		if (ret || bo->backup_obj || !xe_bo_is_pinned(bo))
			break;

		ret = add_backup(bo, &exec);
		drm_exec_retry_on_contention(&exec);
		if (ret)
			xe_validation_retry_on_oom(&ctx, &ret);
	}

	return ret;
}

static int backup_prepare(struct ttm_vram_backup_object *obj)
{
	return xe_vram_backup_prepare_bo(obj_to_bo(obj));
}

/**
 * xe_vram_backup_release_bo() - Free the copy of an object, if it has one
 * @bo: The object, locked.
 *
 * Context: Process context.
 */
void xe_vram_backup_release_bo(struct xe_bo *bo)
{
	struct xe_bo *backup = bo->backup_obj;

	if (!backup)
		return;

	bo->backup_obj = NULL;
	xe_bo_unpin_account(backup);
	xe_bo_put(backup);
}

static void backup_release(struct ttm_vram_backup_object *obj, bool locked)
{
	struct xe_bo *bo = obj_to_bo(obj);

	if (!locked)
		xe_bo_lock(bo, false);
	xe_vram_backup_release_bo(bo);
	if (!locked)
		xe_bo_unlock(bo);
}

/* One way or the other between @bo in VRAM and its copy. */
static int copy_bo(struct xe_bo *bo, bool restore,
		   enum ttm_vram_backup_engine engine, struct dma_fence **fence)
{
	struct xe_bo *backup = bo->backup_obj;
	struct xe_bo *from = restore ? backup : bo;
	struct xe_bo *to = restore ? bo : backup;
	struct dma_fence *copied, *last;
	int err;

	if (engine == TTM_VRAM_BACKUP_CPU || !xe_bo_is_vram(bo)) {
		dma_resv_wait_timeout(bo->ttm.base.resv,
				      DMA_RESV_USAGE_BOOKKEEP, false,
				      MAX_SCHEDULE_TIMEOUT);
		return xe_vram_backup_copy_by_cpu(bo, backup->ttm.ttm, restore);
	}

	err = dma_resv_reserve_fences(bo->ttm.base.resv, 1);
	if (err)
		return err;

	copied = xe_vram_backup_blit(xe_vram_backup_migrate(bo), from, to,
				     from->ttm.resource, to->ttm.resource, &last);
	if (IS_ERR(copied))
		return PTR_ERR(copied);

	dma_resv_add_fence(bo->ttm.base.resv, last, DMA_RESV_USAGE_KERNEL);
	dma_fence_put(last);
	*fence = copied;

	return 0;
}

/* How long a lock may take that must not be waited for, in milliseconds. */
#define LOCK_PATIENCE 2000

/*
 * Where runtime PM can be resumed from reclaim, somebody may wait for that with an object
 * locked. For a device that is asked to suspend nevertheless, that is not to wait for him.
 */
static int lock_bo(struct xe_bo *bo)
{
	struct xe_device *xe = xe_bo_device(bo);

	if (xe_pm_read_callback_task(xe) != current || !xe_rpm_reclaim_safe(xe))
		return xe_bo_lock(bo, false);

	for (int tries = 0; tries < LOCK_PATIENCE; tries++) {
		if (dma_resv_trylock(bo->ttm.base.resv))
			return 0;
		fsleep(USEC_PER_MSEC);
	}

	return -EBUSY;
}

static int backup_save(struct ttm_vram_backup_object *obj,
		       enum ttm_vram_backup_engine engine,
		       struct dma_fence **fence)
{
	struct xe_bo *bo = obj_to_bo(obj);
	int err;

	err = lock_bo(bo);
	if (err)
		return err;
	if (bo->backup_obj)
		err = copy_bo(bo, false, engine, fence);
	xe_bo_unlock(bo);

	return err;
}

static int backup_restore(struct ttm_vram_backup_object *obj,
			  enum ttm_vram_backup_engine engine,
			  struct dma_fence **fence)
{
	struct xe_bo *bo = obj_to_bo(obj);
	struct xe_device *xe = xe_bo_device(bo);
	struct xe_tile *tile;
	int err;
	u8 id;

	if (bo->flags & XE_BO_FLAG_GGTT) {
		for_each_tile(tile, xe, id)
			if (bo->ggtt_node[id])
				xe_ggtt_map_bo_unlocked(tile->mem.ggtt, bo);
	}

	err = lock_bo(bo);
	if (err)
		return err;
	if (bo->backup_obj && obj->size)
		err = copy_bo(bo, true, engine, fence);
	xe_bo_unlock(bo);

	return err;
}

static int backup_checksum(struct ttm_vram_backup_object *obj, bool copy,
			   u64 *sum)
{
	struct xe_bo *bo = obj_to_bo(obj);
	int err;

	err = lock_bo(bo);
	if (err)
		return err;
	dma_resv_wait_timeout(bo->ttm.base.resv, DMA_RESV_USAGE_KERNEL, false,
			      MAX_SCHEDULE_TIMEOUT);
	err = xe_vram_backup_checksum_bo(copy && bo->backup_obj ?
					 bo->backup_obj : bo, sum);
	xe_bo_unlock(bo);

	return err;
}

static void backup_describe(struct ttm_vram_backup_object *obj,
			    struct drm_printer *p)
{
	struct xe_bo *bo = obj_to_bo(obj);

	drm_printf(p, "%s flags 0x%08x%s", obj->list == TTM_VRAM_BACKUP_EXTERNAL ?
		   "user" : "kernel", bo->flags,
		   bo->flags & XE_BO_FLAG_GGTT ? " ggtt" : "");
}

/* Some of those that have to stay out wait for pm_block, not at the gate. */
static int backup_close(struct ttm_vram_backup *vb)
{
	struct xe_device *xe = container_of(vb, struct xe_device, vram_backup.base);
	int err;

	xe_pm_block(xe);
	err = ttm_vram_backup_close(vb);
	if (err)
		xe_pm_unblock(xe);

	return err;
}

static void backup_open(struct ttm_vram_backup *vb)
{
	ttm_vram_backup_open(vb);
	xe_pm_unblock(container_of(vb, struct xe_device, vram_backup.base));
}

static void backup_again(struct ttm_vram_backup *vb, enum ttm_vram_backup_engine engine)
{
	struct xe_device *xe = container_of(vb, struct xe_device, vram_backup.base);

	if (ttm_vram_backup_unrestored(vb, TTM_VRAM_BACKUP_ALL_LISTS) &&
	    xe_vram_backup_has_vram(xe)) {
		if (xe_pm_given_up(xe))
			engine = TTM_VRAM_BACKUP_CPU;
		ttm_vram_backup_restore_all(vb, engine);
	}
	if (!xe_pm_given_up(xe) && !xe_pm_start_late_queues(xe))
		xe_pm_give_up(xe, -EIO);
}

static const char * const point_names[] = {
	"pxp", "gt-stop", "gt-suspend", "irq", "pcode", "gt-resume", NULL
};

static_assert(ARRAY_SIZE(point_names) - 1 ==
	      XE_VRAM_BACKUP_POINT_END - TTM_VRAM_BACKUP_POINT_DRIVER);

static const struct ttm_vram_backup_ops backup_ops = {
	.get = backup_get,
	.put = backup_put,
	.prepare = backup_prepare,
	.save = backup_save,
	.restore = backup_restore,
	.release = backup_release,
	.checksum = backup_checksum,
	.describe = backup_describe,
	.unbind = xe_vram_backup_unbind,
	.copy_out = xe_vram_backup_copy_out,
	.checksum_out = xe_vram_backup_checksum_out,
	.close = backup_close,
	.open = backup_open,
	.moved = xe_vram_backup_moved,
	.again = backup_again,
	.mem_types = BIT(XE_PL_VRAM0) | BIT(XE_PL_VRAM1),
	.points = point_names,
};

/**
 * xe_vram_backup_add() - Have an object saved that was just pinned
 * @bo: The object, locked.
 *
 * Context: Process context.
 */
void xe_vram_backup_add(struct xe_bo *bo)
{
	struct xe_device *xe = xe_bo_device(bo);
	enum ttm_vram_backup_list list;
	u64 size = 0;

	if (xe_bo_is_user(bo))
		list = TTM_VRAM_BACKUP_EXTERNAL;
	else if (bo->flags & XE_BO_FLAG_PINNED_LATE_RESTORE)
		list = TTM_VRAM_BACKUP_LATE;
	else
		list = TTM_VRAM_BACKUP_EARLY;

	if (xe_bo_is_vram(bo) && !(bo->flags & XE_BO_FLAG_PINNED_NORESTORE))
		size = xe_bo_size(bo);

	ttm_vram_backup_add(&xe->vram_backup.base, &bo->vram_backup, list,
			    size);
}

static void backup_fini(struct drm_device *drm, void *vb)
{
	ttm_vram_backup_fini(vb);
}

/**
 * xe_vram_backup_init() - Set up the session of a device
 * @xe: The device, before the first object is made.
 *
 * Context: Process context.
 * Return: 0, or a negative error code.
 */
int xe_vram_backup_init(struct xe_device *xe)
{
	struct ttm_vram_backup *vb = &xe->vram_backup.base;

	return ttm_vram_backup_init(vb, &xe->ttm, xe->drm.dev, &backup_ops) ?:
	       drmm_add_action_or_reset(&xe->drm, backup_fini, vb);
}

/**
 * xe_vram_backup_try_enter() - Be allowed to put objects into VRAM, if possible
 * @xe: The device.
 *
 * Context: Any.
 * Return: False while VRAM is being saved. If true, xe_vram_backup_leave() has
 * to follow.
 */
bool xe_vram_backup_try_enter(struct xe_device *xe)
{
	return ttm_vram_backup_try_enter(&xe->vram_backup.base);
}

/**
 * xe_vram_backup_enter() - Wait until objects may be put into VRAM
 * @xe: The device.
 *
 * Context: A freezable task, no locks held. On success xe_vram_backup_leave()
 * has to follow.
 * Return: 0, or -ERESTARTSYS for a signal.
 */
int xe_vram_backup_enter(struct xe_device *xe)
{
	xe_pm_might_block_on_suspend();

	return ttm_vram_backup_enter(&xe->vram_backup.base);
}

/**
 * xe_vram_backup_leave() - Undo xe_vram_backup_enter()
 * @xe: The device.
 *
 * Context: Any.
 */
void xe_vram_backup_leave(struct xe_device *xe)
{
	ttm_vram_backup_leave(&xe->vram_backup.base);
}

/**
 * xe_vram_backup_ioctl_needs_entry() - Whether an ioctl may put objects into VRAM
 * @cmd: The ioctl.
 *
 * Those that wait for the GPU on behalf of a user must not, or a backup would
 * have to wait for them. A display is set up with framebuffers in VRAM, and has
 * to wait for jobs that are submitted already, for which there is a timeout.
 *
 * Context: Any.
 * Return: Whether it is to run between xe_vram_backup_enter() and _leave().
 */
bool xe_vram_backup_ioctl_needs_entry(unsigned int cmd)
{
	switch (DRM_IOCTL_NR(cmd)) {
	case DRM_COMMAND_BASE + DRM_XE_GEM_CREATE:
	case DRM_COMMAND_BASE + DRM_XE_VM_CREATE:
	case DRM_COMMAND_BASE + DRM_XE_VM_BIND:
	case DRM_COMMAND_BASE + DRM_XE_EXEC:
	case DRM_COMMAND_BASE + DRM_XE_EXEC_QUEUE_CREATE:
	case DRM_COMMAND_BASE + DRM_XE_MADVISE:
	case DRM_IOCTL_NR(DRM_IOCTL_MODE_CREATE_DUMB):
	case DRM_IOCTL_NR(DRM_IOCTL_PRIME_FD_TO_HANDLE):
	case DRM_IOCTL_NR(DRM_IOCTL_MODE_SETCRTC):
	case DRM_IOCTL_NR(DRM_IOCTL_MODE_SETPLANE):
	case DRM_IOCTL_NR(DRM_IOCTL_MODE_CURSOR):
	case DRM_IOCTL_NR(DRM_IOCTL_MODE_CURSOR2):
	case DRM_IOCTL_NR(DRM_IOCTL_MODE_PAGE_FLIP):
	case DRM_IOCTL_NR(DRM_IOCTL_MODE_ATOMIC):
		return true;
	default:
		return false;
	}
}

/**
 * xe_vram_backup_closed() - Whether users' objects have to stay out of VRAM
 * @xe: The device.
 *
 * Context: Any.
 * Return: True from the begin of an eviction until the restore begins.
 */
bool xe_vram_backup_closed(struct xe_device *xe)
{
	return ttm_vram_backup_closed(&xe->vram_backup.base);
}

static bool all_saved(struct xe_device *xe)
{
	return READ_ONCE(xe->vram_backup.base.phase) == TTM_VRAM_BACKUP_SUSPENDED;
}

/**
 * xe_vram_backup_suspended() - Whether the system has suspended the device
 * @xe: The device.
 *
 * Not for runtime PM, which resumes the device for whoever needs it.
 *
 * Context: Any.
 * Return: True between a suspend and the resume.
 */
bool xe_vram_backup_suspended(struct xe_device *xe)
{
	return all_saved(xe) && xe_vram_backup_for_system(xe);
}

/**
 * xe_vram_backup_for_system() - Whether a session for a system suspend is on
 * @xe: The device.
 *
 * Context: Any. The answer may be outdated when it is read.
 * Return: True from the PM notifier's first call to its last.
 */
bool xe_vram_backup_for_system(struct xe_device *xe)
{
	return ttm_vram_backup_for_system(&xe->vram_backup.base);
}

static int evict(struct xe_device *xe, bool interruptible)
{
	/*
	 * Integrated devices keep the state of compressed system memory in
	 * memory that hibernation does not save.
	 */
	if (!IS_DGFX(xe) && xe_device_has_flat_ccs(xe)) {
		struct ttm_resource_manager *man =
			ttm_manager_type(&xe->ttm, XE_PL_TT);
		int err = ttm_resource_manager_evict_all(&xe->ttm, man);

		if (err)
			return err;
	}

	return ttm_vram_backup_evict(&xe->vram_backup.base, interruptible);
}

static int make_room(struct xe_device *xe)
{
	struct ttm_vram_backup *vb = &xe->vram_backup.base;

	if (IS_DGFX(xe) && xe_device_has_flat_ccs(xe))
		vb->aux_ratio = SZ_64K / xe_device_ccs_bytes(xe, SZ_64K);

	return ttm_vram_backup_preflight(vb) ?:
	       ttm_vram_backup_prepare(vb);
}

/**
 * xe_vram_backup_prepare() - Begin to save VRAM while everything still works
 * @xe: The device, awake.
 * @kind: What for.
 *
 * Keeps users out, finds out where VRAM fits, allocates copies of pinned
 * objects and evicts all others. Ended by xe_vram_backup_complete().
 *
 * Context: Process context, no locks held. A signal ends it.
 * Return: 0, or a negative error code, and everything is as it was.
 */
int xe_vram_backup_prepare(struct xe_device *xe, enum ttm_vram_backup_kind kind)
{
	int err;

	err = ttm_vram_backup_begin_closed(&xe->vram_backup.base, kind);
	if (err)
		return err;

	err = make_room(xe);
	if (!err)
		err = evict(xe, true);
	if (err)
		xe_vram_backup_complete(xe, err);

	return err;
}

/**
 * xe_vram_backup_begin_runtime() - Begin to save VRAM of a device that is idle
 * @xe: The device, whose runtime suspend keeps users out.
 *
 * Context: Process context.
 * Return: 0, or a negative error code, and everything is as it was.
 */
int xe_vram_backup_begin_runtime(struct xe_device *xe)
{
	struct ttm_vram_backup *vb = &xe->vram_backup.base;
	int err;

	err = ttm_vram_backup_begin(vb, TTM_VRAM_BACKUP_RUNTIME);
	if (err)
		return err;

	err = make_room(xe);
	if (err)
		ttm_vram_backup_end(vb, err);

	return err;
}

/**
 * xe_vram_backup_save_late() - Save all that the migration engine can
 * @xe: The device.
 *
 * Context: Process context, users do not run.
 * Return: 0, or a negative error code: ttm_vram_backup_rollback() has to follow.
 */
int xe_vram_backup_save_late(struct xe_device *xe)
{
	struct ttm_vram_backup *vb = &xe->vram_backup.base;

	/* Somebody may have been pinned before, or a worker was late. */
	return evict(xe, false) ?:
	       ttm_vram_backup_save(vb, TTM_VRAM_BACKUP_EXTERNAL) ?:
	       ttm_vram_backup_save(vb, TTM_VRAM_BACKUP_LATE);
}

/**
 * xe_vram_backup_save_early() - Save what the migration engine itself needs
 * @xe: The device, whose engines have stopped.
 *
 * Context: Process context.
 * Return: 0, or a negative error code: ttm_vram_backup_rollback() has to follow.
 */
int xe_vram_backup_save_early(struct xe_device *xe)
{
	return ttm_vram_backup_save(&xe->vram_backup.base,
				    TTM_VRAM_BACKUP_EARLY);
}

/* Also of what was unpinned since, which others can do while they suspend. */
static bool bo_is_saved(struct ttm_buffer_object *bo)
{
	return xe_bo_is_xe_bo(bo) &&
	       ttm_vram_backup_object_saved(&ttm_to_xe_bo(bo)->vram_backup);
}

/**
 * xe_vram_backup_saved() - All is saved, VRAM may go
 * @xe: The device.
 *
 * The last step that can fail: what follows it is a restore.
 *
 * Context: Process context.
 * Return: 0, or a negative error code: ttm_vram_backup_rollback() has to follow.
 */
int xe_vram_backup_saved(struct xe_device *xe)
{
	struct ttm_vram_backup *vb = &xe->vram_backup.base;

	return ttm_vram_backup_evicted(vb, bo_is_saved) ?:
	       ttm_vram_backup_saved(vb);
}

/**
 * xe_vram_backup_restore_early() - Restore what the migration engine needs
 * @xe: The device, before its GTs resume.
 *
 * Context: Process context.
 * Return: 0, or a negative error code if something was left out: no engine may
 * run then.
 */
int xe_vram_backup_restore_early(struct xe_device *xe)
{
	return ttm_vram_backup_restore(&xe->vram_backup.base,
				       TTM_VRAM_BACKUP_EARLY,
				       TTM_VRAM_BACKUP_CPU);
}

/**
 * xe_vram_backup_restore_late() - Restore the rest
 * @xe: The device.
 * @engine: Who copies. The CPU if GTs are out of order.
 *
 * If power is lost meanwhile the device is given up.
 *
 * Context: Process context, user queues have not started.
 * Return: 0, a negative error code if something was left out, or -ENODATA if
 * nothing is executed any more.
 */
int xe_vram_backup_restore_late(struct xe_device *xe,
				enum ttm_vram_backup_engine engine)
{
	int err = ttm_vram_backup_restore_late(&xe->vram_backup.base, engine);

	if (err == -ENODATA) {
		if (!xe_device_wedged(xe))
			xe_pm_give_up(xe, err);
		xe_vram_backup_restore_early(xe);
	}

	return err;
}

/**
 * xe_vram_backup_complete() - End what xe_vram_backup_prepare() began
 * @xe: The device, awake again.
 * @error: Why, or 0.
 *
 * What could not be restored is tried again before. A device that was never
 * resumed executes nothing any more, and if its VRAM is not there all copies are
 * kept.
 *
 * Context: Process context, no locks held.
 * Return: 0, or -EIO if something could not be restored.
 */
int xe_vram_backup_complete(struct xe_device *xe, int error)
{
	enum ttm_vram_backup_engine engine = TTM_VRAM_BACKUP_BLIT;

	if (all_saved(xe)) {
		engine = TTM_VRAM_BACKUP_CPU;
		error = error ?: -EIO;
		if (!xe_device_wedged(xe))
			xe_pm_give_up(xe, error);
	}
	backup_again(&xe->vram_backup.base, engine);

	return ttm_vram_backup_end_open(&xe->vram_backup.base, error);
}

/**
 * xe_vram_backup_poison() - Overwrite VRAM, as losing power would
 * @xe: The device, saved, its engines stopped.
 *
 * For tests. As far as the CPU reaches.
 *
 * Context: Process context.
 */
void xe_vram_backup_poison(struct xe_device *xe)
{
	struct xe_tile *tile;
	u8 id;

	for_each_tile(tile, xe, id) {
		struct xe_vram_region *vram = tile->mem.vram;

		if (!vram || !vram->mapping)
			continue;
		for (u64 at = 0; at < min(vram->io_size, vram->usable_size);
		     at += SZ_2M) {
			u64 len = min_t(u64, SZ_2M,
					min(vram->io_size, vram->usable_size) -
					at);

			memset_io(vram->mapping + at, 0xa5, len);
			cond_resched();
		}
	}
}
