// SPDX-License-Identifier: GPL-2.0
/* The log: what a driver does over and over does not fill the disk, and nothing is left out silently. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "card.h"

static char path[32];

static int log_setup(void **state)
{
	struct device *d;
	int fd;

	card_setup(state);
	d = *state;
	strcpy(path, "/tmp/model-log-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	log_close(&d->log);
	log_open(&d->log, path, LOG_DEBUG, false);
	d->log.window_ns = UINT64_MAX;
	return 0;
}

static int log_teardown(void **state)
{
	unlink(path);
	return card_teardown(state);
}

#define LOG(f) cmocka_unit_test_setup_teardown(f, log_setup, log_teardown)

/* How many lines have @text in them; the first of them in @found, which may be NULL. */
static u32 lines(const char *text, char *found, size_t size)
{
	FILE *file = fopen(path, "r");
	char line[512];
	u32 n = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (strstr(line, text) && n++ == 0 && found)
			snprintf(found, size, "%s", line);
	fclose(file);
	return n;
}

static void errors_over_and_over(void **state)
{
	struct device *d = *state;
	char line[512];
	u32 i;

	for (i = 0; i < 20000; i++)
		guc_context_schedule(d, 7);
	assert_int_equal(lines("context 7 is not registered: schedule", NULL, 0), LOG_BURST);
	/* It is told at once, not only when they come again. */
	assert_int_equal(lines("left out", line, sizeof(line)), 1);
	/* Another error has its own measure. */
	guc_context_register(d, 8, 99, 0, false);
	assert_int_equal(lines("context 8 is for class 99", NULL, 0), 1);
	log_close(&d->log);
	assert_int_equal(lines("left out", NULL, 0), 2);
	snprintf(line, sizeof(line), "%u lines like it were left out", 20000 - LOG_BURST);
	assert_int_equal(lines(line, NULL, 0), 1);
}

static void events_over_and_over(void **state)
{
	struct device *d = *state;
	u32 i;

	for (i = 0; i < 5000; i++)
		regs_write(d, 0x941c, BIT(0));
	assert_int_equal(lines("] full reset of the GT", NULL, 0), LOG_BURST);
}

static void they_come_again_after_a_while(void **state)
{
	struct device *d = *state;
	u32 i;

	for (i = 0; i < LOG_BURST + 5; i++)
		guc_context_schedule(d, 7);
	d->log.window_ns = 1;
	for (i = 0; i < 3; i++)
		guc_context_schedule(d, 7);
	assert_int_equal(lines("context 7 is not registered", NULL, 0), LOG_BURST + 3);
	assert_int_equal(lines("5 lines like it were left out", NULL, 0), 1);
	log_close(&d->log);
	assert_int_equal(lines("lines like it were left out", NULL, 0), 1);
}

static void slow_ones_are_all_there(void **state)
{
	struct device *d = *state;
	u32 i, n = LOG_BURST * 2;

	d->log.window_ns = 1;
	for (i = 0; i < n; i++)
		guc_context_schedule(d, 7);
	assert_true(lines("context 7 is not registered", NULL, 0) == n);
	assert_int_equal(lines("left out", NULL, 0), 0);
}

/* Each of these is another thing, and they are limited otherwise. */
static void unmodelled_things_are_all_there(void **state)
{
	struct device *d = *state;
	u32 i;

	for (i = 0; i < ONCE_MAX; i++)
		unmodelled(d, ONCE_OTHER, i, NULL);
	assert_int_equal(lines("unmodelled other", NULL, 0), ONCE_MAX);
}

/* Who asks for these levels wants them all. */
static void messages_are_all_there(void **state)
{
	struct device *d = *state;
	u32 i, n = LOG_BURST * 3;

	for (i = 0; i < n; i++)
		log_debug(d, "message %u", i);
	assert_int_equal(lines("message ", NULL, 0), n);
}

/* More kinds of lines than there is room for have to share it. */
static void more_kinds_than_places(void **state)
{
	static char formats[LOG_KINDS + 8][32];
	struct device *d = *state;
	u32 i, n;

	for (i = 0; i < LOG_KINDS + 8; i++)
		snprintf(formats[i], sizeof(formats[i]), "kind %u;%%s", i);
	for (n = 0; n < LOG_BURST + 10; n++)
		for (i = 0; i < LOG_KINDS + 8; i++)
			log_at(d, LOG_ERROR, formats[i], "");
	assert_int_equal(lines("] kind 0;", NULL, 0), LOG_BURST);
	assert_int_equal(lines("] kind ", NULL, 0), LOG_KINDS * LOG_BURST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOG(errors_over_and_over),
		LOG(events_over_and_over),
		LOG(they_come_again_after_a_while),
		LOG(slow_ones_are_all_there),
		LOG(unmodelled_things_are_all_there),
		LOG(messages_are_all_there),
		LOG(more_kinds_than_places),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
