// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stdio.h>

#include "igt_log.h"

static enum igt_log_level lowest_shown(void)
{
	static const char *const names[] = { "debug", "info", "warn", "critical", "none" };
	const char *wanted = getenv("IGT_LOG_LEVEL");

	for (int i = 0; wanted && i <= IGT_LOG_NONE; i++)
		if (!strcmp(wanted, names[i]))
			return i;
	return IGT_LOG_INFO;
}

void igt_vlog(enum igt_log_level level, const char *fmt, va_list args)
{
	static const char *const prefix[] = { "DEBUG: ", "", "Warning: ", "CRITICAL: " };
	FILE *out = level >= IGT_LOG_WARN ? stderr : stdout;

	if (level < lowest_shown() || level >= IGT_LOG_NONE)
		return;
	/* The order of both streams must hold in a common log. */
	fflush(stdout);
	fputs(prefix[level], out);
	vfprintf(out, fmt, args);
	fflush(out);
}

void igt_log(const char *domain, enum igt_log_level level, const char *fmt, ...)
{
	va_list args;

	(void)domain;
	va_start(args, fmt);
	igt_vlog(level, fmt, args);
	va_end(args);
}
