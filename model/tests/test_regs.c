// SPDX-License-Identifier: GPL-2.0
/* The register file: what the table says of each row, and what the shared handlers do. */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../gt.h"
#include "card.h"

static const struct reg *find(struct device *d, const char *name)
{
	u32 i;

	for (i = 0; i < d->regs.table_count; i++)
		if (!strcmp(d->regs.table[i].name, name))
			return &d->regs.table[i];
	fail_msg("no register is called %s", name);
	return NULL;
}

/* Whatever a row promises by its handlers holds for each register of the row. */
static void rows_do_what_their_handlers_say(void **state)
{
	struct device *d = *state;
	u32 i, n;

	for (i = 0; i < d->regs.table_count; i++) {
		const struct reg *r = &d->regs.table[i];

		for (n = 0; n < r->count; n++) {
			u32 at = r->offset + n * r->stride;

			if (r->read == reg_reads_zero) {
				regs_poke(d, at, 0xffffffff);
				assert_int_equal(regs_read(d, at), 0);
			}
			if (r->write == reg_write_ignored) {
				regs_poke(d, at, 0x1234);
				regs_write(d, at, 0xffffffff);
				assert_int_equal(regs_peek(d, at), 0x1234);
			}
			if (r->write == reg_write_masked && !r->read) {
				regs_poke(d, at, 0x00f0);
				regs_write(d, at, 0x00300001);
				assert_int_equal(regs_read(d, at), 0x00c0);
				regs_write(d, at, 0x00010001);
				assert_int_equal(regs_read(d, at), 0x00c1);
			}
			if (!r->read && !r->write) {
				regs_write(d, at, 0xa5a50000 | at);
				assert_int_equal(regs_read(d, at), 0xa5a50000 | at);
			}
		}
	}
	assert_int_equal(d->counters.unmodelled, 0);
}

static void reset_brings_reset_values(void **state)
{
	struct device *d = *state;
	u32 i, n;

	for (i = 0; i < d->card->regs_bytes; i += 4)
		regs_poke(d, i, 0x55aa55aa);
	regs_reset(d);
	for (i = 0; i < d->regs.table_count; i++) {
		const struct reg *r = &d->regs.table[i];

		if (!strcmp(r->name, "GSMBASE") || !strcmp(r->name, "DSMBASE") ||
		    !strcmp(r->name, "STOLEN_RESERVED"))
			continue;
		for (n = 0; n < r->count; n++)
			assert_int_equal(regs_peek(d, r->offset + n * r->stride), r->reset);
	}
	assert_int_equal(regs_peek(d, 0x3ffffc), 0);
}

/* From the top: 32 MiB of stolen memory, below it 8 MiB of GGTT, both inside VRAM. */
static void memory_sizes_follow_vram(void **state)
{
	struct device *d = *state;

	assert_int_equal(regs_read(d, 0x1080c0), 224 * MiB);
	assert_int_equal(regs_read(d, 0x108100), 216 * MiB);
	assert_int_equal(regs_read(d, 0x1082c0) & ~0xfffffu, 252 * MiB);
	assert_int_equal(regs_read(d, 0x1082c0) >> 7 & 7, 2);
	assert_int_equal(regs_read(d, 0x1082c4), 0);
	assert_int_equal(regs_read(d, 0x101010) & BIT(7), BIT(7));
}

static void forcewake_is_acknowledged(void **state)
{
	static const u32 pairs[][2] = {
		{ 0xa188, 0x130044 }, { 0xa278, 0xd84 }, { 0xa540, 0xd50 }, { 0xa55c, 0xd6c },
		{ 0xa560, 0xd70 }, { 0xa56c, 0xd7c },
	};
	struct device *d = *state;
	size_t i;

	for (i = 0; i < ARRAY_LEN(pairs); i++) {
		regs_write(d, pairs[i][0], 0x00010001);
		assert_int_equal(regs_read(d, pairs[i][1]), 1);
		regs_write(d, pairs[i][0], 0x00020002);
		assert_int_equal(regs_read(d, pairs[i][1]), 3);
		regs_write(d, pairs[i][1], 0);
		assert_int_equal(regs_read(d, pairs[i][1]), 3);
		d->faults.no_forcewake = true;
		assert_int_equal(regs_read(d, pairs[i][1]), 0);
		assert_int_equal(d->counters.faults_fired, i + 1);
		d->faults.no_forcewake = false;
		regs_write(d, pairs[i][0], 0x00030000);
		assert_int_equal(regs_read(d, pairs[i][1]), 0);
	}
}

static void wopcm_is_locked_once_written(void **state)
{
	struct device *d = *state;

	assert_int_equal(regs_read(d, 0xc050), 0);
	regs_write(d, 0xc050, 0x200000);
	assert_int_equal(regs_read(d, 0xc050), 0x200001);
	regs_write(d, 0xc340, 0x4000);
	assert_int_equal(regs_read(d, 0xc340), 0x4001);
}

static void pcode_answers_at_once(void **state)
{
	struct device *d = *state;

	regs_write(d, 0x138128, 0x77);
	regs_write(d, 0x138124, BIT(31) | 0x7e);
	assert_int_equal(regs_read(d, 0x138124) & (BIT(31) | 0xff), 0);
	assert_int_equal(regs_read(d, 0x138128), 1);
	regs_write(d, 0x138128, 0x77);
	regs_write(d, 0x138124, BIT(31) | 0x0105);
	assert_int_equal(regs_read(d, 0x138124), 0x100);
	assert_int_equal(regs_read(d, 0x138128), 0);
	/* Without the busy bit nothing is asked for. */
	regs_write(d, 0x138128, 0x77);
	regs_write(d, 0x138124, 0x7e);
	assert_int_equal(regs_read(d, 0x138128), 0x77);
}

static void driver_reset_reports_itself(void **state)
{
	struct device *d = *state;

	assert_int_equal(regs_read(d, 0x101018), 0);
	regs_write(d, 0x2038, 0x1000);
	regs_write(d, 0x101010, BIT(31));
	assert_int_equal(d->counters.flrs, 1);
	assert_int_equal(regs_read(d, 0x101010), BIT(7));
	assert_int_equal(regs_read(d, 0x2038), 0);
	assert_int_equal(regs_read(d, 0x101018), BIT(31));
	regs_write(d, 0x101018, BIT(30));
	assert_int_equal(regs_read(d, 0x101018), BIT(31));
	regs_write(d, 0x101018, BIT(31));
	assert_int_equal(regs_read(d, 0x101018), 0);
}

/* That VRAM is ready cannot be written away, nor written true. */
static void lmem_ready_is_read_only(void **state)
{
	struct device *d = *state;

	regs_write(d, 0x101010, 0);
	assert_int_equal(regs_read(d, 0x101010) & BIT(7), BIT(7));
	regs_poke(d, 0x101010, 0);
	regs_write(d, 0x101010, BIT(7) | 2);
	assert_int_equal(regs_read(d, 0x101010), 2);
}

static void gdrst_resets_what_it_names(void **state)
{
	struct device *d = *state;
	u64 before = d->counters.engine_resets;

	regs_write(d, 0xc314, 0x00110011);
	assert_int_not_equal(regs_read(d, 0xc000), 1);
	regs_write(d, 0x941c, BIT(2));
	assert_int_equal(d->counters.engine_resets, before + 1);
	assert_int_not_equal(regs_read(d, 0xc000), 1);
	regs_write(d, 0x941c, BIT(3));
	assert_int_equal(d->counters.engine_resets, before + 1);
	assert_int_equal(regs_read(d, 0xc000), 1);
	regs_write(d, 0x941c, BIT(0));
	assert_int_equal(d->counters.engine_resets, before + 5);
	assert_int_equal(d->counters.gt_resets, 1);
	assert_int_equal(regs_read(d, 0x941c), 0);
}

static void engine_reset_handshake(void **state)
{
	struct device *d = *state;
	u32 control = BCS_BASE + 0xd0;

	regs_write(d, control, 0x00010001);
	assert_int_equal(regs_read(d, control), 3);
	regs_write(d, control, 0x00010000);
	assert_int_equal(regs_read(d, control), 0);
}

static void engine_mode_shows_idle(void **state)
{
	struct device *d = *state;

	assert_int_equal(regs_read(d, BCS_BASE + 0x9c), BIT(9));
	regs_write(d, BCS_BASE + 0x9c, BIT(24) | BIT(8));
	assert_int_equal(regs_read(d, BCS_BASE + 0x9c), BIT(9) | BIT(8));
	d->engines[BCS].hung = true;
	assert_int_equal(regs_read(d, BCS_BASE + 0x9c), BIT(8));
	assert_int_equal(regs_read(d, RCS_BASE + 0x9c), BIT(9));
}

static void timestamps_run(void **state)
{
	struct device *d = *state;
	u32 before = regs_read(d, RCS_BASE + 0x358), after;

	usleep(2000);
	after = regs_read(d, RCS_BASE + 0x358);
	/* 19.2 MHz: 38400 ticks in 2 ms. */
	assert_true(after - before >= 38400);
	assert_true(after - before < 38400 * 1000);
	assert_int_equal(regs_read(d, RCS_BASE + 0x35c), 0);
	assert_int_equal(regs_read(d, RCS_BASE + 0x3a8), 0);
	regs_write(d, RCS_BASE + 0x358, 0);
	assert_true(regs_read(d, RCS_BASE + 0x358) >= after);
}

/* Time counts while RC6 is allowed, in units of 1.28 us, and only then. */
static void residency_grows_in_rc6(void **state)
{
	struct device *d = *state;
	u32 before, after;

	assert_int_equal(regs_read(d, 0x138108), 0);
	regs_write(d, 0xa090, BIT(31));
	usleep(13000);
	before = regs_read(d, 0x138108);
	assert_true(before >= 10000);
	regs_write(d, 0xa090, 0);
	before = regs_read(d, 0x138108);
	usleep(2000);
	assert_int_equal(regs_read(d, 0x138108), before);
	regs_write(d, 0xa094, 4 << 16);
	usleep(2000);
	after = regs_read(d, 0x138108);
	assert_true(after > before);
	power_bus_reset(d);
	assert_int_equal(regs_read(d, 0x138108), 0);
}

static void the_frequency_is_what_was_asked_for(void **state)
{
	struct device *d = *state;

	regs_write(d, 0xa008, 36u << 23);
	assert_int_equal(regs_read(d, 0x1381b4) >> 11, 36);
}

/* A card whose table leaves nothing to storage. */
static struct card without_spans(void)
{
	struct card card = card_dg1;

	card.span_count = 0;
	return card;
}

static void unknown_is_counted_each_and_listed_once(void **state)
{
	struct card card = without_spans();
	struct device *d = *state;
	char line[256];

	d->card = &card;
	regs_write(d, 0x300000, 7);
	assert_int_equal(regs_read(d, 0x300000), 7);
	assert_int_equal(regs_read(d, 0x300000), 7);
	assert_int_equal(d->counters.unmodelled, 3);
	unmodelled_list(&d->log, line, sizeof(line));
	assert_string_equal(line, "register-write:0x300000=1 register-read:0x300000=2");
	d->card = &card_dg1;
}

static void beyond_the_end_reads_zero(void **state)
{
	struct device *d = *state;

	regs_write(d, 4 * MiB, 5);
	assert_int_equal(regs_read(d, 4 * MiB), 0);
	assert_int_equal(regs_read(d, 0xfffffffc), 0);
	assert_int_equal(regs_peek(d, 4 * MiB), 0);
	assert_int_equal(d->counters.unmodelled, 3);
}

static void more_unknowns_than_the_list_holds(void **state)
{
	struct device *d = *state;
	u32 i;

	for (i = 0; i < ONCE_MAX + 100; i++)
		unmodelled(d, ONCE_OTHER, i, NULL);
	assert_int_equal(d->log.once_count, ONCE_MAX);
	assert_int_equal(d->counters.unmodelled, ONCE_MAX + 100);
}

static void strict_ends_the_process(void **state)
{
	struct device *d = *state;
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		d->log.strict = true;
		regs_read(d, 4 * MiB);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
}

static void each_engine_has_its_own(void **state)
{
	struct device *d = *state;
	u32 i;

	assert_ptr_equal(find(d, "RING_START")->engine, &d->card->engines[0]);
	for (i = 0; i < d->card->engine_count; i++)
		regs_write(d, d->card->engines[i].base + 0x38, 0x1000 * (i + 1));
	for (i = 0; i < d->card->engine_count; i++)
		assert_int_equal(regs_read(d, d->card->engines[i].base + 0x38), 0x1000 * (i + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(rows_do_what_their_handlers_say),
		CASE(reset_brings_reset_values),
		CASE(memory_sizes_follow_vram),
		CASE(forcewake_is_acknowledged),
		CASE(wopcm_is_locked_once_written),
		CASE(pcode_answers_at_once),
		CASE(driver_reset_reports_itself),
		CASE(lmem_ready_is_read_only),
		CASE(gdrst_resets_what_it_names),
		CASE(engine_reset_handshake),
		CASE(engine_mode_shows_idle),
		CASE(timestamps_run),
		CASE(residency_grows_in_rc6),
		CASE(the_frequency_is_what_was_asked_for),
		CASE(unknown_is_counted_each_and_listed_once),
		CASE(beyond_the_end_reads_zero),
		CASE(more_unknowns_than_the_list_holds),
		CASE(strict_ends_the_process),
		CASE(each_engine_has_its_own),
	};

	return cmocka_run_group_tests_name("registers", tests, NULL, NULL);
}
