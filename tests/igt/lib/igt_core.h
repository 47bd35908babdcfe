/* SPDX-License-Identifier: MIT */
/*
 * The part of IGT's test interface that our tests use, for systems without libigt.
 *
 * Within a subtest or a fixture a failed check leaves the block at once, by longjmp:
 * a local variable changed in the block and read after it must be volatile.
 */
#ifndef IGT_CORE_H
#define IGT_CORE_H

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define IGT_EXIT_SUCCESS 0
#define IGT_EXIT_SKIP 77
#define IGT_EXIT_INVALID 79
#define IGT_EXIT_FAILURE 98
#define IGT_EXIT_ABORT 112

#define IGT_OPT_HANDLER_SUCCESS 0
#define IGT_OPT_HANDLER_ERROR (-2)

enum igt_log_level {
	IGT_LOG_DEBUG,
	IGT_LOG_INFO,
	IGT_LOG_WARN,
	IGT_LOG_CRITICAL,
	IGT_LOG_NONE,
};

enum igt_block {
	IGT_BLOCK_NONE,
	IGT_BLOCK_FIXTURE,
	IGT_BLOCK_SUBTEST,
};

typedef int (*igt_opt_handler_t)(int opt, int opt_index, void *data);

/* What a test adds to the command line. */
struct igt_options {
	const char *short_opts;
	const struct option *long_opts;
	const char *help;
	igt_opt_handler_t handler;
	void *data;
};

#define igt_printf_like(fmt, args) __attribute__((format(printf, fmt, args)))

extern const char *igt_test_description;

/* The test's own code, which follows igt_main(). */
void igt_test_body(void);
int igt_run_test(int argc, char **argv, const struct igt_options *options);

void igt_describe_f(const char *fmt, ...) igt_printf_like(1, 2);
bool igt_enter_fixture(void);
bool igt_enter_subtest(const char *file, int line, const char *fmt, ...) igt_printf_like(3, 4);
jmp_buf *igt_block_escape(void);
void igt_leave_block(void);

_Noreturn void igt_skip(const char *fmt, ...) igt_printf_like(1, 2);
_Noreturn void igt_fail(int exit_code);
_Noreturn void igt_exit(void);
_Noreturn void igt_fail_check(const char *file, int line, const char *func, const char *check,
			      const char *fmt, ...) igt_printf_like(5, 6);
_Noreturn void igt_skip_check(const char *file, int line, const char *func, const char *check,
			      const char *fmt, ...) igt_printf_like(5, 6);
_Noreturn void igt_abort_check(const char *check, const char *fmt, ...) igt_printf_like(2, 3);

bool igt_only_list_subtests(void);
const char *igt_subtest_name(void);
const char *igt_test_name(void);

void igt_log(const char *domain, enum igt_log_level level, const char *fmt, ...) igt_printf_like(3, 4);

#define IGT_TEST_DESCRIPTION(text) const char *igt_test_description = text

#define igt_main() \
	main(int argc, char **argv) \
	{ \
		return igt_run_test(argc, argv, NULL); \
	} \
	void igt_test_body(void)

#define igt_main_args(shorts, longs, help_text, option_handler, handler_data) \
	main(int argc, char **argv) \
	{ \
		struct igt_options igt_options_ = { \
			shorts, longs, help_text, option_handler, handler_data, \
		}; \
		return igt_run_test(argc, argv, &igt_options_); \
	} \
	void igt_test_body(void)

#define igt_block_(enter) \
	for (bool igt_once_ = (enter); igt_once_; igt_once_ = false, igt_leave_block()) \
		if (setjmp(*igt_block_escape()) == 0)

#define igt_fixture() igt_block_(igt_enter_fixture())
#define igt_subtest_f(...) igt_block_(igt_enter_subtest(__FILE__, __LINE__, __VA_ARGS__))
#define igt_subtest(name) igt_subtest_f("%s", name)
#define igt_describe(text) igt_describe_f("%s", text)

#define igt_assert_f(expr, ...) \
	do { \
		if (!(expr)) \
			igt_fail_check(__FILE__, __LINE__, __func__, #expr, __VA_ARGS__); \
	} while (0)
#define igt_assert(expr) igt_assert_f(expr, "%s", "")
#define igt_fail_on_f(expr, ...) igt_assert_f(!(expr), __VA_ARGS__)
#define igt_fail_on(expr) igt_assert(!(expr))

#define igt_compare_(type, format, a, op, b) \
	do { \
		type igt_a_ = (a), igt_b_ = (b); \
		if (!(igt_a_ op igt_b_)) \
			igt_fail_check(__FILE__, __LINE__, __func__, #a " " #op " " #b, \
				       "%" format " against %" format "\n", igt_a_, igt_b_); \
	} while (0)
#define igt_assert_eq(a, b) igt_compare_(int, "d", a, ==, b)
#define igt_assert_neq(a, b) igt_compare_(int, "d", a, !=, b)
#define igt_assert_lt(a, b) igt_compare_(int, "d", a, <, b)
#define igt_assert_lte(a, b) igt_compare_(int, "d", a, <=, b)
#define igt_assert_eq_u32(a, b) igt_compare_(uint32_t, PRIu32, a, ==, b)
#define igt_assert_eq_u64(a, b) igt_compare_(uint64_t, PRIu64, a, ==, b)
#define igt_assert_neq_u64(a, b) igt_compare_(uint64_t, PRIu64, a, !=, b)
#define igt_assert_lt_u64(a, b) igt_compare_(uint64_t, PRIu64, a, <, b)
#define igt_assert_fd(fd) igt_assert_f((fd) >= 0, "file descriptor %d\n", fd)

#define igt_require_f(expr, ...) \
	do { \
		if (!(expr)) \
			igt_skip_check(__FILE__, __LINE__, __func__, #expr, __VA_ARGS__); \
	} while (0)
#define igt_require(expr) igt_require_f(expr, "%s", "")
#define igt_skip_on_f(expr, ...) igt_require_f(!(expr), __VA_ARGS__)
#define igt_skip_on(expr) igt_require(!(expr))

#define igt_abort_on_f(expr, ...) \
	do { \
		if (expr) \
			igt_abort_check(#expr, __VA_ARGS__); \
	} while (0)

#define igt_debug(...) igt_log("", IGT_LOG_DEBUG, __VA_ARGS__)
#define igt_info(...) igt_log("", IGT_LOG_INFO, __VA_ARGS__)
#define igt_warn(...) igt_log("", IGT_LOG_WARN, __VA_ARGS__)
#define igt_critical(...) igt_log("", IGT_LOG_CRITICAL, __VA_ARGS__)
#define igt_warn_on(expr) \
	do { \
		if (expr) \
			igt_warn("Warning: %s\n", #expr); \
	} while (0)

#endif
