// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Files to watch a session with, and injected failures.
 */
#include <linux/debugfs.h>
#include <linux/export.h>
#include <linux/fault-inject.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <drm/drm_print.h>
#include <drm/ttm/ttm_backup.h>
#include <drm/ttm/ttm_vram_backup.h>

#include "ttm_vram_backup_internal.h"

static const char * const kind_names[] = {
	[TTM_VRAM_BACKUP_SUSPEND] = "suspend",
	[TTM_VRAM_BACKUP_HIBERNATE] = "hibernate",
	[TTM_VRAM_BACKUP_RUNTIME] = "runtime",
	[TTM_VRAM_BACKUP_MANUAL] = "manual",
};

static const char * const list_names[] = {
	[TTM_VRAM_BACKUP_EARLY] = "early",
	[TTM_VRAM_BACKUP_LATE] = "late",
	[TTM_VRAM_BACKUP_EXTERNAL] = "external",
};

static const char * const state_names[] = {
	[TTM_VRAM_BACKUP_PRESENT] = "present",
	[TTM_VRAM_BACKUP_PREPARED] = "prepared",
	[TTM_VRAM_BACKUP_SAVED] = "saved",
	[TTM_VRAM_BACKUP_FAILED] = "failed",
};

static const char *kind_name(struct ttm_vram_backup *vb)
{
	return ttm_vram_backup_active(vb) ? kind_names[vb->kind] : "none";
}

static int state_show(struct seq_file *m, void *unused)
{
	struct ttm_vram_backup *vb = m->private;

	seq_printf(m, "phase %s\nkind %s\n",
		   ttm_vram_backup_phase_name(READ_ONCE(vb->phase)),
		   kind_name(vb));

	for (int list = 0; list < TTM_VRAM_BACKUP_NUM_LISTS; list++) {
		u64 bytes = 0, num[ARRAY_SIZE(state_names)] = {};
		struct ttm_vram_backup_object *obj;

		spin_lock(&vb->lists_lock);
		list_for_each_entry(obj, &vb->objects[list], link) {
			if (!obj->size)
				continue;
			num[obj->state]++;
			bytes += obj->size;
		}
		spin_unlock(&vb->lists_lock);

		seq_printf(m, "%s bytes %llu", list_names[list], bytes);
		for (int i = 0; i < ARRAY_SIZE(state_names); i++)
			seq_printf(m, " %s %llu", state_names[i], num[i]);
		seq_puts(m, "\n");
	}

	guard(mutex)(&vb->lock);
	if (vb->store)
		seq_printf(m, "store %s avail %llu\n", vb->store->ops->name,
			   ttm_backup_bytes_avail(vb->store));
	else
		seq_puts(m, "store none\n");

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(state);

static int stats_show(struct seq_file *m, void *unused)
{
	struct ttm_vram_backup *vb = m->private;
	const struct ttm_vram_backup_stats *s = &vb->stats;
	const struct ttm_vram_backup_plan *p = &vb->plan;

	for (int i = TTM_VRAM_BACKUP_PREPARE; i < TTM_VRAM_BACKUP_NUM_PHASES; i++)
		seq_printf(m, "ns_%s %llu\n", ttm_vram_backup_phase_name(i),
			   s->ns[i]);
	seq_printf(m, "blit_bytes %llu\ncpu_bytes %llu\nstore_bytes %llu\n",
		   s->blit_bytes, s->cpu_bytes, s->store_bytes);
	seq_printf(m, "saved %llu\nrestored %llu\n", s->saved, s->restored);
	seq_printf(m, "evicted %llu\nevicted_bytes %llu\n", s->evicted,
		   s->evicted_bytes);
	seq_printf(m, "allocated %llu\nram %llu\nram_peak %llu\n", s->allocated,
		   s->ram, s->ram_peak);
	seq_printf(m, "retries %llu\nfailures %llu\ninjected %llu\nerror %d\n",
		   s->retries, s->failures, s->injected, s->error);
	seq_printf(m, "plan_movable %llu\nplan_pinned %llu\nplan_largest %llu\n",
		   p->movable, p->pinned, p->largest);
	seq_printf(m, "plan_ram %llu\nplan_swap %llu\nplan_store %llu\nplan_to %s\n",
		   p->ram, p->swap, p->store,
		   p->to_store ? "store" : p->to_swap ? "swap" : "ram");

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

/* The first object of a list, or of one behind it. */
static void *objects_first(struct ttm_vram_backup *vb, int list)
{
	for (; list < TTM_VRAM_BACKUP_NUM_LISTS; list++)
		if (!list_empty(&vb->objects[list]))
			return list_first_entry(&vb->objects[list],
						struct ttm_vram_backup_object,
						link);

	return NULL;
}

static void *objects_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct ttm_vram_backup *vb = m->private;
	struct ttm_vram_backup_object *obj = v;

	++*pos;
	if (v == SEQ_START_TOKEN)
		return objects_first(vb, 0);
	if (list_is_last(&obj->link, &vb->objects[obj->list]))
		return objects_first(vb, obj->list + 1);

	return list_next_entry(obj, link);
}

/* The lock is let go of whenever the buffer is full. */
static void *objects_start(struct seq_file *m, loff_t *pos)
{
	struct ttm_vram_backup *vb = m->private;
	void *v = SEQ_START_TOKEN;
	loff_t n = 0;

	spin_lock(&vb->lists_lock);
	while (v && n < *pos)
		v = objects_next(m, v, &n);

	return v;
}

static void objects_stop(struct seq_file *m, void *v)
{
	struct ttm_vram_backup *vb = m->private;

	spin_unlock(&vb->lists_lock);
}

static int objects_show(struct seq_file *m, void *v)
{
	struct ttm_vram_backup *vb = m->private;
	struct ttm_vram_backup_object *obj = v;

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, "list state bytes checksum what\n");
		return 0;
	}

	seq_printf(m, "%s %s%s %llu ", list_names[obj->list],
		   obj->size ? state_names[obj->state] : "empty",
		   obj->leaving ? ",leaving" : "", obj->size);
	if (obj->checked)
		seq_printf(m, "%016llx ", obj->checksum);
	else
		seq_puts(m, "- ");
	if (vb->ops->describe) {
		struct drm_printer p = drm_seq_file_printer(m);

		vb->ops->describe(obj, &p);
	}
	seq_puts(m, "\n");

	return 0;
}

static const struct seq_operations objects_sops = {
	.start = objects_start,
	.next = objects_next,
	.stop = objects_stop,
	.show = objects_show,
};

static int objects_open(struct inode *inode, struct file *file)
{
	int err = seq_open(file, &objects_sops);

	if (!err)
		((struct seq_file *)file->private_data)->private =
			inode->i_private;

	return err;
}

static const struct file_operations objects_fops = {
	.owner = THIS_MODULE,
	.open = objects_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release,
};

#ifdef CONFIG_FAULT_INJECTION

static const char * const point_names[] = {
	[TTM_VRAM_BACKUP_POINT_BEGIN] = "begin",
	[TTM_VRAM_BACKUP_POINT_GATE] = "gate",
	[TTM_VRAM_BACKUP_POINT_PREFLIGHT] = "preflight",
	[TTM_VRAM_BACKUP_POINT_PREPARE_EARLY] = "prepare-early",
	[TTM_VRAM_BACKUP_POINT_PREPARE_LATE] = "prepare-late",
	[TTM_VRAM_BACKUP_POINT_PREPARE_EXTERNAL] = "prepare-external",
	[TTM_VRAM_BACKUP_POINT_EVICT_IDLE] = "evict-idle",
	[TTM_VRAM_BACKUP_POINT_EVICT_SPACE] = "evict-space",
	[TTM_VRAM_BACKUP_POINT_EVICT_POPULATE] = "evict-populate",
	[TTM_VRAM_BACKUP_POINT_EVICT_UNBIND] = "evict-unbind",
	[TTM_VRAM_BACKUP_POINT_EVICT_FENCE] = "evict-fence",
	[TTM_VRAM_BACKUP_POINT_EVICT_BLIT] = "evict-blit",
	[TTM_VRAM_BACKUP_POINT_EVICT_WAIT] = "evict-wait",
	[TTM_VRAM_BACKUP_POINT_EVICT_VERIFY] = "evict-verify",
	[TTM_VRAM_BACKUP_POINT_EVICT_CPU] = "evict-cpu",
	[TTM_VRAM_BACKUP_POINT_EVICT_STOP] = "evict-stop",
	[TTM_VRAM_BACKUP_POINT_STORE_ASSIGN] = "store-assign",
	[TTM_VRAM_BACKUP_POINT_STORE_WRITE] = "store-write",
	[TTM_VRAM_BACKUP_POINT_STORE_SYNC] = "store-sync",
	[TTM_VRAM_BACKUP_POINT_SAVE_EXTERNAL_BLIT] = "save-external-blit",
	[TTM_VRAM_BACKUP_POINT_SAVE_EXTERNAL_WAIT] = "save-external-wait",
	[TTM_VRAM_BACKUP_POINT_SAVE_EXTERNAL_CPU] = "save-external-cpu",
	[TTM_VRAM_BACKUP_POINT_SAVE_LATE_BLIT] = "save-late-blit",
	[TTM_VRAM_BACKUP_POINT_SAVE_LATE_WAIT] = "save-late-wait",
	[TTM_VRAM_BACKUP_POINT_SAVE_LATE_CPU] = "save-late-cpu",
	[TTM_VRAM_BACKUP_POINT_SAVE_EARLY_CPU] = "save-early-cpu",
	[TTM_VRAM_BACKUP_POINT_SUSPENDED] = "suspended",
	[TTM_VRAM_BACKUP_POINT_RESTORE_EARLY_CPU] = "restore-early-cpu",
	[TTM_VRAM_BACKUP_POINT_RESTORE_LATE_BLIT] = "restore-late-blit",
	[TTM_VRAM_BACKUP_POINT_RESTORE_LATE_WAIT] = "restore-late-wait",
	[TTM_VRAM_BACKUP_POINT_RESTORE_LATE_CPU] = "restore-late-cpu",
	[TTM_VRAM_BACKUP_POINT_RESTORE_EXTERNAL_BLIT] = "restore-external-blit",
	[TTM_VRAM_BACKUP_POINT_RESTORE_EXTERNAL_WAIT] = "restore-external-wait",
	[TTM_VRAM_BACKUP_POINT_RESTORE_EXTERNAL_CPU] = "restore-external-cpu",
	[TTM_VRAM_BACKUP_POINT_RESTORE_VERIFY] = "restore-verify",
	[TTM_VRAM_BACKUP_POINT_RESTORE_LOST] = "restore-lost",
};

static_assert(ARRAY_SIZE(point_names) == TTM_VRAM_BACKUP_POINT_DRIVER);

static const char *point_name(struct ttm_vram_backup *vb, unsigned int point)
{
	if (point < TTM_VRAM_BACKUP_POINT_DRIVER)
		return point_names[point];
	if (point >= TTM_VRAM_BACKUP_MAX_POINTS || !vb->ops->points)
		return NULL;

	for (unsigned int i = 0; vb->ops->points[i]; i++)
		if (i == point - TTM_VRAM_BACKUP_POINT_DRIVER)
			return vb->ops->points[i];

	return NULL;
}

void ttm_vram_backup_fault_init(struct ttm_vram_backup *vb)
{
	vb->fault = (struct fault_attr)FAULT_ATTR_INITIALIZER;
	vb->fault.verbose = 0;
}

/* Whether a failure is injected at a point that somebody chose. */
bool ttm_vram_backup_fault_at(struct ttm_vram_backup *vb, unsigned int point)
{
	if (!should_fail(&vb->fault, 1))
		return false;

	vb->fault_fired[point]++;
	vb->stats.injected++;
	dev_info(vb->dev, "VRAM: failure injected at %s\n",
		 point_name(vb, point));

	return true;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_fault_at);

static int point_show(struct seq_file *m, void *unused)
{
	struct ttm_vram_backup *vb = m->private;
	const char *name;

	for (unsigned int i = 0; (name = point_name(vb, i)); i++)
		seq_printf(m, "%s passed %u fired %u%s\n", name,
			   vb->fault_passed[i], vb->fault_fired[i],
			   test_bit(i, vb->fault_points) ? " *" : "");

	return 0;
}

static int point_open(struct inode *inode, struct file *file)
{
	return single_open(file, point_show, inode->i_private);
}

static int find_point(struct ttm_vram_backup *vb, const char *word)
{
	const char *name;

	for (unsigned int i = 0; (name = point_name(vb, i)); i++)
		if (!strcmp(name, word))
			return i;

	return -EINVAL;
}

/* Names of points, or "all", or "none". Counts begin anew. */
static ssize_t point_write(struct file *file, const char __user *from,
			   size_t size, loff_t *pos)
{
	struct seq_file *m = file->private_data;
	struct ttm_vram_backup *vb = m->private;
	DECLARE_BITMAP(points, TTM_VRAM_BACKUP_MAX_POINTS);
	char *text, *rest, *word;
	int err = 0;

	if (size > SZ_4K)
		return -EINVAL;
	text = memdup_user_nul(from, size);
	if (IS_ERR(text))
		return PTR_ERR(text);

	bitmap_zero(points, TTM_VRAM_BACKUP_MAX_POINTS);
	rest = text;
	while (!err && (word = strsep(&rest, " \t\n"))) {
		if (!*word || !strcmp(word, "none"))
			continue;
		if (!strcmp(word, "all")) {
			bitmap_fill(points, TTM_VRAM_BACKUP_MAX_POINTS);
			continue;
		}
		err = find_point(vb, word);
		if (err >= 0) {
			__set_bit(err, points);
			err = 0;
		}
	}
	kfree(text);
	if (err)
		return err;

	bitmap_copy(vb->fault_points, points, TTM_VRAM_BACKUP_MAX_POINTS);
	memset(vb->fault_passed, 0, sizeof(vb->fault_passed));
	memset(vb->fault_fired, 0, sizeof(vb->fault_fired));

	return size;
}

static const struct file_operations point_fops = {
	.owner = THIS_MODULE,
	.open = point_open,
	.read = seq_read,
	.write = point_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static void fault_debugfs(struct ttm_vram_backup *vb, struct dentry *dir)
{
	struct dentry *fail = fault_create_debugfs_attr("fail", dir, &vb->fault);

	if (!IS_ERR(fail))
		debugfs_create_file("point", 0600, fail, vb, &point_fops);
}

#else

static void fault_debugfs(struct ttm_vram_backup *vb, struct dentry *dir)
{
}

#endif /* CONFIG_FAULT_INJECTION */

/**
 * ttm_vram_backup_debugfs() - Make the directory to watch a session in
 * @vb: The session.
 * @parent: The debugfs directory of the device.
 * @ops: What the driver does for whoever asks for a backup, or NULL if nobody can.
 *
 * Context: Process context.
 */
void ttm_vram_backup_debugfs(struct ttm_vram_backup *vb, struct dentry *parent,
			     const struct ttm_vram_backup_manual_ops *ops)
{
	struct dentry *dir = debugfs_create_dir("vram_backup", parent);

	vb->manual_ops = ops;
	debugfs_create_file("state", 0400, dir, vb, &state_fops);
	debugfs_create_file("stats", 0400, dir, vb, &stats_fops);
	debugfs_create_file("objects", 0400, dir, vb, &objects_fops);
	debugfs_create_bool("verify", 0600, dir, &vb->verify);
	if (ops)
		debugfs_create_file("trigger", 0200, dir, vb,
				    &ttm_vram_backup_trigger_fops);
	fault_debugfs(vb, dir);
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_debugfs);
