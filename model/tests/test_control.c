// SPDX-License-Identifier: GPL-2.0
/* Lines of the control socket: every word, and what is wrong about others. */
#include <stdio.h>
#include <string.h>

#include "../control.h"
#include "card.h"

static const char *ask(struct device *d, const char *text)
{
	static char answer[CONTROL_LINE];
	char line[CONTROL_LINE];

	snprintf(line, sizeof(line), "%s", text);
	control_line(d, line, answer, sizeof(answer) - 1, false);
	assert_null(strchr(answer, '\n'));
	assert_true(!strncmp(answer, "ok", 2) || !strncmp(answer, "error ", 6));
	return answer;
}

static bool good(struct device *d, const char *text)
{
	return !strcmp(ask(d, text), "ok");
}

static bool bad(struct device *d, const char *text)
{
	return !strncmp(ask(d, text), "error ", 6);
}

static void words(void **state)
{
	struct device *d = *state;

	assert_true(good(d, "ping"));
	assert_true(good(d, "  ping\t \r"));
	assert_non_null(strstr(ask(d, "help"), "fault"));
	assert_true(bad(d, ""));
	assert_true(bad(d, "   "));
	assert_true(bad(d, "pong"));
	assert_true(bad(d, "Ping"));
	assert_true(bad(d, "a b c d e f g h i j"));
}

static void state_and_counters(void **state)
{
	struct device *d = *state;

	assert_string_equal(ask(d, "state"),
			    "ok client=no card=dg1 power=d0 vram=268435456 losses=0 guc=off "
			    "rcs0=idle bcs0=idle vcs0=idle vecs0=idle");
	d->engines[BCS].hung = true;
	d->engines[VCS].cs.loaded = true;
	assert_non_null(strstr(ask(d, "state"), "bcs0=hung vcs0=busy"));
	d->counters.blits = 42;
	assert_non_null(strstr(ask(d, "counters"), " blits=42 "));
	assert_non_null(strstr(ask(d, "counters"), " faults_fired=0"));
	unmodelled(d, ONCE_VFIO, 9, NULL);
	assert_string_equal(ask(d, "unmodelled"), "ok vfio:0x9=1");
}

/* For who finds a driver waiting: is it the card that has something to do, or the driver? */
static void where_engines_are(void **state)
{
	struct device *d = *state;
	struct context c;

	assert_non_null(strstr(ask(d, "engines"), "ok msi=off irq=off,0,0 rcs0.state=idle rcs0.ports=0,0 "));
	context_init(d, &c, 0, RCS);
	EMIT(d, &c, ARB_OFF, NOOP, SEMAPHORE_EQUAL, 1, 0x600000, 0);
	regs_write(d, 0x190030, ~0u);
	ports(d, RCS, PORT(&c, 5), 0);
	slices(d, 20);
	ports(d, RCS, PORT(&c, 5) + 0x10000, 0);
	assert_non_null(strstr(ask(d, "engines"),
			       "ok msi=off irq=off,0x1,0 rcs0.state=running rcs0.ports=0xa000100001,0 rcs0.port=0 "
			       "rcs0.next=0xa000110001,0 rcs0.status=0 rcs0.ring=0x8,0x18 rcs0.batch=0,0 "
			       "rcs0.preemptible=no rcs0.vectors=0x900 bcs0.state=idle "));
	d->engines[RCS].hung = true;
	d->engines[BCS].stopped = true;
	assert_non_null(strstr(ask(d, "engines"), " rcs0.state=hung "));
	assert_non_null(strstr(ask(d, "engines"), " bcs0.state=stopped "));
}

static void long_lists_are_cut(void **state)
{
	struct device *d = *state;
	u32 i;

	for (i = 0; i < ONCE_MAX; i++)
		unmodelled(d, ONCE_REGISTER_WRITE, ~0ull - i, NULL);
	assert_true(strlen(ask(d, "unmodelled")) < CONTROL_LINE);
}

static void counted_faults(void **state)
{
	static const char *const names[] = { "blit-fail", "blit-skip", "blit-corrupt", "blit-hang", "power-loss",
					     "irq-drop" };
	struct device *d = *state;
	char line[64];
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(line, sizeof(line), "fault %s %zu", names[i], i + 1);
		assert_true(good(d, line));
		snprintf(line, sizeof(line), "fault %s", names[i]);
		assert_true(bad(d, line));
		snprintf(line, sizeof(line), "fault %s x", names[i]);
		assert_true(bad(d, line));
		snprintf(line, sizeof(line), "fault %s -1", names[i]);
		assert_true(bad(d, line));
		snprintf(line, sizeof(line), "fault %s 99999999999999999999999", names[i]);
		assert_true(bad(d, line));
	}
	assert_int_equal(d->faults.blit[BLIT_FAIL], 1);
	assert_int_equal(d->faults.blit[BLIT_HANG], 4);
	assert_int_equal(d->faults.irq_drop, 6);
	assert_non_null(strstr(ask(d, "fault list"), "blit-skip=2"));
}

/* Faults of blits go on for as many as they are told, or until they are taken back. */
static void repeated_faults(void **state)
{
	static const char *const names[] = { "blit-fail", "blit-skip", "blit-corrupt", "blit-hang", "power-loss" };
	static const char *const wrong[] = { "1 0", "0 1", "0 all", "1 x", "1 -1", "1 1x", "1 ALL", "all", "1 2 3",
					     "1 99999999999999999999999" };
	struct device *d = *state;
	char line[64], text[64];
	size_t i, n;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(line, sizeof(line), "fault %s 5 3", names[i]);
		assert_true(good(d, line));
		snprintf(text, sizeof(text), " %s=5,3", names[i]);
		assert_non_null(strstr(ask(d, "fault list"), text));
		for (n = 0; n < ARRAY_LEN(wrong); n++) {
			snprintf(line, sizeof(line), "fault %s %s", names[i], wrong[n]);
			snprintf(text, sizeof(text), "error usage: fault %s N [COUNT|all]", names[i]);
			assert_string_equal(ask(d, line), text);
		}
		/* A line that is refused changes nothing. */
		snprintf(text, sizeof(text), " %s=5,3", names[i]);
		assert_non_null(strstr(ask(d, "fault list"), text));
		snprintf(line, sizeof(line), "fault %s 2 all", names[i]);
		assert_true(good(d, line));
		snprintf(text, sizeof(text), " %s=2,all", names[i]);
		assert_non_null(strstr(ask(d, "fault list"), text));
		/* One is what a line without a count asks for, whatever was asked before. */
		snprintf(line, sizeof(line), "fault %s 4", names[i]);
		assert_true(good(d, line));
		snprintf(text, sizeof(text), " %s=4 ", names[i]);
		assert_non_null(strstr(ask(d, "fault list"), text));
	}
	assert_true(good(d, "fault blit-fail 1 all"));
	assert_true(good(d, "fault clear"));
	assert_non_null(strstr(ask(d, "fault list"), " blit-fail=0 "));
	assert_true(bad(d, "fault irq-drop 1 2"));
	assert_true(bad(d, "fault irq-drop 1 all"));
}

static void switched_faults(void **state)
{
	struct device *d = *state;

	assert_true(good(d, "fault d3-loss on"));
	assert_true(d->faults.lose_at_d3);
	assert_true(good(d, "fault d3-loss off"));
	assert_false(d->faults.lose_at_d3);
	assert_true(good(d, "fault reset-loss off"));
	assert_true(d->faults.keep_at_reset);
	assert_true(good(d, "fault lmem-init off"));
	assert_true(d->faults.lmem_never_ready);
	assert_true(good(d, "fault guc-firmware off"));
	assert_true(d->faults.guc_refuses_firmware);
	assert_true(good(d, "fault guc-silent on"));
	assert_true(d->faults.guc_silent);
	assert_non_null(strstr(ask(d, "fault"), "d3-loss=off reset-loss=off lmem-init=off "
						"guc-silent=on guc-firmware=off guc-reset=on "
						"forcewake=on"));
	assert_true(good(d, "fault guc-reset off"));
	assert_true(d->faults.guc_ignores_reset);
	assert_true(good(d, "fault forcewake off"));
	assert_true(d->faults.no_forcewake);
	assert_true(bad(d, "fault d3-loss"));
	assert_true(bad(d, "fault d3-loss maybe"));
	assert_true(bad(d, "fault d3-loss on on"));
	assert_true(good(d, "fault clear"));
	assert_false(d->faults.guc_silent || d->faults.lmem_never_ready);
}

static void other_faults(void **state)
{
	struct device *d = *state;

	assert_true(good(d, "fault irq-delay 3 20"));
	assert_int_equal(d->faults.irq_delay_count, 3);
	assert_int_equal(d->faults.irq_delay_ms, 20);
	assert_non_null(strstr(ask(d, "fault list"), "irq-delay=3,20ms"));
	assert_true(bad(d, "fault irq-delay"));
	assert_true(bad(d, "fault irq-delay 3"));
	assert_true(bad(d, "fault irq-delay 3 60001"));
	assert_true(bad(d, "fault irq-delay 3 20 1"));
	assert_true(good(d, "fault save-delay 30"));
	assert_int_equal(d->faults.save_delay_ms, 30);
	assert_non_null(strstr(ask(d, "fault list"), "save-delay=30ms"));
	assert_true(bad(d, "fault save-delay"));
	assert_true(bad(d, "fault save-delay 60001"));
	assert_true(bad(d, "fault save-delay 30 1"));
	assert_true(good(d, "fault hang bcs0"));
	assert_true(d->engines[BCS].hang_next);
	assert_true(bad(d, "fault hang"));
	assert_true(bad(d, "fault hang bcs9"));
	assert_true(bad(d, "fault hang bcs0 now"));
	assert_true(bad(d, "fault nonsense 1"));
	assert_true(good(d, "fault clear"));
	assert_false(d->engines[BCS].hang_next);
	assert_int_equal(d->faults.irq_delay_count, 0);
	d->engines[BCS].hung = true;
	assert_non_null(strstr(ask(d, "fault list"), " hang=bcs0"));
}

static void poison(void **state)
{
	struct device *d = *state;

	assert_true(good(d, "poison zero"));
	assert_int_equal(d->power.poison, POISON_ZERO);
	assert_true(good(d, "poison 0xdeadBEEF"));
	assert_int_equal(d->power.poison, POISON_WORD);
	assert_int_equal(d->power.poison_word, 0xdeadbeef);
	assert_true(bad(d, "poison"));
	assert_true(bad(d, "poison 12"));
	assert_true(bad(d, "poison 0x"));
	assert_true(bad(d, "poison 0x100000000"));
	assert_true(bad(d, "poison 0x1g"));
	assert_true(bad(d, "poison 0x1 0x2"));
	assert_int_equal(d->power.poison_word, 0xdeadbeef);
	assert_true(good(d, "poison address"));
	assert_int_equal(d->power.poison, POISON_ADDRESS);
}

/* A line as long as can be comes back only in part. */
static void long_words(void **state)
{
	struct device *d = *state;
	char line[CONTROL_LINE - 2];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	assert_true(bad(d, line));
	memcpy(line, "fault ", 6);
	assert_true(bad(d, line));
	memcpy(line, "fault hang ", 11);
	assert_true(bad(d, line));
	memcpy(line, "poison 0x", 9);
	assert_true(bad(d, line));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(words),
		CASE(state_and_counters),
		CASE(where_engines_are),
		CASE(long_lists_are_cut),
		CASE(counted_faults),
		CASE(repeated_faults),
		CASE(switched_faults),
		CASE(other_faults),
		CASE(poison),
		CASE(long_words),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
