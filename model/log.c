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
	log->window_ns = LOG_WINDOW_NS;
	pthread_mutex_init(&log->lock, NULL);
}

void log_close(struct log *log)
{
	u32 i;

	for (i = 0; i < LOG_KINDS && log->file; i++)
		if (log->kinds[i].left_out)
			fprintf(log->file, "%llu lines like it were left out: %s\n",
				(unsigned long long)log->kinds[i].left_out, log->kinds[i].format);
	if (log->file && log->file != stderr)
		fclose(log->file);
	log->file = NULL;
}

static void stamp(struct device *d)
{
	fprintf(d->log.file, "[%10.4f] ", (double)(clock_ns() - d->started_ns) / 1e9);
}

__attribute__((format(printf, 2, 0)))
static void write_line(struct device *d, const char *format, va_list args)
{
	stamp(d);
	vfprintf(d->log.file, format, args);
	fputc('\n', d->log.file);
	fflush(d->log.file);
}

static struct log_kind *kind_of(struct log *log, const char *format)
{
	u32 i;

	for (i = 0; i < LOG_KINDS - 1; i++)
		if (!log->kinds[i].format || log->kinds[i].format == format)
			break;
	/* The last place is for all that have none. */
	log->kinds[i].format = format;
	return &log->kinds[i];
}

static bool too_often(struct device *d, const char *format)
{
	struct log_kind *kind = kind_of(&d->log, format);
	u64 now = clock_ns();

	if (now - kind->since_ns >= d->log.window_ns) {
		if (kind->left_out) {
			stamp(d);
			fprintf(d->log.file, "%llu lines like it were left out before:\n",
				(unsigned long long)kind->left_out);
		}
		kind->since_ns = now;
		kind->written = 0;
		kind->left_out = 0;
	}
	if (kind->written < LOG_BURST) {
		kind->written++;
		return false;
	}
	if (!kind->left_out++) {
		stamp(d);
		fprintf(d->log.file, "too many lines of this kind, they are left out for a while: %s\n", format);
		fflush(d->log.file);
	}
	return true;
}

void log_at(struct device *d, enum log_level level, const char *format, ...)
{
	struct log *log = &d->log;
	va_list args;

	if (!log->file || level > log->level)
		return;

	pthread_mutex_lock(&log->lock);
	if (level > LOG_INFO || !too_often(d, format)) {
		va_start(args, format);
		write_line(d, format, args);
		va_end(args);
	}
	pthread_mutex_unlock(&log->lock);
}

/* A line that is limited by who writes it. */
__attribute__((format(printf, 2, 3)))
static void log_always(struct device *d, const char *format, ...)
{
	va_list args;

	if (!d->log.file)
		return;
	pthread_mutex_lock(&d->log.lock);
	va_start(args, format);
	write_line(d, format, args);
	va_end(args);
	pthread_mutex_unlock(&d->log.lock);
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
	log_always(d, "unmodelled %s %#llx%s%s", once_names[kind], (unsigned long long)id,
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
