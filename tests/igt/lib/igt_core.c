// SPDX-License-Identifier: MIT
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "igt_log.h"
#include "igt_select.h"

enum verdict { VERDICT_SUCCESS, VERDICT_SKIP, VERDICT_FAIL };

static const char *const verdict_names[] = { "SUCCESS", "SKIP", "FAIL" };

/* longjmp needs a place outside of the functions that are left, so this is the process's. */
static struct {
	const char *test;
	bool list;
	bool describe;
	const char *patterns;
	enum igt_block block;
	jmp_buf escape;
	char subtest[128];
	char description[1024];
	struct timespec began;
	enum verdict now;
	enum verdict fixtures;
	int exit_code;
	unsigned int matched;
	unsigned int passed;
	unsigned int skipped;
	unsigned int failed;
} run;

__attribute__((weak)) const char *igt_test_description;

bool igt_only_list_subtests(void)
{
	return run.list || run.describe;
}

const char *igt_subtest_name(void)
{
	return run.block == IGT_BLOCK_SUBTEST ? run.subtest : NULL;
}

const char *igt_test_name(void)
{
	return run.test;
}

static void usage(const struct igt_options *options, FILE *out)
{
	fprintf(out, "usage: %s [OPTION...]\n"
		"  --list-subtests           print the names of the subtests\n"
		"  --run-subtest PATTERNS    run only these: shell patterns with commas between, ! takes away\n"
		"  --describe[=PATTERN]      print what the test and its subtests show\n"
		"  --debug                   print debug messages\n"
		"  --help-description        print what the test shows\n"
		"  --help                    print this\n%s",
		run.test, options && options->help ? options->help : "");
}

enum own_option { OPT_LIST = 0x10000, OPT_RUN, OPT_DESCRIBE, OPT_DEBUG, OPT_HELP_DESCRIPTION, OPT_HELP };

static const struct option own_options[] = {
	{ "list-subtests", no_argument, NULL, OPT_LIST },
	{ "run-subtest", required_argument, NULL, OPT_RUN },
	{ "describe", optional_argument, NULL, OPT_DESCRIBE },
	{ "debug", optional_argument, NULL, OPT_DEBUG },
	{ "help-description", no_argument, NULL, OPT_HELP_DESCRIPTION },
	{ "help", no_argument, NULL, OPT_HELP },
};

static size_t count_options(const struct option *o)
{
	size_t n = 0;

	while (o && o[n].name)
		n++;
	return n;
}

static int take_option(int opt, int index, const struct igt_options *options)
{
	switch (opt) {
	case OPT_LIST:
		run.list = true;
		return 0;
	case OPT_RUN:
		run.patterns = optarg;
		return 0;
	case OPT_DESCRIBE:
		run.describe = true;
		if (optarg)
			run.patterns = optarg;
		return 0;
	case OPT_DEBUG:
		setenv("IGT_LOG_LEVEL", "debug", 1);
		return 0;
	case OPT_HELP_DESCRIPTION:
		printf("%s\n", igt_test_description ? igt_test_description : "");
		exit(IGT_EXIT_SUCCESS);
	case OPT_HELP:
		usage(options, stdout);
		exit(IGT_EXIT_SUCCESS);
	case '?':
		return -1;
	}
	if (!options || !options->handler)
		return -1;
	return options->handler(opt, index, options->data) == IGT_OPT_HANDLER_SUCCESS ? 0 : -1;
}

static void parse_options(int argc, char **argv, const struct igt_options *options)
{
	size_t own = sizeof(own_options) / sizeof(own_options[0]);
	size_t theirs = count_options(options ? options->long_opts : NULL);
	const char *shorts = options && options->short_opts ? options->short_opts : "";
	struct option *all = calloc(own + theirs + 1, sizeof(*all));
	int opt, index = 0;

	if (!all)
		exit(IGT_EXIT_ABORT);
	memcpy(all, own_options, sizeof(own_options));
	if (theirs)
		memcpy(all + own, options->long_opts, theirs * sizeof(*all));
	while ((opt = getopt_long(argc, argv, shorts, all, &index)) != -1) {
		if (take_option(opt, index - (int)own, options)) {
			usage(options, stderr);
			exit(IGT_EXIT_INVALID);
		}
	}
	free(all);
	if (optind < argc) {
		fprintf(stderr, "%s: unexpected argument '%s'\n", run.test, argv[optind]);
		exit(IGT_EXIT_INVALID);
	}
}

static void crashed(int sig)
{
	static const char text[] = "crashed by a signal\n";

	/* Only what is safe in a signal handler: the name of the subtest has been printed when it began. */
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(IGT_EXIT_ABORT);
	signal(sig, SIG_DFL);
	raise(sig);
}

int igt_run_test(int argc, char **argv, const struct igt_options *options)
{
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE };
	const char *slash = strrchr(argv[0], '/');

	run.test = slash ? slash + 1 : argv[0];
	parse_options(argc, argv, options);
	if (run.describe && igt_test_description)
		printf("%s\n\n", igt_test_description);
	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		signal(fatal[i], crashed);
	igt_test_body();
	igt_exit();
}

static double seconds_since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - then->tv_sec + (now.tv_nsec - then->tv_nsec) / 1e9;
}

static void finish_subtest(enum verdict verdict, double seconds)
{
	printf("Subtest %s: %s (%.3fs)\n", run.subtest, verdict_names[verdict], seconds);
	fflush(stdout);
	if (verdict == VERDICT_SUCCESS)
		run.passed++;
	else if (verdict == VERDICT_SKIP)
		run.skipped++;
	else
		run.failed++;
}

void igt_describe_f(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(run.description, sizeof(run.description), fmt, args);
	va_end(args);
}

bool igt_enter_fixture(void)
{
	if (igt_only_list_subtests() || run.fixtures != VERDICT_SUCCESS)
		return false;
	run.block = IGT_BLOCK_FIXTURE;
	run.now = VERDICT_SUCCESS;
	return true;
}

static void print_description(const char *file, int line)
{
	printf("SUB %s %s:%d:\n  %s\n\n", run.subtest, file, line,
	       run.description[0] ? run.description : "(not described)");
}

bool igt_enter_subtest(const char *file, int line, const char *fmt, ...)
{
	va_list args;
	bool begin = false;

	va_start(args, fmt);
	vsnprintf(run.subtest, sizeof(run.subtest), fmt, args);
	va_end(args);

	if (!run.list && run.patterns && !igt_name_selected(run.patterns, run.subtest)) {
		run.description[0] = 0;
		return false;
	}
	run.matched++;
	if (run.list) {
		printf("%s\n", run.subtest);
	} else if (run.describe) {
		print_description(file, line);
	} else if (run.fixtures != VERDICT_SUCCESS) {
		finish_subtest(run.fixtures, 0);
	} else {
		printf("Starting subtest: %s\n", run.subtest);
		fflush(stdout);
		clock_gettime(CLOCK_MONOTONIC, &run.began);
		run.block = IGT_BLOCK_SUBTEST;
		run.now = VERDICT_SUCCESS;
		begin = true;
	}
	run.description[0] = 0;
	return begin;
}

jmp_buf *igt_block_escape(void)
{
	return &run.escape;
}

void igt_leave_block(void)
{
	enum igt_block left = run.block;

	run.block = IGT_BLOCK_NONE;
	if (left == IGT_BLOCK_SUBTEST)
		finish_subtest(run.now, seconds_since(&run.began));
	else if (run.now > run.fixtures)
		run.fixtures = run.now;
}

static _Noreturn void leave_with(enum verdict verdict, int exit_code)
{
	if (verdict == VERDICT_FAIL && !run.exit_code)
		run.exit_code = exit_code;
	if (run.block == IGT_BLOCK_NONE)
		exit(exit_code);
	run.now = verdict;
	longjmp(run.escape, 1);
}

void igt_skip(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	igt_vlog(IGT_LOG_INFO, fmt, args);
	va_end(args);
	leave_with(VERDICT_SKIP, IGT_EXIT_SKIP);
}

void igt_fail(int exit_code)
{
	leave_with(VERDICT_FAIL, exit_code);
}

static void say_check(const char *what, const char *file, int line, const char *func, const char *check,
		      const char *fmt, va_list args)
{
	fflush(stdout);
	fprintf(stderr, "%s: %s, in %s() at %s:%d\n", what, check, func, file, line);
	vfprintf(stderr, fmt, args);
	fflush(stderr);
}

void igt_fail_check(const char *file, int line, const char *func, const char *check, const char *fmt, ...)
{
	int error = errno;
	va_list args;

	va_start(args, fmt);
	say_check("Failed assertion", file, line, func, check, fmt, args);
	va_end(args);
	if (error)
		fprintf(stderr, "Last errno: %d, %s\n", error, strerror(error));
	igt_fail(IGT_EXIT_FAILURE);
}

void igt_skip_check(const char *file, int line, const char *func, const char *check, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say_check("Requirement not met", file, line, func, check, fmt, args);
	va_end(args);
	leave_with(VERDICT_SKIP, IGT_EXIT_SKIP);
}

void igt_abort_check(const char *check, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "Aborted, further tests would tell nothing: %s\n", check);
	vfprintf(stderr, fmt, args);
	va_end(args);
	exit(IGT_EXIT_ABORT);
}

void igt_exit(void)
{
	if (!run.matched && run.patterns) {
		fprintf(stderr, "%s: no subtest matches '%s'\n", run.test, run.patterns);
		exit(IGT_EXIT_INVALID);
	}
	if (igt_only_list_subtests())
		exit(IGT_EXIT_SUCCESS);
	if (run.exit_code)
		exit(run.exit_code);
	if (run.fixtures == VERDICT_SKIP || (run.skipped && !run.passed))
		exit(IGT_EXIT_SKIP);
	exit(IGT_EXIT_SUCCESS);
}
