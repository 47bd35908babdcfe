// SPDX-License-Identifier: MIT
/*
 * A test of the harness itself. What it does is chosen by the environment variable
 * HARNESS_PLAN, so that one program can show every way a test may end; selftest.sh runs it.
 */
#include <signal.h>
#include <stdio.h>

#include "igt.h"

static struct {
	int level;
} opts;

static int handle_option(int opt, int index, void *data)
{
	(void)index;
	(void)data;
	if (opt != 'l')
		return IGT_OPT_HANDLER_ERROR;
	opts.level = atoi(optarg);
	return IGT_OPT_HANDLER_SUCCESS;
}

static const struct option long_opts[] = {
	{ "level", required_argument, NULL, 'l' },
	{ }
};

static bool plan(const char *word)
{
	const char *text = getenv("HARNESS_PLAN");

	return text && strstr(text, word);
}

static void fail_here(const char *where)
{
	igt_assert_f(false, "from %s\n", where);
}

static void fail_deeper(void)
{
	fail_here("far below");
}

IGT_TEST_DESCRIPTION("Shows how tests end.");

int igt_main_args("l:", long_opts, "  -l, --level N             a number to print\n", handle_option, NULL)
{
	volatile int steps = 0;

	igt_fixture() {
		printf("fixture runs\n");
		igt_require_f(!plan("fixture-skips"), "told to skip\n");
		igt_assert_f(!plan("fixture-fails"), "told to fail\n");
	}

	igt_describe("Passes.");
	igt_subtest("good") {
		steps++;
		igt_assert_eq(steps, 1);
		igt_info("level %d\n", opts.level);
	}

	igt_describe_f("Fails in a function called by the %s.", "subtest");
	igt_subtest("bad") {
		if (plan("bad-fails"))
			fail_deeper();
		if (plan("bad-crashes"))
			raise(SIGSEGV);
		steps++;
	}

	for (int i = 0; i < 3; i++) {
		igt_subtest_f("row-%d", i) {
			igt_skip_on_f(plan("rows-skip"), "row %d\n", i);
			if (plan("row-1-differs"))
				igt_assert_neq(i, 1);
		}
	}

	igt_subtest("no-description")
		igt_abort_on_f(plan("abort"), "told to abort\n");

	igt_fixture()
		printf("last fixture runs after %d steps\n", steps);
}
