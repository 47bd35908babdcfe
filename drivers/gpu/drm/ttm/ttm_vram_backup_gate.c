// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Keeping out whoever may put objects into VRAM, while that is saved.
 */
#include <linux/device.h>
#include <linux/export.h>
#include <linux/freezer.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>

#include <drm/ttm/ttm_vram_backup.h>

#include "ttm_vram_backup_internal.h"

/* Long enough for a job that somebody is waiting for in there, and its timeout. */
#define DRAIN_TIMEOUT (20 * HZ)

static void users_drained(struct percpu_ref *ref)
{
	struct ttm_vram_backup_gate *gate =
		container_of(ref, struct ttm_vram_backup_gate, users);

	complete_all(&gate->drained);
}

int ttm_vram_backup_gate_init(struct ttm_vram_backup_gate *gate)
{
	init_completion(&gate->drained);
	init_waitqueue_head(&gate->opened);

	return percpu_ref_init(&gate->users, users_drained,
			       PERCPU_REF_ALLOW_REINIT, GFP_KERNEL);
}

/**
 * ttm_vram_backup_enter() - Wait until objects may be put into VRAM
 * @vb: The session.
 *
 * Context: A task that can be frozen, no locks held. On success
 * ttm_vram_backup_leave() has to follow.
 * Return: 0, or -ERESTARTSYS for a signal.
 */
int ttm_vram_backup_enter(struct ttm_vram_backup *vb)
{
	return wait_event_freezable(vb->gate.opened,
				    ttm_vram_backup_try_enter(vb));
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_enter);

/**
 * ttm_vram_backup_close() - Keep users out, and wait for those that are in
 * @vb: The session, begun, whose gate is open.
 *
 * Called by ttm_vram_backup_begin_closed(), or by ops->close() if there is one.
 *
 * Context: Process context, no locks held but that of sessions.
 * Return: 0. -EINTR for a signal, -EBUSY for a wakeup or if a user stays for
 * too long: the gate is open then.
 */
int ttm_vram_backup_close(struct ttm_vram_backup *vb)
{
	struct ttm_vram_backup_gate *gate = &vb->gate;
	unsigned long until = jiffies + DRAIN_TIMEOUT;
	int err = 0;

	if (ttm_vram_backup_fault(vb, TTM_VRAM_BACKUP_POINT_GATE))
		return -EBUSY;

	reinit_completion(&gate->drained);
	percpu_ref_kill(&gate->users);

	while (!err && !wait_for_completion_timeout(&gate->drained, HZ / 10)) {
		if (ttm_vram_backup_stop(vb, true))
			err = signal_pending(current) ? -EINTR : -EBUSY;
		else if (time_after(jiffies, until))
			err = -EBUSY;
	}
	if (err) {
		dev_printk(ttm_vram_backup_level(vb, err), vb->dev,
			   "VRAM: users of the device cannot be kept out of it: %pe\n",
			   ERR_PTR(err));
		ttm_vram_backup_open(vb);
	}

	return err;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_close);

/**
 * ttm_vram_backup_open() - Let users in
 * @vb: The session, whose gate is closed.
 *
 * Called by ttm_vram_backup_end_open(), or by ops->open() if there is one.
 *
 * Context: Process context.
 */
void ttm_vram_backup_open(struct ttm_vram_backup *vb)
{
	percpu_ref_resurrect(&vb->gate.users);
	wake_up_all(&vb->gate.opened);
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_open);

/**
 * ttm_vram_backup_begin_closed() - Begin a session, with users kept out
 * @vb: The session.
 * @kind: What for.
 *
 * Ended by ttm_vram_backup_end_open().
 *
 * Context: Process context, no locks held.
 * Return: 0, or a negative error code and nobody is kept out: -EBUSY if a session
 * is on, -ENODEV after ttm_vram_backup_retire(), or what
 * ttm_vram_backup_begin() or ops->close() returned.
 */
int ttm_vram_backup_begin_closed(struct ttm_vram_backup *vb,
				 enum ttm_vram_backup_kind kind)
{
	int err;

	/* Not to wait until another one has closed the gate. */
	if (ttm_vram_backup_active(vb))
		return -EBUSY;

	guard(mutex)(&vb->session_lock);

	if (vb->retired)
		return -ENODEV;

	err = ttm_vram_backup_begin(vb, kind);
	if (err)
		return err;

	err = vb->ops->close ? vb->ops->close(vb) : ttm_vram_backup_close(vb);
	if (err)
		ttm_vram_backup_end(vb, err);

	return err;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_begin_closed);

/**
 * ttm_vram_backup_end_open() - End a session, and let users in
 * @vb: The session.
 * @error: Why, or 0 if it did what it was for.
 *
 * Without a session it does nothing.
 *
 * Context: Process context, no locks held.
 * Return: As ttm_vram_backup_end().
 */
int ttm_vram_backup_end_open(struct ttm_vram_backup *vb, int error)
{
	int err;

	guard(mutex)(&vb->session_lock);

	if (!ttm_vram_backup_active(vb))
		return 0;

	err = ttm_vram_backup_end(vb, error);
	if (vb->ops->open)
		vb->ops->open(vb);
	else
		ttm_vram_backup_open(vb);

	return err;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_end_open);

/**
 * ttm_vram_backup_retire() - Have no session begin any more
 * @vb: The session, of a device that goes away.
 *
 * One that is on can go on, and has to be ended. Those that close no gate are up
 * to the driver.
 *
 * Context: Process context, no locks held.
 */
void ttm_vram_backup_retire(struct ttm_vram_backup *vb)
{
	guard(mutex)(&vb->session_lock);

	vb->retired = true;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_retire);
