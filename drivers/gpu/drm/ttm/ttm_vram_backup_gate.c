// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Keeping out whoever may put objects into VRAM, while that is saved.
 */
#include <linux/device.h>
#include <linux/export.h>
#include <linux/freezer.h>
#include <linux/jiffies.h>
#include <linux/sched/signal.h>

#include <drm/ttm/ttm_vram_backup.h>

/* Long enough for a job that somebody is waiting for in there, and its timeout. */
#define DRAIN_TIMEOUT (20 * HZ)

static void users_drained(struct percpu_ref *ref)
{
	struct ttm_vram_backup_gate *gate =
		container_of(ref, struct ttm_vram_backup_gate, users);

	complete_all(&gate->drained);
}

/**
 * ttm_vram_backup_gate_init() - Set up a gate, which is open
 * @gate: The gate.
 *
 * Context: Process context.
 * Return: 0, or -ENOMEM.
 */
int ttm_vram_backup_gate_init(struct ttm_vram_backup_gate *gate)
{
	init_completion(&gate->drained);
	init_waitqueue_head(&gate->opened);

	return percpu_ref_init(&gate->users, users_drained,
			       PERCPU_REF_ALLOW_REINIT, GFP_KERNEL);
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_gate_init);

/**
 * ttm_vram_backup_gate_fini() - Undo ttm_vram_backup_gate_init()
 * @gate: The gate, which nobody is in.
 *
 * Context: Process context.
 */
void ttm_vram_backup_gate_fini(struct ttm_vram_backup_gate *gate)
{
	percpu_ref_exit(&gate->users);
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_gate_fini);

/**
 * ttm_vram_backup_enter() - Wait until objects may be put into VRAM
 * @gate: The gate.
 *
 * Context: A task that can be frozen, no locks held. On success
 * ttm_vram_backup_leave() has to follow.
 * Return: 0, or -ERESTARTSYS for a signal.
 */
int ttm_vram_backup_enter(struct ttm_vram_backup_gate *gate)
{
	return wait_event_freezable(gate->opened,
				    ttm_vram_backup_try_enter(gate));
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_enter);

/**
 * ttm_vram_backup_close() - Keep users out, and wait for those that are in
 * @gate: The gate, which is open.
 * @vb: The session that it is closed for, begun.
 *
 * Context: Process context, no locks held.
 * Return: 0. -EINTR for a signal, -EBUSY for a wakeup or if a user stays for
 * too long: the gate is open then.
 */
int ttm_vram_backup_close(struct ttm_vram_backup_gate *gate,
			  struct ttm_vram_backup *vb)
{
	unsigned long until = jiffies + DRAIN_TIMEOUT;
	int err = 0;

	reinit_completion(&gate->drained);
	percpu_ref_kill(&gate->users);

	while (!err && !wait_for_completion_timeout(&gate->drained, HZ / 10)) {
		if (ttm_vram_backup_stop(vb, true))
			err = signal_pending(current) ? -EINTR : -EBUSY;
		else if (time_after(jiffies, until))
			err = -EBUSY;
	}
	if (err) {
		dev_err(vb->dev,
			"VRAM: users of the device cannot be kept out of it: %pe\n",
			ERR_PTR(err));
		ttm_vram_backup_open(gate);
	}

	return err;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_close);

/**
 * ttm_vram_backup_open() - Let users in
 * @gate: The gate, which is closed.
 *
 * Context: Process context.
 */
void ttm_vram_backup_open(struct ttm_vram_backup_gate *gate)
{
	percpu_ref_resurrect(&gate->users);
	wake_up_all(&gate->opened);
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_open);
