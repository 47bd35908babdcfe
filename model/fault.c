// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

enum blit_fault fault_next_blit(struct device *d)
{
	struct faults *f = &d->faults;
	enum blit_fault fate = BLIT_OK;
	int i;

	for (i = BLIT_OK + 1; i < BLIT_FAULTS; i++) {
		if (!f->blit[i] || --f->blit[i])
			continue;
		if (fate == BLIT_OK)
			fate = (enum blit_fault)i;
		if (f->blit_more[i]) {
			f->blit[i] = 1;
			if (f->blit_more[i] != FAULTS_WITHOUT_END)
				f->blit_more[i]--;
		}
	}
	if (fate != BLIT_OK)
		d->counters.faults_fired++;
	return fate;
}

struct switch_fault {
	const char *name;
	size_t offset;
	bool fault_when_on;	/* false: the word `off` asks for the fault */
};

#define FAULT_AT(member) offsetof(struct faults, member)

static const char *const blit_names[BLIT_FAULTS] = {
	[BLIT_FAIL] = "blit-fail",
	[BLIT_SKIP] = "blit-skip",
	[BLIT_CORRUPT] = "blit-corrupt",
	[BLIT_HANG] = "blit-hang",
	[BLIT_POWER_LOSS] = "power-loss",
};

static const struct switch_fault switches[] = {
	{ "d3-loss", FAULT_AT(lose_at_d3), true },
	{ "reset-loss", FAULT_AT(keep_at_reset), false },
	{ "lmem-init", FAULT_AT(lmem_never_ready), false },
	{ "guc-silent", FAULT_AT(guc_silent), true },
	{ "guc-firmware", FAULT_AT(guc_refuses_firmware), false },
	{ "guc-reset", FAULT_AT(guc_ignores_reset), false },
	{ "forcewake", FAULT_AT(no_forcewake), false },
};

static bool number(const char *word, u64 max, u64 *value)
{
	char *end;

	if (!word || *word < '0' || *word > '9')
		return false;
	*value = strtoull(word, &end, 0);
	return !*end && *value <= max;
}

static void list(struct device *d, char *answer, size_t size)
{
	u8 *base = (u8 *)&d->faults;
	size_t used = 0, i;

	used += (size_t)snprintf(answer, size, "ok");
	for (i = BLIT_OK + 1; i < BLIT_FAULTS; i++) {
		u64 more = d->faults.blit_more[i];

		used += (size_t)snprintf(answer + used, size - used, " %s=%llu", blit_names[i],
					 (unsigned long long)d->faults.blit[i]);
		if (more == FAULTS_WITHOUT_END)
			used += (size_t)snprintf(answer + used, size - used, ",all");
		else if (more)
			used += (size_t)snprintf(answer + used, size - used, ",%llu",
						 (unsigned long long)more + 1);
	}
	used += (size_t)snprintf(answer + used, size - used, " irq-drop=%llu irq-delay=%llu,%llums",
				 (unsigned long long)d->faults.irq_drop,
				 (unsigned long long)d->faults.irq_delay_count,
				 (unsigned long long)d->faults.irq_delay_ms);
	used += (size_t)snprintf(answer + used, size - used, " save-delay=%llums",
				 (unsigned long long)d->faults.save_delay_ms);
	for (i = 0; i < ARRAY_LEN(switches); i++)
		used += (size_t)snprintf(answer + used, size - used, " %s=%s", switches[i].name,
					 *(bool *)(base + switches[i].offset) ==
					 switches[i].fault_when_on ? "on" : "off");
	for (i = 0; i < d->card->engine_count; i++)
		if (d->engines[i].hung)
			used += (size_t)snprintf(answer + used, size - used, " hang=%s",
						 d->engines[i].facts->name);
}

/* N [COUNT|all]: the words after the name. */
static bool blits(struct device *d, size_t which, char **words)
{
	u64 first, count, more = 0;

	if (!number(words[0], UINT32_MAX, &first))
		return false;
	if (words[1]) {
		if (!strcmp(words[1], "all"))
			more = FAULTS_WITHOUT_END;
		else if (number(words[1], UINT32_MAX, &count) && count)
			more = count - 1;
		else
			return false;
		if (!first || words[2])
			return false;
	}
	d->faults.blit[which] = first;
	d->faults.blit_more[which] = more;
	return true;
}

static bool hang(struct device *d, const char *name)
{
	u32 i;

	for (i = 0; name && i < d->card->engine_count; i++) {
		if (!strcmp(name, d->engines[i].facts->name)) {
			d->engines[i].hang_next = true;
			device_wake(d);
			return true;
		}
	}
	return false;
}

bool fault_command(struct device *d, char **words, char *answer, size_t size)
{
	u8 *base = (u8 *)&d->faults;
	u64 value, ms;
	size_t i;

	snprintf(answer, size, "ok");
	if (!words[0] || !strcmp(words[0], "list")) {
		list(d, answer, size);
		return true;
	}
	if (!strcmp(words[0], "clear") && !words[1]) {
		memset(&d->faults, 0, sizeof(d->faults));
		for (i = 0; i < d->card->engine_count; i++)
			d->engines[i].hang_next = false;
		return true;
	}
	if (!strcmp(words[0], "hang") && words[1] && !words[2]) {
		if (hang(d, words[1]))
			return true;
		snprintf(answer, size, "error no engine is called %s", words[1]);
		return false;
	}
	if (!strcmp(words[0], "irq-delay")) {
		if (!number(words[1], UINT32_MAX, &value) || !words[1] || !words[2] ||
		    !number(words[2], 60000, &ms) || words[3]) {
			snprintf(answer, size, "error usage: fault irq-delay N MS, MS up to 60000");
			return false;
		}
		d->faults.irq_delay_count = value;
		d->faults.irq_delay_ms = ms;
		return true;
	}
	if (!strcmp(words[0], "save-delay")) {
		if (!number(words[1], 60000, &ms) || words[2]) {
			snprintf(answer, size, "error usage: fault save-delay MS, MS up to 60000");
			return false;
		}
		d->faults.save_delay_ms = ms;
		return true;
	}
	for (i = BLIT_OK + 1; i < BLIT_FAULTS; i++) {
		if (strcmp(words[0], blit_names[i]))
			continue;
		if (blits(d, i, words + 1))
			return true;
		snprintf(answer, size, "error usage: fault %s N [COUNT|all]", words[0]);
		return false;
	}
	if (!strcmp(words[0], "irq-drop")) {
		if (!number(words[1], UINT32_MAX, &value) || words[2]) {
			snprintf(answer, size, "error usage: fault irq-drop N");
			return false;
		}
		d->faults.irq_drop = value;
		return true;
	}
	for (i = 0; i < ARRAY_LEN(switches); i++) {
		if (strcmp(words[0], switches[i].name))
			continue;
		if (!words[1] || words[2] || (strcmp(words[1], "on") && strcmp(words[1], "off"))) {
			snprintf(answer, size, "error usage: fault %s on|off", words[0]);
			return false;
		}
		*(bool *)(base + switches[i].offset) =
			!strcmp(words[1], "on") == switches[i].fault_when_on;
		return true;
	}
	snprintf(answer, size, "error unknown fault %s; try: help", words[0]);
	return false;
}
