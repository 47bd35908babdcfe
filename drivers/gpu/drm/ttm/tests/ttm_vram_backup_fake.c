// SPDX-License-Identifier: GPL-2.0
/*
 * A driver with pinned objects whose content, copies and way there a test can look at.
 */
#include <linux/device.h>
#include <linux/export.h>
#include <linux/module.h>
#include <linux/slab.h>

#include <drm/drm_kunit_helpers.h>

#include "ttm_vram_backup_fake.h"

static void copy_free(struct kref *kref)
{
	kfree(container_of(kref, struct fake_copy, kref));
}

struct copy_job {
	struct fake_job base;
	struct fake_copy *copy;
	u8 *vram;
	bool restore;
};

static void job_copy(struct fake_job *base, bool wrong)
{
	struct copy_job *job = container_of(base, struct copy_job, base);
	u8 *to = job->restore ? job->vram : job->copy->bytes;

	memcpy(to, job->restore ? job->copy->bytes : job->vram, FAKE_BYTES);
	if (wrong)
		to[FAKE_BYTES / 2] ^= 0x10;
}

static void job_free(struct fake_job *base)
{
	struct copy_job *job = container_of(base, struct copy_job, base);

	kref_put(&job->copy->kref, copy_free);
	kfree(job);
}

static struct fake_job *job_create(struct fake_obj *obj, bool restore)
{
	struct copy_job *job = kzalloc_obj(*job);

	if (!job)
		return NULL;
	job->base.copy = job_copy;
	job->base.free = job_free;
	job->copy = obj->copy;
	kref_get(&job->copy->kref);
	job->vram = obj->vram;
	job->restore = restore;

	return &job->base;
}

static enum fake_mode mode_of(struct fake_obj *obj, enum fake_op op)
{
	struct fake_dev *dev = obj->dev;

	might_sleep();
	dev->calls[op]++;
	if (!atomic_read(&obj->refs))
		KUNIT_FAIL(dev->test, "operation %u without a reference", op);
	if (dev->hook && op == dev->hook_op && !dev->hook_after--) {
		void (*hook)(struct fake_obj *obj, enum fake_op op) = dev->hook;

		dev->hook = NULL;
		hook(obj, op);
	}
	if (dev->chance && prandom_u32_state(&dev->rnd) % 100 < dev->chance)
		return prandom_u32_state(&dev->rnd) % FAKE_WRONG;

	return !dev->only || dev->only == obj ? dev->mode[op] : FAKE_LATE;
}

static bool fails(enum fake_mode mode)
{
	return mode == FAKE_REFUSED || mode == FAKE_FENCE_ERROR;
}

static bool fake_get(struct ttm_vram_backup_object *base)
{
	struct fake_obj *obj = to_fake(base);

	if (obj->dying)
		return false;
	atomic_inc(&obj->refs);

	return true;
}

static void fake_put(struct ttm_vram_backup_object *base)
{
	atomic_dec(&to_fake(base)->refs);
}

static int fake_prepare(struct ttm_vram_backup_object *base)
{
	struct fake_obj *obj = to_fake(base);

	if (fails(mode_of(obj, OP_PREPARE)))
		return -ENOMEM;
	if (obj->copy)
		return 0;

	obj->copy = kzalloc_obj(*obj->copy);
	if (!obj->copy)
		return -ENOMEM;
	kref_init(&obj->copy->kref);
	obj->dev->allocs++;

	return 0;
}

static int fake_copy(struct fake_obj *obj, bool restore,
		     enum ttm_vram_backup_engine engine, struct dma_fence **fence)
{
	bool cpu = engine == TTM_VRAM_BACKUP_CPU;
	enum fake_op op = restore ? cpu ? OP_RESTORE_CPU : OP_RESTORE_BLIT :
			  cpu ? OP_SAVE_CPU : OP_SAVE_BLIT;
	struct fake_dev *dev = obj->dev;
	enum fake_mode mode = mode_of(obj, op);
	struct fake_job *job;

	if (!cpu && (!obj->base.size || obj->base.list == TTM_VRAM_BACKUP_EARLY))
		KUNIT_FAIL(dev->test, "a blit that cannot be");
	if (!obj->base.size)
		return fails(mode) ? -EIO : 0;
	/* Its owner took the copy away, which is nobody's fault. */
	if (!obj->copy) {
		if (!list_empty(&obj->base.link))
			KUNIT_FAIL(dev->test, "no copy, state %u", obj->base.state);
		return 0;
	}

	job = job_create(obj, restore);
	if (!job)
		return -ENOMEM;

	return cpu ? fake_cpu_copy(job, mode) :
		     fake_blit(&dev->blitter, job, mode, fence);
}

static int fake_save(struct ttm_vram_backup_object *obj,
		     enum ttm_vram_backup_engine engine, struct dma_fence **fence)
{
	if (obj->state == TTM_VRAM_BACKUP_FAILED || !obj->size)
		KUNIT_FAIL(to_fake(obj)->dev->test, "saved over the last copy");

	return fake_copy(to_fake(obj), false, engine, fence);
}

static int fake_restore(struct ttm_vram_backup_object *obj,
			enum ttm_vram_backup_engine engine,
			struct dma_fence **fence)
{
	return fake_copy(to_fake(obj), true, engine, fence);
}

static void fake_release(struct ttm_vram_backup_object *base, bool locked)
{
	struct fake_obj *obj = to_fake(base);
	struct fake_dev *dev = obj->dev;

	might_sleep();
	KUNIT_EXPECT_EQ(dev->test, locked, obj->locked);
	KUNIT_EXPECT_NOT_NULL(dev->test, obj->copy);
	if (!obj->copy)
		return;
	kref_put(&obj->copy->kref, copy_free);
	obj->copy = NULL;
	dev->releases++;
}

static int fake_checksum(struct ttm_vram_backup_object *base, bool copy, u64 *sum)
{
	struct fake_obj *obj = to_fake(base);
	const u8 *bytes = copy && obj->copy ? obj->copy->bytes : obj->vram;

	if (fails(mode_of(obj, OP_CHECKSUM)))
		return -ENXIO;
	*sum = 0;
	for (int i = 0; i < FAKE_BYTES; i++)
		*sum = *sum * 31 + bytes[i];

	return 0;
}

static void fake_again(struct ttm_vram_backup *vb, enum ttm_vram_backup_engine engine)
{
	ttm_vram_backup_restore_all(vb, engine);
}

static const struct ttm_vram_backup_ops fake_ops = {
	.get = fake_get,
	.put = fake_put,
	.prepare = fake_prepare,
	.save = fake_save,
	.restore = fake_restore,
	.release = fake_release,
	.checksum = fake_checksum,
	.again = fake_again,
};

/* In the order of saving. */
const enum ttm_vram_backup_list fake_lists[TTM_VRAM_BACKUP_NUM_LISTS] = {
	TTM_VRAM_BACKUP_EXTERNAL, TTM_VRAM_BACKUP_LATE, TTM_VRAM_BACKUP_EARLY,
};
EXPORT_SYMBOL_GPL(fake_lists);

void fake_write_new(struct fake_obj *obj)
{
	obj->seed = obj->dev->next_seed++;
	fake_fill(obj->vram, FAKE_BYTES, obj->seed);
}
EXPORT_SYMBOL_GPL(fake_write_new);

struct fake_obj *fake_add(struct fake_dev *dev, enum ttm_vram_backup_list list,
			  u64 size)
{
	for (int i = 0; i < FAKE_OBJS; i++) {
		struct fake_obj *obj = &dev->obj[i];

		if (obj->used)
			continue;
		obj->used = true;
		obj->dying = false;
		fake_write_new(obj);
		ttm_vram_backup_add(&dev->base, &obj->base, list, size);
		return obj;
	}

	return NULL;
}
EXPORT_SYMBOL_GPL(fake_add);

void fake_add_many(struct fake_dev *dev, unsigned int num, u64 size)
{
	for (unsigned int i = 0; i < num; i++)
		fake_add(dev, i % TTM_VRAM_BACKUP_NUM_LISTS, size);
}
EXPORT_SYMBOL_GPL(fake_add_many);

bool fake_remove(struct fake_obj *obj)
{
	bool gone;

	obj->locked = true;
	gone = ttm_vram_backup_remove(&obj->base);
	obj->locked = false;
	obj->used = !gone;

	return gone;
}
EXPORT_SYMBOL_GPL(fake_remove);

void fake_forget(struct fake_obj *obj)
{
	obj->locked = true;
	ttm_vram_backup_forget(&obj->base);
	obj->locked = false;
	obj->used = false;
}
EXPORT_SYMBOL_GPL(fake_forget);

bool fake_intact(struct fake_obj *obj)
{
	return fake_is(obj->vram, FAKE_BYTES, obj->seed);
}
EXPORT_SYMBOL_GPL(fake_intact);

bool fake_copy_intact(struct fake_obj *obj)
{
	return obj->copy && fake_is(obj->copy->bytes, FAKE_BYTES, obj->seed);
}
EXPORT_SYMBOL_GPL(fake_copy_intact);

void fake_lose_power(struct fake_dev *dev)
{
	memset(dev->vram, 0xa5, FAKE_OBJS * FAKE_BYTES);
	for (int i = 0; i < FAKE_OBJS; i++)
		if (!dev->obj[i].used || !dev->obj[i].base.size)
			fake_fill(dev->obj[i].vram, FAKE_BYTES, dev->obj[i].seed);
}
EXPORT_SYMBOL_GPL(fake_lose_power);

/* Up to where VRAM may lose its content, or back to where nothing had happened. */
int fake_suspend(struct fake_dev *dev)
{
	struct ttm_vram_backup *vb = &dev->base;
	int err;

	err = ttm_vram_backup_begin(vb, TTM_VRAM_BACKUP_MANUAL);
	if (err)
		return err;

	err = ttm_vram_backup_preflight(vb) ?: ttm_vram_backup_prepare(vb);
	for (int i = 0; !err && i < ARRAY_SIZE(fake_lists); i++)
		err = ttm_vram_backup_save(vb, fake_lists[i]);
	if (!err)
		err = ttm_vram_backup_saved(vb);
	if (!err) {
		fake_lose_power(dev);
		return 0;
	}

	ttm_vram_backup_rollback(vb, err);
	ttm_vram_backup_end(vb, err);

	return err;
}
EXPORT_SYMBOL_GPL(fake_suspend);

int fake_restore_all(struct fake_dev *dev, enum ttm_vram_backup_engine engine)
{
	int early, late;

	early = ttm_vram_backup_restore(&dev->base, TTM_VRAM_BACKUP_EARLY, engine);
	late = ttm_vram_backup_restore_late(&dev->base, engine);

	return early ?: late;
}
EXPORT_SYMBOL_GPL(fake_restore_all);

int fake_resume(struct fake_dev *dev, enum ttm_vram_backup_engine engine)
{
	fake_restore_all(dev, engine);

	return ttm_vram_backup_end(&dev->base, 0);
}
EXPORT_SYMBOL_GPL(fake_resume);

/* Between sessions: all content is there, and no copy. */
void fake_expect_whole(struct kunit *test, struct fake_dev *dev)
{
	KUNIT_EXPECT_EQ(test, TTM_VRAM_BACKUP_IDLE, dev->base.phase);
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_unrestored(&dev->base, TTM_VRAM_BACKUP_ALL_LISTS));
	KUNIT_EXPECT_EQ(test, dev->allocs, dev->releases);
	for (int i = 0; i < FAKE_OBJS; i++) {
		struct fake_obj *obj = &dev->obj[i];

		KUNIT_EXPECT_EQ(test, 0, atomic_read(&obj->refs));
		if (!obj->used)
			continue;
		KUNIT_EXPECT_EQ(test, TTM_VRAM_BACKUP_PRESENT, obj->base.state);
		KUNIT_EXPECT_TRUE_MSG(test, fake_intact(obj), "object %d", i);
		KUNIT_EXPECT_NULL(test, obj->copy);
	}
}
EXPORT_SYMBOL_GPL(fake_expect_whole);

void fake_expect_states(struct kunit *test, struct fake_dev *dev,
			enum ttm_vram_backup_state state)
{
	for (int i = 0; i < FAKE_OBJS; i++)
		if (dev->obj[i].used && dev->obj[i].base.size)
			KUNIT_EXPECT_EQ_MSG(test, state, dev->obj[i].base.state,
					    "object %d", i);
}
EXPORT_SYMBOL_GPL(fake_expect_states);

void fake_write_all(struct fake_dev *dev)
{
	for (int i = 0; i < FAKE_OBJS; i++)
		if (dev->obj[i].used)
			fake_write_new(&dev->obj[i]);
}
EXPORT_SYMBOL_GPL(fake_write_all);

/* That all is well, and what the session before left makes no difference. */
void fake_expect_cycle(struct kunit *test, struct fake_dev *dev)
{
	fake_write_all(dev);
	KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
	fake_expect_states(test, dev, TTM_VRAM_BACKUP_SAVED);
	KUNIT_EXPECT_EQ(test, 0, fake_resume(dev, TTM_VRAM_BACKUP_BLIT));
	fake_expect_whole(test, dev);
}
EXPORT_SYMBOL_GPL(fake_expect_cycle);

void fake_all_well(struct fake_dev *dev)
{
	memset(dev->mode, 0, sizeof(dev->mode));
	dev->only = NULL;
	dev->hook = NULL;
	dev->chance = 0;
	fake_faults(&dev->base, 0, 0, 0);
}
EXPORT_SYMBOL_GPL(fake_all_well);

struct fake_dev *fake_dev_create(struct kunit *test)
{
	struct device *parent = drm_kunit_helper_alloc_device(test);
	struct fake_dev *dev;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, parent);
	dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, dev);
	dev->vram = kunit_kzalloc(test, FAKE_OBJS * FAKE_BYTES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, dev->vram);
	KUNIT_ASSERT_EQ(test, 0, fake_blitter_init(&dev->blitter));

	dev->test = test;
	dev->next_seed = 1;
	KUNIT_ASSERT_EQ(test, 0, ttm_vram_backup_init(&dev->base, NULL, parent, &fake_ops));
	for (int i = 0; i < FAKE_OBJS; i++) {
		dev->obj[i].dev = dev;
		dev->obj[i].vram = dev->vram + i * FAKE_BYTES;
		ttm_vram_backup_object_init(&dev->obj[i].base);
	}

	return dev;
}
EXPORT_SYMBOL_GPL(fake_dev_create);

void fake_dev_destroy(struct fake_dev *dev)
{
	for (int i = 0; i < FAKE_OBJS; i++)
		fake_forget(&dev->obj[i]);
	if (ttm_vram_backup_active(&dev->base))
		ttm_vram_backup_end(&dev->base, 0);
	KUNIT_EXPECT_EQ(dev->test, dev->allocs, dev->releases);
	ttm_vram_backup_fini(&dev->base);
	fake_blitter_fini(&dev->blitter);
}
EXPORT_SYMBOL_GPL(fake_dev_destroy);

MODULE_DESCRIPTION("A driver for the KUnit tests of TTM's VRAM backup");
MODULE_LICENSE("GPL");
