// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Buffer objects that can move leave VRAM one by one: how much there is, where it goes, and
 * no object gives up its place before its copy is known to be good.
 */
#include <linux/delay.h>
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/export.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/swap.h>

#include <drm/drm_util.h>
#include <drm/ttm/ttm_backup.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_placement.h>
#include <drm/ttm/ttm_tt.h>
#include <drm/ttm/ttm_vram_backup.h>

#include "ttm_bo_internal.h"
#include "ttm_vram_backup_internal.h"
#include "ttm_vram_backup_trace.h"

/* Blits on their way at a time. Each holds a lock. */
#define WINDOW 16
/* Together they are of no more than this, or it is one. */
#define WINDOW_BYTES SZ_32M
/* What is left to everybody else. */
#define RAM_MARGIN SZ_64M
/* How long a step lasts at most before somebody looks whether to go on. */
#define STEP (HZ / 10)
/* How long objects that somebody has a grip on are left for later, and in which steps. */
#define AGAIN HZ
#define AGAIN_STEP_MS 10

static struct ttm_resource_manager *vram_man(struct ttm_vram_backup *vb, u32 type)
{
	return vb->ops->mem_types & BIT(type) ? ttm_manager_type(vb->bdev, type) : NULL;
}

#define for_each_vram_man(vb, type, man)				\
	for ((type) = 0; (type) < TTM_NUM_MEM_TYPES; (type)++)		\
		for_each_if(((man) = vram_man(vb, type)))

static void measure_man(struct ttm_vram_backup *vb,
			struct ttm_resource_manager *man)
{
	struct ttm_vram_backup_plan *plan = &vb->plan;
	struct ttm_resource_cursor cursor;
	struct ttm_resource *res;

	spin_lock(&vb->bdev->lru_lock);
	ttm_resource_cursor_init(&cursor, man);
	ttm_resource_manager_for_each_res(&cursor, res) {
		u64 size = res->size;

		if (vb->aux_ratio)
			size += ALIGN(DIV_ROUND_UP_ULL(size, vb->aux_ratio),
				      PAGE_SIZE);
		plan->movable += size;
		plan->largest = max(plan->largest, size);
	}
	ttm_resource_cursor_fini(&cursor);
	spin_unlock(&vb->bdev->lru_lock);
}

static void measure_pinned(struct ttm_vram_backup *vb)
{
	struct ttm_vram_backup_object *obj;

	spin_lock(&vb->lists_lock);
	for (int list = 0; list < TTM_VRAM_BACKUP_NUM_LISTS; list++)
		list_for_each_entry(obj, &vb->objects[list], link)
			if (obj->state == TTM_VRAM_BACKUP_PRESENT)
				vb->plan.pinned += obj->size;
	spin_unlock(&vb->lists_lock);
}

/* Memory that content may stay in. */
static u64 ram_avail(struct ttm_vram_backup *vb)
{
	u64 avail = (u64)si_mem_available() << PAGE_SHIFT;

	if (vb->kind == TTM_VRAM_BACKUP_HIBERNATE) {
		u64 total = (u64)totalram_pages() << PAGE_SHIFT;
		u64 used = total - min(avail, total);

		/* The image is a copy of all that is in use. */
		avail = total / 2 > used ? total / 2 - used : 0;
	}

	return avail > RAM_MARGIN ? avail - RAM_MARGIN : 0;
}

static u64 swap_avail(struct ttm_vram_backup *vb, u64 ram)
{
	u64 swap = ttm_backup_shmem_bytes_avail();

	/* The image needs room there, too. */
	if (vb->kind == TTM_VRAM_BACKUP_HIBERNATE) {
		u64 total = (u64)totalram_pages() << PAGE_SHIFT;
		u64 image = total / 2 - min(total / 2, ram);

		swap = swap > image ? swap - image : 0;
	}

	return swap;
}

/**
 * ttm_vram_backup_preflight() - Find out where the content of VRAM fits
 * @vb: The session, begun.
 *
 * If there is memory for all of it, that is where it stays. Else, and always
 * before a hibernation, evicted objects go on to the administrator's store, if
 * that survives what is to come. Else they go on to swap space. Nothing has
 * moved yet, and nothing is reserved: others may still take memory.
 *
 * Context: Process context.
 * Return: 0, or -ENOSPC if it fits nowhere. The log says what is missing.
 */
int ttm_vram_backup_preflight(struct ttm_vram_backup *vb)
{
	struct ttm_vram_backup_plan *plan = &vb->plan;
	bool passes, hibernate = vb->kind == TTM_VRAM_BACKUP_HIBERNATE;
	struct ttm_resource_manager *man;
	u64 step, spill;
	u32 type;

	memset(plan, 0, sizeof(*plan));
	for_each_vram_man(vb, type, man)
		measure_man(vb, man);
	measure_pinned(vb);
	plan->ram = ram_avail(vb);
	plan->swap = swap_avail(vb, plan->ram);
	if (vb->store &&
	    (!hibernate || ttm_backup_promises(vb->store,
					       TTM_BACKUP_SURVIVES_POWEROFF)))
		plan->store = ttm_backup_bytes_avail(vb->store);

	if (ttm_vram_backup_fault(vb, TTM_VRAM_BACKUP_POINT_PREFLIGHT))
		goto no_room;

	if (plan->store && plan->store >= plan->movable && hibernate)
		plan->to_store = true;
	else if (plan->movable + plan->pinned <= plan->ram)
		return 0;
	else if (plan->store && plan->store >= plan->movable)
		plan->to_store = true;
	else
		plan->to_swap = true;

	/* Both what is in memory for good and what passes through. */
	step = plan->pinned + max_t(u64, plan->largest, WINDOW_BYTES);
	spill = plan->movable + plan->pinned - min(plan->movable + plan->pinned,
						   plan->ram);
	passes = step <= max_t(u64, plan->ram,
			       (u64)si_mem_available() << PAGE_SHIFT);
	if (plan->to_store && passes && (!hibernate || plan->pinned <= plan->ram))
		return 0;
	if (plan->to_swap && passes && spill <= plan->swap)
		return 0;

no_room:
	/* A little that is pinned may be what is too much. */
	dev_err(vb->dev,
		"VRAM: no room for its content: %llu MiB to evict (the largest object %llu MiB), %llu MiB pinned; %llu MiB of memory, %llu MiB of swap space and %llu MiB of the backup store can be used\n",
		DIV_ROUND_UP_ULL(plan->movable, SZ_1M),
		DIV_ROUND_UP_ULL(plan->largest, SZ_1M),
		DIV_ROUND_UP_ULL(plan->pinned, SZ_1M),
		plan->ram >> 20, plan->swap >> 20, plan->store >> 20);

	return -ENOSPC;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_preflight);

struct move {
	struct ttm_buffer_object *bo;
	struct ttm_resource *res;
	struct dma_fence *fence;
	int err;
	/* The lock of its reservation object is its own. */
	bool locked;
};

struct moves {
	struct ttm_operation_ctx ctx;
	struct move slots[WINDOW];
	unsigned int first, num;
	/* Since when all turns were for objects left for later. 0: they are not. */
	unsigned long again_since;
	u64 bytes;
	int err;
};

static struct move *slot(struct moves *m, unsigned int i)
{
	return &m->slots[(m->first + i) % WINDOW];
}

static bool in_window(struct moves *m, struct ttm_buffer_object *bo)
{
	for (unsigned int i = 0; i < m->num; i++)
		if (slot(m, i)->bo == bo)
			return true;

	return false;
}

/* Let go of a lock, unless another move needs it. */
static void unlock_move(struct moves *m, struct move *done)
{
	struct dma_resv *resv = done->bo->base.resv;

	if (!done->locked)
		return;
	for (unsigned int i = 0; i < m->num; i++) {
		if (slot(m, i)->bo->base.resv == resv) {
			slot(m, i)->locked = true;
			return;
		}
	}
	dma_resv_unlock(resv);
}

static bool locked_by_window(struct moves *m, struct dma_resv *resv)
{
	for (unsigned int i = 0; i < m->num; i++)
		if (slot(m, i)->bo->base.resv == resv)
			return true;

	return false;
}

static int push_on(struct ttm_vram_backup *vb, struct moves *m,
		   struct ttm_buffer_object *bo)
{
	struct ttm_backup *own = NULL;
	u64 size = bo->base.size;
	bool assigned = false;
	long ret;

	/* Disks may be asleep, and file systems frozen. */
	if (!m->ctx.interruptible)
		return 0;
	if (vb->plan.to_swap && vb->stats.ram <= vb->plan.ram)
		return 0;
	if (!vb->plan.to_store && !vb->plan.to_swap)
		return 0;

	if (vb->plan.to_store) {
		own = ttm_backup_get(bo->ttm->backup);
		ret = ttm_vram_backup_fault(vb,
					    TTM_VRAM_BACKUP_POINT_STORE_ASSIGN) ?
		      -EIO : ttm_tt_assign_backup(bo->ttm, vb->store);
		if (ret && ret != -EBUSY && ret != -EINVAL)
			goto out_put;
		assigned = !ret;
	}
	if (ttm_vram_backup_fault(vb, TTM_VRAM_BACKUP_POINT_STORE_WRITE))
		ret = -ENOSPC;
	else
		ret = ttm_bo_swapout_bo(bo, &m->ctx, GFP_KERNEL,
					TTM_SHRINK_SWAP);
	trace_ttm_vram_backup_evict(vb, bo, "push", ret < 0 ? ret : 0);
	/*
	 * What is all in memory still is for reclaim to save, for which the
	 * store may not be. If some of it is in the store, this is refused.
	 */
	if (ret <= 0 && assigned)
		ttm_tt_assign_backup(bo->ttm, own);
	/* A store that is out of order must not fill memory. */
	if (ret == -EBUSY)
		ret = vb->plan.to_store ? -EIO : 0;
	if (ret > 0) {
		vb->stats.store_bytes += (u64)ret << PAGE_SHIFT;
		ttm_vram_backup_account_ram(vb,
					    -(s64)min_t(u64, size,
							(u64)ret << PAGE_SHIFT));
		ret = 0;
	}
out_put:
	ttm_backup_put(own);

	return ret;
}

static int verify_move(struct ttm_vram_backup *vb, struct ttm_buffer_object *bo)
{
	struct ttm_kmap_iter_tt pages;
	u64 sum;
	int err;

	if (!vb->verify || !vb->ops->checksum_out)
		return 0;
	if (ttm_vram_backup_fault(vb, TTM_VRAM_BACKUP_POINT_EVICT_VERIFY))
		return -EBADMSG;

	err = vb->ops->checksum_out(bo, &sum);
	/* Out of the CPU's reach. */
	if (err)
		return err == -ENXIO ? 0 : err;

	return sum == ttm_vram_backup_checksum(ttm_kmap_iter_tt_init(&pages, bo->ttm),
					       bo->base.size >> PAGE_SHIFT) ? 0 : -EBADMSG;
}

static void finish_oldest(struct ttm_vram_backup *vb, struct moves *m)
{
	struct move done = *slot(m, 0);
	struct ttm_buffer_object *bo = done.bo;
	int err = done.err;

	if (done.fence) {
		dma_fence_wait(done.fence, false);
		err = dma_fence_get_status(done.fence);
		err = err < 0 ? err : 0;
		dma_fence_put(done.fence);
	}
	if (!err && ttm_vram_backup_fault(vb, TTM_VRAM_BACKUP_POINT_EVICT_WAIT))
		err = -EIO;
	if (!err)
		err = verify_move(vb, bo);

	if (!err) {
		ttm_vram_backup_account_copy(vb, TTM_VRAM_BACKUP_BLIT,
					     bo->base.size);
	} else {
		trace_ttm_vram_backup_evict(vb, bo, "blit", err);
		vb->stats.retries++;
		if (ttm_vram_backup_fault(vb, TTM_VRAM_BACKUP_POINT_EVICT_CPU))
			err = -EIO;
		else
			err = vb->ops->copy_out(bo, done.res,
						TTM_VRAM_BACKUP_CPU, NULL) ?:
			      verify_move(vb, bo);
		if (!err)
			ttm_vram_backup_account_copy(vb, TTM_VRAM_BACKUP_CPU,
						     bo->base.size);
	}

	m->first = (m->first + 1) % WINDOW;
	m->num--;
	m->bytes -= bo->base.size;
	trace_ttm_vram_backup_evict(vb, bo, "leave", err);
	if (err) {
		/* It has all it had. */
		ttm_resource_free(bo, &done.res);
		ttm_bo_tt_destroy(bo);
		ttm_vram_backup_account_ram(vb, -(s64)bo->base.size);
		vb->stats.failures++;
	} else {
		ttm_resource_free(bo, &bo->resource);
		ttm_bo_assign_mem(bo, done.res);
		vb->stats.evicted++;
		vb->stats.evicted_bytes += bo->base.size;
		if (vb->ops->moved)
			vb->ops->moved(bo);
		err = push_on(vb, m, bo);
	}
	m->err = m->err ?: err;
	unlock_move(m, &done);
	ttm_bo_put(bo);
}

static void finish_all(struct ttm_vram_backup *vb, struct moves *m)
{
	while (m->num)
		finish_oldest(vb, m);
}

/* All are done in their order: to sleep until one is will do for those before it. */
static void finish_half(struct ttm_vram_backup *vb, struct moves *m)
{
	unsigned int half = DIV_ROUND_UP(m->num, 2);
	struct dma_fence *last = slot(m, half - 1)->fence;

	if (last)
		dma_fence_wait(last, false);
	while (half--)
		finish_oldest(vb, m);
}

/* Wait for what uses the object now, and look up from time to time. */
static int wait_idle(struct ttm_vram_backup *vb, struct ttm_buffer_object *bo,
		     bool interruptible)
{
	for (;;) {
		long ret = dma_resv_wait_timeout(bo->base.resv,
						 DMA_RESV_USAGE_BOOKKEEP,
						 interruptible, STEP);

		if (ret < 0)
			return ret == -ERESTARTSYS ? -EINTR : ret;
		if (ret > 0)
			return 0;
		if (ttm_vram_backup_stop(vb, interruptible))
			return interruptible && signal_pending(current) ?
			       -EINTR : -EBUSY;
	}
}

/* -EAGAIN for an object that is to have its turn again when others had theirs. */
static int leave_for_later(struct moves *m, struct ttm_buffer_object *bo, int err)
{
	if (!m->again_since)
		m->again_since = jiffies ?: 1;
	if (time_after(jiffies, m->again_since + AGAIN))
		return err == -EAGAIN ? -EBUSY : err;

	ttm_bo_move_to_lru_tail_unlocked(bo);

	return -EAGAIN;
}

/* For an object whose content nobody needs to copy, or that is not TTM's to copy. */
static int evict_simply(struct ttm_vram_backup *vb, struct moves *m,
			struct ttm_buffer_object *bo)
{
	int err = ttm_bo_evict(bo, &m->ctx);

	if (!err)
		err = ttm_bo_wait_ctx(bo, &m->ctx);
	if (!err) {
		vb->stats.evicted++;
		m->again_since = 0;
	}
	trace_ttm_vram_backup_evict(vb, bo, "simple", err);
	/* Drivers say so of pages that somebody has a grip on at the moment. */
	if (err == -ENOSPC || err == -EAGAIN)
		err = leave_for_later(m, bo, err);

	return err;
}

/* -EAGAIN if it is not to be moved at this moment. */
static int begin_move(struct ttm_vram_backup *vb, struct moves *m,
		      struct ttm_buffer_object *bo, bool locked)
{
	struct ttm_placement placement = {};
	struct ttm_resource *res = NULL;
	struct move *move;
	int err;

	if (bo->deleted) {
		err = ttm_bo_wait_ctx(bo, &m->ctx);
		if (!err)
			ttm_bo_cleanup_memtype_use(bo);
		goto out;
	}

	vb->bdev->funcs->evict_flags(bo, &placement);
	if (!placement.num_placement ||
	    (placement.placement[0].mem_type == TTM_PL_SYSTEM &&
	     !vb->ops->evict_to_system)) {
		err = evict_simply(vb, m, bo);
		goto out;
	}

	if (ttm_vram_backup_fault(vb, TTM_VRAM_BACKUP_POINT_EVICT_IDLE))
		err = -EBUSY;
	else
		err = wait_idle(vb, bo, m->ctx.interruptible);
	if (err)
		goto out;

	if (ttm_vram_backup_fault(vb, TTM_VRAM_BACKUP_POINT_EVICT_SPACE))
		err = -ENOSPC;
	else
		err = ttm_bo_mem_space(bo, &placement, &res, &m->ctx);
	if (err)
		goto out;

	ttm_bo_unmap_virtual(bo);
	err = ttm_tt_create(bo, false);
	if (!err && ttm_vram_backup_fault(vb,
					  TTM_VRAM_BACKUP_POINT_EVICT_POPULATE))
		err = -ENOMEM;
	if (!err)
		err = ttm_bo_populate(bo, &m->ctx);
	if (!err && ttm_vram_backup_fault(vb,
					  TTM_VRAM_BACKUP_POINT_EVICT_UNBIND))
		err = -EIO;
	if (!err) {
		err = vb->ops->unbind(bo, &m->ctx);
		if (err == -EBUSY || err == -EAGAIN)
			err = leave_for_later(m, bo, err);
	}
	/* What unbind began to take away. */
	if (!err)
		err = wait_idle(vb, bo, m->ctx.interruptible);
	if (!err && ttm_vram_backup_fault(vb,
					  TTM_VRAM_BACKUP_POINT_EVICT_FENCE))
		err = -ENOMEM;
	if (!err)
		err = dma_resv_reserve_fences(bo->base.resv, 1);
	if (err) {
		ttm_resource_free(bo, &res);
		ttm_bo_tt_destroy(bo);
		goto out;
	}

	ttm_vram_backup_account_ram(vb, bo->base.size);
	move = slot(m, m->num++);
	*move = (struct move){ .bo = bo, .res = res, .locked = locked };
	m->bytes += bo->base.size;
	m->again_since = 0;
	if (ttm_vram_backup_fault(vb, TTM_VRAM_BACKUP_POINT_EVICT_BLIT))
		move->err = -EIO;
	else
		move->err = vb->ops->copy_out(bo, res, TTM_VRAM_BACKUP_BLIT,
					      &move->fence);

	/* Next time another one is first. */
	ttm_bo_move_to_lru_tail_unlocked(bo);

	return 0;

out:
	trace_ttm_vram_backup_evict(vb, bo, "begin", err);
	if (locked)
		dma_resv_unlock(bo->base.resv);
	ttm_bo_put(bo);

	return err;
}

/* The object whose turn it is, with a reference. NULL if there is none. */
static struct ttm_buffer_object *first_bo(struct ttm_vram_backup *vb,
					  struct ttm_resource_manager *man)
{
	struct ttm_buffer_object *bo = NULL;
	struct ttm_resource_cursor cursor;
	struct ttm_resource *res;

	spin_lock(&vb->bdev->lru_lock);
	ttm_resource_cursor_init(&cursor, man);
	ttm_resource_manager_for_each_res(&cursor, res) {
		bo = res->bo ? ttm_bo_get_unless_zero(res->bo) : NULL;
		if (bo)
			break;
	}
	ttm_resource_cursor_fini(&cursor);
	spin_unlock(&vb->bdev->lru_lock);

	return bo;
}

/* 1 when there is nothing left. */
static int evict_one(struct ttm_vram_backup *vb, struct moves *m,
		     struct ttm_resource_manager *man)
{
	struct ttm_buffer_object *bo = first_bo(vb, man);
	bool locked = false;
	int err;

	if (!bo) {
		if (!m->num)
			return 1;
		finish_all(vb, m);
		return m->err;
	}
	if (in_window(m, bo)) {
		ttm_bo_put(bo);
		finish_all(vb, m);
		return m->err;
	}
	if (m->num == WINDOW)
		finish_half(vb, m);
	while (m->num && m->bytes + bo->base.size > WINDOW_BYTES)
		finish_oldest(vb, m);

	if (!locked_by_window(m, bo->base.resv)) {
		locked = dma_resv_trylock(bo->base.resv);
		if (!locked) {
			/* To wait for a lock with others held may be for ever. */
			finish_all(vb, m);
			err = ttm_bo_reserve(bo, m->ctx.interruptible, false,
					     NULL);
			if (err) {
				ttm_bo_put(bo);
				return err == -ERESTARTSYS ? -EINTR : err;
			}
			locked = true;
		}
	}
	if (m->err || !bo->resource ||
	    ttm_manager_type(vb->bdev, bo->resource->mem_type) != man ||
	    bo->pin_count) {
		if (locked)
			dma_resv_unlock(bo->base.resv);
		ttm_bo_put(bo);
		return m->err;
	}

	err = begin_move(vb, m, bo, locked);
	if (err != -EAGAIN)
		return err;

	/* Whoever has a grip on it may need a lock to let go. */
	finish_all(vb, m);
	if (!m->err)
		fsleep(AGAIN_STEP_MS * USEC_PER_MSEC);

	return m->err;
}

static unsigned long count_objects(struct ttm_vram_backup *vb,
				   struct ttm_resource_manager *man)
{
	struct ttm_resource_cursor cursor;
	struct ttm_resource *res;
	unsigned long num = 0;

	spin_lock(&vb->bdev->lru_lock);
	ttm_resource_cursor_init(&cursor, man);
	ttm_resource_manager_for_each_res(&cursor, res)
		num++;
	ttm_resource_cursor_fini(&cursor);
	spin_unlock(&vb->bdev->lru_lock);

	return num;
}

/* Objects that others have evicted may be on their way out still. */
static int wait_evictions(struct ttm_vram_backup *vb,
			  struct ttm_resource_manager *man, bool interruptible)
{
	for (int i = 0; i < TTM_NUM_MOVE_FENCES; i++) {
		struct dma_fence *fence;
		long ret = 0;

		spin_lock(&man->eviction_lock);
		fence = dma_fence_get(man->eviction_fences[i]);
		spin_unlock(&man->eviction_lock);

		while (fence && !ret) {
			ret = dma_fence_wait_timeout(fence, interruptible, STEP);
			if (!ret && ttm_vram_backup_stop(vb, interruptible))
				ret = -EBUSY;
		}
		dma_fence_put(fence);
		if (ret < 0)
			return ret;
	}

	return 0;
}

static int evict_man(struct ttm_vram_backup *vb, struct moves *m,
		     struct ttm_resource_manager *man)
{
	/* Objects may come back, but not for ever. */
	unsigned long steps = 4 * count_objects(vb, man) +
		2 * MSEC_PER_SEC / AGAIN_STEP_MS;
	int err = 0;

	while (!err) {
		if (!steps--) {
			dev_err(vb->dev,
				"VRAM: objects come back faster than they can be evicted\n");
			err = -EBUSY;
		} else if (ttm_vram_backup_stop(vb, m->ctx.interruptible) ||
			   ttm_vram_backup_fault(vb,
						 TTM_VRAM_BACKUP_POINT_EVICT_STOP)) {
			err = m->ctx.interruptible && signal_pending(current) ?
			      -EINTR : -EBUSY;
		} else {
			err = evict_one(vb, m, man);
		}
		cond_resched();
	}
	finish_all(vb, m);
	if (err >= 0 && !m->err)
		err = wait_evictions(vb, man, m->ctx.interruptible);

	/* What could not be copied is worse news than a wakeup. */
	return m->err ?: err;
}

/**
 * ttm_vram_backup_evict() - Evict all objects that can move
 * @vb: The session, after ttm_vram_backup_preflight().
 * @interruptible: True while tasks run: a signal to the caller ends it, and
 * content may go on to a store. False when they are frozen: it stays in memory.
 *
 * It ends, too, when the system is to wake up, and looks at least ten times a
 * second. Objects that have left by then stay where they are, which is as good
 * a place as before for them.
 *
 * Context: Process context, no object locked. The driver keeps out whoever would
 * put objects into VRAM.
 * Return: 0 when VRAM holds pinned objects only. -EINTR or -EBUSY if it was
 * stopped. -ENOMEM or -ENOSPC if there is no room for an object, or another
 * negative error code if one could be copied by neither blitter nor CPU: such an
 * object is in VRAM, as it was.
 */
int ttm_vram_backup_evict(struct ttm_vram_backup *vb, bool interruptible)
{
	struct moves m = {
		.ctx = {
			.interruptible = interruptible,
			.gfp_retry_mayfail = true,
		},
	};
	struct ttm_resource_manager *man;
	struct mem_cgroup *memcg;
	int err = 0;
	u32 type;

	/* What goes to swap space is not for whoever asks for a suspend to pay. */
	memcg = set_active_memcg(root_mem_cgroup);
	ttm_vram_backup_set_phase(vb, TTM_VRAM_BACKUP_EVICT);
	for_each_vram_man(vb, type, man) {
		err = evict_man(vb, &m, man);
		if (err)
			break;
	}

	if (!err && interruptible && vb->plan.to_store && vb->store) {
		if (ttm_vram_backup_fault(vb, TTM_VRAM_BACKUP_POINT_STORE_SYNC))
			err = -EIO;
		else
			err = ttm_backup_sync(vb->store);
	}
	set_active_memcg(memcg);
	if (err == -ERESTARTSYS)
		err = -EINTR;
	if (err)
		dev_printk(ttm_vram_backup_level(vb, err), vb->dev,
			   "VRAM: eviction ended after %llu objects: %pe\n",
			   vb->stats.evicted, ERR_PTR(err));

	return err;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_evict);

/**
 * ttm_vram_backup_evicted() - Whether nothing in VRAM is still to be evicted
 * @vb: The session, after ttm_vram_backup_save().
 * @saved: Whether the content of an object is saved all the same, as that of one
 * that was unpinned after its save. Called in atomic context. Optional.
 *
 * What was unpinned after the last ttm_vram_backup_evict() and before its list
 * was saved is in VRAM, and in no copy.
 *
 * Context: Process context.
 * Return: 0, or -EBUSY if there is such an object.
 */
int ttm_vram_backup_evicted(struct ttm_vram_backup *vb,
			    bool (*saved)(struct ttm_buffer_object *bo))
{
	struct ttm_resource_cursor cursor;
	struct ttm_resource_manager *man;
	struct ttm_resource *res;
	unsigned int left = 0;
	u32 type;

	for_each_vram_man(vb, type, man) {
		spin_lock(&vb->bdev->lru_lock);
		ttm_resource_cursor_init(&cursor, man);
		ttm_resource_manager_for_each_res(&cursor, res) {
			struct ttm_buffer_object *bo = res->bo;

			/* Nobody asks for what is being deleted. */
			if (bo && kref_read(&bo->kref) && !bo->deleted &&
			    !(saved && saved(bo)))
				left++;
		}
		ttm_resource_cursor_fini(&cursor);
		spin_unlock(&vb->bdev->lru_lock);
	}
	if (!left)
		return 0;
	dev_err(vb->dev, "VRAM: %u objects came back to it unseen\n", left);

	return -EBUSY;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_evicted);
