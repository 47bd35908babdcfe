// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "igt_aux.h"
#include "igt_core.h"

#define WAKEALARM "/sys/class/rtc/rtc0/wakealarm"
#define DEFAULT_DELAY 15

static const char *const state_words[SUSPEND_STATE_NUM] = {
	[SUSPEND_STATE_FREEZE] = "freeze",
	[SUSPEND_STATE_STANDBY] = "standby",
	[SUSPEND_STATE_S3] = "mem",
	[SUSPEND_STATE_S4] = "disk",
};

static const char *const test_words[SUSPEND_TEST_NUM] = {
	[SUSPEND_TEST_NONE] = "none",
	[SUSPEND_TEST_FREEZER] = "freezer",
	[SUSPEND_TEST_DEVICES] = "devices",
	[SUSPEND_TEST_PLATFORM] = "platform",
	[SUSPEND_TEST_PROCESSORS] = "processors",
	[SUSPEND_TEST_CORE] = "core",
};

static int chosen_delay;

/* Returns 0 or -errno. */
static int write_word(const char *path, const char *word)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, word, strlen(word)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static bool offers(const char *path, const char *word)
{
	char text[256] = "";
	char *next = text;
	char *one;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return false;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len < 0)
		return false;
	while ((one = strsep(&next, " \n[]")))
		if (!strcmp(one, word))
			return true;
	return false;
}

static bool swap_in_use(void)
{
	char line[256];
	int lines = 0;
	FILE *f = fopen("/proc/swaps", "re");

	while (f && fgets(line, sizeof(line), f))
		lines++;
	if (f)
		fclose(f);
	return lines > 1;
}

void igt_set_autoresume_delay(int seconds)
{
	chosen_delay = seconds;
}

int igt_get_autoresume_delay(enum igt_suspend_state state)
{
	if (chosen_delay)
		return chosen_delay;
	return state == SUSPEND_STATE_S4 ? 2 * DEFAULT_DELAY : DEFAULT_DELAY;
}

static void set_alarm(enum igt_suspend_state state)
{
	char delay[16];
	int ret;

	snprintf(delay, sizeof(delay), "+%d", igt_get_autoresume_delay(state));
	write_word(WAKEALARM, "0");
	ret = write_word(WAKEALARM, delay);
	igt_require_f(ret == 0, "cannot set the wake alarm of the real time clock: %s\n", strerror(-ret));
}

static void pick_s3(void)
{
	/* "mem" means suspend to idle where the firmware prefers it. */
	if (offers("/sys/power/mem_sleep", "deep"))
		igt_assert_eq(write_word("/sys/power/mem_sleep", "deep"), 0);
	else
		igt_skip("The system has no S3\n");
}

void igt_system_suspend_autoresume(enum igt_suspend_state state, enum igt_suspend_test test)
{
	int ret;

	igt_require_f(offers("/sys/power/state", state_words[state]), "the system has no '%s'\n",
		      state_words[state]);
	if (state == SUSPEND_STATE_S3)
		pick_s3();
	if (state == SUSPEND_STATE_S4 && test == SUSPEND_TEST_NONE)
		igt_require_f(swap_in_use(), "hibernation needs swap\n");
	if (test != SUSPEND_TEST_NONE)
		igt_require_f(offers("/sys/power/pm_test", test_words[test]), "the kernel has no pm_test '%s'\n",
			      test_words[test]);
	if (test == SUSPEND_TEST_NONE && !getenv("IGT_HOST_WAKES"))
		set_alarm(state);

	if (access("/sys/power/pm_test", W_OK) == 0)
		igt_assert_eq(write_word("/sys/power/pm_test", test_words[test]), 0);
	ret = write_word("/sys/power/state", state_words[state]);
	if (test != SUSPEND_TEST_NONE)
		write_word("/sys/power/pm_test", "none");
	errno = 0;
	igt_assert_f(ret == 0, "suspend was refused: %s\n", strerror(-ret));
}
