// SPDX-License-Identifier: MIT
/*
 * Content of each kind of object over a backup, with local memory overwritten in between.
 */

#include <linux/vmalloc.h>

#include <drm/ttm/ttm_tt.h>

#include "gt/intel_gt_pm.h"
#include "i915_selftest.h"
#include "intel_region_ttm.h"
#include "selftests/mock_gem_device.h"

#define TEST_SIZE SZ_256K

enum kind { EVICTABLE, LATE, EARLY, USER, VOLATILE, NUM_KINDS };

static const struct {
	const char *name;
	unsigned int flags;
	bool pinned, lost;
} kinds[NUM_KINDS] = {
	[EVICTABLE] = { "evictable", I915_BO_ALLOC_USER },
	[LATE] = { "pinned late", 0, true },
	[EARLY] = { "pinned early", I915_BO_ALLOC_PM_EARLY, true },
	[USER] = { "pinned user", I915_BO_ALLOC_USER, true },
	[VOLATILE] = { "volatile", I915_BO_ALLOC_PM_VOLATILE, true, true },
};

/* One object of each kind, of what only it has. */
struct samples {
	struct drm_i915_private *i915;
	struct intel_memory_region *mr;
	struct drm_i915_gem_object *obj[NUM_KINDS];
};

static u32 word_of(unsigned int kind, u32 at)
{
	return (kind + 1) * 0x01000193 ^ at * 0x9e3779b9;
}

/* Without a mapping of the object, which would pin it. Locked. */
static int walk_object(struct samples *s, unsigned int kind, bool write)
{
	struct drm_i915_gem_object *obj = s->obj[kind];
	struct ttm_buffer_object *bo = i915_gem_to_ttm(obj);
	struct i915_refct_sgt *rsgt;
	struct ttm_kmap_iter *iter;
	u32 wrong = 0;
	union {
		struct ttm_kmap_iter_tt tt;
		struct ttm_kmap_iter_iomap io;
	} storage;

	rsgt = i915_ttm_resource_get_st(obj, bo->resource);
	if (IS_ERR(rsgt))
		return PTR_ERR(rsgt);

	if (i915_ttm_cpu_maps_iomem(bo->resource))
		iter = ttm_kmap_iter_iomap_init(&storage.io, &s->mr->iomap,
						&rsgt->table,
						s->mr->region.start);
	else
		iter = ttm_kmap_iter_tt_init(&storage.tt, bo->ttm);

	for (u32 page = 0; page < TEST_SIZE >> PAGE_SHIFT; page++) {
		struct iosys_map map;

		iter->ops->map_local(iter, &map, page);
		for (u32 at = 0; at < PAGE_SIZE; at += sizeof(u32)) {
			u32 word = word_of(kind, page * PAGE_SIZE + at);

			if (write)
				iosys_map_wr(&map, at, u32, word);
			else
				wrong += iosys_map_rd(&map, at, u32) != word;
		}
		if (iter->ops->unmap_local)
			iter->ops->unmap_local(iter, &map);
	}
	i915_refct_sgt_put(rsgt);
	if (!wrong)
		return 0;
	if (!kinds[kind].lost)
		pr_err("%s object: %u words differ\n", kinds[kind].name, wrong);

	return -EBADMSG;
}

static int fill(struct samples *s)
{
	for (unsigned int kind = 0; kind < NUM_KINDS; kind++) {
		struct drm_i915_gem_object *obj = s->obj[kind];
		int err;

		i915_gem_object_lock(obj, NULL);
		/* Back to local memory, if it was evicted. */
		err = i915_gem_object_pin_pages(obj);
		if (!err) {
			i915_gem_object_wait_moving_fence(obj, false);
			err = walk_object(s, kind, true);
			i915_gem_object_unpin_pages(obj);
		}
		i915_gem_object_unlock(obj);
		if (err)
			return err;
	}
	/* Before the blitter reads it. */
	wmb();

	return 0;
}

static int compare(struct samples *s, bool poisoned)
{
	int ret = 0;

	for (unsigned int kind = 0; kind < NUM_KINDS; kind++) {
		struct drm_i915_gem_object *obj = s->obj[kind];
		int err;

		i915_gem_object_lock(obj, NULL);
		err = walk_object(s, kind, false);
		if (kinds[kind].lost && poisoned)
			err = err ? 0 : -EEXIST;
		if (obj->ttm.backup || i915_gem_to_ttm(obj)->pin_count) {
			pr_err("%s object: not let go of\n", kinds[kind].name);
			err = err ?: -EBUSY;
		}
		i915_gem_object_unlock(obj);
		if (err == -EEXIST)
			pr_err("%s object was not lost: nothing was shown\n",
			       kinds[kind].name);
		ret = ret ?: err;
	}

	return ret;
}

/* What is saved is where it belongs. */
static int check_saved(struct samples *s)
{
	for (unsigned int kind = 0; kind < NUM_KINDS; kind++) {
		struct drm_i915_gem_object *obj = s->obj[kind];
		bool lmem = i915_ttm_cpu_maps_iomem(i915_gem_to_ttm(obj)->resource);

		if (lmem != kinds[kind].pinned ||
		    !!obj->ttm.backup != (kinds[kind].pinned && !kinds[kind].lost)) {
			pr_err("%s object is %s local memory, with%s a copy\n",
			       kinds[kind].name, lmem ? "in" : "out of",
			       obj->ttm.backup ? "" : "out");
			return -EINVAL;
		}
	}

	return 0;
}

static void samples_fini(struct samples *s)
{
	for (unsigned int kind = 0; kind < NUM_KINDS; kind++) {
		struct drm_i915_gem_object *obj = s->obj[kind];

		if (!obj)
			continue;
		if (kinds[kind].pinned)
			i915_gem_object_unpin_pages(obj);
		i915_gem_object_put(obj);
	}
	i915_gem_drain_freed_objects(s->i915);
}

static int samples_init(struct samples *s)
{
	for (unsigned int kind = 0; kind < NUM_KINDS; kind++) {
		struct drm_i915_gem_object *obj;
		int err;

		obj = i915_gem_object_create_region(s->mr, TEST_SIZE, 0,
						    kinds[kind].flags |
						    I915_BO_ALLOC_CONTIGUOUS);
		if (IS_ERR(obj)) {
			samples_fini(s);
			return PTR_ERR(obj);
		}
		err = i915_gem_object_pin_pages_unlocked(obj);
		if (err) {
			i915_gem_object_put(obj);
			samples_fini(s);
			return err;
		}
		if (!kinds[kind].pinned)
			i915_gem_object_unpin_pages(obj);
		s->obj[kind] = obj;
	}

	return fill(s);
}

/* All but the GTs, which a mock device has nothing to do with. */
static int save_only(struct drm_i915_private *i915)
{
	int err;

	err = i915_ttm_backup_prepare(i915, TTM_VRAM_BACKUP_MANUAL);
	if (err)
		return err;

	err = i915_ttm_backup_late(i915) ?: i915_ttm_backup_early(i915);
	if (err) {
		i915_ttm_recover(i915, err);
		i915_ttm_backup_complete(i915, err);
	}

	return err;
}

static int restore_only(struct drm_i915_private *i915)
{
	i915_ttm_restore_early(i915);
	i915_ttm_restore_late(i915, TTM_VRAM_BACKUP_BLIT);

	return i915_ttm_backup_complete(i915, 0);
}

static int save(struct samples *s, bool mock)
{
	return mock ? save_only(s->i915) : backup(s->i915);
}

static int lose_and_restore(struct samples *s, bool mock)
{
	if (!mock) {
		s->i915->vram_backup.base.poison = true;
		return restore(s->i915);
	}

	poison(s->i915);

	return restore_only(s->i915);
}

static int run_cycle(struct samples *s, bool mock)
{
	int err = save(s, mock);

	if (err)
		return err;

	err = check_saved(s);

	return lose_and_restore(s, mock) ?: err ?: compare(s, true);
}

/* Without what the kernel has in local memory no user finds a GPU that runs. */
static int check_given_up(struct samples *s, bool mock, bool lost, bool wedged)
{
	struct intel_gt *gt = to_gt(s->i915);

	if (s->i915->vram_backup.lost == lost &&
	    (mock || intel_gt_is_wedged(gt) == wedged))
		return 0;

	pr_err("%s is lost, the GPU is%s wedged\n",
	       s->i915->vram_backup.lost ? "content" : "nothing",
	       intel_gt_is_wedged(gt) ? "" : " not");

	return -EINVAL;
}

#ifdef CONFIG_FAULT_INJECTION
static void arm(struct ttm_vram_backup *vb, unsigned int point, int more, int times)
{
	bitmap_zero(vb->fault_points, TTM_VRAM_BACKUP_MAX_POINTS);
	__set_bit(point, vb->fault_points);
	if (more >= 0)
		__set_bit(more, vb->fault_points);
	memset(vb->fault_fired, 0, sizeof(vb->fault_fired));
	vb->fault.probability = 100;
	vb->fault.interval = 1;
	atomic_set(&vb->fault.times, times);
}

static void disarm(struct ttm_vram_backup *vb)
{
	vb->fault.probability = 0;
	bitmap_zero(vb->fault_points, TTM_VRAM_BACKUP_MAX_POINTS);
}

/* A blit that fails is made up for by the CPU, so both have to. */
static const struct {
	unsigned int point;
	int more;
	bool mock;
} refusing[] = {
	{ TTM_VRAM_BACKUP_POINT_BEGIN, -1, true },
	{ TTM_VRAM_BACKUP_POINT_GATE, -1, true },
	{ TTM_VRAM_BACKUP_POINT_PREFLIGHT, -1, true },
	{ TTM_VRAM_BACKUP_POINT_PREPARE_EARLY, -1, true },
	{ TTM_VRAM_BACKUP_POINT_PREPARE_LATE, -1, true },
	{ TTM_VRAM_BACKUP_POINT_PREPARE_EXTERNAL, -1, true },
	{ TTM_VRAM_BACKUP_POINT_EVICT_SPACE, -1, true },
	{ TTM_VRAM_BACKUP_POINT_EVICT_POPULATE, -1, true },
	{ TTM_VRAM_BACKUP_POINT_EVICT_STOP, -1, true },
	{ TTM_VRAM_BACKUP_POINT_EVICT_BLIT, TTM_VRAM_BACKUP_POINT_EVICT_CPU, true },
	{ TTM_VRAM_BACKUP_POINT_SAVE_EXTERNAL_BLIT,
	  TTM_VRAM_BACKUP_POINT_SAVE_EXTERNAL_CPU, true },
	{ TTM_VRAM_BACKUP_POINT_SAVE_LATE_BLIT, TTM_VRAM_BACKUP_POINT_SAVE_LATE_CPU, true },
	{ I915_TTM_BACKUP_POINT_GT_STOP, -1, false },
	{ I915_TTM_BACKUP_POINT_GT_SUSPEND, -1, false },
	{ TTM_VRAM_BACKUP_POINT_SAVE_EARLY_CPU, -1, true },
	{ TTM_VRAM_BACKUP_POINT_SUSPENDED, -1, true },
};

/* After a failure at any point all content is there, and the next backup works. */
static int run_recover(struct samples *s, bool mock)
{
	struct ttm_vram_backup *vb = &s->i915->vram_backup.base;

	for (unsigned int i = 0; i < ARRAY_SIZE(refusing); i++) {
		unsigned int point = refusing[i].point;
		int err;

		if (mock && !refusing[i].mock)
			continue;

		err = fill(s);
		if (err)
			return err;

		arm(vb, point, refusing[i].more, -1);
		err = save(s, mock);
		disarm(vb);
		if (!err || !vb->fault_fired[point] || ttm_vram_backup_active(vb)) {
			pr_err("point %u: fired %u, %d, phase %s\n", point,
			       vb->fault_fired[point], err,
			       ttm_vram_backup_phase_name(vb->phase));
			return -EINVAL;
		}

		err = compare(s, false) ?: fill(s) ?: run_cycle(s, mock);
		if (err) {
			pr_err("after point %u: %d\n", point, err);
			return err;
		}
	}

	return 0;
}

/* A copy that could not be restored is kept, and restored later. */
static int run_retry(struct samples *s, bool mock)
{
	static const int points[][2] = {
		{ TTM_VRAM_BACKUP_POINT_RESTORE_EXTERNAL_BLIT,
		  TTM_VRAM_BACKUP_POINT_RESTORE_EXTERNAL_CPU },
		{ TTM_VRAM_BACKUP_POINT_RESTORE_LATE_BLIT, TTM_VRAM_BACKUP_POINT_RESTORE_LATE_CPU },
		{ TTM_VRAM_BACKUP_POINT_RESTORE_EARLY_CPU, -1 },
	};
	static const enum kind of[] = { USER, LATE, EARLY };
	struct ttm_vram_backup *vb = &s->i915->vram_backup.base;

	for (unsigned int i = 0; i < ARRAY_SIZE(of); i++) {
		struct drm_i915_gem_object *obj = s->obj[of[i]];
		bool lost = of[i] != USER;
		int err = fill(s) ?: save(s, mock);

		if (err)
			return err;

		arm(vb, points[i][0], points[i][1], -1);
		err = lose_and_restore(s, mock);
		disarm(vb);
		if (err != -EIO || !obj->ttm.backup ||
		    obj->ttm.vram_backup.state != TTM_VRAM_BACKUP_FAILED) {
			pr_err("%s object: %d, state %u, %s copy\n", kinds[of[i]].name, err,
			       obj->ttm.vram_backup.state, obj->ttm.backup ? "a" : "no");
			return -EINVAL;
		}

		err = check_given_up(s, mock, lost, lost) ?:
		      ttm_vram_backup_retry(vb, TTM_VRAM_BACKUP_BLIT) ?:
		      compare(s, true) ?:
		      check_given_up(s, mock, false, lost) ?:
		      fill(s) ?:
		      run_cycle(s, mock) ?:
		      check_given_up(s, mock, false, false);
		if (err)
			return err;

		/* The next session has another try, and the GPU is back for it. */
		err = fill(s) ?: save(s, mock);
		if (err)
			return err;

		arm(vb, points[i][0], points[i][1], -1);
		err = lose_and_restore(s, mock);
		disarm(vb);
		err = err == -EIO ? 0 : -EINVAL;
		err = err ?: save(s, mock) ?: lose_and_restore(s, mock);
		if (err) {
			pr_err("%s object: no second try, %d\n", kinds[of[i]].name, err);
			return err;
		}
		err = compare(s, true) ?: check_given_up(s, mock, false, false);
		if (err)
			return err;
	}

	return 0;
}
#else
static int run_recover(struct samples *s, bool mock)
{
	return 0;
}

static int run_retry(struct samples *s, bool mock)
{
	return 0;
}
#endif

/* Without a session there is nothing to end, and nobody to let in. */
static int run_idle(struct samples *s, bool mock)
{
	struct ttm_vram_backup *vb = &s->i915->vram_backup.base;

	i915_ttm_backup_complete(s->i915, -ENODEV);
	i915_ttm_backup_complete(s->i915, 0);
	if (ttm_vram_backup_active(vb) || !ttm_vram_backup_try_enter(vb))
		return -EINVAL;
	ttm_vram_backup_leave(vb);
	if (!mock && i915_gem_backup_suspend(s->i915) != -EBUSY)
		return -EINVAL;

	return compare(s, false) ?: fill(s) ?: run_cycle(s, mock);
}

/* Of a device that does not resume each copy is kept. */
static int run_gone(struct samples *s, bool mock)
{
	struct i915_ttm_backup *backup = &s->i915->vram_backup;
	int err = fill(s) ?: save_only(s->i915);

	if (err)
		return err;

	poison(s->i915);
	i915_ttm_backup_complete(s->i915, 0);
	if (!backup->gone || !backup->lost ||
	    s->obj[LATE]->ttm.vram_backup.state != TTM_VRAM_BACKUP_FAILED ||
	    s->obj[EARLY]->ttm.vram_backup.state != TTM_VRAM_BACKUP_FAILED ||
	    ttm_vram_backup_retry(&backup->base, TTM_VRAM_BACKUP_CPU) != -EIO ||
	    i915_ttm_backup_prepare(s->i915, TTM_VRAM_BACKUP_MANUAL) != -ENODEV) {
		pr_err("the copy of an object was used, or is missing\n");
		return -EINVAL;
	}

	/* Where content would be lost. */
	err = i915_gem_object_pin_pages_unlocked(s->obj[EVICTABLE]);
	if (!err)
		i915_gem_object_unpin_pages(s->obj[EVICTABLE]);
	if (err != -ENOMEM) {
		pr_err("an evicted object was put back, %d\n", err);
		return -EINVAL;
	}

	/* As the next resume does. */
	backup->gone = false;

	return ttm_vram_backup_retry(&backup->base, TTM_VRAM_BACKUP_CPU) ?:
	       compare(s, true) ?: check_given_up(s, mock, false, true);
}

static int run(struct drm_i915_private *i915, bool mock,
	       int (*test)(struct samples *s, bool mock))
{
	struct samples s = {
		.i915 = i915,
		.mr = i915->mm.regions[INTEL_REGION_LMEM_0],
	};
	int err = samples_init(&s);

	if (err)
		return err;

	err = test(&s, mock);
	samples_fini(&s);

	return err;
}

/* Memory of the host takes the place of the card's. */
static int host_region_init(struct intel_memory_region *mr)
{
	struct resource none = mr->io;
	int err;

	mr->io = mr->region;
	err = intel_region_ttm_init(mr);
	/* There is nothing at that address for a test of the memory. */
	mr->io = none;

	return err;
}

static const struct intel_memory_region_ops host_lmem_ops = {
	.init = host_region_init,
	.release = intel_region_ttm_fini,
	.init_object = __i915_gem_ttm_object_init,
};

static int run_mock(int (*test)(struct samples *s, bool mock))
{
	struct intel_memory_region *lmem, *smem, *old_smem;
	struct drm_i915_private *i915;
	int err = -ENOMEM;
	void *vram;

	vram = vzalloc(SZ_4M);
	if (!vram)
		return -ENOMEM;

	i915 = mock_gem_device();
	if (!i915)
		goto out_vram;

	old_smem = i915->mm.regions[INTEL_REGION_SMEM];
	smem = i915_gem_ttm_system_setup(i915, INTEL_MEMORY_SYSTEM, 0);
	if (IS_ERR(smem)) {
		err = PTR_ERR(smem);
		goto out_device;
	}

	lmem = intel_memory_region_create(i915, 0, SZ_4M, PAGE_SIZE, 0, 0,
					  INTEL_MEMORY_LOCAL, 0, &host_lmem_ops);
	if (IS_ERR(lmem)) {
		err = PTR_ERR(lmem);
		goto out_smem;
	}
	lmem->io = lmem->region;
	lmem->iomap.size = SZ_4M;
	lmem->iomap.iomem = (void __iomem *)vram;

	i915->mm.regions[INTEL_REGION_SMEM] = smem;
	i915->mm.regions[INTEL_REGION_LMEM_0] = lmem;
	err = run(i915, true, test);
	i915_gem_drain_freed_objects(i915);
	i915->mm.regions[INTEL_REGION_LMEM_0] = NULL;
	i915->mm.regions[INTEL_REGION_SMEM] = old_smem;

	intel_memory_region_destroy(lmem);
out_smem:
	intel_memory_region_destroy(smem);
out_device:
	mock_destroy_device(i915);
out_vram:
	vfree(vram);

	return err;
}

static int igt_mock_backup(void *arg)
{
	return run_mock(run_cycle);
}

static int igt_mock_backup_recover(void *arg)
{
	return run_mock(run_recover);
}

static int igt_mock_backup_retry(void *arg)
{
	return run_mock(run_retry);
}

static int igt_mock_backup_idle(void *arg)
{
	return run_mock(run_idle);
}

static int igt_mock_backup_gone(void *arg)
{
	return run_mock(run_gone);
}

int i915_ttm_backup_mock_selftests(void)
{
	static const struct i915_subtest tests[] = {
		SUBTEST(igt_mock_backup),
		SUBTEST(igt_mock_backup_idle),
		SUBTEST(igt_mock_backup_gone),
		SUBTEST(igt_mock_backup_recover),
		SUBTEST(igt_mock_backup_retry),
	};

	return i915_subtests(tests, NULL);
}

static int run_live(struct drm_i915_private *i915,
		    int (*test)(struct samples *s, bool mock))
{
	intel_wakeref_t wakeref;
	int err = 0;

	with_intel_runtime_pm(&i915->runtime_pm, wakeref)
		err = run(i915, false, test);

	return err;
}

static int igt_backup(void *arg)
{
	return run_live(arg, run_cycle);
}

static int igt_backup_recover(void *arg)
{
	return run_live(arg, run_recover);
}

static int igt_backup_retry(void *arg)
{
	return run_live(arg, run_retry);
}

static int igt_backup_idle(void *arg)
{
	return run_live(arg, run_idle);
}

int i915_ttm_backup_live_selftests(struct drm_i915_private *i915)
{
	static const struct i915_subtest tests[] = {
		SUBTEST(igt_backup),
		SUBTEST(igt_backup_idle),
		SUBTEST(igt_backup_recover),
		SUBTEST(igt_backup_retry),
	};

	if (!HAS_LMEM(i915)) {
		pr_info("device lacks LMEM support, skipping\n");
		return 0;
	}
	if (intel_gt_is_wedged(to_gt(i915)))
		return 0;

	return i915_live_subtests(tests, i915);
}
