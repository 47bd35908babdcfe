// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

enum blit_fault fault_next_blit(struct device *d)
{
	enum blit_fault fate = BLIT_OK;
	int i;

	for (i = BLIT_OK + 1; i < BLIT_FAULTS; i++)
		if (d->faults.blit[i] && --d->faults.blit[i] == 0 && fate == BLIT_OK)
			fate = (enum blit_fault)i;
	if (fate != BLIT_OK)
		d->counters.faults_fired++;
	return fate;
}

struct count_fault {
	const char *name;
	size_t offset;
};

struct switch_fault {
	const char *name;
	size_t offset;
	bool fault_when_on;	/* false: the word `off` asks for the fault */
};

#define FAULT_AT(member) offsetof(struct faults, member)

static const struct count_fault counts[] = {
	{ "blit-fail", FAULT_AT(blit[BLIT_FAIL]) },
	{ "blit-skip", FAULT_AT(blit[BLIT_SKIP]) },
	{ "blit-corrupt", FAULT_AT(blit[BLIT_CORRUPT]) },
	{ "blit-hang", FAULT_AT(blit[BLIT_HANG]) },
	{ "irq-drop", FAULT_AT(irq_drop) },
};

static const struct switch_fault switches[] = {
	{ "d3-loss", FAULT_AT(lose_at_d3), true },
	{ "reset-loss", FAULT_AT(keep_at_reset), false },
	{ "lmem-init", FAULT_AT(lmem_never_ready), false },
	{ "guc-silent", FAULT_AT(guc_silent), true },
	{ "guc-firmware", FAULT_AT(guc_refuses_firmware), false },
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
	for (i = 0; i < ARRAY_LEN(counts); i++)
		used += (size_t)snprintf(answer + used, size - used, " %s=%llu", counts[i].name,
					 *(unsigned long long *)(base + counts[i].offset));
	used += (size_t)snprintf(answer + used, size - used, " irq-delay=%llu,%llums",
				 (unsigned long long)d->faults.irq_delay_count,
				 (unsigned long long)d->faults.irq_delay_ms);
	for (i = 0; i < ARRAY_LEN(switches); i++)
		used += (size_t)snprintf(answer + used, size - used, " %s=%s", switches[i].name,
					 *(bool *)(base + switches[i].offset) ==
					 switches[i].fault_when_on ? "on" : "off");
	for (i = 0; i < d->card->engine_count; i++)
		if (d->engines[i].hung)
			used += (size_t)snprintf(answer + used, size - used, " hang=%s",
						 d->engines[i].facts->name);
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
	for (i = 0; i < ARRAY_LEN(counts); i++) {
		if (strcmp(words[0], counts[i].name))
			continue;
		if (!number(words[1], UINT32_MAX, &value) || words[2]) {
			snprintf(answer, size, "error usage: fault %s N", words[0]);
			return false;
		}
		*(u64 *)(base + counts[i].offset) = value;
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
