/* SPDX-License-Identifier: MIT */
#ifndef IGT_AUX_H
#define IGT_AUX_H

enum igt_suspend_state {
	SUSPEND_STATE_FREEZE,
	SUSPEND_STATE_STANDBY,
	SUSPEND_STATE_S3,
	SUSPEND_STATE_S4,
	SUSPEND_STATE_NUM,
};

enum igt_suspend_test {
	SUSPEND_TEST_NONE,
	SUSPEND_TEST_FREEZER,
	SUSPEND_TEST_DEVICES,
	SUSPEND_TEST_PLATFORM,
	SUSPEND_TEST_PROCESSORS,
	SUSPEND_TEST_CORE,
	SUSPEND_TEST_NUM,
};

/*
 * Suspends and comes back; skips where the system cannot, fails where it refuses.
 * The real time clock wakes the system, unless IGT_HOST_WAKES is set in the environment:
 * then somebody outside does, as a virtual machine's monitor can.
 */
void igt_system_suspend_autoresume(enum igt_suspend_state state, enum igt_suspend_test test);
void igt_set_autoresume_delay(int seconds);
int igt_get_autoresume_delay(enum igt_suspend_state state);

#endif
