/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef _TTM_VRAM_BACKUP_H_
#define _TTM_VRAM_BACKUP_H_

#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/fault-inject.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu-refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

struct dentry;
struct dma_fence;
struct drm_printer;
struct seq_file;
struct ttm_backup;
struct ttm_buffer_object;
struct ttm_device;
struct ttm_kmap_iter;
struct ttm_operation_ctx;
struct ttm_resource;
struct ttm_vram_backup;
struct ttm_vram_backup_files;
struct ttm_vram_backup_object;

/**
 * enum ttm_vram_backup_phase - How far a session is
 * @TTM_VRAM_BACKUP_IDLE: No session.
 * @TTM_VRAM_BACKUP_PREPARE: The driver keeps users out, copies are allocated.
 * @TTM_VRAM_BACKUP_EVICT: Objects that can move leave VRAM.
 * @TTM_VRAM_BACKUP_SAVE_LATE: The blitter saves pinned objects.
 * @TTM_VRAM_BACKUP_SAVE_EARLY: The CPU saves what the blitter itself needs.
 * @TTM_VRAM_BACKUP_SUSPENDED: All is saved, VRAM may lose its content.
 * @TTM_VRAM_BACKUP_RESTORE_EARLY: The CPU restores what the blitter needs.
 * @TTM_VRAM_BACKUP_RESTORE_LATE: The blitter restores the rest.
 * @TTM_VRAM_BACKUP_COMPLETE: Copies are let go of.
 * @TTM_VRAM_BACKUP_NUM_PHASES: The number of phases.
 */
enum ttm_vram_backup_phase {
	TTM_VRAM_BACKUP_IDLE,
	TTM_VRAM_BACKUP_PREPARE,
	TTM_VRAM_BACKUP_EVICT,
	TTM_VRAM_BACKUP_SAVE_LATE,
	TTM_VRAM_BACKUP_SAVE_EARLY,
	TTM_VRAM_BACKUP_SUSPENDED,
	TTM_VRAM_BACKUP_RESTORE_EARLY,
	TTM_VRAM_BACKUP_RESTORE_LATE,
	TTM_VRAM_BACKUP_COMPLETE,
	TTM_VRAM_BACKUP_NUM_PHASES,
};

/**
 * enum ttm_vram_backup_kind - What a session is for
 * @TTM_VRAM_BACKUP_SUSPEND: System suspend: memory keeps its content.
 * @TTM_VRAM_BACKUP_HIBERNATE: Memory goes into an image.
 * @TTM_VRAM_BACKUP_RUNTIME: The idle device is switched off.
 * @TTM_VRAM_BACKUP_MANUAL: Somebody asked for it.
 */
enum ttm_vram_backup_kind {
	TTM_VRAM_BACKUP_SUSPEND,
	TTM_VRAM_BACKUP_HIBERNATE,
	TTM_VRAM_BACKUP_RUNTIME,
	TTM_VRAM_BACKUP_MANUAL,
};

/**
 * enum ttm_vram_backup_list - What an object needs to be saved
 * @TTM_VRAM_BACKUP_EARLY: The blitter does not work without it. CPU only.
 * @TTM_VRAM_BACKUP_LATE: The driver's own. Blitter, else CPU.
 * @TTM_VRAM_BACKUP_EXTERNAL: A user's, pinned. Blitter, else CPU.
 * @TTM_VRAM_BACKUP_NUM_LISTS: The number of lists.
 */
enum ttm_vram_backup_list {
	TTM_VRAM_BACKUP_EARLY,
	TTM_VRAM_BACKUP_LATE,
	TTM_VRAM_BACKUP_EXTERNAL,
	TTM_VRAM_BACKUP_NUM_LISTS,
};

/* For ttm_vram_backup_unrestored(). */
#define TTM_VRAM_BACKUP_ALL_LISTS (BIT(TTM_VRAM_BACKUP_NUM_LISTS) - 1)

/**
 * enum ttm_vram_backup_state - What has become of an object
 * @TTM_VRAM_BACKUP_PRESENT: Its content is in VRAM, and nowhere else.
 * @TTM_VRAM_BACKUP_PREPARED: The same, but there is memory for a copy.
 * @TTM_VRAM_BACKUP_SAVED: There is a copy that VRAM can be restored from.
 * @TTM_VRAM_BACKUP_FAILED: The restore failed. The copy is all there is.
 */
enum ttm_vram_backup_state {
	TTM_VRAM_BACKUP_PRESENT,
	TTM_VRAM_BACKUP_PREPARED,
	TTM_VRAM_BACKUP_SAVED,
	TTM_VRAM_BACKUP_FAILED,
};

/**
 * enum ttm_vram_backup_engine - Who copies
 * @TTM_VRAM_BACKUP_BLIT: The device.
 * @TTM_VRAM_BACKUP_CPU: The CPU.
 */
enum ttm_vram_backup_engine {
	TTM_VRAM_BACKUP_BLIT,
	TTM_VRAM_BACKUP_CPU,
};

/*
 * Where a failure can be injected. Named in the fail/point file, see
 * ttm_vram_backup_debugfs(). Drivers number their own from
 * TTM_VRAM_BACKUP_POINT_DRIVER on.
 */
enum ttm_vram_backup_point {
	TTM_VRAM_BACKUP_POINT_BEGIN,
	TTM_VRAM_BACKUP_POINT_GATE,
	TTM_VRAM_BACKUP_POINT_PREFLIGHT,
	TTM_VRAM_BACKUP_POINT_PREPARE_EARLY,
	TTM_VRAM_BACKUP_POINT_PREPARE_LATE,
	TTM_VRAM_BACKUP_POINT_PREPARE_EXTERNAL,
	TTM_VRAM_BACKUP_POINT_EVICT_IDLE,
	TTM_VRAM_BACKUP_POINT_EVICT_SPACE,
	TTM_VRAM_BACKUP_POINT_EVICT_POPULATE,
	TTM_VRAM_BACKUP_POINT_EVICT_UNBIND,
	TTM_VRAM_BACKUP_POINT_EVICT_FENCE,
	TTM_VRAM_BACKUP_POINT_EVICT_BLIT,
	TTM_VRAM_BACKUP_POINT_EVICT_WAIT,
	TTM_VRAM_BACKUP_POINT_EVICT_VERIFY,
	TTM_VRAM_BACKUP_POINT_EVICT_CPU,
	TTM_VRAM_BACKUP_POINT_EVICT_STOP,
	TTM_VRAM_BACKUP_POINT_STORE_ASSIGN,
	TTM_VRAM_BACKUP_POINT_STORE_WRITE,
	TTM_VRAM_BACKUP_POINT_STORE_SYNC,
	TTM_VRAM_BACKUP_POINT_SAVE_EXTERNAL_BLIT,
	TTM_VRAM_BACKUP_POINT_SAVE_EXTERNAL_WAIT,
	TTM_VRAM_BACKUP_POINT_SAVE_EXTERNAL_CPU,
	TTM_VRAM_BACKUP_POINT_SAVE_LATE_BLIT,
	TTM_VRAM_BACKUP_POINT_SAVE_LATE_WAIT,
	TTM_VRAM_BACKUP_POINT_SAVE_LATE_CPU,
	TTM_VRAM_BACKUP_POINT_SAVE_EARLY_CPU,
	TTM_VRAM_BACKUP_POINT_SUSPENDED,
	TTM_VRAM_BACKUP_POINT_RESTORE_EARLY_CPU,
	TTM_VRAM_BACKUP_POINT_RESTORE_LATE_BLIT,
	TTM_VRAM_BACKUP_POINT_RESTORE_LATE_WAIT,
	TTM_VRAM_BACKUP_POINT_RESTORE_LATE_CPU,
	TTM_VRAM_BACKUP_POINT_RESTORE_EXTERNAL_BLIT,
	TTM_VRAM_BACKUP_POINT_RESTORE_EXTERNAL_WAIT,
	TTM_VRAM_BACKUP_POINT_RESTORE_EXTERNAL_CPU,
	TTM_VRAM_BACKUP_POINT_RESTORE_VERIFY,
	TTM_VRAM_BACKUP_POINT_RESTORE_LOST,
	TTM_VRAM_BACKUP_POINT_DRIVER,
};

/* Injection points of TTM and of a driver. */
#define TTM_VRAM_BACKUP_MAX_POINTS 64

/**
 * struct ttm_vram_backup_ops - What a driver does for its session
 *
 * All are called in process context. Unless said otherwise they may sleep, and
 * no lock of the session is held.
 */
struct ttm_vram_backup_ops {
	/**
	 * @get: Get a reference to what @obj is part of, from a pointer that a
	 * list holds. False if it is on its way out. Called in atomic context.
	 */
	bool (*get)(struct ttm_vram_backup_object *obj);

	/** @put: Put that reference. */
	void (*put)(struct ttm_vram_backup_object *obj);

	/** @prepare: Allocate memory for a copy, if there is none. */
	int (*prepare)(struct ttm_vram_backup_object *obj);

	/**
	 * @save: Copy the content of @obj to its copy. With the CPU it is done
	 * at return, with the blitter when *@fence signals without error. No
	 * fence means that it is done.
	 */
	int (*save)(struct ttm_vram_backup_object *obj,
		    enum ttm_vram_backup_engine engine,
		    struct dma_fence **fence);

	/**
	 * @restore: Copy it back, in the same way. Objects of no size have no
	 * copy, but come by here, too, with the CPU as the engine.
	 */
	int (*restore)(struct ttm_vram_backup_object *obj,
		       enum ttm_vram_backup_engine engine,
		       struct dma_fence **fence);

	/**
	 * @release: Free the copy, which a blit may still be writing to. @locked
	 * says that the caller holds the lock of the object, because it is just
	 * removing it.
	 */
	void (*release)(struct ttm_vram_backup_object *obj, bool locked);

	/**
	 * @checksum: Of the content of @obj in VRAM, or of its copy. Optional.
	 */
	int (*checksum)(struct ttm_vram_backup_object *obj, bool copy,
			u64 *sum);

	/**
	 * @describe: One word or two about @obj, for a list of objects or the
	 * log. Called in atomic context. Optional.
	 */
	void (*describe)(struct ttm_vram_backup_object *obj,
			 struct drm_printer *p);

	/**
	 * @unbind: Have users of @bo let go of its place in VRAM. @bo is locked.
	 * May wait for nothing but locks. -EBUSY or -EAGAIN if somebody has a
	 * grip on it: it is tried again a little later, with @bo unlocked
	 * meanwhile, until nothing has moved for a second.
	 */
	int (*unbind)(struct ttm_buffer_object *bo,
		      struct ttm_operation_ctx *ctx);

	/**
	 * @copy_out: Copy the content of @bo from where it is to @res, whose
	 * pages are those of the populated @bo->ttm. As with @save, with the
	 * blitter it is done when *@fence signals without error, and may begin
	 * only after the fences of the object. The driver adds a fence to the
	 * object's dma_resv, where one slot is reserved. @fence is NULL for the
	 * CPU. @bo is locked.
	 */
	int (*copy_out)(struct ttm_buffer_object *bo, struct ttm_resource *res,
			enum ttm_vram_backup_engine engine,
			struct dma_fence **fence);

	/**
	 * @checksum_out: Of the content of @bo, locked and idle, where it is, to
	 * be compared with that of the pages that it was copied to. -ENXIO if it
	 * is out of the CPU's reach. Optional.
	 */
	int (*checksum_out)(struct ttm_buffer_object *bo, u64 *sum);

	/**
	 * @close: Keep users out with ttm_vram_backup_close(), and have the
	 * driver's own workers stay out, too. On failure nobody is kept out.
	 * Called with &ttm_vram_backup.session_lock held. Optional if there is
	 * no more to do.
	 */
	int (*close)(struct ttm_vram_backup *vb);

	/**
	 * @open: Undo @close, with ttm_vram_backup_open(). The session has ended,
	 * and no other one begins before. Called and optional as @close.
	 */
	void (*open)(struct ttm_vram_backup *vb);

	/** @moved: @bo is in its new place now. @bo is locked. Optional. */
	void (*moved)(struct ttm_buffer_object *bo);

	/**
	 * @again: A session is about to end, or a retry: restore what is left, as
	 * far as the device goes, with ttm_vram_backup_restore_all(), and see
	 * whether users have what they need. @engine copies, but the CPU does if
	 * the device is out of order. Needed for ttm_vram_backup_retry().
	 */
	void (*again)(struct ttm_vram_backup *vb, enum ttm_vram_backup_engine engine);

	/**
	 * @evict_to_system: What is evicted to %TTM_PL_SYSTEM has content to
	 * copy. Else such an object has none, and ttm_bo_evict() moves it.
	 */
	bool evict_to_system;

	/** @mem_types: Types of memory that lose their content, a bit for each. */
	u32 mem_types;

	/** @points: Names of the driver's own injection points, a NULL last. Optional. */
	const char * const *points;
};

/**
 * struct ttm_vram_backup_manual_ops - What a driver does when somebody asks for it
 *
 * For the file "trigger" in debugfs. All are called in process context, one at a
 * time, with &ttm_vram_backup.trigger_lock held. @enter and @save return -ENODEV
 * if there is no device any more.
 */
struct ttm_vram_backup_manual_ops {
	/**
	 * @enter: Have the device there, and awake, until @leave. For all but
	 * @save.
	 */
	int (*enter)(struct ttm_vram_backup *vb);

	/** @leave: Undo @enter. */
	void (*leave)(struct ttm_vram_backup *vb);

	/**
	 * @save: Begin a session of kind %TTM_VRAM_BACKUP_MANUAL, save all, and
	 * have no engine run. If &ttm_vram_backup.poison is set VRAM is to be
	 * overwritten, now or before it is restored, as losing power would. On
	 * failure everything is as it was.
	 */
	int (*save)(struct ttm_vram_backup *vb);

	/**
	 * @restore: Undo @save, and end the session. Returns what
	 * ttm_vram_backup_end() does.
	 */
	int (*restore)(struct ttm_vram_backup *vb);
};

/**
 * struct ttm_vram_backup_object - What a session knows of a pinned object
 *
 * To be embedded into the driver's object.
 */
struct ttm_vram_backup_object {
	/** @link: On a list of @session. Protected by its lists_lock. */
	struct list_head link;
	/** @session: The session of the device. NULL before the first pin. */
	struct ttm_vram_backup *session;
	/** @size: Bytes of content to save, or 0. */
	u64 size;
	/** @checksum: Of the content when it was saved. */
	u64 checksum;
	/** @pass: The last walk that came by. */
	u32 pass;
	/** @restored: The last walk that restored it, or 0. Protected as @link. */
	u32 restored;
	/** @list: The list it is on, an enum ttm_vram_backup_list. */
	u8 list;
	/** @state: An enum ttm_vram_backup_state. */
	u8 state;
	/** @checked: Whether @checksum is of the content as it was saved. */
	bool checked;
	/** @leaving: To be removed as soon as its content is restored. */
	bool leaving;
};

/**
 * struct ttm_vram_backup_stats - What a session has done
 */
struct ttm_vram_backup_stats {
	/** @ns: Time in each phase, in nanoseconds. */
	u64 ns[TTM_VRAM_BACKUP_NUM_PHASES];
	/** @blit_bytes: Bytes that the blitter copied. */
	u64 blit_bytes;
	/** @cpu_bytes: Bytes that the CPU copied. */
	u64 cpu_bytes;
	/** @store_bytes: Bytes that went on to a store. */
	u64 store_bytes;
	/** @saved: Objects saved. */
	u64 saved;
	/** @restored: Objects restored. */
	u64 restored;
	/** @evicted: Objects that left VRAM. */
	u64 evicted;
	/** @evicted_bytes: Their bytes. */
	u64 evicted_bytes;
	/** @allocated: Bytes of memory allocated for copies of pinned objects. */
	u64 allocated;
	/** @ram: Bytes of memory that copies take now. */
	u64 ram;
	/** @ram_peak: The most of it. */
	u64 ram_peak;
	/** @retries: Copies that failed, and were done in another way. */
	u64 retries;
	/** @failures: Copies that failed for good. */
	u64 failures;
	/** @injected: Injected failures. */
	u64 injected;
	/** @error: What the session ended with. */
	int error;
};

/**
 * struct ttm_vram_backup_plan - What a preflight has found
 */
struct ttm_vram_backup_plan {
	/** @movable: Bytes in VRAM that have to be evicted. */
	u64 movable;
	/** @pinned: Bytes of pinned objects that have to be saved. */
	u64 pinned;
	/** @largest: Bytes of the largest object among the former. */
	u64 largest;
	/** @ram: Bytes of memory that may be used. */
	u64 ram;
	/** @swap: Bytes of free swap space that may be used. */
	u64 swap;
	/** @store: Bytes free in the administrator's store. */
	u64 store;
	/** @to_store: Evicted content goes on to that store. */
	bool to_store;
	/** @to_swap: Evicted content goes on to swap space. */
	bool to_swap;
};

/**
 * struct ttm_vram_backup_gate - Keeps users out of VRAM
 */
struct ttm_vram_backup_gate {
	/**
	 * @users: Whoever may put objects into VRAM holds a reference. Killed
	 * while nobody may.
	 */
	struct percpu_ref users;
	/** @drained: Completed when the last of @users is gone. */
	struct completion drained;
	/** @opened: Where those wait that have to stay out. */
	wait_queue_head_t opened;
};

/**
 * struct ttm_vram_backup - The backup session of a device
 */
struct ttm_vram_backup {
	/** @bdev: The device. */
	struct ttm_device *bdev;
	/** @dev: To tell in messages. */
	struct device *dev;
	/** @ops: What the driver does. */
	const struct ttm_vram_backup_ops *ops;
	/** @gate: Keeps users out. */
	struct ttm_vram_backup_gate gate;
	/**
	 * @session_lock: A session begins and closes @gate, or ends and opens it,
	 * without another one in between. Protects @retired.
	 */
	struct mutex session_lock;
	/** @retired: No session that closes @gate begins any more. */
	bool retired;
	/** @manual_ops: ... and what for whoever asks for a backup. */
	const struct ttm_vram_backup_manual_ops *manual_ops;
	/**
	 * @trigger_lock: One at a time asks for a backup. A driver that goes away
	 * takes it to end what was asked for.
	 */
	struct mutex trigger_lock;
	/** @lock: Protects @store, and @phase while it is idle. */
	struct mutex lock;
	/** @lists_lock: Protects @objects and what is in them. */
	spinlock_t lists_lock;
	/** @objects: The objects, by what they need. */
	struct list_head objects[TTM_VRAM_BACKUP_NUM_LISTS];
	/** @pass: Counts walks. */
	u32 pass;
	/** @begun: The first walk since ttm_vram_backup_begin(). */
	u32 begun;
	/** @phase: How far it is. Read it with READ_ONCE(). */
	enum ttm_vram_backup_phase phase;
	/** @kind: What for. */
	enum ttm_vram_backup_kind kind;
	/** @since: When @phase began. */
	ktime_t since;
	/** @store: Where evicted content goes to, or NULL. */
	struct ttm_backup *store;
	/** @store_lock: Protects @store_path and @store_size. */
	struct mutex store_lock;
	/** @store_path: Where @store is, as it was given. */
	char *store_path;
	/** @store_size: How many bytes of the next file to use, 0 for all. */
	u64 store_size;
	/** @files: The files in sysfs. */
	struct ttm_vram_backup_files *files;
	/** @plan: What the preflight has found. */
	struct ttm_vram_backup_plan plan;
	/** @stats: Of the session that is on, or of the last one. */
	struct ttm_vram_backup_stats stats;
	/**
	 * @aux_ratio: An object in memory takes a byte more for so many bytes of
	 * content, as for the state of its compression. 0 if it does not. Set by
	 * the driver before ttm_vram_backup_preflight().
	 */
	u32 aux_ratio;
	/** @old_wakeup: The wakeup that is pending is of a suspend before. */
	bool old_wakeup;
	/** @woken: A wakeup has ended it, until a rollback or the next one. */
	bool woken;
	/** @poison: A manual session is to overwrite VRAM. Read only if one is on. */
	bool poison;
	/** @verify: Make checksums. */
	bool verify;
#ifdef CONFIG_FAULT_INJECTION
	/** @fault: When to fail. */
	struct fault_attr fault;
	/** @fault_points: Where to, a bit for each point. */
	DECLARE_BITMAP(fault_points, TTM_VRAM_BACKUP_MAX_POINTS);
	/** @fault_passed: How often a point was come by. */
	u32 fault_passed[TTM_VRAM_BACKUP_MAX_POINTS];
	/** @fault_fired: How often it failed. */
	u32 fault_fired[TTM_VRAM_BACKUP_MAX_POINTS];
#endif
};

int ttm_vram_backup_init(struct ttm_vram_backup *vb, struct ttm_device *bdev,
			 struct device *dev,
			 const struct ttm_vram_backup_ops *ops);
void ttm_vram_backup_fini(struct ttm_vram_backup *vb);

void ttm_vram_backup_object_init(struct ttm_vram_backup_object *obj);
void ttm_vram_backup_add(struct ttm_vram_backup *vb,
			 struct ttm_vram_backup_object *obj,
			 enum ttm_vram_backup_list list, u64 size);
bool ttm_vram_backup_remove(struct ttm_vram_backup_object *obj);
void ttm_vram_backup_forget(struct ttm_vram_backup_object *obj);

int ttm_vram_backup_begin(struct ttm_vram_backup *vb,
			  enum ttm_vram_backup_kind kind);
int ttm_vram_backup_preflight(struct ttm_vram_backup *vb);
int ttm_vram_backup_prepare(struct ttm_vram_backup *vb);
int ttm_vram_backup_evict(struct ttm_vram_backup *vb, bool interruptible);
int ttm_vram_backup_save(struct ttm_vram_backup *vb,
			 enum ttm_vram_backup_list list);
int ttm_vram_backup_evicted(struct ttm_vram_backup *vb,
			    bool (*saved)(struct ttm_buffer_object *bo));
int ttm_vram_backup_saved(struct ttm_vram_backup *vb);
int ttm_vram_backup_restore(struct ttm_vram_backup *vb,
			    enum ttm_vram_backup_list list,
			    enum ttm_vram_backup_engine engine);
int ttm_vram_backup_restore_late(struct ttm_vram_backup *vb,
				 enum ttm_vram_backup_engine engine);
int ttm_vram_backup_restore_all(struct ttm_vram_backup *vb,
				enum ttm_vram_backup_engine engine);
void ttm_vram_backup_rollback(struct ttm_vram_backup *vb, int error);
int ttm_vram_backup_end(struct ttm_vram_backup *vb, int error);

bool ttm_vram_backup_stop(struct ttm_vram_backup *vb, bool interruptible);
void ttm_vram_backup_refused(struct ttm_vram_backup *vb, int error);
int ttm_vram_backup_set_store(struct ttm_vram_backup *vb,
			      struct ttm_backup *store);
int ttm_vram_backup_sysfs_init(struct ttm_vram_backup *vb);
void ttm_vram_backup_sysfs_fini(struct ttm_vram_backup *vb);
unsigned int ttm_vram_backup_unrestored(struct ttm_vram_backup *vb, u32 lists);
u64 ttm_vram_backup_checksum(struct ttm_kmap_iter *iter, pgoff_t num_pages);
const char *ttm_vram_backup_phase_name(enum ttm_vram_backup_phase phase);

#ifdef CONFIG_FAULT_INJECTION
bool ttm_vram_backup_fault_at(struct ttm_vram_backup *vb, unsigned int point);
#endif

/**
 * ttm_vram_backup_fault() - Whether a failure is injected here
 * @vb: The session.
 * @point: An enum ttm_vram_backup_point, or a driver's own.
 *
 * Context: Any.
 * Return: Whether the caller is to behave as if the step at @point had failed.
 */
static inline bool ttm_vram_backup_fault(struct ttm_vram_backup *vb,
					 unsigned int point)
{
#ifdef CONFIG_FAULT_INJECTION
	vb->fault_passed[point]++;
	if (test_bit(point, vb->fault_points))
		return ttm_vram_backup_fault_at(vb, point);
#endif
	return false;
}

void ttm_vram_backup_debugfs(struct ttm_vram_backup *vb, struct dentry *parent,
			     const struct ttm_vram_backup_manual_ops *ops);

int ttm_vram_backup_begin_closed(struct ttm_vram_backup *vb,
				 enum ttm_vram_backup_kind kind);
int ttm_vram_backup_end_open(struct ttm_vram_backup *vb, int error);
void ttm_vram_backup_retire(struct ttm_vram_backup *vb);
int ttm_vram_backup_retry(struct ttm_vram_backup *vb,
			  enum ttm_vram_backup_engine engine);
int ttm_vram_backup_enter(struct ttm_vram_backup *vb);
int ttm_vram_backup_close(struct ttm_vram_backup *vb);
void ttm_vram_backup_open(struct ttm_vram_backup *vb);

/**
 * ttm_vram_backup_try_enter() - Be allowed to put objects into VRAM, if possible
 * @vb: The session.
 *
 * Context: Any.
 * Return: False while VRAM is being saved. If true, ttm_vram_backup_leave() has
 * to follow.
 */
static inline bool ttm_vram_backup_try_enter(struct ttm_vram_backup *vb)
{
	return percpu_ref_tryget_live(&vb->gate.users);
}

/**
 * ttm_vram_backup_leave() - Undo ttm_vram_backup_enter()
 * @vb: The session.
 *
 * Context: Any.
 */
static inline void ttm_vram_backup_leave(struct ttm_vram_backup *vb)
{
	percpu_ref_put(&vb->gate.users);
}

/**
 * ttm_vram_backup_closed() - Whether users' objects have to stay out of VRAM
 * @vb: The session.
 *
 * What is being restored has kept its place, so others may have what is free:
 * a display is set up again before the session ends.
 *
 * Context: Any.
 * Return: True from the begin of an eviction until the restore begins.
 */
static inline bool ttm_vram_backup_closed(const struct ttm_vram_backup *vb)
{
	enum ttm_vram_backup_phase phase = READ_ONCE(vb->phase);

	return phase >= TTM_VRAM_BACKUP_EVICT &&
	       phase <= TTM_VRAM_BACKUP_SUSPENDED;
}

/**
 * ttm_vram_backup_object_saved() - Whether the content of an object is in a copy
 * @obj: The object.
 *
 * Context: Any. The answer may be outdated when it is read.
 * Return: True from its save to its restore.
 */
static inline bool
ttm_vram_backup_object_saved(const struct ttm_vram_backup_object *obj)
{
	u8 state = READ_ONCE(obj->state);

	return state == TTM_VRAM_BACKUP_SAVED ||
	       state == TTM_VRAM_BACKUP_FAILED;
}

/**
 * ttm_vram_backup_active() - Whether a session is on
 * @vb: The session.
 *
 * Context: Any. The answer may be outdated when it is read.
 * Return: True from ttm_vram_backup_begin() to ttm_vram_backup_end().
 */
static inline bool ttm_vram_backup_active(const struct ttm_vram_backup *vb)
{
	return READ_ONCE(vb->phase) != TTM_VRAM_BACKUP_IDLE;
}

/**
 * ttm_vram_backup_manual() - Whether a session that somebody asked for is on
 * @vb: The session.
 *
 * Context: Any. The answer may be outdated when it is read.
 * Return: True from the begin of a session of %TTM_VRAM_BACKUP_MANUAL to its end.
 */
static inline bool ttm_vram_backup_manual(const struct ttm_vram_backup *vb)
{
	return ttm_vram_backup_active(vb) &&
	       READ_ONCE(vb->kind) == TTM_VRAM_BACKUP_MANUAL;
}

/**
 * ttm_vram_backup_for_system() - Whether a session for a system suspend is on
 * @vb: The session.
 *
 * Context: Any. The answer may be outdated when it is read.
 * Return: True from the begin of a session of %TTM_VRAM_BACKUP_SUSPEND or
 * %TTM_VRAM_BACKUP_HIBERNATE to its end.
 */
static inline bool ttm_vram_backup_for_system(const struct ttm_vram_backup *vb)
{
	enum ttm_vram_backup_kind kind = READ_ONCE(vb->kind);

	return ttm_vram_backup_active(vb) &&
	       (kind == TTM_VRAM_BACKUP_SUSPEND ||
		kind == TTM_VRAM_BACKUP_HIBERNATE);
}

#endif
