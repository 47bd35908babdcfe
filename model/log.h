/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_LOG_H
#define MODEL_LOG_H

#include <pthread.h>
#include <stdio.h>

#include "types.h"

struct device;

enum log_level {
	LOG_ERROR,	/* something the model could not do */
	LOG_INFO,	/* power, resets, connections */
	LOG_DEBUG,	/* messages and contexts */
	LOG_TRACE,	/* each command and register access */
};

/* Kinds of things that are logged only the first time they are met. */
enum once_kind {
	ONCE_REGISTER_READ,
	ONCE_REGISTER_WRITE,
	ONCE_COMMAND,
	ONCE_BLIT,
	ONCE_GUC_ACTION,
	ONCE_GUC_KEY,
	ONCE_PCODE,
	ONCE_VFIO,
	ONCE_OTHER,
	ONCE_KINDS,
};

struct once_entry {
	enum once_kind kind;
	u64 id;
	u64 count;
};

#define ONCE_MAX 512

/* Of each kind of line that a driver can cause, so many are written in so long. */
#define LOG_BURST	100u
#define LOG_WINDOW_NS	10000000000ull
#define LOG_KINDS	64

struct log_kind {
	const char *format;
	u64 since_ns;
	u32 written;
	u64 left_out;
};

struct log {
	FILE *file;
	enum log_level level;
	bool strict;
	struct once_entry once[ONCE_MAX];
	u32 once_count;
	pthread_mutex_t lock;	/* of what follows: not all who write hold the card's */
	struct log_kind kinds[LOG_KINDS];
	u64 window_ns;
};

void log_open(struct log *log, const char *path, enum log_level level, bool strict);
void log_close(struct log *log);

/**
 * log_at - write a line
 *
 * Errors and events that come too often are left out, which the log tells when
 * it begins, when they are written again, and when it is closed. @format tells
 * the kinds apart, so it has to be there for as long as the log.
 */
__attribute__((format(printf, 3, 4)))
void log_at(struct device *d, enum log_level level, const char *format, ...);

#define log_error(d, ...) log_at(d, LOG_ERROR, __VA_ARGS__)
#define log_info(d, ...) log_at(d, LOG_INFO, __VA_ARGS__)
#define log_debug(d, ...) log_at(d, LOG_DEBUG, __VA_ARGS__)
#define log_trace(d, ...) log_at(d, LOG_TRACE, __VA_ARGS__)

/*
 * unmodelled - count something the model does not know, and log it the first time.
 * With --strict this ends the process: silence would hide a wrong model.
 */
void unmodelled(struct device *d, enum once_kind kind, u64 id, const char *detail);

/* Write the list of unmodelled things as one line of at most @size bytes. */
void unmodelled_list(const struct log *log, char *line, size_t size);

#endif
