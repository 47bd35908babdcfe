// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "igt.h"
#include "vram_report.h"
#include "vram_test.h"

const char vram_test_help[] =
	"  --percent N               part of the free VRAM to fill (default 80)\n"
	"  --bytes N                 bytes of VRAM to fill, instead of a part\n"
	"  --seed N                  of the contents (default: the time)\n"
	"  --cycles N                suspends in s3-cycles (default 20)\n";

const struct option vram_test_options[] = {
	{ "percent", required_argument, NULL, 'p' },
	{ "bytes", required_argument, NULL, 'b' },
	{ "seed", required_argument, NULL, 's' },
	{ "cycles", required_argument, NULL, 'c' },
	{ }
};

int vram_test_option(int opt, int index, void *data)
{
	struct vram_test *t = data;

	(void)index;
	switch (opt) {
	case 'p':
		t->percent = atoi(optarg);
		return t->percent && t->percent <= 100 ? IGT_OPT_HANDLER_SUCCESS : IGT_OPT_HANDLER_ERROR;
	case 'b':
		t->bytes = strtoull(optarg, NULL, 0);
		return IGT_OPT_HANDLER_SUCCESS;
	case 's':
		t->seed = strtoull(optarg, NULL, 0);
		return IGT_OPT_HANDLER_SUCCESS;
	case 'c':
		t->cycles = atoi(optarg);
		return IGT_OPT_HANDLER_SUCCESS;
	}
	return IGT_OPT_HANDLER_ERROR;
}

void vram_test_open(struct vram_test *t, int driver, const struct gpu_ops *ops)
{
	int ret;

	if (!t->seed)
		t->seed = time(NULL);
	igt_info("seed %" PRIu64 "\n", t->seed);
	t->fd = drm_open_driver_render(driver);
	ret = gpu_open(&t->gpu, t->fd, ops);
	igt_skip_on_f(ret == -ENODEV, "the card has no VRAM\n");
	igt_assert_f(ret == 0, "cannot use the card: %s\n", strerror(-ret));
}

void vram_test_close(struct vram_test *t)
{
	gpu_close(&t->gpu);
	drm_close_driver(t->fd);
}

static void fill(struct vram_test *t, struct workload *w)
{
	double began = workload_clock();
	int ret = workload_fill(w, &t->gpu, GPU_VRAM, t->seed, t->bytes, t->percent, 0);

	igt_assert_f(ret == 0, "cannot fill VRAM: %s\n", strerror(-ret));
	report_fill(w, workload_clock() - began);
}

static void expect_intact(const char *how, struct workload *w, const struct tally *tally)
{
	report_tally(how, w, tally);
	igt_assert_f(!tally->errors, "%" PRIu64 " objects could not be read\n", tally->errors);
	igt_assert_eq_u64(tally->mismatches, 0);
	igt_assert_eq_u64(tally->bytes, w->bytes);
}

static void expect_working(struct workload *w)
{
	double began = workload_clock();
	uint64_t done;
	int ret = workload_jobs(w, 2, &done);

	report_jobs(ret, done, workload_clock() - began);
	igt_assert_f(ret == 0, "a job failed: %s\n", strerror(-ret));
}

/* First where the CPU finds the contents now, then after the blitter has brought them to VRAM. */
static void check_everything(struct workload *w)
{
	struct tally tally;

	workload_compare_cpu(w, &tally);
	expect_intact("cpu", w, &tally);
	workload_compare_blit(w, &tally);
	expect_intact("blit", w, &tally);
	expect_working(w);
}

static void suspend(const char *how, enum igt_suspend_state state, enum igt_suspend_test level)
{
	double began = workload_clock();

	igt_system_suspend_autoresume(state, level);
	report_suspend(how, workload_clock() - began);
}

static void test_suspend(struct vram_test *t, const char *how, enum igt_suspend_state state,
			 enum igt_suspend_test level)
{
	struct workload w;

	fill(t, &w);
	suspend(how, state, level);
	check_everything(&w);
	workload_drop(&w);
}

static void test_cycles(struct vram_test *t)
{
	struct workload w;
	struct tally tally;

	fill(t, &w);
	for (unsigned int i = 0; i < t->cycles; i++) {
		suspend("s3", SUSPEND_STATE_S3, SUSPEND_TEST_NONE);
		/* In turn, so that some suspends find the contents in system memory and some in VRAM. */
		if (i % 2) {
			workload_compare_blit(&w, &tally);
			expect_intact("blit", &w, &tally);
		} else {
			expect_working(&w);
		}
	}
	check_everything(&w);
	workload_drop(&w);
}

/* What was saved for a hibernation that came to nothing is of no use for the suspend after it. */
static void test_called_off(struct vram_test *t)
{
	struct workload w;

	fill(t, &w);
	suspend("called-off", SUSPEND_STATE_S4, SUSPEND_TEST_FREEZER);
	check_everything(&w);
	workload_drop(&w);

	fill(t, &w);
	suspend("s3", SUSPEND_STATE_S3, SUSPEND_TEST_NONE);
	check_everything(&w);
	workload_drop(&w);
}

static void power_path(struct vram_test *t, const char *file, char *path, size_t size)
{
	struct stat st;

	igt_assert_eq(fstat(t->fd, &st), 0);
	snprintf(path, size, "/sys/dev/char/%u:%u/device/power/%s", major(st.st_rdev), minor(st.st_rdev), file);
}

static void power_write(struct vram_test *t, const char *file, const char *word)
{
	char path[128];
	int fd;

	power_path(t, file, path, sizeof(path));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	igt_require_f(fd >= 0, "no runtime power management: %s\n", path);
	igt_assert_eq(write(fd, word, strlen(word)) < 0, 0);
	close(fd);
}

static bool power_status_is(struct vram_test *t, const char *word)
{
	char path[128], text[32] = "";
	int fd;

	power_path(t, "runtime_status", path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	if (fd >= 0)
		close(fd);
	return !strncmp(text, word, strlen(word));
}

static void test_runtime(struct vram_test *t)
{
	struct workload w;
	int waits = 0;

	power_write(t, "autosuspend_delay_ms", "100");
	power_write(t, "control", "auto");
	fill(t, &w);
	while (!power_status_is(t, "suspended") && waits++ < 600)
		usleep(100 * 1000);
	igt_assert_f(power_status_is(t, "suspended"), "the card does not go to sleep when idle\n");
	check_everything(&w);
	workload_drop(&w);
	power_write(t, "control", "on");
}

static const struct {
	const char *name;
	const char *about;
	enum igt_suspend_state state;
	enum igt_suspend_test level;
} suspends[] = {
	{ "s3", "VRAM contents survive S3, where the card has no power.", SUSPEND_STATE_S3, SUSPEND_TEST_NONE },
	{ "s2idle", "VRAM contents survive suspend to idle.", SUSPEND_STATE_FREEZE, SUSPEND_TEST_NONE },
	{ "s4", "VRAM contents survive hibernation to disk.", SUSPEND_STATE_S4, SUSPEND_TEST_NONE },
	{ "pm-test-freezer", "Contents stay when a suspend ends after freezing tasks.",
	  SUSPEND_STATE_S3, SUSPEND_TEST_FREEZER },
	{ "pm-test-devices", "Contents stay when a suspend ends after the devices.",
	  SUSPEND_STATE_S3, SUSPEND_TEST_DEVICES },
	{ "pm-test-platform", "Contents stay when a suspend ends after the platform's preparations.",
	  SUSPEND_STATE_S3, SUSPEND_TEST_PLATFORM },
	{ "pm-test-processors", "Contents stay when a suspend ends after all but one processor are off.",
	  SUSPEND_STATE_S3, SUSPEND_TEST_PROCESSORS },
	{ "pm-test-core", "Contents stay when a suspend ends right before sleep.",
	  SUSPEND_STATE_S3, SUSPEND_TEST_CORE },
};

void vram_test_subtests(struct vram_test *t)
{
	for (size_t i = 0; i < sizeof(suspends) / sizeof(suspends[0]); i++) {
		igt_describe(suspends[i].about);
		igt_subtest(suspends[i].name)
			test_suspend(t, suspends[i].name, suspends[i].state, suspends[i].level);
	}

	igt_describe("After a hibernation that was called off contents survive a suspend as if there had been none.");
	igt_subtest("called-off")
		test_called_off(t);

	igt_describe("VRAM contents survive many suspends in a row.");
	igt_subtest("s3-cycles")
		test_cycles(t);

	igt_describe("VRAM contents stay while the card sleeps in D3hot because nobody uses it.");
	igt_subtest("runtime")
		test_runtime(t);
}
