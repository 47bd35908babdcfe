// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What has to be saved before VRAM loses its content, how far that is, and the way back.
 */
#include <linux/dma-fence.h>
#include <linux/export.h>
#include <linux/iosys-map.h>
#include <linux/kobject.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/suspend.h>
#include <linux/xxhash.h>

#include <drm/drm_cache.h>
#include <drm/drm_print.h>
#include <drm/ttm/ttm_backup.h>
#include <drm/ttm/ttm_kmap_iter.h>
#include <drm/ttm/ttm_vram_backup.h>

#define CREATE_TRACE_POINTS
#include "ttm_vram_backup_trace.h"
#include "ttm_vram_backup_internal.h"

/**
 * DOC: VRAM backup
 *
 * A card's memory loses its content when the card is switched off. A session
 * (struct ttm_vram_backup) tracks what was saved for one such occasion, brings
 * it back, and undoes all of it if the suspend does not come about. It is a
 * library: the driver owns the order of things and calls it step by step.
 *
 * .. code-block:: c
 *
 *	err = ttm_vram_backup_begin_closed(vb, TTM_VRAM_BACKUP_SUSPEND);
 *	if (err)
 *		return err;
 *	err = ttm_vram_backup_preflight(vb) ?:
 *	      ttm_vram_backup_prepare(vb) ?:
 *	      ttm_vram_backup_evict(vb, true) ?:
 *	      ttm_vram_backup_save(vb, TTM_VRAM_BACKUP_EXTERNAL) ?:
 *	      ttm_vram_backup_save(vb, TTM_VRAM_BACKUP_LATE) ?:
 *	      stop_engines() ?:
 *	      ttm_vram_backup_save(vb, TTM_VRAM_BACKUP_EARLY) ?:
 *	      ttm_vram_backup_saved(vb);
 *	if (err) {
 *		start_engines();
 *		ttm_vram_backup_rollback(vb, err);
 *		ttm_vram_backup_end_open(vb, err);
 *		return err;
 *	}
 *
 *	(the card is off for a while)
 *
 *	ttm_vram_backup_restore(vb, TTM_VRAM_BACKUP_EARLY, TTM_VRAM_BACKUP_CPU);
 *	engine = start_engines() ? TTM_VRAM_BACKUP_CPU : TTM_VRAM_BACKUP_BLIT;
 *	ttm_vram_backup_restore_late(vb, engine);
 *	ttm_vram_backup_end_open(vb, 0);
 *
 * **Users** are kept out from its begin to its end: whoever may put objects into
 * VRAM does so between ttm_vram_backup_enter() and ttm_vram_backup_leave(). If
 * they are kept out otherwise, as runtime PM does, ttm_vram_backup_begin() and
 * ttm_vram_backup_end() leave them alone.
 *
 * **Pinned objects** are on one of three lists, from their pin to their unpin.
 * Each gets a copy in system memory. A copy is good for the suspend that it was
 * made for: ttm_vram_backup_rollback() declares all of them void, and the next
 * session saves afresh. A copy is freed by ttm_vram_backup_end() and only after
 * its restore has completed. If that fails, the copy stays, the object is in
 * state %TTM_VRAM_BACKUP_FAILED, is not saved again, and the restore is tried
 * again at each ttm_vram_backup_restore() and ttm_vram_backup_end() to come.
 *
 * **Every blit is waited for and checked.** If one fails, the CPU copies. Up to
 * 32 of them are on their way at a time, 16 of an eviction.
 *
 * **Other objects** are evicted one by one. Until a copy is known to be good an
 * object keeps its place in VRAM, and is locked. Where memory is short each
 * goes on to a store, see ttm_vram_backup_preflight().
 *
 * **Locking.** Functions that make a session progress are called from one task
 * at a time; &ttm_vram_backup.phase says who owns the device, and begin() lets
 * only one in. Lists are protected by a spinlock of their own, so objects can be
 * added and removed at any time. No lock is held while a driver's op is called,
 * but for objects to be evicted, which are locked. All functions may wait for
 * the device, and allocate memory, and must not be called with a lock held that
 * a driver's fence signalling, or its shrinker, needs.
 */

static const char * const phase_names[] = {
	[TTM_VRAM_BACKUP_IDLE] = "idle",
	[TTM_VRAM_BACKUP_PREPARE] = "prepare",
	[TTM_VRAM_BACKUP_EVICT] = "evict",
	[TTM_VRAM_BACKUP_SAVE_LATE] = "save-late",
	[TTM_VRAM_BACKUP_SAVE_EARLY] = "save-early",
	[TTM_VRAM_BACKUP_SUSPENDED] = "suspended",
	[TTM_VRAM_BACKUP_RESTORE_EARLY] = "restore-early",
	[TTM_VRAM_BACKUP_RESTORE_LATE] = "restore-late",
	[TTM_VRAM_BACKUP_COMPLETE] = "complete",
};

/**
 * ttm_vram_backup_phase_name() - A phase in words
 * @phase: The phase.
 *
 * Context: Any.
 * Return: Its name, as in debugfs and tracepoints.
 */
const char *ttm_vram_backup_phase_name(enum ttm_vram_backup_phase phase)
{
	return phase < ARRAY_SIZE(phase_names) ? phase_names[phase] : "?";
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_phase_name);

void ttm_vram_backup_set_phase(struct ttm_vram_backup *vb,
			       enum ttm_vram_backup_phase phase)
{
	ktime_t now = ktime_get();

	if (vb->phase == phase)
		return;

	vb->stats.ns[vb->phase] += ktime_to_ns(ktime_sub(now, vb->since));
	vb->since = now;
	trace_ttm_vram_backup_phase(vb, phase);
	WRITE_ONCE(vb->phase, phase);
}

void ttm_vram_backup_account_ram(struct ttm_vram_backup *vb, s64 bytes)
{
	spin_lock(&vb->lists_lock);
	vb->stats.ram += bytes;
	vb->stats.ram_peak = max(vb->stats.ram_peak, vb->stats.ram);
	spin_unlock(&vb->lists_lock);
}

void ttm_vram_backup_account_copy(struct ttm_vram_backup *vb,
				  enum ttm_vram_backup_engine engine, u64 bytes)
{
	if (engine == TTM_VRAM_BACKUP_CPU)
		vb->stats.cpu_bytes += bytes;
	else
		vb->stats.blit_bytes += bytes;
}

/**
 * ttm_vram_backup_init() - Set up the session of a device
 * @vb: The session.
 * @bdev: The device.
 * @dev: The device that messages and uevents are about.
 * @ops: What the driver does.
 *
 * Context: Process context.
 * Return: 0, or -ENOMEM.
 */
int ttm_vram_backup_init(struct ttm_vram_backup *vb, struct ttm_device *bdev,
			 struct device *dev,
			 const struct ttm_vram_backup_ops *ops)
{
	memset(vb, 0, sizeof(*vb));
	vb->bdev = bdev;
	vb->dev = dev;
	vb->ops = ops;
	mutex_init(&vb->lock);
	mutex_init(&vb->store_lock);
	mutex_init(&vb->session_lock);
	mutex_init(&vb->trigger_lock);
	spin_lock_init(&vb->lists_lock);
	for (int i = 0; i < TTM_VRAM_BACKUP_NUM_LISTS; i++)
		INIT_LIST_HEAD(&vb->objects[i]);
	ttm_vram_backup_fault_init(vb);

	return ttm_vram_backup_gate_init(&vb->gate);
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_init);

/**
 * ttm_vram_backup_fini() - Undo ttm_vram_backup_init()
 * @vb: The session, which is not on.
 *
 * Context: Process context. Nothing adds or removes objects, or enters, any more.
 */
void ttm_vram_backup_fini(struct ttm_vram_backup *vb)
{
	WARN_ON(ttm_vram_backup_active(vb));
	ttm_backup_put(vb->store);
	vb->store = NULL;
	kfree(vb->store_path);
	vb->store_path = NULL;
	percpu_ref_exit(&vb->gate.users);
	mutex_destroy(&vb->trigger_lock);
	mutex_destroy(&vb->session_lock);
	mutex_destroy(&vb->store_lock);
	mutex_destroy(&vb->lock);
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_fini);

/**
 * ttm_vram_backup_object_init() - Set up what a session knows of an object
 * @obj: The object.
 *
 * Context: Any.
 */
void ttm_vram_backup_object_init(struct ttm_vram_backup_object *obj)
{
	memset(obj, 0, sizeof(*obj));
	INIT_LIST_HEAD(&obj->link);
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_object_init);

/**
 * ttm_vram_backup_add() - Have an object saved from now on
 * @vb: The session.
 * @obj: The object. If it is on a list it stays there.
 * @list: What it needs.
 * @size: Bytes of content, or 0 if there is none but the driver has something
 * to restore nevertheless.
 *
 * Context: Process context, but not under a lock that ops->get() takes.
 */
void ttm_vram_backup_add(struct ttm_vram_backup *vb,
			 struct ttm_vram_backup_object *obj,
			 enum ttm_vram_backup_list list, u64 size)
{
	spin_lock(&vb->lists_lock);
	obj->leaving = false;
	if (list_empty(&obj->link)) {
		obj->session = vb;
		obj->list = list;
		obj->size = size;
		obj->state = TTM_VRAM_BACKUP_PRESENT;
		obj->checked = false;
		obj->restored = 0;
		/* In front, where a walk that is under way comes by. */
		obj->pass = vb->pass - 1;
		list_add(&obj->link, &vb->objects[list]);
	}
	spin_unlock(&vb->lists_lock);
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_add);

/* Under the lock of lists. Whether there is a copy that the caller has to release then. */
static bool take_off_locked(struct ttm_vram_backup_object *obj)
{
	bool has_copy = obj->state != TTM_VRAM_BACKUP_PRESENT;

	lockdep_assert_held(&obj->session->lists_lock);

	list_del_init(&obj->link);
	obj->state = TTM_VRAM_BACKUP_PRESENT;
	obj->leaving = false;

	return has_copy;
}

static void release_copy(struct ttm_vram_backup *vb,
			 struct ttm_vram_backup_object *obj, bool locked)
{
	vb->ops->release(obj, locked);
	ttm_vram_backup_account_ram(vb, -(s64)obj->size);
}

static bool take_off(struct ttm_vram_backup_object *obj, bool keep_content)
{
	struct ttm_vram_backup *vb = obj->session;
	bool has_copy = false;

	if (!vb)
		return true;

	scoped_guard(spinlock, &vb->lists_lock) {
		if (list_empty(&obj->link))
			return true;
		if (keep_content && ttm_vram_backup_object_saved(obj)) {
			obj->leaving = true;
			return false;
		}
		has_copy = take_off_locked(obj);
	}
	if (has_copy)
		release_copy(vb, obj, true);

	return true;
}

/**
 * ttm_vram_backup_remove() - Have an object saved no more
 * @obj: The object, which may be on no list.
 *
 * For objects whose content somebody still wants. If it is in the copy only,
 * the object stays on its list until it is restored.
 *
 * Context: Process context, under the lock of the object, so that it is not
 * added and removed at the same time.
 * Return: Whether the object is on no list now.
 */
bool ttm_vram_backup_remove(struct ttm_vram_backup_object *obj)
{
	return take_off(obj, true);
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_remove);

/**
 * ttm_vram_backup_forget() - Have an object saved no more, nor restored
 * @obj: The object, which may be on no list. Nobody wants its content.
 *
 * Context: As ttm_vram_backup_remove().
 */
void ttm_vram_backup_forget(struct ttm_vram_backup_object *obj)
{
	take_off(obj, false);
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_forget);

/*
 * The next object that the walk has not come by, with a reference. Those that it has
 * come by are at the end of the list.
 */
static struct ttm_vram_backup_object *
next_object(struct ttm_vram_backup *vb, enum ttm_vram_backup_list list)
{
	struct ttm_vram_backup_object *obj;

	spin_lock(&vb->lists_lock);
	do {
		obj = list_first_entry_or_null(&vb->objects[list],
					       struct ttm_vram_backup_object,
					       link);
		if (!obj || obj->pass == vb->pass) {
			obj = NULL;
			break;
		}
		obj->pass = vb->pass;
		list_move_tail(&obj->link, &vb->objects[list]);
	} while (!vb->ops->get(obj));
	spin_unlock(&vb->lists_lock);

	return obj;
}

static void begin_walk(struct ttm_vram_backup *vb)
{
	spin_lock(&vb->lists_lock);
	vb->pass++;
	spin_unlock(&vb->lists_lock);
}

static bool for_system_sleep(enum ttm_vram_backup_kind kind)
{
	return kind == TTM_VRAM_BACKUP_SUSPEND ||
	       kind == TTM_VRAM_BACKUP_HIBERNATE;
}

/*
 * Whether a wakeup event was counted while somebody waits for one. That is told
 * once, so it must be heeded. What has ended a suspend before is told until
 * tasks freeze, and is not of interest.
 */
static bool new_wakeup(struct ttm_vram_backup *vb)
{
	if (!pm_wakeup_pending()) {
		vb->old_wakeup = false;
		return false;
	}

	return !vb->old_wakeup || !pm_wakeup_pending();
}

/**
 * ttm_vram_backup_begin() - Begin a session
 * @vb: The session.
 * @kind: What for.
 *
 * Keeps nobody out, as opposed to ttm_vram_backup_begin_closed().
 *
 * Context: Process context.
 * Return: 0, or -EBUSY if one is on, or if the system is to wake up.
 */
int ttm_vram_backup_begin(struct ttm_vram_backup *vb,
			  enum ttm_vram_backup_kind kind)
{
	u64 ram;

	guard(mutex)(&vb->lock);

	if (vb->phase != TTM_VRAM_BACKUP_IDLE)
		return -EBUSY;
	if (ttm_vram_backup_fault(vb, TTM_VRAM_BACKUP_POINT_BEGIN))
		return -EIO;
	vb->old_wakeup = for_system_sleep(kind);
	vb->woken = vb->old_wakeup && new_wakeup(vb);
	if (vb->woken)
		return -EBUSY;

	/* Copies that could not be restored are still there. */
	ram = vb->stats.ram;
	memset(&vb->stats, 0, sizeof(vb->stats));
	vb->stats.ram = ram;
	vb->stats.ram_peak = ram;
	memset(&vb->plan, 0, sizeof(vb->plan));
	vb->kind = kind;
	vb->begun = vb->pass + 1;
	vb->since = ktime_get();
	ttm_vram_backup_set_phase(vb, TTM_VRAM_BACKUP_PREPARE);

	return 0;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_begin);

/**
 * ttm_vram_backup_stop() - Whether to give up on a suspend
 * @vb: The session.
 * @interruptible: A signal counts, too.
 *
 * Context: Process context.
 * Return: Whether there is a wakeup that is not to be missed, or a signal.
 */
bool ttm_vram_backup_stop(struct ttm_vram_backup *vb, bool interruptible)
{
	if (interruptible && signal_pending(current))
		return true;

	if (!for_system_sleep(vb->kind))
		return false;
	/*
	 * With an old one pending it cannot be seen whether there is a new one,
	 * and it would be forgotten. The PM core looks when it freezes tasks.
	 */
	if (interruptible && vb->old_wakeup)
		return false;
	if (new_wakeup(vb))
		vb->woken = true;

	return vb->woken;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_stop);

static bool called_off(struct ttm_vram_backup *vb, int error)
{
	return error == -EINTR || (vb->woken && error == -EBUSY);
}

/* What is not an error is not logged as one. */
const char *ttm_vram_backup_level(struct ttm_vram_backup *vb, int error)
{
	return called_off(vb, error) ? KERN_INFO : KERN_ERR;
}

/**
 * ttm_vram_backup_refused() - Say why there will be no suspend
 * @vb: The session, that has ended or could not begin.
 * @error: The negative error code that the PM core is told.
 *
 * A suspend that a wakeup or a signal has ended is not an error of the device.
 *
 * Context: Any context.
 */
void ttm_vram_backup_refused(struct ttm_vram_backup *vb, int error)
{
	if (called_off(vb, error))
		dev_info(vb->dev, "VRAM: a wakeup or a signal ends the suspend: %pe\n",
			 ERR_PTR(error));
	else
		dev_err(vb->dev, "VRAM cannot be saved, no suspend: %pe\n",
			ERR_PTR(error));
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_refused);

static int prepare_object(struct ttm_vram_backup *vb,
			  struct ttm_vram_backup_object *obj)
{
	bool gone;
	int err;

	if (!obj->size || obj->state != TTM_VRAM_BACKUP_PRESENT)
		return 0;

	if (ttm_vram_backup_fault(vb, TTM_VRAM_BACKUP_POINT_PREPARE_EARLY +
				  obj->list))
		return -ENOMEM;

	err = vb->ops->prepare(obj);
	if (err)
		return err;

	vb->stats.allocated += obj->size;
	ttm_vram_backup_account_ram(vb, obj->size);
	spin_lock(&vb->lists_lock);
	gone = list_empty(&obj->link);
	if (!gone)
		obj->state = TTM_VRAM_BACKUP_PREPARED;
	spin_unlock(&vb->lists_lock);
	if (gone)
		release_copy(vb, obj, false);

	return 0;
}

/**
 * ttm_vram_backup_prepare() - Allocate copies for all objects
 * @vb: The session.
 *
 * To be called while memory can still be had. ttm_vram_backup_save() makes up
 * for objects that come later.
 *
 * Context: Process context, see ops->prepare().
 * Return: 0, or what ops->prepare() returned, most often -ENOMEM. What was
 * allocated then is freed by ttm_vram_backup_end().
 */
int ttm_vram_backup_prepare(struct ttm_vram_backup *vb)
{
	struct ttm_vram_backup_object *obj;
	int err = 0;

	begin_walk(vb);
	for (int list = 0; list < TTM_VRAM_BACKUP_NUM_LISTS; list++) {
		while (!err && (obj = next_object(vb, list))) {
			err = prepare_object(vb, obj);
			vb->ops->put(obj);
			cond_resched();
		}
	}

	return err;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_prepare);

/* Points come in threes: blit, wait, cpu. */
static unsigned int copy_point(const struct ttm_vram_backup_object *obj,
			       bool restore, unsigned int which)
{
	switch (obj->list) {
	case TTM_VRAM_BACKUP_EXTERNAL:
		return (restore ? TTM_VRAM_BACKUP_POINT_RESTORE_EXTERNAL_BLIT :
			TTM_VRAM_BACKUP_POINT_SAVE_EXTERNAL_BLIT) + which;
	case TTM_VRAM_BACKUP_LATE:
		return (restore ? TTM_VRAM_BACKUP_POINT_RESTORE_LATE_BLIT :
			TTM_VRAM_BACKUP_POINT_SAVE_LATE_BLIT) + which;
	default:
		return restore ? TTM_VRAM_BACKUP_POINT_RESTORE_EARLY_CPU :
		       TTM_VRAM_BACKUP_POINT_SAVE_EARLY_CPU;
	}
}

enum { AT_BLIT, AT_WAIT, AT_CPU };

/**
 * ttm_vram_backup_checksum() - Checksum of what the CPU can map
 * @iter: Maps it.
 * @num_pages: How much of it.
 *
 * For &ttm_vram_backup_ops.checksum and &ttm_vram_backup_ops.checksum_out. The sum is
 * the same wherever the content is.
 *
 * Context: Process context. The content does not change meanwhile.
 * Return: The sum.
 */
u64 ttm_vram_backup_checksum(struct ttm_kmap_iter *iter, pgoff_t num_pages)
{
	struct xxh64_state state;

	xxh64_reset(&state, 0);
	for (pgoff_t i = 0; i < num_pages; i++) {
		struct iosys_map map, from, to;
		u8 bytes[256];

		iter->ops->map_local(iter, &map, i);
		from = map;
		for (u32 at = 0; at < PAGE_SIZE; at += sizeof(bytes)) {
			iosys_map_set_vaddr(&to, bytes);
			drm_memcpy_from_wc(&to, &from, sizeof(bytes));
			xxh64_update(&state, bytes, sizeof(bytes));
			iosys_map_incr(&from, sizeof(bytes));
		}
		if (iter->ops->unmap_local)
			iter->ops->unmap_local(iter, &map);
		cond_resched();
	}

	return xxh64_digest(&state);
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_checksum);

static int check_sum(struct ttm_vram_backup *vb,
		     struct ttm_vram_backup_object *obj, bool copy)
{
	u64 sum;
	int err;

	if (!obj->checked)
		return 0;

	err = vb->ops->checksum(obj, copy, &sum);
	if (err)
		return err;

	return sum == obj->checksum ? 0 : -EBADMSG;
}

static int copy_by_cpu(struct ttm_vram_backup *vb,
		       struct ttm_vram_backup_object *obj, bool restore)
{
	struct dma_fence *none = NULL;
	int err;

	if (ttm_vram_backup_fault(vb, copy_point(obj, restore, AT_CPU)))
		err = -EIO;
	else if (restore)
		err = vb->ops->restore(obj, TTM_VRAM_BACKUP_CPU, &none);
	else
		err = vb->ops->save(obj, TTM_VRAM_BACKUP_CPU, &none);
	/* With a copy just made the sum is of both. */
	if (!err)
		err = check_sum(vb, obj, !restore);
	if (!err)
		ttm_vram_backup_account_copy(vb, TTM_VRAM_BACKUP_CPU,
					     obj->size);
	trace_ttm_vram_backup_object(vb, obj, restore, TTM_VRAM_BACKUP_CPU,
				     err);

	return err;
}

/* Copies on their way at a time. */
#define WINDOW 32

/* Objects that the blitter is copying. */
struct copies {
	struct {
		struct ttm_vram_backup_object *obj;
		struct dma_fence *fence;
		int err;
	} slots[WINDOW];
	unsigned int first, num;
	bool restore;
	int err;
};

static void tell_of(struct ttm_vram_backup *vb,
		    struct ttm_vram_backup_object *obj, const char *happened,
		    int err)
{
	char what[64] = "";
	struct drm_print_iterator iter = {
		.data = what, .remain = sizeof(what) - 1
	};
	struct drm_printer p = drm_coredump_printer(&iter);

	if (vb->ops->describe)
		vb->ops->describe(obj, &p);
	dev_err(vb->dev,
		"VRAM: a pinned object of %llu KiB %s (%s): %pe\n",
		obj->size >> 10, happened, what, ERR_PTR(err));
}

static void object_done(struct ttm_vram_backup *vb,
			struct ttm_vram_backup_object *obj, bool restore,
			int err)
{
	bool left = false;

	/* Its owner may have let go of it meanwhile, or even be at it anew. */
	spin_lock(&vb->lists_lock);
	if (!restore && !err) {
		obj->restored = 0;
		if (obj->state == TTM_VRAM_BACKUP_PREPARED)
			obj->state = TTM_VRAM_BACKUP_SAVED;
	} else if (restore && ttm_vram_backup_object_saved(obj)) {
		obj->state = err ? TTM_VRAM_BACKUP_FAILED :
			     TTM_VRAM_BACKUP_PREPARED;
		obj->restored = err ? 0 : vb->pass;
		left = !err && obj->leaving;
		if (left)
			take_off_locked(obj);
	}
	spin_unlock(&vb->lists_lock);

	if (left)
		release_copy(vb, obj, false);
	/* Those that could not be restored are told of together. */
	if (err && !restore)
		tell_of(vb, obj, "could not be saved", err);
	if (err)
		vb->stats.failures++;
	else if (restore)
		vb->stats.restored += !!obj->size;
	else
		vb->stats.saved++;
}

static void finish_oldest(struct ttm_vram_backup *vb, struct copies *c)
{
	typeof(c->slots[0]) *slot = &c->slots[c->first];
	struct ttm_vram_backup_object *obj = slot->obj;
	int err = slot->err;

	if (slot->fence) {
		dma_fence_wait(slot->fence, false);
		err = dma_fence_get_status(slot->fence);
		err = err < 0 ? err : 0;
		dma_fence_put(slot->fence);
	}
	if (!err && ttm_vram_backup_fault(vb, copy_point(obj, c->restore,
							 AT_WAIT)))
		err = -EIO;
	if (!err && c->restore && obj->checked &&
	    ttm_vram_backup_fault(vb, TTM_VRAM_BACKUP_POINT_RESTORE_VERIFY))
		err = -EBADMSG;
	if (!err)
		err = check_sum(vb, obj, !c->restore);
	trace_ttm_vram_backup_object(vb, obj, c->restore, TTM_VRAM_BACKUP_BLIT,
				     err);
	if (err) {
		vb->stats.retries++;
		err = copy_by_cpu(vb, obj, c->restore);
	} else {
		ttm_vram_backup_account_copy(vb, TTM_VRAM_BACKUP_BLIT,
					     obj->size);
	}

	object_done(vb, obj, c->restore, err);
	c->err = c->err ?: err;
	vb->ops->put(obj);
	c->first = (c->first + 1) % WINDOW;
	c->num--;
}

/* All are done in their order: to sleep until one is will do for those before it. */
static void finish_half(struct ttm_vram_backup *vb, struct copies *c)
{
	unsigned int half = DIV_ROUND_UP(c->num, 2);
	struct dma_fence *last = c->slots[(c->first + half - 1) % WINDOW].fence;

	if (last)
		dma_fence_wait(last, false);
	while (half--)
		finish_oldest(vb, c);
}

static void begin_copy(struct ttm_vram_backup *vb, struct copies *c,
		       struct ttm_vram_backup_object *obj)
{
	typeof(c->slots[0]) *slot;

	if (c->num == WINDOW)
		finish_half(vb, c);

	slot = &c->slots[(c->first + c->num++) % WINDOW];
	slot->obj = obj;
	slot->fence = NULL;
	if (ttm_vram_backup_fault(vb, copy_point(obj, c->restore, AT_BLIT)))
		slot->err = -EIO;
	else if (c->restore)
		slot->err = vb->ops->restore(obj, TTM_VRAM_BACKUP_BLIT,
					     &slot->fence);
	else
		slot->err = vb->ops->save(obj, TTM_VRAM_BACKUP_BLIT,
					  &slot->fence);
}

static void save_object(struct ttm_vram_backup *vb, struct copies *c,
			struct ttm_vram_backup_object *obj)
{
	int err;

	/* What could not be restored is in the copy, not in VRAM. */
	if (!obj->size || ttm_vram_backup_object_saved(obj))
		goto out_put;

	err = prepare_object(vb, obj);
	if (err)
		goto out_err;
	if (obj->state != TTM_VRAM_BACKUP_PREPARED)
		goto out_put;

	obj->checked = false;
	if (vb->verify && vb->ops->checksum) {
		err = vb->ops->checksum(obj, false, &obj->checksum);
		/* Out of the CPU's reach: not checked. */
		if (err && err != -ENXIO)
			goto out_err;
		obj->checked = !err;
	}

	if (obj->list != TTM_VRAM_BACKUP_EARLY) {
		begin_copy(vb, c, obj);
		return;
	}

	err = copy_by_cpu(vb, obj, false);
	object_done(vb, obj, false, err);
	goto out;

out_err:
	tell_of(vb, obj, "could not be saved", err);
out:
	c->err = c->err ?: err;
out_put:
	vb->ops->put(obj);
}

/**
 * ttm_vram_backup_save() - Save all objects of a list
 * @vb: The session.
 * @list: The list.
 *
 * Context: Process context. The GPU does not write to objects of the list, nor
 * does anybody else. For %TTM_VRAM_BACKUP_EARLY engines have written back their
 * contexts and are idle; for other lists the blitter works, if it can.
 * Return: 0 when all copies are complete, or the error of the first object that
 * neither blitter nor CPU could save. Call ttm_vram_backup_rollback() then.
 */
int ttm_vram_backup_save(struct ttm_vram_backup *vb,
			 enum ttm_vram_backup_list list)
{
	struct copies c = {};
	struct ttm_vram_backup_object *obj;

	ttm_vram_backup_set_phase(vb, list == TTM_VRAM_BACKUP_EARLY ?
				  TTM_VRAM_BACKUP_SAVE_EARLY :
				  TTM_VRAM_BACKUP_SAVE_LATE);
	begin_walk(vb);
	while (!c.err && (obj = next_object(vb, list))) {
		save_object(vb, &c, obj);
		if (!c.err && ttm_vram_backup_stop(vb, false))
			c.err = -EBUSY;
		cond_resched();
	}
	while (c.num)
		finish_oldest(vb, &c);

	return c.err;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_save);

/*
 * Whether it is as its copy. Others may be written to while engines are still at work, as
 * context images are.
 */
static int check_unchanged(struct ttm_vram_backup *vb,
			   struct ttm_vram_backup_object *obj)
{
	if (!vb->verify || obj->list != TTM_VRAM_BACKUP_EARLY ||
	    obj->state != TTM_VRAM_BACKUP_SAVED ||
	    check_sum(vb, obj, false) != -EBADMSG)
		return 0;
	tell_of(vb, obj, "was written to after it was saved", -EBADMSG);

	return -EBADMSG;
}

/**
 * ttm_vram_backup_saved() - All is saved, VRAM may go
 * @vb: The session.
 *
 * Context: Process context. Neither GPU nor driver write to VRAM any more.
 * Return: 0, -EBUSY if an object was pinned that late that it is not saved,
 * -EBADMSG if one of the early list was written to after it was saved, which is
 * looked for if checksums are on, or -EIO if a failure is injected.
 */
int ttm_vram_backup_saved(struct ttm_vram_backup *vb)
{
	struct ttm_vram_backup_object *obj;
	bool unsaved = false;
	int err = 0;

	begin_walk(vb);
	for (int list = 0; list < TTM_VRAM_BACKUP_NUM_LISTS; list++) {
		while ((obj = next_object(vb, list))) {
			unsaved |= obj->size && !ttm_vram_backup_object_saved(obj);
			err = check_unchanged(vb, obj) ?: err;
			vb->ops->put(obj);
		}
	}
	if (unsaved)
		return -EBUSY;
	if (err)
		return err;
	if (ttm_vram_backup_fault(vb, TTM_VRAM_BACKUP_POINT_SUSPENDED))
		return -EIO;

	ttm_vram_backup_set_phase(vb, TTM_VRAM_BACKUP_SUSPENDED);

	return 0;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_saved);

static void restore_object(struct ttm_vram_backup *vb, struct copies *c,
			   struct ttm_vram_backup_object *obj,
			   enum ttm_vram_backup_engine engine)
{
	struct dma_fence *none = NULL;
	int err;

	if (obj->size && !ttm_vram_backup_object_saved(obj)) {
		vb->ops->put(obj);
		return;
	}
	if (obj->size && engine == TTM_VRAM_BACKUP_BLIT &&
	    obj->list != TTM_VRAM_BACKUP_EARLY) {
		begin_copy(vb, c, obj);
		return;
	}

	err = obj->size ? copy_by_cpu(vb, obj, true) :
	      vb->ops->restore(obj, TTM_VRAM_BACKUP_CPU, &none);
	object_done(vb, obj, true, err);
	c->err = c->err ?: err;
	vb->ops->put(obj);
}

/**
 * ttm_vram_backup_restore() - Restore all objects of a list
 * @vb: The session.
 * @list: The list.
 * @engine: The blitter, if it works. Ignored for %TTM_VRAM_BACKUP_EARLY.
 *
 * Goes on after an error: what can be restored is. What cannot keeps its copy.
 *
 * Context: Process context. Nobody uses objects of the list.
 * Return: 0, or the error of the first object that neither blitter nor CPU
 * could restore.
 */
int ttm_vram_backup_restore(struct ttm_vram_backup *vb,
			    enum ttm_vram_backup_list list,
			    enum ttm_vram_backup_engine engine)
{
	struct copies c = { .restore = true };
	struct ttm_vram_backup_object *obj;

	ttm_vram_backup_set_phase(vb, list == TTM_VRAM_BACKUP_EARLY ?
				  TTM_VRAM_BACKUP_RESTORE_EARLY :
				  TTM_VRAM_BACKUP_RESTORE_LATE);
	begin_walk(vb);
	while ((obj = next_object(vb, list))) {
		restore_object(vb, &c, obj, engine);
		cond_resched();
	}
	while (c.num)
		finish_oldest(vb, &c);

	return c.err;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_restore);

/* Whether a walk since @first has restored the object, and nobody took its copy since. */
static bool restored_since(struct ttm_vram_backup *vb,
			   struct ttm_vram_backup_object *obj, u32 first)
{
	guard(spinlock)(&vb->lists_lock);

	return obj->size && obj->state == TTM_VRAM_BACKUP_PREPARED &&
	       obj->restored && (s32)(obj->restored - first) >= 0;
}

/* 1 if VRAM is not as its copy, or 0, or the error that kept it from being looked at. */
static int differs_from_copy(struct ttm_vram_backup *vb,
			     struct ttm_vram_backup_object *obj)
{
	u64 content, copy;
	int err;

	err = vb->ops->checksum(obj, false, &content);
	if (!err)
		err = vb->ops->checksum(obj, true, &copy);

	return err ?: content != copy;
}

/* It has been restored in vain: what counts is the copy, once more. */
static bool unrestore(struct ttm_vram_backup *vb,
		      struct ttm_vram_backup_object *obj)
{
	guard(spinlock)(&vb->lists_lock);

	if (obj->state != TTM_VRAM_BACKUP_PREPARED)
		return false;
	obj->state = TTM_VRAM_BACKUP_FAILED;

	return true;
}

/*
 * Whether content of the driver has changed that was restored since @first. Users' may
 * have changed for other reasons: a console writes to its framebuffer at any time.
 */
static bool some_changed(struct ttm_vram_backup *vb, u32 first)
{
	struct ttm_vram_backup_object *obj;
	bool changed = false;

	begin_walk(vb);
	while (!changed && (obj = next_object(vb, TTM_VRAM_BACKUP_LATE))) {
		/* Once more, if it has been unpinned meanwhile. */
		changed = restored_since(vb, obj, first) &&
			  differs_from_copy(vb, obj) > 0 &&
			  restored_since(vb, obj, first);
		vb->ops->put(obj);
		cond_resched();
	}

	return changed;
}

/*
 * Power was lost in the middle, and with it what was restored before. Nobody has used
 * the objects since but the device itself, those of the early list: those are for
 * when it has stopped.
 */
static void restore_again(struct ttm_vram_backup *vb, u32 first)
{
	struct ttm_vram_backup_object *obj;
	unsigned int early = 0, num = 0;

	begin_walk(vb);
	while ((obj = next_object(vb, TTM_VRAM_BACKUP_EARLY))) {
		if (restored_since(vb, obj, vb->begun))
			early += unrestore(vb, obj);
		vb->ops->put(obj);
	}
	for (int list = TTM_VRAM_BACKUP_LATE; list < TTM_VRAM_BACKUP_NUM_LISTS; list++) {
		while ((obj = next_object(vb, list))) {
			/* What the CPU cannot look at counts as changed. */
			if (restored_since(vb, obj, first) &&
			    differs_from_copy(vb, obj) && unrestore(vb, obj)) {
				object_done(vb, obj, true,
					    copy_by_cpu(vb, obj, true));
				num++;
			}
			vb->ops->put(obj);
			cond_resched();
		}
	}
	vb->stats.error = -ENODATA;
	dev_err(vb->dev,
		"VRAM: power was lost in the middle of a restore, %u pinned objects have to be restored again\n",
		early + num);
}

/**
 * ttm_vram_backup_restore_late() - Restore all that the blitter does not need
 * @vb: The session.
 * @engine: The blitter, if it works.
 *
 * Objects of the driver come first, then users'. If a blit fails, what was restored is
 * compared with its copy. If the driver's own has changed, power was lost meanwhile:
 * all that has changed is restored once more, by the CPU, and all of the early list
 * has to be. The driver stops all engines then before it calls
 * ttm_vram_backup_restore() for that list.
 *
 * Context: As ttm_vram_backup_restore(). The device, too, leaves objects of the late
 * list alone until this returns.
 * Return: 0, -ENODATA if power was lost, or the first error of
 * ttm_vram_backup_restore().
 */
int ttm_vram_backup_restore_late(struct ttm_vram_backup *vb,
				 enum ttm_vram_backup_engine engine)
{
	u64 retries = vb->stats.retries;
	u32 first = vb->pass + 1;
	bool lost = false;
	int late, external;

	late = ttm_vram_backup_restore(vb, TTM_VRAM_BACKUP_LATE, engine);
	external = ttm_vram_backup_restore(vb, TTM_VRAM_BACKUP_EXTERNAL, engine);
	if (engine == TTM_VRAM_BACKUP_BLIT && vb->ops->checksum) {
		lost = ttm_vram_backup_fault(vb, TTM_VRAM_BACKUP_POINT_RESTORE_LOST) ||
		       (vb->stats.retries != retries && some_changed(vb, first));
		if (lost)
			restore_again(vb, first);
	}

	return lost ? -ENODATA : late ?: external;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_restore_late);

/**
 * ttm_vram_backup_restore_all() - Try to restore what is left, on every list
 * @vb: The session.
 * @engine: Who copies what is not on the early list.
 *
 * For the end of a session, and for a retry: users may be at what was restored before,
 * so nothing is compared. ttm_vram_backup_unrestored() tells what is left then.
 *
 * Context: As ttm_vram_backup_restore().
 * Return: 0, or the first error of ttm_vram_backup_restore().
 */
int ttm_vram_backup_restore_all(struct ttm_vram_backup *vb,
				enum ttm_vram_backup_engine engine)
{
	int early, late, external;

	early = ttm_vram_backup_restore(vb, TTM_VRAM_BACKUP_EARLY, TTM_VRAM_BACKUP_CPU);
	late = ttm_vram_backup_restore(vb, TTM_VRAM_BACKUP_LATE, engine);
	external = ttm_vram_backup_restore(vb, TTM_VRAM_BACKUP_EXTERNAL, engine);

	return early ?: late ?: external;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_restore_all);

/**
 * ttm_vram_backup_rollback() - What was saved is not needed
 * @vb: The session.
 * @error: Why.
 *
 * For a suspend that comes to an end while VRAM has all its content. Copies
 * made for it are void; those of objects whose last restore failed stay. The
 * session is where it was after ttm_vram_backup_prepare().
 *
 * After ttm_vram_backup_saved() power may be gone, and copies be all there is.
 * Then it does nothing: what was saved can be restored only. So steps that can
 * fail come before.
 *
 * Context: Process context.
 */
void ttm_vram_backup_rollback(struct ttm_vram_backup *vb, int error)
{
	struct ttm_vram_backup_object *obj;

	if (!ttm_vram_backup_active(vb))
		return;
	vb->stats.error = error;
	if (vb->phase == TTM_VRAM_BACKUP_SUSPENDED) {
		dev_err(vb->dev, "VRAM: power may be gone, copies are kept\n");
		return;
	}
	/* Somebody may try once more without a new session. */
	vb->woken = false;
	begin_walk(vb);
	for (int list = 0; list < TTM_VRAM_BACKUP_NUM_LISTS; list++) {
		while ((obj = next_object(vb, list))) {
			bool left = false;

			spin_lock(&vb->lists_lock);
			if (obj->state == TTM_VRAM_BACKUP_SAVED) {
				obj->state = TTM_VRAM_BACKUP_PREPARED;
				left = obj->leaving;
				if (left)
					take_off_locked(obj);
			}
			spin_unlock(&vb->lists_lock);
			if (left)
				release_copy(vb, obj, false);
			vb->ops->put(obj);
		}
	}
	ttm_vram_backup_set_phase(vb, TTM_VRAM_BACKUP_PREPARE);
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_rollback);

/* One message and one event, however many objects there are. */
static void report_unrestored(struct ttm_vram_backup *vb, unsigned int num)
{
	char what[] = "VRAM_BACKUP=restore-failed";
	char objects[32];
	char *env[3] = {};

	env[0] = what;
	env[1] = objects;
	snprintf(objects, sizeof(objects), "VRAM_BACKUP_OBJECTS=%u", num);
	dev_err(vb->dev,
		"VRAM: %u pinned objects could not be restored, their copies are kept; write \"restore\" to vram_backup/trigger in debugfs, or suspend again, to try once more\n",
		num);
	kobject_uevent_env(&vb->dev->kobj, KOBJ_CHANGE, env);
}

/**
 * ttm_vram_backup_unrestored() - Count objects whose content is in a copy only
 * @vb: The session.
 * @lists: A bit for each enum ttm_vram_backup_list to look at.
 *
 * Context: Process context.
 * Return: Their number.
 */
unsigned int ttm_vram_backup_unrestored(struct ttm_vram_backup *vb, u32 lists)
{
	struct ttm_vram_backup_object *obj;
	unsigned int num = 0;

	spin_lock(&vb->lists_lock);
	for (int list = 0; list < TTM_VRAM_BACKUP_NUM_LISTS; list++) {
		if (!(lists & BIT(list)))
			continue;
		list_for_each_entry(obj, &vb->objects[list], link)
			num += ttm_vram_backup_object_saved(obj);
	}
	spin_unlock(&vb->lists_lock);

	return num;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_unrestored);

/**
 * ttm_vram_backup_end() - End a session
 * @vb: The session.
 * @error: Why, or 0 if it did what it was for.
 *
 * Frees all copies but those whose restore has not completed. If there are any
 * it says so, in the log and with a uevent. Without a session it does nothing.
 * Lets nobody in, as opposed to ttm_vram_backup_end_open().
 *
 * Context: Process context.
 * Return: 0, or -EIO if there are objects whose content is in their copies only.
 */
int ttm_vram_backup_end(struct ttm_vram_backup *vb, int error)
{
	struct ttm_vram_backup_object *obj;
	unsigned int unrestored;

	if (!ttm_vram_backup_active(vb))
		return 0;

	ttm_vram_backup_set_phase(vb, TTM_VRAM_BACKUP_COMPLETE);
	begin_walk(vb);
	for (int list = 0; list < TTM_VRAM_BACKUP_NUM_LISTS; list++) {
		while ((obj = next_object(vb, list))) {
			bool release;

			spin_lock(&vb->lists_lock);
			release = obj->state == TTM_VRAM_BACKUP_PREPARED;
			if (release)
				obj->state = TTM_VRAM_BACKUP_PRESENT;
			else if (obj->state == TTM_VRAM_BACKUP_SAVED)
				obj->state = TTM_VRAM_BACKUP_FAILED;
			spin_unlock(&vb->lists_lock);
			if (release)
				release_copy(vb, obj, false);
			vb->ops->put(obj);
			cond_resched();
		}
	}

	/* What was evicted is in memory as any other object is. */
	spin_lock(&vb->lists_lock);
	vb->stats.ram = 0;
	for (int list = 0; list < TTM_VRAM_BACKUP_NUM_LISTS; list++)
		list_for_each_entry(obj, &vb->objects[list], link)
			if (obj->state != TTM_VRAM_BACKUP_PRESENT)
				vb->stats.ram += obj->size;
	spin_unlock(&vb->lists_lock);

	unrestored = ttm_vram_backup_unrestored(vb, TTM_VRAM_BACKUP_ALL_LISTS);
	if (unrestored)
		report_unrestored(vb, unrestored);

	guard(mutex)(&vb->lock);
	vb->stats.error = error ?: vb->stats.error ?: unrestored ? -EIO : 0;
	ttm_vram_backup_set_phase(vb, TTM_VRAM_BACKUP_IDLE);

	return unrestored ? -EIO : 0;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_end);

/**
 * ttm_vram_backup_set_store() - Choose where evicted content goes to
 * @vb: The session, which is not on.
 * @store: The store, or NULL for memory and swap space. A reference is taken.
 *
 * What is in the store that it had stays there until it is needed; the store
 * goes away with the last of it.
 *
 * Context: Process context.
 * Return: 0, or -EBUSY if the session is on.
 */
int ttm_vram_backup_set_store(struct ttm_vram_backup *vb,
			      struct ttm_backup *store)
{
	struct ttm_backup *old;

	scoped_guard(mutex, &vb->lock) {
		if (vb->phase != TTM_VRAM_BACKUP_IDLE)
			return -EBUSY;
		old = vb->store;
		vb->store = store ? ttm_backup_get(store) : NULL;
	}
	ttm_backup_put(old);

	return 0;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_set_store);
