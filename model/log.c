// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "log.h"

static const char *const once_names[ONCE_KINDS] = {
	[ONCE_REGISTER_READ] = "register-read",
	[ONCE_REGISTER_WRITE] = "register-write",
	[ONCE_COMMAND] = "command",
	[ONCE_BLIT] = "blit",
	[ONCE_GUC_ACTION] = "guc-action",
	[ONCE_GUC_KEY] = "guc-key",
	[ONCE_PCODE] = "pcode",
	[ONCE_VFIO] = "vfio",
	[ONCE_OTHER] = "other",
};

void log_open(struct log *log, const char *path, enum log_level level, bool strict)
{
	memset(log, 0, sizeof(*log));
	log->file = path ? fopen(path, "w") : stderr;
	if (!log->file) {
		perror(path);
		exit(2);
	}
	log->level = level;
	log->strict = strict;
}

void log_close(struct log *log)
{
	if (log->file && log->file != stderr)
		fclose(log->file);
	log->file = NULL;
}

void log_at(struct device *d, enum log_level level, const char *format, ...)
{
	struct log *log = &d->log;
	va_list args;

	if (!log->file || level > log->level)
		return;

	flockfile(log->file);
	fprintf(log->file, "[%10.4f] ", (double)(clock_ns() - d->started_ns) / 1e9);
	va_start(args, format);
	vfprintf(log->file, format, args);
	va_end(args);
	fputc('\n', log->file);
	fflush(log->file);
	funlockfile(log->file);
}

void unmodelled(struct device *d, enum once_kind kind, u64 id, const char *detail)
{
	struct log *log = &d->log;
	u32 i;

	d->counters.unmodelled++;
	for (i = 0; i < log->once_count; i++) {
		if (log->once[i].kind == kind && log->once[i].id == id) {
			log->once[i].count++;
			return;
		}
	}

	if (log->once_count < ONCE_MAX) {
		log->once[log->once_count++] = (struct once_entry){ kind, id, 1 };
		if (log->once_count == ONCE_MAX)
			log_error(d, "more kinds of unmodelled things than are told apart: they are counted only");
	} else if (!log->strict) {
		return;
	}
	log_error(d, "unmodelled %s %#llx%s%s", once_names[kind], (unsigned long long)id,
		  detail ? ": " : "", detail ? detail : "");

	if (log->strict) {
		log_error(d, "stopped, because --strict was given");
		exit(3);
	}
}

void unmodelled_list(const struct log *log, char *line, size_t size)
{
	size_t used = 0;
	u32 i;

	line[0] = '\0';
	for (i = 0; i < log->once_count && used + 64 < size; i++)
		used += (size_t)snprintf(line + used, size - used, "%s%s:%#llx=%llu", i ? " " : "",
					 once_names[log->once[i].kind],
					 (unsigned long long)log->once[i].id,
					 (unsigned long long)log->once[i].count);
}
